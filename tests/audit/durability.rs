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

    let ready = server.get("/readyz");
    assert_eq!(ready.json()["store"], "failed", "{}", ready.text);

    server.database.allow_inserts("audit_events");
    server.recovers();
    assert_eq!(server.token(&billing, &[]).status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    let outage = server.events("audit.recovered");
    assert!(outage[0].detail.as_ref().unwrap().contains("requests were sent away"), "{outage:?}");
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
    // By now that is known: nobody else waits for it.
    assert_eq!(server.get("/readyz").json()["store"], "stalled");
    let started = Instant::now();
    assert_eq!(server.token(&billing, &[]).status, 503);
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    assert_eq!(server.get("/healthz").status, 200);
    release.send(()).unwrap();
    assert!(holder.join().unwrap().is_err());
    server.recovers();
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

/// What is on disk is what counts: a file that somebody took away can be written
/// on for as long as it is open.
#[test]
fn a_database_that_was_taken_away_or_exchanged_is_found_out_before_a_token_leaves() {
    let server = Server::start();
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    let Some(path) = server.database.url.strip_prefix("sqlite://").map(str::to_owned) else {
        // Of another server there are others of its own.
        return;
    };
    let moved = |from: &str, to: &str| {
        for end in ["", "-wal", "-shm"] {
            std::fs::rename(format!("{path}{from}{end}"), format!("{path}{to}{end}")).unwrap();
        }
    };
    moved("", ".away");
    assert_eq!(server.token(&billing, &[]).status, 503);
    assert_eq!(server.token(&billing, &[]).status, 503);
    assert!(!std::path::Path::new(&path).exists(), "no empty one is made in its place");
    assert_eq!(server.get("/oauth/jwks.json").status, 200, "verifiers live on");
    assert_eq!(server.get("/healthz").status, 200);
    moved(".away", "");
    server.recovers();
    assert_eq!(server.token(&billing, &[]).status, 200);
}

/// Another database, of the same schema, without what was committed to this one.
#[test]
fn a_database_without_what_was_committed_is_not_written_on() {
    let server = Server::start();
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    server.database.disarm();
    server.database.execute("CREATE TABLE kept AS SELECT * FROM audit_batches").unwrap();
    server.database.execute("DELETE FROM audit_batches").unwrap();
    server.database.refuse_inserts("audit_events");
    assert_eq!(server.token(&billing, &[]).status, 503);
    server.database.allow_inserts("audit_events");
    let deadline = Instant::now() + Duration::from_secs(10);
    let lost = loop {
        let outage = server.app.recorder.condition().outage();
        match outage.filter(|outage| outage.why.contains("is not in this database")) {
            Some(outage) => break outage.why,
            None if Instant::now() > deadline => panic!("written on all the same"),
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(lost.contains("batch"), "{lost}");
    assert_eq!(server.token(&billing, &[]).status, 503);
    let page = server.signed_in("auditor").get("/log/integrity").text;
    assert!(page.contains("is not in this database"), "{page}");
    server.database.execute("INSERT INTO audit_batches SELECT * FROM kept").unwrap();
    server.recovers();
    assert_eq!(server.token(&billing, &[]).status, 200);
}

#[test]
fn with_little_space_left_no_token_is_issued_and_people_can_act() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    server.app.recorder.condition().set_low(true);
    assert_eq!(server.token(&world.billing, &[]).status, 503);
    let wrong = crate::support::world::Client { secret: "x".into(), ..world.billing.clone() };
    assert_eq!(server.token(&wrong, &[]).status, 503, "a refusal needs space too");
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.json()["store"].as_str()), (503, Some("low")));
    assert!(ready.text.contains("nearly full"), "{}", ready.text);
    let revoked = server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    assert_eq!(revoked.status, 200);
    assert_eq!(server.events("token.revoked").len(), 1);
    server.application("made meanwhile", &[]);
    server.app.recorder.condition().set_low(false);
    assert_eq!(server.token(&world.billing, &[]).status, 200);
}

/// A page that cannot be right is never the ground of a decision, and what is
/// there is looked through before anything else is written on it.
#[test]
fn what_cannot_be_right_is_examined_before_it_is_written_on() {
    let server = Server::start();
    let billing = server.world().billing;
    assert_eq!(server.token(&billing, &[]).status, 200);
    server.app.recorder.condition().suspect();
    // The thread looks when it is next woken.
    let _ = server.token(&billing, &[]);
    server.recovers();
    assert_eq!(server.token(&billing, &[]).status, 200);
    let told = server.events("audit.recovered");
    assert!(told[0].detail.as_ref().unwrap().contains("malformed"), "{told:?}");
}
