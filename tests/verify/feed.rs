//! Revocations by the issuer's feed.
use std::sync::Arc;

use countersign::admin;
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use countersign::revocations::Announcement;
use countersign::verify::{Configuration, Refusal, Revocation, Verifier, What, WhenStale};
use serde_json::json;

use super::issuer::{Issuer, Key};
use super::{configuration, decide, eventually};
use crate::support::world::BILLING_API;
use crate::support::{ISSUER, Server};

const STALE: Refusal = Refusal::Unavailable(What::Revocations);

fn following(issuer: &Issuer, when_stale: WhenStale, stream: bool) -> Verifier {
    let mut configuration = Configuration {
        revocation: Revocation::Feed { max_stale: Seconds(15), when_stale },
        ..configuration(issuer.address, &issuer.clock)
    };
    configuration.timing.stream = stream;
    Verifier::start(configuration).unwrap()
}

fn refuse() -> WhenStale {
    WhenStale::Refuse
}

fn ask() -> WhenStale {
    WhenStale::Introspect { client_id: "m2m_api".into(), client_secret: "s".to_owned().into() }
}

#[test]
fn a_revocation_reaches_the_api_by_polling_and_by_listening() {
    for stream in [false, true] {
        let key = Arc::new(Key::es256());
        let issuer = Issuer::start(&[&key]);
        issuer.script().streams = stream;
        issuer.revoke(Kind::Application, "m2m_gone");
        issuer.revoke(Kind::Token, "old");
        let verifier = following(&issuer, refuse(), stream);
        let token = key.token(&json!({}));
        eventually("the feed is here", || decide(&verifier, &token).is_ok());
        for dead in [json!({"client_id": "m2m_gone"}), json!({"jti": "old"})] {
            assert_eq!(decide(&verifier, &key.token(&dead)).unwrap_err(), Refusal::Revoked);
        }

        issuer.revoke(Kind::Token, "01K");
        eventually("it is revoked", || decide(&verifier, &token).is_err());
        assert_eq!(decide(&verifier, &token).unwrap_err(), Refusal::Revoked);
        let other = key.token(&json!({"jti": "01L"}));
        assert!(decide(&verifier, &other).is_ok());
    }
}

/// What a running server tells those who listen.
fn announce(server: &Server, since: i64) {
    let statement = server.app.revocations.statement(ISSUER, since);
    let position = statement.position;
    let jwt = server.app.keys.sign_status("revocations+jwt", &statement).unwrap();
    server.app.revocations.announce(Announcement { position, jwt });
}

#[test]
fn the_feed_of_a_real_server_is_understood() {
    let server = Server::start();
    let world = server.world();
    let feed = Revocation::Feed { max_stale: Seconds(15), when_stale: refuse() };
    let polling = configuration(server.address, &server.clock);
    let mut streaming = polling.clone();
    streaming.timing.stream = true;
    for configuration in [polling, streaming] {
        let verifier =
            Verifier::start(Configuration { revocation: feed.clone(), ..configuration }).unwrap();
        let (dead, living) = (server.issue(&world.billing), server.issue(&world.billing));
        eventually("the feed is here", || decide(&verifier, &living).is_ok());
        let since = server.app.revocations.position();
        let jti = decide(&verifier, &dead).unwrap().claims.jti.clone();
        server.act(|conn, actor| {
            admin::revocations::revoke(conn, actor, Kind::Token, &jti, "a test")
        });
        announce(&server, since);
        eventually("it is revoked", || decide(&verifier, &dead).is_err());
        assert_eq!(decide(&verifier, &dead).unwrap_err(), Refusal::Revoked);
        assert!(decide(&verifier, &living).is_ok());
    }
}

#[test]
fn an_api_that_may_ask_asks_a_real_server() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.reporting, BILLING_API);
    let token = server.issue(&world.billing);
    let when_stale = WhenStale::Introspect {
        client_id: world.reporting.client_id.clone(),
        client_secret: world.reporting.secret.clone().into(),
    };
    // Nothing is ever fresh enough.
    let revocation = Revocation::Feed { max_stale: Seconds(-1), when_stale };
    let configuration = configuration(server.address, &server.clock);
    let verifier = Verifier::start(Configuration { revocation, ..configuration }).unwrap();
    assert!(decide(&verifier, &token).is_ok());

    server.act(|conn, actor| {
        let client_id = &world.billing.client_id;
        admin::revocations::revoke(conn, actor, Kind::Application, client_id, "a test")
    });
    // The feed knows it too; whoever was faster.
    assert_eq!(decide(&verifier, &token).unwrap_err(), Refusal::Revoked);
}

#[test]
fn an_api_that_cannot_hear_the_feed_accepts_nothing_after_a_while() {
    for stream in [false, true] {
        let key = Arc::new(Key::es256());
        let issuer = Issuer::start(&[&key]);
        issuer.script().streams = stream;
        let verifier = following(&issuer, refuse(), stream);
        let token = key.token(&json!({}));
        eventually("the feed is here", || decide(&verifier, &token).is_ok());
        issuer.clock.advance(Seconds(60));
        eventually("a beat makes it fresh", || decide(&verifier, &token).is_ok());

        issuer.revoke(Kind::Token, "dead");
        let dead = key.token(&json!({"jti": "dead"}));
        eventually("it is revoked", || decide(&verifier, &dead).err() == Some(Refusal::Revoked));
        issuer.script().feed_down = true;
        std::thread::sleep(std::time::Duration::from_millis(100));
        issuer.clock.advance(Seconds(15));
        assert!(decide(&verifier, &token).is_ok(), "not too old yet");
        issuer.clock.advance(Seconds(1));
        assert_eq!(decide(&verifier, &token).unwrap_err(), STALE);
        assert_eq!(decide(&verifier, &dead).unwrap_err(), Refusal::Revoked, "known is known");

        issuer.script().feed_down = false;
        eventually("it is back", || decide(&verifier, &token).is_ok());
    }
}

#[test]
fn before_the_first_word_nothing_is_accepted() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    issuer.script().feed_down = true;
    let verifier = following(&issuer, refuse(), true);
    assert_eq!(decide(&verifier, &key.token(&json!({}))).unwrap_err(), STALE);
    assert_eq!(verifier.state().feed_age, None);
}

#[test]
fn an_api_that_may_ask_asks_only_while_the_feed_is_stale() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    issuer.script().feed_down = true;
    let verifier = following(&issuer, ask(), false);
    let token = key.token(&json!({}));
    assert!(decide(&verifier, &token).is_ok());
    assert_eq!(issuer.script().introspected.take().as_deref(), Some(token.as_str()));
    issuer.script().active = false;
    assert_eq!(decide(&verifier, &token).unwrap_err(), Refusal::Revoked);
    assert!(verifier.verify_at_once(&token, &super::scopes("")).is_none());

    issuer.script().feed_down = false;
    eventually("the feed decides", || decide(&verifier, &token).is_ok());
    issuer.script().introspected = None;
    assert!(decide(&verifier, &token).is_ok());
    assert_eq!(issuer.script().introspected, None);
}

#[test]
fn a_server_that_does_not_stream_is_polled() {
    let key = Arc::new(Key::es256());
    let issuer = Issuer::start(&[&key]);
    let verifier = following(&issuer, refuse(), true);
    let token = key.token(&json!({}));
    eventually("the feed is here", || decide(&verifier, &token).is_ok());
    issuer.clock.advance(Seconds(60));
    eventually("it is asked again", || decide(&verifier, &token).is_ok());
}
