//! The page that says how the log is sealed.
use countersign::oauth::time::Seconds;
use countersign::store::audit_tree;

use crate::support::Server;

const PAGE: &str = "/log/integrity";

#[test]
fn an_auditor_sees_how_far_the_log_is_sealed_and_takes_the_checkpoint_along() {
    let server = Server::start();
    let auditor = server.signed_in("auditor");
    assert!(auditor.get(PAGE).text.contains("Nothing sealed yet"));
    server.seal().unwrap();
    let state = server.read(audit_tree::find);
    let page = auditor.get(PAGE);
    assert_eq!(page.texts("#s-state"), ["Sealed"]);
    assert_eq!(page.texts(".count"), [state.size.to_string()]);
    assert!(page.texts("tbody th")[0].contains("main"));
    assert!(page.text.contains("issuer.example/audit/tlog+"), "verifier keys");
    assert!(page.texts("#main form").is_empty(), "there is nothing to change");
    assert!(auditor.get("/log").text.contains("href=\"/log/integrity\""));

    let checkpoint = auditor.get("/log/tlog/checkpoint");
    assert_eq!((checkpoint.status, checkpoint.text.as_str()), (200, state.note.as_str()));
    assert_eq!(auditor.get("/log/tlog/tile/0/000").status, 404, "not full yet");
    assert_eq!(server.browser().get("/log/tlog/checkpoint").status, 303, "who is not signed in");
}

#[test]
fn what_is_not_sealed_and_what_does_not_go_on_is_said_first() {
    let server = Server::start();
    server.seal().unwrap();
    let owner = server.signed_in("owner");
    server.clock.advance(Seconds(61));
    assert_eq!(owner.get(PAGE).texts("#s-state"), ["Not being sealed"]);
    server.seal().unwrap();
    assert_eq!(owner.get(PAGE).texts("#s-state"), ["Sealed"]);

    server.database.disarm();
    server.database.execute("DELETE FROM audit_sealed_batches WHERE entry = 0").unwrap();
    server.seal().unwrap_err();
    assert_eq!(owner.get(PAGE).texts("#s-state"), ["Not the log that was signed"]);
    assert!(owner.get(PAGE).text.contains("audit fork --acknowledge"));
}

#[test]
fn an_owner_holds_prunes_and_redacts_from_the_page_and_nobody_else_may() {
    let server = Server::start();
    let billing = server.world().billing;
    for _ in 0..5 {
        assert_eq!(server.token(&billing, &[]).status, 200);
    }
    let typed = crate::support::world::Client { client_id: "hunter2".into(), ..billing };
    assert_eq!(server.token(&typed, &[]).status, 401);
    server.settle();
    server.seal().unwrap();
    server.advance(Seconds::days(20));
    let denied = server.events("token.denied")[0].id.clone();
    for role in ["admin", "auditor"] {
        let other = server.signed_in(role);
        assert!(!other.get(PAGE).text.contains("/log/pruning"));
        for path in ["/log/pruning", "/log/hold", "/log/redaction"] {
            assert_eq!(other.get(path).status, 403, "{role} {path}");
            assert_eq!(other.post(path, &[("reason", "x")]).status, 403, "{role} {path}");
        }
    }
    let owner = server.signed_in("owner");
    assert!(owner.get(PAGE).text.contains("/log/pruning"));

    // A hold keeps everything.
    assert_eq!(owner.post("/log/hold", &[("reason", " ")]).status, 422);
    assert_eq!(owner.post("/log/hold", &[("reason", "case 7")]).status, 303);
    assert!(owner.get(PAGE).text.contains("case 7"));
    assert!(owner.get("/log/hold").text.contains("End the hold"));
    let day = "2100-01-01";
    assert_eq!(owner.get("/log/pruning?before=soon").status, 422);
    assert_eq!(owner.get(&format!("/log/pruning?before={day}")).status, 422, "too young");
    let now = jiff::Timestamp::from_microsecond((server.clock.now() - Seconds::days(10)).0).unwrap();
    let day = now.to_string()[..10].to_owned();
    let held = owner.get(&format!("/log/pruning?before={day}"));
    assert_eq!(held.status, 409, "{}", held.text);
    assert_eq!(owner.post("/log/hold", &[("release", "true")]).status, 303);

    // One row loses its text.
    let form = [("id", &*denied), ("count", "1"), ("basis", "GDPR"), ("reason", "")];
    assert_eq!(owner.post("/log/redaction", &form).status, 422);
    let shown = owner.get(&format!("/log/redaction?id={denied}"));
    assert!(shown.text.contains("token.denied"), "{}", shown.text);
    let form = [("id", &*denied), ("count", "1"), ("basis", "GDPR"), ("reason", "a typed secret")];
    assert_eq!(owner.post("/log/redaction", &form).status, 303);
    assert!(owner.get(&format!("/log/{denied}")).text.contains("redacted"));
    assert_eq!(server.events("audit.redacted")[0].actor.role.as_deref(), Some("owner"));

    // What was shown goes, and no other.
    let page = owner.get(&format!("/log/pruning?before={day}"));
    assert_eq!(page.status, 200);
    let rows = page.texts(".count")[0].clone();
    assert_ne!(rows, "0");
    let end = page.text.split("name=\"end\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let stale = owner.post("/log/pruning", &[("before", &day), ("end", "1")]);
    assert_eq!(stale.status, 200, "shown again");
    assert!(server.events("audit.pruned").is_empty());
    let done = owner.post("/log/pruning", &[("before", &day), ("end", end)]);
    assert_eq!(done.status, 303, "{}", done.text);
    assert_eq!(server.events("audit.pruned")[0].changes[1].before, rows);
}
