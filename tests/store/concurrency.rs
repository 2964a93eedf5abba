//! Transactions under contention.
use countersign::store::registry::{self, Touched};
use countersign::store::{self, Conn};

use crate::support::Server;

/// Read, then write, from many threads at once: nothing is refused as locked,
/// and no update is lost.
#[test]
fn read_then_write_is_never_refused_and_never_lost() {
    let server = Server::start();
    let before = server.read(registry::version);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let store = server.app.store.clone();
            std::thread::spawn(move || {
                for _ in 0..25 {
                    store
                        .write_blocking::<_, store::Error>(|conn: &mut Conn| {
                            registry::version(conn)?;
                            registry::note(conn, &Touched::Everything)
                        })
                        .unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(server.read(registry::version), before + 100);
    let changes = server.read(|conn| registry::changes_since(conn, before)).unwrap();
    assert_eq!(changes.len(), 100, "versions have no gap");
}

#[test]
fn what_fails_leaves_nothing_behind() {
    let server = Server::start();
    let before = server.read(registry::version);
    let failed = server.app.store.write_blocking(|conn: &mut Conn| {
        registry::note(conn, &Touched::Everything)?;
        Err::<(), _>(store::Error::Conflict("on purpose".into()))
    });
    assert!(matches!(failed, Err(store::Error::Conflict(_))));
    assert_eq!(server.read(registry::version), before);
}

/// A panic inside a transaction must not leave it open on a pooled connection.
#[test]
fn a_panic_in_a_write_leaves_no_transaction_behind() {
    let server = Server::start();
    let store = server.app.store.clone();
    for _ in 0..6 {
        let store = store.clone();
        let panicked = std::thread::spawn(move || {
            let _ = store.write_blocking(|_| -> Result<(), store::Error> { panic!("on purpose") });
        });
        assert!(panicked.join().is_err());
    }
    for _ in 0..6 {
        let noted = store.write_blocking(|conn| registry::note(conn, &Touched::Everything));
        noted.unwrap_or_else(|error: store::Error| panic!("{error}"));
    }
}
