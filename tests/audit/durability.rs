//! A token leaves only when its row is on disk.
use std::time::{Duration, Instant};

use crate::support::Server;

#[test]
fn a_token_that_cannot_be_recorded_is_not_issued() {
    let server = Server::start();
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    server.database.refuse_inserts("audit_events");

    let refused = server.token(&billing, &[]);

    assert_eq!((refused.status, refused.error().as_str()), (503, "temporarily_unavailable"));
    assert!(refused.header("retry-after").is_some());
    assert!(refused.json().get("access_token").is_none());
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get("/oauth/jwks.json").status, 200, "verifiers are not concerned");
    let wrong = crate::support::world::Client { secret: "x".into(), ..billing.clone() };
    assert_eq!(server.token(&wrong, &[]).status, 503, "a refusal is recorded too, or not given");

    server.database.allow_inserts("audit_events");
    assert_eq!(server.token(&billing, &[]).status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.events("token.issued").len(), 2);
}

/// Somebody holds the write lock and does not let go.
#[test]
fn a_stalled_database_is_a_503_within_seconds_and_no_token() {
    let server = Server::start();
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    let mut conn = server.app.store.connect().unwrap();
    let (locked, lock) = std::sync::mpsc::channel::<()>();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holder = std::thread::spawn(move || {
        conn.transaction(|conn| {
            let head = countersign::model::audit_event::Event::new(
                countersign::model::audit_event::Mark { id: "0".into(), salt: [0; 16] },
                crate::support::NOW,
                "test.held",
                countersign::model::audit_event::Outcome::Success,
            );
            countersign::store::audit_chains::append(conn, "main", &[head])?;
            locked.send(()).unwrap();
            released.recv().unwrap();
            Err::<(), _>(countersign::store::Error::Conflict("given up".into()))
        })
    });
    lock.recv().unwrap();

    let started = Instant::now();
    let stalled = server.token(&billing, &[]);
    let took = started.elapsed();

    assert_eq!((stalled.status, stalled.error().as_str()), (503, "temporarily_unavailable"));
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(server.get("/healthz").status, 200);
    release.send(()).unwrap();
    assert!(holder.join().unwrap().is_err());
    assert_eq!(server.token(&billing, &[]).status, 200);
}

/// What a client was given and what the log has are the same, one to one.
#[test]
fn under_load_every_token_has_exactly_one_row() {
    let server = Server::start();
    let world = server.world();
    let mut jtis: Vec<String> = std::thread::scope(|scope| {
        let clients = [&world.billing, &world.reporting];
        let workers: Vec<_> = (0..8)
            .map(|i| {
                let (server, client) = (&server, clients[i % 2]);
                scope.spawn(move || {
                    (0..20)
                        .map(|_| {
                            let answer = server.token(client, &[]);
                            let id = answer.header("x-request-id").unwrap();
                            id.strip_prefix("req_").unwrap().to_owned()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut rows: Vec<String> = server
        .events("token.issued")
        .into_iter()
        .map(|event| event.token.unwrap().jti.unwrap())
        .collect();
    jtis.sort();
    rows.sort();
    assert_eq!(jtis.len(), 160);
    assert_eq!(jtis, rows);
}
