//! The log as a file, and that reading it is in it.
use countersign::oauth::time::Seconds;
use serde_json::Value;

use crate::support::Server;
use crate::support::browser::PASSWORD;

fn details(server: &Server, code: &str) -> Vec<String> {
    let events = server.events(code).into_iter();
    events.map(|event| event.detail.unwrap_or_default()).collect()
}

#[test]
fn what_the_page_shows_is_taken_along_as_a_file() {
    let server = Server::start();
    let world = server.world();
    for _ in 0..700 {
        server.token(&world.billing, &[]);
    }
    server.token(&world.reporting, &[("scope", "invoices:write")]);
    let browser = server.signed_in("auditor");
    let page = browser.get("/log?kind=token&outcome=issued");
    for format in ["csv", "jsonl", "cef", "ocsf"] {
        assert!(page.text.contains(&format!("/log.{format}?kind=token&#38;outcome=issued")));
    }
    let csv = browser.get("/log.csv?kind=token&outcome=issued");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let named = Some("attachment; filename=\"audit-log.csv\"");
    assert_eq!(csv.header("content-disposition"), named);
    assert_eq!(csv.header("cache-control"), Some("no-store"));
    let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
    let times: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!((times.len(), times.is_sorted()), (700, true), "more than is read at a time");

    let all = browser.get("/log.jsonl").text;
    let rows: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.iter().any(|row| row["event"]["code"] == "audit.exported"));
    let one = browser.get("/log.cef?kind=token&outcome=refused").text;
    assert!(one.contains("reason=scope_not_granted") && one.lines().count() == 1, "{one}");
    let sifted = browser.get("/log.csv?scope=invoices:write&outcome=refused").text;
    assert_eq!(sifted.lines().count(), 2);

    assert_eq!(browser.get("/log.xml").status, 404);
    assert_eq!(browser.get("/log.csv?from=yesterday").status, 400);
    assert_eq!(server.browser().get("/log.csv").status, 303, "nobody is signed in");

    let begun = details(&server, "audit.exported");
    assert_eq!(begun[0], "csv category=token outcome=success from=2023-11-13T22:13:20Z");
    let ended = details(&server, "audit.export_ended");
    assert_eq!((begun.len(), ended[0].as_str()), (4, "csv, 700 rows"));
    assert_eq!(ended.len(), 4);
}

/// Once for each person, part of the log and hour; and that it is recorded is
/// no reading.
#[test]
fn who_reads_the_log_is_in_the_log_once_an_hour() {
    let server = Server::start();
    server.token(&server.world().billing, &[]);
    let browser = server.signed_in("auditor");
    for path in ["/log", "/log", "/log?kind=token", "/log?q=inv", "/log?q=invoi", "/log/live"] {
        assert_eq!(browser.get(path).status, 200, "{path}");
    }
    let token = server.events("token.issued")[0].id.clone();
    browser.get(&format!("/log/{token}"));
    browser.get(&format!("/log/{token}"));
    let read = details(&server, "audit.read");
    assert_eq!(read, ["", "kind=token", "live", &format!("id={token}")]);
    let event = &server.events("audit.read")[0];
    assert_eq!(event.actor.role.as_deref(), Some("auditor"));

    server.signed_in("owner").get("/log");
    assert_eq!(details(&server, "audit.read").len(), 5, "another person");
    // In steps: a session that idles ends.
    for _ in 0..2 {
        server.advance(Seconds(1_500));
        browser.get("/");
    }
    browser.get("/log");
    assert_eq!(details(&server, "audit.read").len(), 6, "another hour");
    assert_eq!(browser.get("/log?period=custom&from=yesterday").status, 422);
    assert_eq!(details(&server, "audit.read").len(), 6, "nothing was read");
    assert!(!browser.get("/changes").text.contains("audit.read"), "no change");

    // The export asks again who one is.
    let confirmed = browser.post("/session/confirmation", &[("password", PASSWORD)]);
    assert_eq!(confirmed.status, 303);

    // A database that takes no writes is when the log is needed; no copy leaves.
    server.database.refuse_inserts("audit_events");
    assert_eq!(browser.get("/log?outcome=refused").status, 200);
    assert_eq!(browser.get("/log.csv").status, 503);
}
