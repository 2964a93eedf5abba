//! `POST /oauth/revoke`, RFC 7009.
use std::sync::Arc;

use countersign::admin::revocations;
use countersign::model::revocation::Exposure;
use countersign::oauth::UnixTime;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::revocations::exposure;
use countersign::revocations::journal::Journal;
use countersign::store;

use crate::support::database::TestDatabase;
use crate::support::world::{BILLING_API, Client};
use crate::support::{NOW, Server};

fn is_active(server: &Server, caller: &Client, token: &str) -> bool {
    let answer = server.post_as(caller, "/oauth/introspect", &[("token", token)]);
    answer.json()["active"].as_bool().unwrap()
}

#[test]
fn a_client_ends_its_own_token_and_the_log_says_so() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let (token, other) = (server.issue(&world.billing), server.issue(&world.billing));
    let revoke = || {
        let parameters = [("token", token.as_str()), ("token_type_hint", "refresh_token")];
        server.post_as(&world.billing, "/oauth/revoke", &parameters)
    };
    let answer = revoke();
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert!(!is_active(&server, &world.mallory, &token));
    assert!(is_active(&server, &world.mallory, &other));
    assert_eq!(revoke().status, 200, "again");

    let events = server.events("token.revoked");
    assert_eq!(events.len(), 1, "the second had nothing to do");
    let jti = Server::claims(&token)["jti"].clone();
    assert_eq!(jti, events[0].token.as_ref().unwrap().jti.as_deref().unwrap());
    assert_eq!(events[0].client_id.as_ref(), Some(&world.billing.client_id));
    assert!(!events[0].body().contains(&token));
}

/// RFC 7009 §2.1 and §2.2.
#[test]
fn what_is_no_token_any_more_is_200_and_what_is_anothers_is_refused() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    let revoke =
        |client: &Client, token: &str| server.post_as(client, "/oauth/revoke", &[("token", token)]);
    for nothing in ["x", "a.b.c", "45ghiukldjahdnhzdauz"] {
        assert_eq!(revoke(&world.billing, nothing).status, 200, "{nothing}");
    }
    let refused = revoke(&world.reporting, &token);
    assert_eq!((refused.status, refused.error()), (400, "invalid_request".into()));
    assert!(is_active(&server, &world.mallory, &token));
    let denied = server.events("token.revocation_denied");
    assert_eq!(denied[0].reason.as_deref(), Some("token_of_another_client"));

    let missing = server.post_as(&world.billing, "/oauth/revoke", &[]);
    assert_eq!((missing.status, missing.error()), (400, "invalid_request".into()));
    server.advance(Seconds(600));
    assert_eq!(revoke(&world.billing, &token).status, 200, "expired");
    assert_eq!(server.events("token.revoked").len(), 0);
}

/// Keycloak CVE-2026-9802.
#[test]
fn a_restart_forgets_no_revocation() {
    let database = Arc::new(TestDatabase::new());
    let server = Server::start_on(database.clone(), &[]);
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let tokens: Vec<_> = (0..5).map(|_| server.issue(&world.billing)).collect();
    for token in &tokens {
        server.post_as(&world.billing, "/oauth/revoke", &[("token", token)]);
    }
    let kept = server.issue(&world.billing);
    drop(server);
    let again = Server::start_on(database, &[]);
    for token in &tokens {
        assert!(!is_active(&again, &world.mallory, token));
    }
    assert!(is_active(&again, &world.mallory, &kept));
}

/// Another process hears of it as soon as it looks.
#[test]
fn a_revocation_counts_in_every_process() {
    let database = Arc::new(TestDatabase::new());
    let here = Server::start_on(database.clone(), &[("COUNTERSIGN_INSTANCE", "here")]);
    let there = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "there")]);
    let world = here.world();
    here.let_introspect(&world.mallory, BILLING_API);
    there.app.take_up_changes();
    let token = here.issue(&world.billing);
    assert!(is_active(&there, &world.mallory, &token));
    here.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    there.app.take_up_changes();
    assert!(!is_active(&there, &world.mallory, &token));
}

/// No 200 that is a lie: 202, dead here at once, and on disk outside the database.
#[test]
fn a_revocation_that_the_database_cannot_take_wins_all_the_same() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    server.database.refuse_inserts("revocations");
    let answer = server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    assert_eq!((answer.status, answer.text.as_str()), (202, ""));
    assert!(server.events("token.revoked").is_empty(), "neither half is in the database");
    assert!(!is_active(&server, &world.mallory, &token));
    let again = server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    assert_eq!(again.status, 202, "it still waits");
    let journal = server.app.journal.path().to_owned();
    let text = std::fs::read_to_string(&journal).unwrap();
    assert_eq!(text.lines().count(), 1, "once");
    assert!(!text.contains(&token) && !text.contains(&world.billing.secret));
    // It cannot be replayed yet, and is forgotten by nobody.
    server.app.replay_journal();
    assert_eq!(server.app.journal.waiting().len(), 1);

    server.recovers();
    server.database.allow_inserts("revocations");
    server.app.replay_journal();
    let row = &server.events("token.revoked")[0];
    assert!(row.detail.as_ref().unwrap().starts_with("late"), "{row:?}");
    assert_eq!(std::fs::metadata(&journal).unwrap().len(), 0);
    assert!(!is_active(&server, &world.mallory, &token));
    let over = server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    assert_eq!(over.status, 200);
    assert_eq!(server.events("token.revoked").len(), 1);
    // A second replay of the same finds it there.
    server.app.replay_journal();
}

/// Between the answer and the return of the database the process ends.
#[test]
fn a_restart_forgets_no_revocation_that_waits() {
    let database = Arc::new(TestDatabase::new());
    let server = Server::start_on(database.clone(), &[]);
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    database.refuse_inserts("revocations");
    let answer = server.post_as(&world.billing, "/oauth/revoke", &[("token", &token)]);
    assert_eq!(answer.status, 202);
    drop(server);
    let again = Server::start_on(database.clone(), &[]);
    assert!(!is_active(&again, &world.mallory, &token), "in force before the database has it");
    assert_eq!(again.app.journal.waiting().len(), 1);
    database.allow_inserts("revocations");
    drop(again);
    let third = Server::start_on(database, &[]);
    assert!(third.app.journal.waiting().is_empty(), "replayed at the start");
    assert!(!is_active(&third, &world.mallory, &token));
    assert_eq!(third.events("token.revoked").len(), 1);
}

/// Somebody at the machine appends to the journal of a server whose database is
/// away; and an administrator revokes in the console.
#[test]
fn what_others_put_into_the_journal_counts_at_the_next_look() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let (token, other) = (server.issue(&world.billing), server.issue(&world.reporting));
    server.clock.advance(Seconds(2));
    let actor = server.operator();
    let id = &world.billing.client_id;
    let late = revocations::unasked(&actor, Kind::Application, id, "leaked").unwrap();
    assert!(revocations::unasked(&actor, Kind::Token, &token, "leaked").is_err(), "no token");
    assert!(revocations::unasked(&actor, Kind::Token, "", "leaked").is_err());
    Journal::new(server.app.journal.path()).append(&late).unwrap();
    server.app.look_into_journal();
    assert!(!is_active(&server, &world.mallory, &token));
    assert!(is_active(&server, &world.mallory, &other));

    server.database.refuse_inserts("revocations");
    let admin = server.signed_in("admin");
    let form =
        [("kind", "application"), ("subject", &*world.reporting.client_id), ("reason", "lost")];
    let answer = admin.post("/revocations/new", &form);
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(!is_active(&server, &world.mallory, &other));
    let page = admin.get("/revocations").text;
    assert!(page.contains("Waiting for the database") && page.contains(&world.reporting.client_id));
    assert!(admin.get("/log/integrity").text.contains("2 revocations wait"));
    server.database.allow_inserts("revocations");
    server.app.replay_journal();
    assert!(!admin.get("/revocations").text.contains("Waiting for the database"));
    let late = server.events("tokens.revoked");
    assert_eq!(late.len(), 2);
    assert_eq!(late[1].actor.role.as_deref(), Some("admin"));
}

#[test]
fn what_a_revocation_hit_is_found_out_afterwards() {
    let server = Server::start();
    let world = server.world();
    for _ in 0..3 {
        server.issue(&world.billing);
    }
    server.issue(&world.reporting);
    server.advance(Seconds(100));
    server.issue(&world.billing);
    server.advance(Seconds(510));
    server.app.take_up_changes();
    // The first three have expired by now.
    let revoke = |kind, subject: &str| {
        let made = server.act(|conn, actor| revocations::revoke(conn, actor, kind, subject, "why"));
        exposure::explore(&server.app.store, Seconds(30)).unwrap();
        server.read(|conn| store::revocations::find(conn, &made.id)).unwrap().exposure
    };
    let end = NOW.seconds() + 100 + 600;
    let one = Some(Exposure { live_tokens: 1, accepted_until: Some(UnixTime::from_seconds(end)) });
    assert_eq!(revoke(Kind::Application, &world.billing.client_id), one);
    assert_eq!(revoke(Kind::Secret, &world.billing.secret_id), one);
    assert_eq!(revoke(Kind::Resource, BILLING_API), one);
    assert_eq!(revoke(Kind::Everything, ""), one);
    let none = Some(Exposure { live_tokens: 0, accepted_until: None });
    assert_eq!(revoke(Kind::Application, &world.reporting.client_id), none);
}

#[test]
fn an_act_names_what_it_revoked_and_why() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let jti = Server::claims(&token)["jti"].as_str().unwrap().to_owned();
    let revoke = |kind, subject: &str| {
        server.try_act(|conn, actor| revocations::revoke(conn, actor, kind, subject, "leaked"))
    };
    let made = revoke(Kind::Token, &jti).unwrap();
    assert_eq!(made.client_id.as_ref(), Some(&world.billing.client_id));
    let events = server.events("tokens.revoked");
    assert_eq!(events[0].target.as_ref().unwrap().id, jti);
    assert_eq!(events[0].changes[0].after, "leaked");

    for (kind, nobody) in [
        (Kind::Token, "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        (Kind::Application, "m2m_nobody"),
        (Kind::Secret, "sec_none"),
        (Kind::Resource, "urn:none"),
        (Kind::Key, "none"),
    ] {
        assert!(revoke(kind, nobody).is_err(), "{kind}");
    }
    server.advance(Seconds(600));
    assert!(revoke(Kind::Token, &jti).is_err(), "it has expired");
    assert_eq!(server.events("tokens.revoked").len(), 1);
}
