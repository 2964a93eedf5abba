//! Signing keys that look after themselves.
use std::sync::Arc;

use countersign::admin::{Error, revocations, signing_keys as acts};
use countersign::keys::MasterKey;
use countersign::model::signing_key::{Purpose, SigningKey, State};
use countersign::model::timetable::{self, RETENTION};
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::store::signing_keys;

use crate::support::Server;
use crate::support::database::TestDatabase;

const TOKENS: (Purpose, Algorithm) = (Purpose::AccessTokens, Algorithm::Es256);

fn key(server: &Server, state: State) -> SigningKey {
    let keys = server.read(signing_keys::all);
    timetable::of(&keys, TOKENS.0, TOKENS.1, state).unwrap().clone()
}

fn kid(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    Server::claims(&format!("e30.{header}.x"))["kid"].as_str().unwrap().to_owned()
}

fn published(server: &Server) -> String {
    server.get("/oauth/jwks.json").text
}

#[test]
fn by_hand_a_key_is_rotated_only_once_the_next_is_known() {
    let server = Server::start();
    let billing = server.world().billing;
    let (old, next) = (key(&server, State::Current), key(&server, State::Next));
    assert!(published(&server).contains(&next.kid), "it stands by, published");
    let rotate = || {
        let policy = server.app.key_policy();
        server.try_act(|conn, actor| acts::rotate(conn, actor, TOKENS, policy))
    };
    match rotate() {
        Err(Error::TooSoon { earliest }) => assert_eq!(earliest, next.created_at + Seconds::DAY),
        other => panic!("{other:?}"),
    }
    server.advance(Seconds::DAY);
    rotate().unwrap();
    server.app.take_up_changes();
    assert_eq!(kid(&server.issue(&billing)), next.kid);
    assert!(published(&server).contains(&old.kid), "its tokens still live");
    assert_ne!(key(&server, State::Next).kid, next.kid, "another stands by");

    server.advance(RETENTION);
    server.app.reconcile_keys();
    assert!(!published(&server).contains(&old.kid));
    let removed = server.read(|conn| signing_keys::find(conn, &old.kid)).unwrap();
    assert_eq!(removed.state, State::Removed);
    assert!(removed.sealed_private_key.is_empty(), "its private half is gone");
    let codes = ["signing_key.retired", "signing_key.activated", "signing_key.removed"];
    for code in codes {
        assert_eq!(server.events(code).len(), 1, "{code}");
    }
}

/// A year, a look each six hours.
#[test]
fn a_year_passes_and_every_token_can_be_verified_while_it_lives() {
    let server = Server::start();
    let billing = server.world().billing;
    let mut signed_by = std::collections::BTreeSet::new();
    let mut yesterday: Vec<(String, String)> = Vec::new();
    for look in 0..(365 * 4) {
        server.advance(Seconds(6 * 3_600));
        let before = published(&server);
        server.app.reconcile_keys();
        if look % 40 != 0 {
            continue;
        }
        let token = server.issue(&billing);
        let kid = kid(&token);
        assert!(before.contains(&kid), "published before it signs: look {look}");
        signed_by.insert(kid.clone());
        yesterday.push((kid, token));
        let now = published(&server);
        assert!(yesterday.iter().rev().take(1).all(|(kid, _)| now.contains(kid)));
        assert!(now.matches("\"kid\"").count() <= 6);
    }
    assert_eq!(signed_by.len(), 5, "four rotations");
}

#[test]
fn a_key_that_must_go_has_a_successor_that_everybody_knows() {
    let server = Server::start();
    let billing = server.world().billing;
    let (old, next) = (key(&server, State::Current), key(&server, State::Next));
    let before = published(&server);
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Key, &old.kid, "stolen"));
    let token = server.issue(&billing);
    assert_eq!(kid(&token), next.kid);
    assert!(before.contains(&next.kid), "verifiers had it before");
    assert!(!published(&server).contains(&old.kid));
    let revoked = server.read(|conn| signing_keys::find(conn, &old.kid)).unwrap();
    assert!(revoked.sealed_private_key.is_empty());
}

/// What two processes do at once is done once.
#[test]
fn of_two_processes_one_takes_the_step_and_both_sign_with_the_same_key() {
    let database = Arc::new(TestDatabase::new());
    let here = Server::start_on(database.clone(), &[("COUNTERSIGN_INSTANCE", "here")]);
    let there = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "there")]);
    let billing = here.world().billing;
    let quarter = Seconds::days(90);
    here.clock.advance(quarter);
    there.clock.advance(quarter);
    std::thread::scope(|scope| {
        for server in [&here, &there] {
            for _ in 0..4 {
                scope.spawn(|| server.app.reconcile_keys());
            }
        }
    });
    here.app.take_up_changes();
    there.app.take_up_changes();
    let taken =
        here.events("signing_key.activated").len() + there.events("signing_key.activated").len();
    assert_eq!(taken, 2, "one for tokens, one for their status");
    assert_eq!(kid(&here.issue(&billing)), kid(&there.issue(&billing)));
    let keys = here.read(signing_keys::all);
    let next = keys.iter().filter(|key| key.state == State::Next).count();
    assert_eq!(next, 3, "one stands by for each purpose");
}

#[test]
fn a_process_that_slept_through_a_change_signs_nothing_until_it_has_looked() {
    let database = Arc::new(TestDatabase::new());
    let here = Server::start_on(database.clone(), &[("COUNTERSIGN_INSTANCE", "here")]);
    let sleeper = Server::start_on(database, &[("COUNTERSIGN_INSTANCE", "sleeper")]);
    let billing = here.world().billing;
    sleeper.app.take_up_changes();
    let old = kid(&sleeper.issue(&billing));
    for _ in 0..3 {
        here.advance(Seconds::days(45));
        here.app.reconcile_keys();
    }
    assert!(!published(&here).contains(&old), "what it holds is known to nobody");

    sleeper.clock.advance(Seconds::days(135));
    let answer = sleeper.token(&billing, &[]);
    assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable".into()));
    sleeper.app.take_up_changes();
    assert!(published(&here).contains(&kid(&sleeper.issue(&billing))));
}

/// Whoever is killed in a step has done all of it or nothing.
#[test]
fn a_step_that_cannot_be_recorded_is_not_taken() {
    let server = Server::start();
    let billing = server.world().billing;
    let old = key(&server, State::Current);
    server.clock.advance(Seconds::days(90));
    server.database.refuse_inserts("audit_events");
    server.app.reconcile_keys();
    assert_eq!(key(&server, State::Current).kid, old.kid);
    server.database.allow_inserts("audit_events");
    server.app.reconcile_keys();
    assert_ne!(key(&server, State::Current).kid, old.kid);
    assert_ne!(kid(&server.issue(&billing)), old.kid);
}

/// A copy of the database signs nothing.
#[test]
fn the_database_holds_no_private_key_in_the_clear() {
    let server = Server::start();
    server.resource_with("urn:rsa", &[], Algorithm::Rs256);
    server.resource_with("urn:ed", &[], Algorithm::EdDsa);
    let master = MasterKey::from_bytes([0x0f; 32]);
    let dump = server.database.dump();
    assert!(dump.len() > 1_000);
    let keys = server.read(signing_keys::all);
    assert!(keys.len() >= 8, "{}", keys.len());
    for key in keys {
        let der = master.open(&key.kid, &key.sealed_private_key).unwrap();
        let digits = |part: &[u8]| part.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert!(dump.contains(&digits(&key.sealed_private_key[..16])), "the dump is one");
        for part in der.chunks_exact(16).skip(1) {
            assert!(!dump.contains(&digits(part)), "{} {}", key.algorithm, key.kid);
        }
        assert!(MasterKey::from_bytes([1; 32]).open(&key.kid, &key.sealed_private_key).is_err());
    }
}
