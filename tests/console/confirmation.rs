//! What cannot be undone is asked for again after ten minutes.
use countersign::console::pages::{Need, PAGES, form_of, need};
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::browser::PASSWORD;

const LONG: Seconds = Seconds(600);

fn asks(answer: &crate::support::http::Answer) -> bool {
    answer.status == 303
        && answer.header("location").is_some_and(|to| to.starts_with("/session/confirmation?next="))
}

/// OWASP ASVS 5.0 §7.5.3.
#[test]
fn a_secret_is_made_by_who_confirmed_within_ten_minutes() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/secrets/new", world.billing.client_id);
    let fields = [("name", "next"), ("expires_in_days", "90")];
    server.advance(Seconds(599));
    assert_eq!(browser.get(&path).status, 200, "a fresh sign-in counts");
    server.advance(Seconds(1));
    let before = server.events("secret.added").len();
    for answer in [browser.get(&path), browser.post(&path, &fields)] {
        let to = answer.header("location").unwrap();
        assert_eq!(to, format!("/session/confirmation?next={}", path.replace('/', "%2F")));
    }
    assert_eq!(server.events("secret.added").len(), before, "nothing half done");

    let page = browser.get("/session/confirmation?next=%2Fapplications");
    assert!(page.text.contains(r#"name="next" value="/applications""#), "{}", page.text);
    let wrong = browser.post("/session/confirmation", &[("password", "x"), ("next", &path)]);
    assert_eq!(wrong.status, 422);
    assert!(asks(&browser.get(&path)));
    let right = browser.post("/session/confirmation", &[("password", PASSWORD), ("next", &path)]);
    assert_eq!(right.header("location"), Some(path.as_str()));
    assert!(browser.post(&path, &fields).status < 300);
    assert_eq!(server.events("secret.added").len(), before + 1);

    let confirmed = server.events("session.confirmed").pop().unwrap();
    assert_eq!(confirmed.detail.as_deref(), Some("with a password"));
    let denied = server.events("session.denied").pop().unwrap();
    assert_eq!(denied.reason.as_deref(), Some("bad_password"));
    assert_eq!(denied.actor.name.as_deref(), Some("admin"));
    server.advance(LONG);
    assert!(asks(&browser.get(&path)), "it counts for ten minutes");
}

#[test]
fn one_is_led_on_only_within_this_console() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    for away in ["//evil", "https://evil", "/\\evil", ""] {
        let fields = [("password", PASSWORD), ("next", away)];
        let answer = browser.post("/session/confirmation", &fields);
        assert_eq!(answer.header("location"), Some("/"), "{away}");
    }
}

#[test]
fn passwords_are_not_guessed_in_a_session() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let guess = |_| browser.post("/session/confirmation", &[("password", "x")]).status;
    let statuses: Vec<_> = (0..7).map(guess).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 422, 429]);
}

/// One place says which: each is held to it, and each form leads back to the
/// page it stands on.
#[test]
fn every_page_that_says_so_asks_again_and_no_other() {
    let server = Server::start();
    server.world();
    let browser = server.signed_in("owner");
    server.advance(LONG);
    for (pattern, ..) in PAGES {
        // What does not end, and what ends the session.
        if ["stream", "first-use", "sign-out"].iter().any(|word| pattern.ends_with(word)) {
            continue;
        }
        let path = pattern.replace("{format:csv|jsonl|cef|ocsf}", "csv").replace("{rest:.*}", "x");
        let path = path.replace(['{', '}'], "");
        for method in ["GET", "POST"] {
            let Some(need) = need(method, pattern) else { continue };
            let answer = if method == "GET" {
                browser.get(&path)
            } else {
                browser.post(&path, &super::pages::FIELDS)
            };
            let asked = matches!(need, Need::Confirmed(_));
            assert_eq!(asks(&answer), asked, "{method} {path}: {}", answer.status);
            if asked && method == "POST" {
                let to = answer.header("location").unwrap();
                let next = url::form_urlencoded::parse(to.split_once('?').unwrap().1.as_bytes());
                let (_, next) = next.into_iter().next().unwrap();
                // With what the form was about, where the page asks for that.
                assert_eq!(next.split('?').next(), Some(form_of(pattern, &path)));
            }
        }
    }
}

/// Who may not do it is told so, and not asked for a password.
#[test]
fn who_lacks_the_right_is_not_asked() {
    let server = Server::start();
    let auditor = server.signed_in("auditor");
    server.advance(LONG);
    assert_eq!(auditor.get("/applications/new").status, 403);
    assert!(asks(&auditor.get("/log.csv")), "an export of the log is asked for again");
    assert!(server.browser().get("/log.csv").header("location").unwrap().starts_with("/sign-in"));
}
