//! A secret's life in the console: its use, its rotation, its end.
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::world::Client;

fn path(client: &Client, rest: &str) -> String {
    format!("/applications/{}/secrets/{}{rest}", client.client_id, client.secret_id)
}

const ROTATION: [(&str, &str); 3] =
    [("name", "autumn"), ("expires_in_days", "180"), ("overlap", "24h")];

#[test]
fn a_rotation_shows_the_new_secret_and_both_work_for_the_overlap() {
    let server = Server::start();
    let old = server.world().billing;
    assert_eq!(server.token(&old, &[]).status, 200);
    server.settle();
    let browser = server.signed_in("admin");

    let form = browser.get(&path(&old, "/rotation"));
    assert!(form.text.contains("127.0.0.1"), "who has to move");
    assert!(form.text.contains("initial 2023-11"), "a name is offered");
    let shown = browser.post(&path(&old, "/rotation"), &ROTATION);

    assert_eq!((shown.status, shown.header("cache-control")), (200, Some("no-store")));
    let next = Client { secret: shown.texts("#sv").remove(0), ..old.clone() };
    assert!(shown.text.contains("/first-use"), "the page waits for its first token");
    assert_eq!((server.token(&old, &[]).status, server.token(&next, &[]).status), (200, 200));
    server.advance(Seconds::DAY);
    assert_eq!((server.token(&old, &[]).status, server.token(&next, &[]).status), (401, 200));
}

#[test]
fn a_rotation_that_cannot_be_taken_is_shown_again_and_does_nothing() {
    let server = Server::start();
    let old = server.world().billing;
    let browser = server.signed_in("admin");
    let wrong = [("name", ""), ("expires_in_days", "0"), ("overlap", "forever")];
    let again = browser.post(&path(&old, "/rotation"), &wrong);
    assert_eq!(again.status, 422);
    assert_eq!(again.texts(".problem a").len(), 3, "{}", again.text);
    assert!(again.text.contains("value=\"0\""), "what was typed stays");
    assert!(server.events("secret.expiry_changed").is_empty());
    assert_eq!(server.token(&old, &[]).status, 200);
    let unknown = format!("/applications/{}/secrets/sec_x/rotation", old.client_id);
    assert_eq!(browser.post(&unknown, &ROTATION).status, 404);
}

#[test]
fn the_page_of_a_secret_says_who_uses_it_and_who_has_moved() {
    let server = Server::start();
    let old = server.world().billing;
    let browser = server.signed_in("admin");
    assert!(browser.get(&path(&old, "")).text.contains("It was never used."));
    server.token(&old, &[]);
    server.settle();
    let in_use = browser.get(&path(&old, ""));
    assert!(in_use.text.contains("Still in use"), "{}", in_use.text);
    assert_eq!(in_use.texts("tbody th code"), ["127.0.0.1"]);

    let shown = browser.post(&path(&old, "/rotation"), &ROTATION);
    let next = Client { secret: shown.texts("#sv").remove(0), ..old.clone() };
    server.advance(Seconds(7_200));
    server.token(&next, &[]);
    server.settle();
    let quiet = server.signed_in("owner").get(&path(&old, ""));
    assert!(quiet.text.contains("Safe to retire, by what was seen"), "{}", quiet.text);
    assert!(quiet.texts("tbody th").concat().contains("Moved"));
}

/// Retired, and somebody still sends it: which, from where, since when.
#[test]
fn a_ghost_is_named_where_an_administrator_looks() {
    let server = Server::start();
    let old = server.world().billing;
    let browser = server.signed_in("admin");
    browser.post(&path(&old, "/revocation"), &[]);
    server.token(&old, &[]);
    server.token(&old, &[]);
    server.settle();

    let page = browser.get(&format!("/applications/{}", old.client_id));
    let nudges = page.texts(".todo li p").concat();
    let text = "initial does not work any more, and 127.0.0.1 still sends it. Refused 2 times";
    assert!(nudges.contains(text), "{nudges}");
    let secret = browser.get(&path(&old, ""));
    assert!(secret.text.contains("It is revoked, and an address still presents it."));
    let overview = browser.get("/").texts(".todo li p").concat();
    assert!(overview.contains("initial of billing was revoked, and is still sent"), "{overview}");
}

#[test]
fn an_end_is_moved_and_what_is_no_number_refused() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let wrong = browser.post(&path(&billing, "/expiry"), &[("expires_in_days", "soon")]);
    assert_eq!(wrong.status, 422);
    let moved = browser.post(&path(&billing, "/expiry"), &[("expires_in_days", "2")]);
    assert_eq!(moved.status, 303);
    let page = browser.get(&format!("/applications/{}", billing.client_id));
    assert!(page.text.contains("initial stops working in 2 days."), "{}", page.text);
    server.advance(Seconds::days(2));
    assert_eq!(server.token(&billing, &[]).status, 401);
    let dead =
        server.signed_in("owner").post(&path(&billing, "/expiry"), &[("expires_in_days", "2")]);
    assert_eq!(dead.status, 409);
}

#[test]
fn an_auditor_sees_a_secrets_use_and_may_not_touch_it() {
    let server = Server::start();
    let billing = server.world().billing;
    let auditor = server.signed_in("auditor");
    let page = auditor.get(&path(&billing, ""));
    assert_eq!(page.status, 200);
    assert!(!page.text.contains("/rotation") && !page.text.contains("/expiry"));
    for form in ["/rotation", "/expiry"] {
        assert_eq!(auditor.get(&path(&billing, form)).status, 403);
        assert_eq!(auditor.post(&path(&billing, form), &ROTATION).status, 403);
    }
    assert_eq!(server.browser().get(&path(&billing, "")).status, 303, "only signed in");
}

#[test]
fn whoever_waits_for_the_first_token_hears_of_it() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    server.token(&billing, &[]);
    server.settle();
    let heard = browser.get(&path(&billing, "/first-use"));
    assert_eq!(heard.header("content-type"), Some("text/event-stream"));
    assert!(
        heard.text.contains("event: used\ndata: 22:13:20.000 UTC from 127.0.0.1"),
        "{}",
        heard.text
    );
    let foreign = format!("/applications/{}/secrets/sec_x/first-use", billing.client_id);
    assert_eq!(browser.get(&foreign).status, 404);
}

#[test]
fn an_applications_lines_say_what_is_used_idle_and_asked_for() {
    let server = Server::start();
    let billing = server.world().billing;
    for _ in 0..5 {
        server.token(&billing, &[("scope", "invoices:read")]);
        server.token(&billing, &[("scope", "ledger:export")]);
    }
    server.settle();
    let page = server.signed_in("admin").get(&format!("/applications/{}", billing.client_id));
    let rows = page.texts(".lines tbody tr");
    assert!(rows.iter().any(|row| row.starts_with("invoices:read5")), "{rows:?}");
    assert!(rows.iter().any(|row| row.starts_with("invoices:write, idle0")), "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("Refused 5 times")), "{rows:?}");
    assert!(page.text.contains("ledger:export was asked for and refused 5 times."));
}
