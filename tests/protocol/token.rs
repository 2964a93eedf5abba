//! `POST /oauth/token`, from outside, in the RFCs' words.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::admin::secrets::Tokens;
use countersign::admin::{applications, grants, secrets};
use countersign::model::grant::Access;
use countersign::model::secret::NewSecret;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::time::Seconds;
use serde_json::{Value, json};

use crate::support::http::{basic, form};
use crate::support::world::{BILLING_API, LEDGER_API};
use crate::support::{ISSUER, NOW, Server};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// RFC 6749 §5.1, RFC 9068 §2.
#[test]
fn a_client_gets_a_token_for_its_only_resource() {
    let server = Server::start();
    let billing = server.world().billing;

    let answer = server.token(&billing, &[]);

    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    let token = body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        body,
        json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": "invoices:read invoices:write",
        })
    );
    let header = part(&token, 0);
    assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
    let jti = answer.header("x-request-id").unwrap().strip_prefix("req_").unwrap();
    assert_eq!(
        part(&token, 1),
        json!({
            "iss": ISSUER,
            "sub": billing.client_id,
            "aud": BILLING_API,
            "exp": NOW.seconds() + 600,
            "iat": NOW.seconds(),
            "jti": jti,
            "client_id": billing.client_id,
            "scope": "invoices:read invoices:write",
            "credential_id": billing.secret_id,
        })
    );
}

#[test]
fn every_token_has_its_row_and_the_row_has_no_secret() {
    let server = Server::start();
    let billing = server.world().billing;

    let answer = server.token(&billing, &[("scope", "invoices:read"), ("resource", BILLING_API)]);

    let issued = server.events("token.issued");
    assert_eq!(issued.len(), 1);
    let event = &issued[0];
    let facts = event.token.as_ref().unwrap();
    assert_eq!(event.request_id.as_deref(), answer.header("x-request-id"));
    assert_eq!(event.client_id.as_deref(), Some(billing.client_id.as_str()));
    assert_eq!(event.actor.credential_id.as_deref(), Some(billing.secret_id.as_str()));
    assert_eq!(event.actor.method.as_deref(), Some("client_secret_basic"));
    assert_eq!(event.source.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(facts.resource, [BILLING_API]);
    assert_eq!(facts.scope_requested.as_deref(), Some("invoices:read"));
    assert_eq!(facts.scope_granted.as_deref(), Some("invoices:read"));
    assert_eq!(facts.exp, Some(NOW.seconds() + 600));
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(facts.kid.as_deref(), part(&token, 0)["kid"].as_str());
    let body = event.body();
    assert!(!body.contains(&billing.secret) && !body.contains(&token), "{body}");
}

/// RFC 6749 §3.3.
#[test]
fn a_scope_that_is_not_granted_refuses_the_whole_request() {
    let server = Server::start();
    let reporting = server.world().reporting;

    let answer = server.token(&reporting, &[("scope", "invoices:read invoices:write")]);

    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_scope"));
    let denied = server.events("token.denied");
    assert_eq!(denied[0].reason.as_deref(), Some("scope_not_granted"));
    let facts = denied[0].token.as_ref().unwrap();
    assert_eq!(facts.failed_check, Some(4));
    assert_eq!(facts.scope_requested.as_deref(), Some("invoices:read invoices:write"));
    assert_eq!(facts.scope_refused.as_deref(), Some("invoices:write"));
    assert_eq!(server.token(&reporting, &[("scope", "invoices:read")]).status, 200);
}

/// RFC 8707 §2.
#[test]
fn a_resource_without_a_grant_is_an_invalid_target() {
    let server = Server::start();
    let world = server.world();
    for resource in [LEDGER_API, "https://unknown.example", "nonsense", "https://api.example.com"] {
        let answer = server.token(&world.billing, &[("resource", resource)]);
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_target"), "{resource}");
    }
    let answer = server.token(&world.mallory, &[]);
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_target"));
}

#[test]
fn audience_is_another_name_of_resource() {
    let server = Server::start();
    let billing = server.world().billing;
    let answer = server.token(&billing, &[("audience", BILLING_API)]);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let both = server.token(&billing, &[("audience", BILLING_API), ("resource", BILLING_API)]);
    assert_eq!((both.status, both.error().as_str()), (400, "invalid_request"));
}

/// RFC 8707 §2: one token for several resources, scopes granted at each.
#[test]
fn a_token_for_several_resources_has_the_scopes_granted_at_each() {
    let server = Server::start();
    server.world();
    let both = [(BILLING_API, "*"), (LEDGER_API, "*")];
    let client = server.application("both", &both);
    let resources = [("resource", BILLING_API), ("resource", LEDGER_API)];

    let answer = server.token(&client, &resources);
    assert_eq!(answer.json()["scope"], "invoices:read", "{}", answer.text);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(part(&token, 1)["aud"], json!([BILLING_API, LEDGER_API]));

    let too_much = [resources.as_slice(), &[("scope", "ledger:export")]].concat();
    assert_eq!(server.token(&client, &too_much).error(), "invalid_scope");
    assert_eq!(server.token(&client, &[]).error(), "invalid_target");
}

#[test]
fn a_grant_of_all_scopes_follows_the_api() {
    let server = Server::start();
    let id = server.resource(BILLING_API, &["a"]);
    let client = server.application("all", &[(BILLING_API, "*")]);
    assert_eq!(server.token(&client, &[]).json()["scope"], "a");

    let scope = countersign::model::resource::Scope::read("b", "").unwrap();
    server.act(|conn, actor| countersign::admin::resources::add_scope(conn, actor, &id, &scope));

    assert_eq!(server.token(&client, &[]).json()["scope"], "a b");
}

/// RFC 6749 §5.2.
#[test]
fn each_fault_has_its_own_error() {
    let server = Server::start();
    let billing = server.world().billing;
    let header = basic(&billing.client_id, &billing.secret);
    let authorization = [("authorization", header.as_str())];
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "invalid_request"),
        (&[("grant_type", "")], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (
            &[("grant_type", "client_credentials"), ("grant_type", "client_credentials")],
            "invalid_request",
        ),
        (&[("grant_type", "client_credentials"), ("scope", "a  b")], "invalid_scope"),
        (&[("grant_type", "client_credentials"), ("scope", "\"")], "invalid_scope"),
    ];
    for (parameters, error) in cases {
        let answer = server.token_request(&authorization, parameters);
        assert_eq!((answer.status, answer.error().as_str()), (400, error), "{parameters:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
    }
    let unknown = [("grant_type", "client_credentials"), ("unknown", "x"), ("scope", "")];
    assert_eq!(server.token_request(&authorization, &unknown).status, 200);
}

/// RFC 6749 §3.2: POST alone.
#[test]
fn other_methods_are_refused_and_told_which_one_works() {
    let server = Server::start();
    for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = server.request(method, "/oauth/token", &[], Vec::new());
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{method}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

/// RFC 6749 §2.3.1: nothing of ours in the URL.
#[test]
fn parameters_in_the_url_are_refused_and_not_recorded() {
    let server = Server::start();
    let billing = server.world().billing;
    let path =
        format!("/oauth/token?client_id={}&client_secret={}", billing.client_id, billing.secret);
    let body = form(&[("grant_type", "client_credentials")]);

    let answer = server.request("POST", &path, &[FORM], body.clone());

    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"));
    let denied = server.events("token.denied");
    assert_eq!(denied[0].reason.as_deref(), Some("parameters_in_query"));
    assert!(!denied[0].body().contains(&billing.secret));

    let header = basic(&billing.client_id, &billing.secret);
    let headers = [FORM, ("authorization", header.as_str())];
    let answer = server.request("POST", "/oauth/token?tenant=1", &headers, body);
    assert_eq!(answer.status, 200, "a query that is not ours may stay, RFC 6749 §3.2");
}

#[test]
fn bodies_of_another_kind_are_refused() {
    let server = Server::start();
    let billing = server.world().billing;
    let header = basic(&billing.client_id, &billing.secret);
    let body = form(&[("grant_type", "client_credentials")]);
    let post = |content_type: &str, encoding: &str, body: Vec<u8>| {
        let headers = [
            ("authorization", header.as_str()),
            ("content-type", content_type),
            ("content-encoding", encoding),
        ];
        let sent = if encoding.is_empty() { &headers[..2] } else { &headers[..] };
        server.request("POST", "/oauth/token", sent, body)
    };
    let form_type = "application/x-www-form-urlencoded";
    for good in [form_type, "application/x-www-form-urlencoded;charset=UTF-8"] {
        assert_eq!(post(good, "", body.clone()).status, 200, "{good}");
    }
    for bad in
        ["application/json", "text/plain", "application/x-www-form-urlencoded; charset=latin1"]
    {
        let answer = post(bad, "", body.clone());
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{bad}");
    }
    assert_eq!(post(form_type, "gzip", body.clone()).status, 415);
    let long = format!("grant_type=client_credentials&x={}", "y".repeat(33 * 1_024));
    let answer = post(form_type, "", long.into_bytes());
    assert_eq!((answer.status, answer.error().as_str()), (413, "invalid_request"));
    for bad in [&b"grant_type=%zz"[..], b"grant_type=%ff", b"grant_type=a%00", b"\xff=1"] {
        let answer = post(form_type, "", bad.to_vec());
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{bad:?}");
    }
}

/// RFC 9068 §2.1 demands RS256; RFC 8037 brings EdDSA.
#[test]
fn a_resource_chooses_the_algorithm_of_its_tokens() {
    let server = Server::start();
    for (algorithm, uri) in [(Algorithm::EdDsa, "urn:ed"), (Algorithm::Rs256, "urn:rsa")] {
        server.resource_with(uri, &["a"], algorithm);
        let client = server.application(uri, &[(uri, "a")]);
        let token = server.token(&client, &[]).json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(part(&token, 0)["alg"], algorithm.as_str());
        assert!(server.app.keys.verify(&token).is_some());
    }
}

#[test]
fn what_an_administrator_changes_counts_for_the_next_request() {
    let server = Server::start();
    let billing = server.world().billing;
    let id = billing.client_id.as_str();
    assert_eq!(server.token(&billing, &[]).status, 200);

    server.act(|conn, actor| applications::suspend(conn, actor, id));
    assert_eq!(server.token(&billing, &[]).status, 401);
    server.act(|conn, actor| applications::resume(conn, actor, id));
    assert_eq!(server.token(&billing, &[]).status, 200);

    let read = Access::Scopes(vec!["invoices:read".into()]);
    server.act(|conn, actor| grants::set(conn, actor, id, BILLING_API, &read));
    assert_eq!(server.token(&billing, &[]).json()["scope"], "invoices:read");
    server.act(|conn, actor| grants::remove(conn, actor, id, BILLING_API));
    assert_eq!(server.token(&billing, &[]).error(), "invalid_target");

    server.act(|conn, actor| secrets::revoke(conn, actor, id, &billing.secret_id, Tokens::Keep));
    assert_eq!(server.token(&billing, &[]).status, 401);
    server.act(|conn, actor| applications::delete(conn, actor, id));
    assert_eq!(server.token(&billing, &[]).status, 401);
}

#[test]
fn two_secrets_work_side_by_side_until_one_expires() {
    let server = Server::start();
    let old = server.world().billing;
    let new = NewSecret { name: "next".into(), lifetime: Some(Seconds(3_600)) };
    let (_, value) = server.act(|conn, actor| secrets::add(conn, actor, &old.client_id, &new));
    let mut next = old.clone();
    next.secret = value.to_string();

    assert_eq!((server.token(&old, &[]).status, server.token(&next, &[]).status), (200, 200));
    server.advance(Seconds(3_600));
    assert_eq!((server.token(&old, &[]).status, server.token(&next, &[]).status), (200, 401));
    let denied = server.events("token.denied");
    assert_eq!(denied[0].reason.as_deref(), Some("secret_expired"));
}

/// A change made elsewhere is taken up when it is looked for.
#[test]
fn another_process_hears_of_a_change_when_it_looks() {
    let server = Server::start();
    let billing = server.world().billing;
    let other = Server::start_on(server.database.clone(), &[("COUNTERSIGN_INSTANCE", "second")]);
    assert_eq!(other.token(&billing, &[]).status, 200);

    server.act(|conn, actor| applications::suspend(conn, actor, &billing.client_id));
    other.app.take_up_changes();

    assert_eq!(other.token(&billing, &[]).status, 401);
}

/// An id that was unknown a moment ago is found once it exists.
#[test]
fn an_application_made_after_it_was_asked_for_is_found() {
    let server = Server::start();
    server.world();
    let other = Server::start_on(server.database.clone(), &[("COUNTERSIGN_INSTANCE", "second")]);
    let made = server.application("late", &[(BILLING_API, "*")]);
    let mut guess = made.clone();
    guess.secret = "wrong".into();
    other.app.take_up_changes();
    assert_eq!(other.token(&guess, &[]).status, 401);
    assert_eq!(other.token(&made, &[]).status, 200);
}
