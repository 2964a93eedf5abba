//! The token tester: dry runs, secrets, and what a pasted token is.
use countersign::admin::secrets::Tokens;
use countersign::admin::{applications, revocations, secrets};
use countersign::oauth::revocation::Kind;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, LEDGER_API};

fn dry(server: &Server, client_id: &str, api: &str, scope: &str) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("application", client_id)
        .append_pair("api", api)
        .append_pair("scope", scope)
        .finish();
    let browser = server.browser();
    browser.sign_in("auditor@example.com", crate::support::browser::PASSWORD);
    browser.get(&format!("/tester?{query}"))
}

#[test]
fn a_dry_run_shows_the_claims_that_the_endpoint_would_issue_and_records_nothing() {
    let server = Server::start();
    let world = server.world();
    server.administrator("auditor");
    let page = dry(&server, &world.billing.client_id, BILLING_API, "invoices:read");
    assert_eq!(page.status, 200);
    let values = page.texts(".claims td:nth-child(2)");
    let issued =
        server.token(&world.billing, &[("resource", BILLING_API), ("scope", "invoices:read")]);
    let claims = Server::claims(issued.json()["access_token"].as_str().unwrap());
    for claim in ["iss", "sub", "aud", "client_id", "scope"] {
        let expected = claims[claim].as_str().unwrap();
        assert!(values.iter().any(|value| value == expected), "{claim}: {values:?}");
    }
    assert_eq!(server.events("token.issued").len(), 1, "the dry run is none");
    assert!(server.events("token.denied").is_empty());
}

#[test]
fn a_dry_run_is_refused_as_the_endpoint_refuses() {
    let server = Server::start();
    let world = server.world();
    server.administrator("auditor");
    let cases = [
        (BILLING_API, "invoices:write"),
        (LEDGER_API, ""),
        (BILLING_API, "no such"),
        ("https://nowhere.example", "invoices:read"),
    ];
    for (api, scope) in cases {
        let page = dry(&server, &world.reporting.client_id, api, scope);
        let answer = server.token(&world.reporting, &[("resource", api), ("scope", scope)]);
        let said = page.texts(".resp").remove(0);
        let description = answer.json()["error_description"].as_str().unwrap().to_owned();
        let told = said.split_once(": ").unwrap();
        assert_eq!(told.0, answer.error(), "{api} {scope}");
        assert!(description.starts_with(told.1), "{said} / {description}");
        assert_eq!(page.texts(".ladder .fail").len(), 1);
    }
}

#[test]
fn who_is_named_by_a_name_is_found_and_who_is_nobody_is_refused() {
    let server = Server::start();
    server.world();
    server.administrator("auditor");
    let named = dry(&server, "billing", "", "");
    assert!(named.texts("h2").iter().any(|h| h.contains("billing would get a token")));
    let nobody = dry(&server, "m2m_nobody", "", "");
    assert!(nobody.texts(".why p")[0].contains("No application has the client ID m2m_nobody"));
}

#[test]
fn a_secret_is_told_to_work_or_why_not_and_is_never_shown_again() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let test = |client_id: &str, secret: &str| {
        let fields =
            [("application", client_id), ("api", ""), ("scope", ""), ("client_secret", secret)];
        let page = browser.post("/tester", &fields);
        assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
        assert!(!page.text.contains(secret), "shown again");
        page.texts(".why").remove(0)
    };
    let billing = &world.billing;
    assert!(test(&billing.client_id, &billing.secret).contains("initial is in force"));
    assert!(test(&billing.client_id, &world.reporting.secret).contains("is none of billing"));
    assert!(test(&billing.client_id, "half of it").contains("is none of billing"));
    server.act(|conn, actor| {
        secrets::revoke(conn, actor, &billing.client_id, &billing.secret_id, Tokens::Keep)
    });
    assert!(test(&billing.client_id, &billing.secret).contains("had been revoked"));
    server.act(|conn, actor| applications::delete(conn, actor, &world.reporting.client_id));
    let gone = test(&world.reporting.client_id, &world.reporting.secret);
    assert!(gone.contains("was deleted"), "{gone}");
    let log = server.read(|conn| countersign::store::audit_log::after(conn, "main", 0, 1_000));
    assert!(log.iter().all(|row| !row.body.contains(&billing.secret)));
}

#[test]
fn a_token_of_ours_leads_to_its_request_and_says_what_became_of_it() {
    let server = Server::start();
    let world = server.world();
    let (token, other) = (server.issue(&world.billing), server.issue(&world.billing));
    let browser = server.signed_in("auditor");
    let decode = |token: &str| {
        let page = browser.post("/tester/decoder", &[("token", token)]);
        assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
        assert!(!page.text.contains(token), "shown again");
        page
    };
    let jti = Server::claims(&token)["jti"].as_str().unwrap().to_owned();
    let good = decode(&token);
    assert!(good.texts(".why h2")[0].contains("in force"), "{:?}", good.texts(".why"));
    assert!(good.text.contains(&format!("href=\"/log/{jti}\"")));
    assert!(good.text.contains("RFC 7519 §4.1.7") && good.text.contains("RFC 9068 §2.1"));
    server.act(|conn, actor| revocations::revoke(conn, actor, Kind::Token, &jti, "lost"));
    let dead = decode(&token);
    assert!(dead.texts(".why h2")[0].contains("revoked"));
    assert!(dead.texts(".fate")[0].contains("lost"));
    server.advance(Seconds(3_600));
    let browser = server.signed_in("owner");
    let old = browser.post("/tester/decoder", &[("token", &other)]);
    assert!(old.texts(".why h2")[0].contains("expired"), "{:?}", old.texts(".why"));
}

#[test]
fn a_touched_a_foreign_and_an_unsigned_token_are_told_apart() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let server = Server::start();
    let token = server.issue(&server.world().billing);
    let browser = server.signed_in("auditor");
    let found = |token: &str| {
        let page = browser.post("/tester/decoder", &[("token", token)]);
        (page.texts(".why h2").remove(0), page.texts(".why").remove(0))
    };
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims = Server::claims(&token);
    claims["scope"] = "everything".into();
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let touched = found(&format!("{}.{claims}.{}", parts[0], parts[2]));
    assert!(touched.0.contains("Altered or forged"));
    assert!(touched.1.contains("Not the token of that ID"), "{}", touched.1);
    let unsigned = found(&format!("{}.{claims}.", parts[0]));
    assert!(unsigned.1.contains("It has none"), "{}", unsigned.1);
    let foreign = URL_SAFE_NO_PAD.encode(r#"{"iss":"https://other.example"}"#);
    assert!(found(&format!("{}.{foreign}.AAAA", parts[0])).0.contains("foreign"));
    let empty = browser.post("/tester/decoder", &[("token", "nonsense")]);
    assert_eq!(empty.status, 422);
    assert_eq!(browser.post("/tester/decoder", &[("token", &"e".repeat(20_000))]).status, 400);
}

#[test]
fn a_request_in_the_log_can_be_tried_again() {
    let server = Server::start();
    let reporting = server.world().reporting;
    let answer = server.token(&reporting, &[("scope", "invoices:write")]);
    let browser = server.signed_in("auditor");
    let page = browser.get(&format!("/log/{}", answer.header("x-request-id").unwrap()));
    let link = page.text.split("href=\"/tester?").nth(1).unwrap().split('"').next().unwrap();
    let again = browser.get(&format!("/tester?{}", link.replace("&#38;", "&")));
    assert_eq!(again.texts(".scope, .ladder .fail b"), ["Scope refused"]);
}
