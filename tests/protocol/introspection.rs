//! `POST /oauth/introspect`, RFC 7662.
use countersign::admin::introspectors::{self, Of};
use countersign::admin::{applications, resources, revocations};
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;
use serde_json::json;

use crate::support::http::{basic, form};
use crate::support::world::{BILLING_API, Client, LEDGER_API};
use crate::support::{ISSUER, NOW, Server};

fn introspect(server: &Server, caller: &Client, token: &str) -> String {
    let answer = server.post_as(caller, "/oauth/introspect", &[("token", token)]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.text
}

const INACTIVE: &str = r#"{"active":false}"#;

#[test]
fn who_answers_for_the_audience_is_told_what_the_token_says() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    let answer: serde_json::Value =
        serde_json::from_str(&introspect(&server, &world.mallory, &token)).unwrap();
    let id = &world.billing.client_id;
    assert_eq!(
        answer,
        json!({
            "active": true, "iss": ISSUER, "sub": id, "client_id": id, "aud": BILLING_API,
            "scope": "invoices:read invoices:write", "iat": NOW.seconds(),
            "exp": NOW.seconds() + 600, "jti": Server::claims(&token)["jti"],
            "token_type": "Bearer",
        })
    );
}

/// Keycloak CVE-2026-37979, Gitea CVE-2026-58425: who does not answer for the
/// audience learns nothing, its own client included.
#[test]
fn to_everybody_else_every_token_looks_like_none() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, LEDGER_API);
    let token = server.issue(&world.billing);
    for caller in [&world.mallory, &world.reporting, &world.billing] {
        assert_eq!(introspect(&server, caller, &token), INACTIVE);
    }
    server.let_introspect(&world.reporting, BILLING_API);
    server.app.take_up_changes();
    for nothing in ["x", "a.b.c", "", &token[..token.len() - 2], &format!("{token}.e30")] {
        let answer = server.post_as(&world.mallory, "/oauth/introspect", &[("token", nothing)]);
        let expected = if nothing.is_empty() { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{nothing}: a parameter without value is none");
        assert!(expected == 400 || answer.text == INACTIVE, "{nothing}");
    }
}

#[test]
fn the_right_to_introspect_any_token_opens_all_audiences() {
    let server = Server::start();
    let world = server.world();
    let id = &world.mallory.client_id;
    server.act(|conn, actor| introspectors::add(conn, actor, &Of::Any, id));
    let token = server.issue(&world.billing);
    assert!(introspect(&server, &world.mallory, &token).starts_with(r#"{"active":true"#));
}

/// RFC 7662 §2.1: the endpoint is protected.
#[test]
fn an_unknown_caller_is_refused_and_recorded() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let wrong = basic(&world.mallory.client_id, "csk_wrong");
    let headers =
        [("authorization", wrong.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let answer = server.request("POST", "/oauth/introspect", &headers, form(&[("token", &token)]));
    assert_eq!((answer.status, answer.error()), (401, "invalid_client".into()));
    assert!(answer.header("www-authenticate").is_some());
    assert_eq!(server.get("/oauth/introspect").status, 405);
    let in_url = format!("/oauth/introspect?token={token}");
    assert_eq!(server.post_as(&world.mallory, &in_url, &[("token", "x")]).status, 400);

    let events = server.events("token.introspection_denied");
    let reasons: Vec<_> = events.iter().map(|event| event.reason.as_deref().unwrap()).collect();
    assert_eq!(reasons, ["bad_secret", "parameters_in_query"]);
    assert!(!events.iter().any(|event| event.body().contains(&token)));
}

#[test]
fn a_token_is_inactive_at_once_when_anything_behind_it_ends() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let active = |token: &str| introspect(&server, &world.mallory, token) != INACTIVE;
    let by = |kind, subject: &str| {
        server.act(|conn, actor| revocations::revoke(conn, actor, kind, subject, "a test"))
    };
    let step = || server.advance(Seconds(5));
    let token = server.issue(&world.billing);
    let other = server.issue(&world.reporting);
    assert!(active(&token) && active(&other));
    by(Kind::Token, Server::claims(&token)["jti"].as_str().unwrap());
    assert!(!active(&token) && active(&other), "one token");

    let token = server.issue(&world.billing);
    by(Kind::Application, &world.billing.client_id);
    assert!(!active(&token) && active(&other), "an application's");
    step();

    let token = server.issue(&world.billing);
    by(Kind::Secret, &world.billing.secret_id);
    assert!(!active(&token) && active(&other), "a secret's");
    step();

    let token = server.issue(&world.billing);
    by(Kind::Resource, BILLING_API);
    assert!(!active(&token) && !active(&other), "an API's");
    step();

    let token = server.issue(&world.billing);
    by(Kind::Everything, "");
    assert!(!active(&token), "everything");
    step();

    let token = server.issue(&world.billing);
    server.act(|conn, actor| applications::suspend(conn, actor, &world.billing.client_id));
    assert!(!active(&token), "suspended");
    server.act(|conn, actor| applications::resume(conn, actor, &world.billing.client_id));
    assert!(!active(&token), "resumed: what was out stays dead");
    step();

    let token = server.issue(&world.reporting);
    server.act(|conn, actor| applications::delete(conn, actor, &world.reporting.client_id));
    assert!(!active(&token), "deleted");

    let token = server.issue(&world.billing);
    server.advance(Seconds(600));
    assert!(!active(&token), "expired");

    server.act(|conn, actor| {
        let resource = resources::resolve(conn, BILLING_API)?;
        resources::delete(conn, actor, &resource.id)
    });
}

/// A signing key that is out is out: whatever `iat` somebody makes it sign.
#[test]
fn a_revoked_key_is_neither_believed_nor_published_and_another_signs() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    let kid = |token: &str| {
        let header = token.split('.').next().unwrap().to_owned();
        let header = format!("e30.{header}.x");
        Server::claims(&header)["kid"].as_str().unwrap().to_owned()
    };
    let killed = kid(&token);
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Key, &killed, "stolen"));

    assert_eq!(introspect(&server, &world.mallory, &token), INACTIVE);
    assert!(!server.get("/oauth/jwks.json").text.contains(&killed));
    let next = server.issue(&world.billing);
    assert_ne!(kid(&next), killed);
    assert_ne!(introspect(&server, &world.mallory, &next), INACTIVE);
}

/// The latest of several times counts (Keycloak CVE-2026-8922).
#[test]
fn a_token_got_after_a_revocation_is_good() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let id = &world.billing.client_id;
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Application, id, "a test"));
    let token = server.issue(&world.billing);
    let claims = Server::claims(&token);
    assert_eq!(claims["iat"], NOW.seconds() + 1, "the first second that is not revoked");
    assert_eq!(claims["exp"], NOW.seconds() + 601);
    assert_ne!(introspect(&server, &world.mallory, &token), INACTIVE);
}

/// Neither yes nor no: whoever cannot know must not say.
#[test]
fn when_revocations_cannot_be_read_the_answer_is_503() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    server.clock.advance(Seconds(6));
    let answer = server.post_as(&world.mallory, "/oauth/introspect", &[("token", &token)]);
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    server.app.take_up_changes();
    assert_ne!(introspect(&server, &world.mallory, &token), INACTIVE);
}

#[test]
fn who_asked_about_whose_tokens_is_counted() {
    let server = Server::start();
    let world = server.world();
    server.let_introspect(&world.mallory, BILLING_API);
    let token = server.issue(&world.billing);
    for _ in 0..3 {
        introspect(&server, &world.mallory, &token);
    }
    introspect(&server, &world.mallory, "a.b.c");
    server.clock.advance(Seconds(60));
    server.count();
    let mut told: Vec<_> = server
        .events("access.counted")
        .into_iter()
        .map(|event| {
            let access = event.access.unwrap();
            assert_eq!(access.caller.as_ref(), Some(&world.mallory.client_id));
            (access.count.unwrap(), event.client_id, access.resource)
        })
        .collect();
    told.sort();
    let of_billing = (3, Some(world.billing.client_id.clone()), Some(BILLING_API.to_owned()));
    assert_eq!(told, [(1, None, None), of_billing]);
}
