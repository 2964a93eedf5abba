//! `GET /whoami`, RFC 6750.
use countersign::admin::applications;
use countersign::oauth::time::Seconds;
use serde_json::json;

use crate::support::world::BILLING_API;
use crate::support::{ISSUER, NOW, Server};

#[test]
fn a_token_of_ours_is_told_what_it_says() {
    let server = Server::start();
    let billing = server.world().billing;
    let answer = server.token(&billing, &[("scope", "invoices:read")]).json();
    let bearer = format!("bearer  {}", answer["access_token"].as_str().unwrap());

    let seen = server.request("GET", "/whoami", &[("authorization", &bearer)], vec![]);

    assert_eq!(seen.status, 200, "{}", seen.text);
    let jti = seen.json()["jti"].clone();
    assert_eq!(
        seen.json(),
        json!({
            "iss": ISSUER, "client_id": billing.client_id, "sub": billing.client_id,
            "aud": BILLING_API, "scope": "invoices:read", "exp": NOW.seconds() + 600,
            "jti": jti, "token_type": "Bearer",
        })
    );
}

/// RFC 6750 §3.1.
#[test]
fn each_refusal_has_its_challenge() {
    let server = Server::start();
    let billing = server.world().billing;
    let token = server.token(&billing, &[]).json()["access_token"].as_str().unwrap().to_owned();
    let ask = |authorization: &str| {
        let answer = server.request("GET", "/whoami", &[("authorization", authorization)], vec![]);
        (answer.status, answer.header("www-authenticate").unwrap().to_owned())
    };
    let plain = r#"Bearer realm="countersign""#;
    let none = server.get("/whoami");
    assert_eq!((none.status, none.header("www-authenticate")), (401, Some(plain)));
    assert_eq!(ask("Basic abc"), (401, plain.to_owned()));
    let invalid = (401, format!(r#"{plain}, error="invalid_token""#));
    assert_eq!(ask("Bearer a.b.c"), invalid);
    assert_eq!(ask(&format!("Bearer {token}x")), invalid);
    assert_eq!(ask(&format!("Bearer\t{token}")).0, 401, "Keycloak CVE-2026-0707");
    assert_eq!(ask("Bearer ").0, 400);
    let query = server.get(&format!("/whoami?access_token={token}"));
    assert_eq!(query.status, 400, "RFC 6750 §2.3 is not supported");

    server.advance(Seconds(600));
    assert_eq!(ask(&format!("Bearer {token}")), invalid);
}

#[test]
fn a_suspended_application_is_nobody_at_once() {
    let server = Server::start();
    let billing = server.world().billing;
    let token = server.token(&billing, &[]).json()["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    server.act(|conn, actor| applications::suspend(conn, actor, &billing.client_id));
    let seen = server.request("GET", "/whoami", &[("authorization", &bearer)], vec![]);
    assert_eq!(seen.status, 401);
}
