//! Who can call what: the table, the matrix, the past, and the file.
use countersign::admin::{applications, grants, resources};
use countersign::model::grant::Access;
use countersign::oauth::time::Seconds;
use countersign::store;

use crate::support::Server;
use crate::support::browser::Browser;
use crate::support::world::{BILLING_API, LEDGER_API};

fn rows(browser: &Browser<'_>, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/access{query}"));
    assert_eq!(page.status, 200, "{query}");
    page.texts(".holders tbody th .row")
}

const BILLING: &str = "api=https%3A%2F%2Fapi.example.com%2Fbilling";

#[test]
fn the_list_says_who_can_call_what_since_when_and_by_whom_and_can_be_narrowed() {
    let server = Server::start();
    let world = server.world();
    server.application("all", &[(LEDGER_API, "*")]);
    server.token(&world.billing, &[]);
    server.settle();
    let browser = server.signed_in("auditor");
    assert_eq!(rows(&browser, ""), ["all", "billing", "reporting"]);
    assert_eq!(rows(&browser, &format!("?{BILLING}")), ["billing", "reporting"]);
    assert_eq!(rows(&browser, "?scope=invoices%3Awrite"), ["billing"]);
    assert_eq!(rows(&browser, "?scope=invoices%3Aread"), ["all", "billing", "reporting"]);
    assert_eq!(rows(&browser, "?application=report"), ["reporting"]);
    assert!(rows(&browser, "?application=mallory").is_empty(), "it holds nothing");
    let page = browser.get("/access?application=billing");
    assert!(page.texts("tbody td").concat().contains("root"), "{:?}", page.texts("tbody td"));
    assert!(page.texts("tbody td.num")[0].contains("1 today"), "{:?}", page.texts("tbody td.num"));
}

#[test]
fn a_day_in_the_past_is_shown_as_it_was() {
    let server = Server::start();
    let world = server.world();
    server.advance(Seconds::days(3));
    let id = server.read(|conn| store::resources::find_by_identifier(conn, BILLING_API));
    let id = id.unwrap().id;
    server.act(|conn, actor| applications::delete(conn, actor, &world.billing.client_id));
    server.act(|conn, actor| {
        grants::set(conn, actor, &world.reporting.client_id, LEDGER_API, &Access::All)
    });
    server.act(|conn, actor| resources::delete(conn, actor, &id));
    let browser = server.signed_in("auditor");
    assert_eq!(rows(&browser, ""), ["reporting"]);
    assert_eq!(rows(&browser, "?at=2023-11-15"), ["billing", "reporting"]);
    assert_eq!(rows(&browser, &format!("?{BILLING}&at=2023-11-14")), ["billing", "reporting"]);
    assert!(rows(&browser, "?at=2023-11-13").is_empty());
    let matrix = browser.get("/access?at=2023-11-15&view=matrix");
    assert_eq!(matrix.texts(".matrix tbody th"), ["billing", "reporting"]);
    let history = browser.get(&format!("/access/history?api={id}"));
    let shown = history.texts("tbody tr");
    assert_eq!(shown.len(), 5, "two grants and three scopes: {shown:?}");
    assert!(shown.iter().all(|row| row.contains("by root")), "{shown:?}");
}

#[test]
fn a_day_that_is_none_is_an_error_and_not_today() {
    let server = Server::start();
    server.world();
    let browser = server.signed_in("auditor");
    let page = browser.get("/access?at=yesterday");
    assert_eq!(page.status, 422);
    assert!(page.texts("title")[0].starts_with("Error:"));
    assert!(page.texts("tbody tr").is_empty());
    assert_eq!(browser.get("/access.csv?at=yesterday").status, 400);
    assert_eq!(browser.get("/access/history").status, 404);
    assert_eq!(browser.get("/access/history?application=m2m_none").status, 404);
    let short = browser.get("/access?application=&api=&scope=&at=2023-11-14");
    assert_eq!((short.status, short.header("location")), (302, Some("/access?at=2023-11-14")));
}

#[test]
fn a_matrix_has_a_stop_for_each_scope_and_tells_the_used_ones() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[("scope", "invoices:read")]);
    server.settle();
    let page = server.signed_in("auditor").get("/access?view=matrix");
    assert_eq!(page.texts(".matrix thead th").len(), 3);
    let stops = page.texts(".matrix .stops li");
    assert_eq!(
        stops,
        ["invoices:read, used", "invoices:write, not used", "invoices:read, not used"]
    );
}

#[test]
fn many_apis_are_shown_a_few_at_a_time_and_many_applications_too() {
    let server = Server::start();
    let apis: Vec<String> = (0..10).map(|i| format!("https://api.example.com/{i}")).collect();
    for api in &apis {
        server.resource(api, &["s"]);
    }
    let all: Vec<(&str, &str)> = apis.iter().map(|api| (api.as_str(), "s")).collect();
    for i in 0..52 {
        server.application(&format!("app-{i:02}"), &all[..if i < 51 { 10 } else { 1 }]);
    }
    let browser = server.signed_in("auditor");
    let page = browser.get("/access?view=matrix");
    assert_eq!(page.texts(".matrix thead th").len(), 9);
    assert_eq!(page.texts(".matrix tbody tr").len(), 50);
    let links = |page: &crate::support::http::Answer, text: &str| {
        let at = page.text.find(&format!(">{text}</a>")).unwrap();
        let href = page.text[..at].rsplit("href=\"").next().unwrap();
        href.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    };
    let more = browser.get(&links(&page, "More applications"));
    assert_eq!(more.texts(".matrix tbody th"), ["app-50", "app-51"]);
    let further = browser.get(&links(&page, "Next APIs"));
    assert_eq!(further.texts(".matrix thead th").len(), 3);
    let list = browser.get("/access");
    assert_eq!(list.texts(".holders tbody tr").len(), 50);
    let second = browser.get(&links(&list, "More"));
    assert_eq!(second.texts(".holders tbody th .row")[0], "app-05");
}

/// To take a copy is an act, and the copy is what was shown.
#[test]
fn the_file_has_every_row_and_is_recorded() {
    let server = Server::start();
    for i in 0..30 {
        server.resource(&format!("https://api.example.com/{i}"), &["s"]);
    }
    let apis: Vec<String> = (0..30).map(|i| format!("https://api.example.com/{i}")).collect();
    let all: Vec<(&str, &str)> = apis.iter().map(|api| (api.as_str(), "s")).collect();
    for i in 0..20 {
        server.application(&format!("=app-{i}"), &all);
    }
    let browser = server.signed_in("auditor");
    let file = browser.get("/access.csv?scope=s");
    assert_eq!((file.status, file.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines.len(), 601);
    assert!(lines[0].starts_with("application,client_id,owner,state,"));
    assert!(lines[1].starts_with("'=app-0,m2m_"), "{}", lines[1]);
    let event = server.events("report.exported").remove(0);
    assert_eq!(event.actor.name.as_deref(), Some("auditor"));
    let detail = event.detail.unwrap();
    assert!(
        detail.starts_with("access at=2023-11-14T22") && detail.ends_with("&scope=s"),
        "{detail}"
    );
    assert_eq!(server.browser().get("/access.csv").status, 303);
}
