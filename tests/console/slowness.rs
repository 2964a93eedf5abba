//! Pages that read for longer than anyone waits.
use std::sync::mpsc;

use crate::support::Server;
use crate::support::world::BILLING_API;

#[test]
fn a_page_that_reads_for_long_keeps_no_token_no_act_and_no_sign_in_waiting() {
    let server = Server::start_with(&[("COUNTERSIGN_CONNECTIONS", "2")]);
    server.resource(BILLING_API, &["invoices:read"]);
    let client = server.application("Invoices", &[(BILLING_API, "invoices:read")]);
    let browser = server.signed_in("owner");

    let (pages, (begun, begins), (end, ends)) =
        (server.app.pages.clone(), mpsc::channel(), mpsc::channel::<()>());
    let slow = std::thread::spawn(move || {
        pages.read_blocking(|_| {
            begun.send(()).unwrap();
            // Until the other end is dropped.
            let _ = ends.recv();
            Ok::<_, countersign::store::Error>(())
        })
    });
    begins.recv().unwrap();
    let refused = browser.get("/applications");
    assert_eq!(refused.status, 503, "there is one connection for pages: {}", refused.text);
    assert_eq!(server.get("/readyz").status, 200);
    // Nobody asked for this one yet: it is read from the database.
    server.issue(&client);
    let made = [("identifier", "https://ledger.example.com"), ("name", "Ledger"), ("scopes", "")];
    assert_eq!(browser.post("/apis/new", &made).status, 303);
    server.signed_in("auditor");

    drop(end);
    slow.join().unwrap().unwrap();
    assert_eq!(browser.get("/applications").status, 200);
}
