//! The chain: whole when nobody touched it, broken when somebody did.
use std::sync::Arc;

use countersign::model::audit_event::Outcome;
use countersign::store::audit_chains;
use countersign::store::audit_verification::{self, Verified};
use countersign::store::{Conn, Error};

use crate::support::Server;
use crate::support::database::TestDatabase;

fn verify(server: &Server, chain: &str) -> Result<Verified, String> {
    server
        .read(|conn| audit_verification::verify(conn, chain, None))
        .map_err(|broken| format!("{}: {}", broken.batch, broken.why))
}

fn with_events() -> Server {
    let server = Server::start();
    let billing = server.world().billing;
    for _ in 0..3 {
        server.token(&billing, &[]);
    }
    server
}

#[test]
fn an_untouched_log_verifies_to_its_last_row() {
    let server = with_events();
    let verified = verify(&server, "main").unwrap();
    let count = server.read(countersign::store::audit_log::count);
    assert_eq!(verified.events, count);
    assert!(verified.batches <= verified.events);
}

#[test]
fn the_database_refuses_to_change_or_delete_what_is_recorded() {
    let server = with_events();
    for sql in [
        "UPDATE audit_events SET outcome = 'success'",
        "DELETE FROM audit_events WHERE position = 1",
        "UPDATE audit_batches SET events = 0",
        "DELETE FROM audit_batches",
    ] {
        let error = server.database.execute(sql).unwrap_err();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    if server.database.is_postgres() {
        assert!(server.database.execute("TRUNCATE audit_events").is_err());
    }
}

/// Whoever owns the database can take the triggers away; the chain still tells.
#[test]
fn every_way_of_touching_the_log_breaks_the_chain() {
    let touches = [
        "UPDATE audit_events SET body = REPLACE(body, 'billing', 'mallory') WHERE position = 7",
        "UPDATE audit_events SET reason = 'bad_secret' WHERE position = 7",
        "UPDATE audit_events SET at = at + 1 WHERE position = 7",
        "DELETE FROM audit_events WHERE position = 7",
        "UPDATE audit_batches SET first_at = first_at - 1 WHERE batch = 2",
        "UPDATE audit_batches SET root = previous WHERE batch = 2",
        "DELETE FROM audit_batches WHERE batch = 2",
        "UPDATE audit_chain_heads SET batch = batch - 1",
        "DELETE FROM audit_chain_heads",
        "UPDATE audit_events SET batch = 1 WHERE position = 7",
        "INSERT INTO audit_events SELECT 'other', position, batch, 'Z', at, category, code, \
         outcome, reason, client_id, resource, body, salt FROM audit_events WHERE position = 7",
        "INSERT INTO audit_events SELECT chain, -1, batch, 'Z', at, category, code, \
         outcome, reason, client_id, resource, body, salt FROM audit_events WHERE position = 7",
        "INSERT INTO audit_events SELECT chain, position + 1000, batch, 'Z', at, category, code, \
         outcome, reason, client_id, resource, body, salt FROM audit_events WHERE position = 7",
    ];
    for (index, touch) in touches.into_iter().enumerate() {
        let server = with_events();
        for trigger in ["audit_events", "audit_batches"] {
            let sql = if server.database.is_postgres() {
                format!("ALTER TABLE {trigger} DISABLE TRIGGER ALL")
            } else {
                format!(
                    "DROP TRIGGER {trigger}_are_not_changed; DROP TRIGGER {trigger}_are_not_deleted"
                )
            };
            server.database.execute(&sql).unwrap();
        }
        assert!(verify(&server, "main").is_ok());

        server.database.execute(touch).unwrap();

        let noticed =
            server.read(audit_chains::names).iter().any(|chain| verify(&server, chain).is_err());
        assert!(noticed, "touch {index} was not noticed: {touch}");
    }
}

/// A check that cries wolf on a busy server is one that nobody heeds.
#[test]
fn a_log_that_grows_while_it_is_verified_is_whole() {
    let server = with_events();
    std::thread::scope(|scope| {
        let appending = scope.spawn(|| {
            let actor = server.operator();
            for _ in 0..300 {
                let event = actor.event("audit.exported", Outcome::Success);
                let append =
                    |conn: &mut Conn| audit_chains::append(conn, "main", &[event]).map(drop);
                server.app.store.write_blocking::<(), Error>(append).unwrap();
            }
        });
        while !appending.is_finished() {
            verify(&server, "main").unwrap();
        }
    });
    assert!(verify(&server, "main").unwrap().events > 300);
}

/// Two servers with names of their own, and a third that shares a name.
#[test]
fn servers_keep_chains_of_their_own_and_may_share_one() {
    let database = Arc::new(TestDatabase::new());
    let first = Server::start_on(database.clone(), &[]);
    let second = Server::start_on(database.clone(), &[("COUNTERSIGN_INSTANCE", "second")]);
    let shares = Server::start_on(database, &[]);
    let billing = first.world().billing;
    for server in [&second, &shares] {
        server.app.take_up_changes();
    }
    std::thread::scope(|scope| {
        for server in [&first, &second, &shares] {
            let billing = &billing;
            scope.spawn(move || {
                for _ in 0..10 {
                    assert_eq!(server.token(billing, &[]).status, 200);
                }
            });
        }
    });
    let (main, other) = (verify(&first, "main").unwrap(), verify(&first, "second").unwrap());
    assert_eq!(main.events + other.events, first.read(countersign::store::audit_log::count));
    assert_eq!(other.events, 10);
}
