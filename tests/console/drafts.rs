//! What was typed is filled in again: after the session ended, after a
//! confirmation, after a refusal.
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::browser::PASSWORD;
use crate::support::http::Answer;

fn value(page: &Answer, name: &str) -> String {
    let mark = format!(" name=\"{name}\"");
    let mut tags = page.text.split('<').filter(|tag| tag.starts_with("input "));
    let tag = tags.find(|tag| tag.contains(&mark)).unwrap_or_default();
    tag.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("").to_owned()
}

const NOTE: &str = "What you typed is filled in again. Nothing was saved.";

/// The name of the field in which the sign-in carries a form.
fn carried(page: &Answer) -> String {
    value(page, "draft")
}

#[test]
fn a_form_that_was_sent_after_the_session_ended_is_filled_in_after_signing_in() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/edit", billing.client_id);
    assert_eq!(browser.get(&path).status, 200);
    server.advance(Seconds(13 * 3_600));
    let fields = [
        ("name", "billing <new>"),
        ("description", "Sends invoices"),
        ("owner", ""),
        ("contact", ""),
        ("token_lifetime_seconds", "600"),
        ("version", "1"),
    ];
    let ended = browser.post(&path, &fields);
    assert_eq!(ended.status, 401);
    assert!(!ended.text.contains("Sends invoices"), "it is sealed");
    let (draft, next) = (carried(&ended), value(&ended, "next"));
    assert_eq!(next, path);

    let wrong =
        [("email", "admin@example.com"), ("password", "x"), ("next", &*next), ("draft", &*draft)];
    let wrong = browser.post("/sign-in", &wrong);
    assert_eq!((wrong.status, carried(&wrong)), (422, draft.clone()), "carried on");
    let right = [
        ("email", "admin@example.com"),
        ("password", PASSWORD),
        ("next", &*next),
        ("draft", &*draft),
    ];
    let right = browser.post("/sign-in", &right);
    assert_eq!((right.status, right.header("location")), (303, Some(path.as_str())));

    let page = browser.get(&path);
    assert_eq!(value(&page, "name"), "billing &#60;new&#62;");
    assert_eq!(value(&page, "description"), "Sends invoices");
    assert_eq!(page.texts(".notice p"), [NOTE]);
    assert_eq!(server.events("application.updated").len(), 0);
    assert!(browser.get(&path).texts(".notice").is_empty(), "once");
    assert_eq!(browser.post(&path, &fields).status, 303);
}

#[test]
fn what_another_changed_meanwhile_is_not_overwritten_by_a_form_that_came_back() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/edit", billing.client_id);
    let typed = |name: &'static str| {
        [
            ("name", name),
            ("description", ""),
            ("owner", ""),
            ("contact", ""),
            ("token_lifetime_seconds", ""),
            ("version", "1"),
        ]
    };
    server.advance(Seconds(13 * 3_600));
    let ended = browser.post(&path, &typed("mine"));
    let other = server.signed_in("owner");
    assert_eq!(other.post(&path, &typed("theirs")).status, 303);
    let fields = [
        ("email", "admin@example.com"),
        ("password", PASSWORD),
        ("next", &*path),
        ("draft", &*carried(&ended)),
    ];
    browser.post("/sign-in", &fields);
    let page = browser.get(&path);
    assert_eq!((value(&page, "name"), value(&page, "version")), ("mine".into(), "1".into()));
    let stale = browser.post(&path, &typed("mine"));
    assert_eq!(stale.status, 409);
    assert!(stale.text.contains("theirs") && stale.text.contains("mine"), "both versions");
}

#[test]
fn a_form_waits_while_somebody_says_again_who_they_are() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/secrets/new", billing.client_id);
    server.advance(Seconds(600));
    let asked = browser.post(&path, &[("name", "for Oslo"), ("expires_in_days", "33")]);
    assert_eq!(asked.status, 303);
    assert!(!asked.header("location").unwrap().contains("Oslo"), "nothing typed in a URL");
    browser.post("/session/confirmation", &[("password", PASSWORD), ("next", &path)]);
    let page = browser.get(&path);
    assert_eq!(value(&page, "name"), "for Oslo");
    assert_eq!(page.texts(".notice p"), [NOTE]);
}

#[test]
fn a_refusal_leads_back_to_the_form_that_was_refused() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/resumption", billing.client_id);
    let refused = browser.post(&path, &[("because", "Oslo is back")]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains(&format!("href=\"{path}\"")), "{}", refused.text);
    assert_eq!(refused.texts("a.btn"), ["Back to the form"]);
    assert_eq!(value(&browser.get(&path), "because"), "Oslo is back");

    let fields = [("kind", "application"), ("subject", &*billing.client_id), ("because", "a\nb")];
    let refused = browser.post("/revocations/new", &fields);
    let to = format!("/revocations/new?kind=application&#38;subject={}", billing.client_id);
    assert!(refused.text.contains(&to), "{}", refused.text);
}

#[test]
fn no_password_token_or_secret_is_carried() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    server.advance(Seconds(13 * 3_600));
    let password = [("current", "old password"), ("password", "new password")];
    let ended = browser.post("/profile/password", &password);
    assert_eq!((ended.status, carried(&ended).as_str()), (303, ""));
    let path = format!("/applications/{}/edit", world.billing.client_id);
    let fields = [
        ("name", "new"),
        ("description", world.billing.secret.as_str()),
        ("owner", ""),
        ("contact", ""),
        ("token_lifetime_seconds", ""),
        ("version", "1"),
    ];
    let ended = browser.post(&path, &fields);
    let draft = carried(&ended);
    let fields = [
        ("email", "admin@example.com"),
        ("password", PASSWORD),
        ("next", &*path),
        ("draft", &*draft),
    ];
    browser.post("/sign-in", &fields);
    let page = browser.get(&path);
    assert_eq!((value(&page, "name"), value(&page, "description")), ("new".into(), String::new()));
}

#[test]
fn a_form_that_nobody_sealed_or_that_is_old_is_not_filled_in() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/edit", billing.client_id);
    server.advance(Seconds(13 * 3_600));
    let ended = browser.post(&path, &[("name", "mine"), ("version", "1")]);
    server.advance(Seconds(3_600));
    for draft in [carried(&ended), "AAAA".to_owned()] {
        let fields = [
            ("email", "admin@example.com"),
            ("password", PASSWORD),
            ("next", &*path),
            ("draft", &*draft),
        ];
        assert_eq!(browser.post("/sign-in", &fields).status, 303);
        assert_eq!(value(&browser.get(&path), "name"), "billing");
    }
}
