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
    assert_eq!(rows("&scope=invoices%3Awrite"), 2);
    assert_eq!(rows("&scope=invoices"), 0, "a whole scope");
    assert_eq!(rows(&format!("&secret={}", world.billing.secret_id)), 1);
    server.advance(Seconds(7_200));
    let browser = server.signed_in("owner");
    let hour = browser.get("/log?kind=token&period=1h").texts("tbody tr").len();
    assert_eq!(hour, 0, "{LEDGER_API}");
    assert_eq!(browser.get("/log?kind=token").texts("tbody tr").len(), 2);
}

#[test]
fn a_form_that_says_nothing_leads_to_the_shortest_url() {
    let server = Server::start();
    let browser = server.signed_in("auditor");
    let sent = "/log?q=&outcome=refused&application=&api=&period=24h&from=&to=";
    let answer = browser.get(sent);
    assert_eq!((answer.status, answer.header("location")), (302, Some("/log?outcome=refused")));
    let part = browser.send("GET", sent, &[("hx-request", "true")], Vec::new());
    assert_eq!((part.status, part.header("hx-push-url")), (200, Some("/log?outcome=refused")));
    assert!(!part.text.contains("<html"), "a part and no page");
}

/// Keycloak #30414, #38911: a period must not leave out its last day.
#[test]
fn the_last_day_of_a_period_is_part_of_it() {
    let server = Server::start();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    let browser = server.signed_in("auditor");
    let rows = |ends: &str| {
        browser.get(&format!("/log?kind=token&period=custom&{ends}")).texts("tbody tr").len()
    };
    assert_eq!(rows("from=2023-11-14&to=2023-11-14"), 1);
    assert_eq!(rows("to=2023-11-14T22%3A13"), 1);
    assert_eq!(rows("to=2023-11-13"), 0);
    assert_eq!(rows("from=2023-11-15"), 0);
    let wrong = browser.get("/log?period=custom&from=yesterday");
    assert_eq!(wrong.status, 422);
    assert!(wrong.texts("title")[0].starts_with("Error:"));
    assert!(wrong.texts("tbody tr").is_empty());
}

#[test]
fn an_empty_period_leads_to_the_newest_that_fits() {
    let server = Server::start();
    let billing = server.world().billing;
    server.token(&billing, &[]);
    server.advance(Seconds::days(3));
    let page = server.signed_in("auditor").get("/log?kind=token");
    assert!(page.texts(".empty p")[0].contains("14 Nov 2023"), "{:?}", page.texts(".empty p"));
    assert!(page.text.contains("period=7d"));
}

#[test]
fn a_search_for_a_request_goes_to_it_and_for_a_client_shows_its_rows() {
    let server = Server::start();
    let world = server.world();
    let answer = server.token(&world.billing, &[]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    server.token(&world.reporting, &[]);
    let browser = server.signed_in("auditor");
    let found = browser.get(&format!("/log?q={id}"));
    let expected = id.replace("req_", "/log/");
    assert_eq!((found.status, found.header("location")), (302, Some(expected.as_str())));
    let of_client = browser.get(&format!("/log?q={}&kind=token", world.reporting.client_id));
    assert_eq!(of_client.texts("tbody tr").len(), 1);
    assert_eq!(browser.get("/log?q=01KAS9V2XH4M0000000000000A").texts(".empty").len(), 1);
}

#[test]
fn a_row_opens_in_place_and_closes_again() {
    let server = Server::start();
    let reporting = server.world().reporting;
    let answer = server.token(&reporting, &[("scope", "invoices:write")]);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let browser = server.signed_in("auditor");
    let part = |query: &str| {
        let path = format!("/log/{id}{query}");
        browser.send("GET", &path, &[("hx-request", "true")], Vec::new()).text
    };
    let (open, closed) = (part(""), part("?closed=true"));
    assert!(open.trim_start().starts_with("<tbody") && open.contains("class=\"ladder"));
    assert!(open.contains("?closed=true") && open.contains("aria-expanded=\"true\""));
    assert!(closed.trim_start().starts_with("<tbody") && !closed.contains("ladder"));
}

/// A refusal may be an attack: whoever looks at it gets no button that grants.
#[test]
fn access_is_reviewed_by_who_manages_it_and_never_granted_from_a_refusal() {
    let server = Server::start();
    let reporting = server.world().reporting;
    let answer = server.token(&reporting, &[("scope", "invoices:write")]);
    let path = format!("/log/{}", answer.header("x-request-id").unwrap());
    let review = |role: &str| server.signed_in(role).get(&path).texts(".fix .btn");
    assert_eq!(review("admin"), ["Review access"]);
    assert!(review("auditor").is_empty());
    assert!(server.signed_in("owner").get(&path).texts(".why form").is_empty());
}

#[test]
fn older_rows_are_a_page_away_and_none_is_shown_twice() {
    let server = Server::start();
    for i in 0..60 {
        server.resource(&format!("https://api.example.com/{i}"), &[]);
    }
    let browser = server.signed_in("auditor");
    let first = browser.get("/log?kind=changes");
    let ids = |page: &crate::support::http::Answer| -> Vec<String> {
        let parts = page.text.split("id=\"w-").skip(1);
        parts.map(|part| part.chars().take(26).collect()).collect()
    };
    let newest = ids(&first);
    assert_eq!(newest.len(), 28);
    let older = browser.get(&format!("/log?kind=changes&before={}", newest[27]));
    let older = ids(&older);
    assert!(older.len() >= 11 && older.iter().all(|id| *id < newest[27]));
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
    assert_eq!(page.texts(".set ins"), ["added: + invoices:read", "added: + invoices:write"]);
    assert!(page.text.contains("root"));
}

/// Authentik #13234: what happens every minute must not drown the rest.
#[test]
fn refusals_that_are_alike_are_one_row_that_leads_to_each_of_them() {
    let server = Server::start();
    let world = server.world();
    for _ in 0..4 {
        server.token(&world.reporting, &[("scope", "invoices:write")]);
        server.token(&world.billing, &[]);
    }
    server.token(&world.reporting, &[("scope", "invoices:read invoices:write")]);
    let browser = server.signed_in("auditor");

    let page = browser.get("/log?kind=token");

    assert_eq!(page.texts("tbody tr").len(), 6, "four issued, and two kinds of refusal");
    let alike = page.texts("a.alike");
    assert!(alike.len() == 1 && alike[0].starts_with("4 alike since"), "{alike:?}");
    let href = page.text.split("txt alike\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let each = browser.get(&href.replace("&#38;", "&"));
    assert!(each.texts("a.alike").is_empty());
    assert_eq!(each.texts("tbody tr").len(), 5, "{href}");
    assert_eq!(browser.get("/log?kind=token&each=1").texts("tbody tr").len(), 9);
}
