//! Both migration folders, and what start-up refuses.
use std::sync::Arc;

use countersign::store::{Database, Store, migrations};

use crate::support::Server;
use crate::support::database::TestDatabase;

#[test]
fn every_migration_can_be_taken_back_and_applied_again() {
    let server = Server::start();
    let mut conn = server.app.store.connect().unwrap();
    let before = migrations::applied(&mut conn).unwrap();
    migrations::redo_all(&mut conn).unwrap();
    assert_eq!(migrations::applied(&mut conn).unwrap(), before);
    for folder in ["migrations/sqlite", "migrations/postgres"] {
        assert_eq!(before.len(), std::fs::read_dir(folder).unwrap().count(), "{folder}");
    }
}

/// A newer release may have changed what this one takes for granted.
#[test]
fn a_schema_newer_than_the_program_is_refused() {
    let database = TestDatabase::new();
    let open = || Store::open(Database::parse(&database.url).unwrap(), 1);
    drop(open().unwrap());
    database
        .execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000000')")
        .unwrap();
    let error = open().err().unwrap().to_string();
    assert!(error.contains("20991231000000"), "{error}");
}

#[test]
fn many_processes_may_start_on_a_new_database_at_once() {
    let database = Arc::new(TestDatabase::new());
    let open = |url: String| {
        std::thread::spawn(move || {
            Store::open(Database::parse(&url).unwrap(), 1).map(drop).map_err(|e| e.to_string())
        })
    };
    let starters: Vec<_> = (0..4).map(|_| open(database.url.clone())).collect();
    for starter in starters {
        assert_eq!(starter.join().unwrap(), Ok(()));
    }
}
