//! The audit log's pages.
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::world::{BILLING_API, Client, LEDGER_API};

#[test]
fn the_log_shows_what_was_issued_and_refused_and_can_be_narrowed() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[]);
    server.token(&world.reporting, &[("scope", "invoices:write")]);
    let browser = server.signed_in("auditor");
    let rows =
        |query: &str| browser.get(&format!("/log?kind=token{query}")).texts("tbody tr").len();
    assert_eq!(rows(""), 2);
    assert_eq!(rows("&outcome=refused"), 1);
    assert_eq!(rows(&format!("&application={}", world.billing.client_id)), 1);
    assert_eq!(rows("&reason=scope_not_granted"), 1);
    assert_eq!(rows("&reason=bad_secret"), 0);
    assert_eq!(rows("&api=https%3A%2F%2Fapi.example.com%2Fbilling"), 2);
    assert_eq!(rows("&api=https%3A%2F%2Fapi.example.com%2Fledger"), 0);
    server.clock.advance(Seconds(7_200));
    let browser = server.signed_in("owner");
    let hour = browser.get("/log?kind=token&period=1h").texts("tbody tr").len();
    assert_eq!(hour, 0, "{LEDGER_API}");
    assert_eq!(browser.get("/log?kind=token").texts("tbody tr").len(), 2);
}

#[test]
fn a_refusal_says_why_at_which_check_and_what_the_caller_got() {
    let server = Server::start();
    let reporting = server.world().reporting;
    let answer =
        server.token(&reporting, &[("scope", "invoices:write"), ("resource", BILLING_API)]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let browser = server.signed_in("auditor");

    let page = browser.get(&format!("/log/{id}"));

    assert_eq!(page.status, 200);
    assert_eq!(page.texts(".ladder li.fail").len(), 1);
    assert!(page.texts(".ladder li.fail")[0].contains("Scope"), "{:?}", page.texts(".ladder li"));
    assert_eq!(page.texts(".ladder li.unreached").len(), 1);
    assert!(page.text.contains("invoices:write") && page.text.contains("invalid_scope"));
    let bare = id.strip_prefix("req_").unwrap();
    assert_eq!(browser.get(&format!("/log/{bare}")).status, 200);
    assert_eq!(browser.get("/log/req_unknown").status, 404);
}

/// What callers send is shown, and does nothing.
#[test]
fn what_a_caller_sent_is_escaped() {
    let server = Server::start();
    let billing = server.world().billing;
    let evil = Client { client_id: "<script>alert(1)</script>".into(), ..billing };
    let scope = ("scope", "<img/src=x>");
    let answer = server.token(&evil, &[scope]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let browser = server.signed_in("auditor");
    for path in ["/log".to_owned(), format!("/log/{id}")] {
        let page = browser.get(&path);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<img/src"), "{path}");
    }
}

#[test]
fn an_act_shows_each_field_before_and_after() {
    let server = Server::start();
    server.world();
    let browser = server.signed_in("owner");
    let event = server.events("grant.set").remove(0);
    let page = browser.get(&format!("/log/{}", event.id));
    assert!(page.text.contains("invoices:read invoices:write"));
    assert!(page.text.contains("root"));
}
