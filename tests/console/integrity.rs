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
