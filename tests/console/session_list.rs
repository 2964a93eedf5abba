//! Sessions as a list, and their end from another place.
use countersign::admin::administrators;
use countersign::model::administrator::AdministratorDetails;
use countersign::oauth::time::Seconds;
use countersign::store::administrators::{all, find_by_email};

use crate::support::Server;
use crate::support::browser::{Browser, PASSWORD};

fn ids(browser: &Browser<'_>, path: &str) -> Vec<String> {
    let text = browser.get(path).text;
    let parts = text.split("/sessions/ses_").skip(1);
    parts.map(|part| format!("ses_{}", part.split('/').next().unwrap())).collect()
}

/// A second browser of the same person.
fn another<'s>(server: &'s Server, email: &str) -> Browser<'s> {
    let browser = server.browser();
    assert_eq!(browser.sign_in(email, PASSWORD).status, 303);
    browser
}

/// OWASP ASVS 5.0 §7.5.2: people see their sessions and end them.
#[test]
fn people_see_where_they_are_signed_in_and_end_it() {
    let server = Server::start_with(&[("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1")]);
    let here = server.signed_in("auditor");
    let there = server.browser();
    let headers = [
        ("x-forwarded-for", "203.0.113.9"),
        ("user-agent", "Lynx/2.9 <b>"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let fields = [("email", "auditor@example.com"), ("password", PASSWORD)];
    there.send("POST", "/sign-in", &headers, crate::support::http::form(&fields));
    server.advance(Seconds(120));

    let page = here.get("/profile");
    let rows = page.texts(".sessions tbody tr");
    assert_eq!(rows.len(), 2, "{rows:?}");
    let other = rows.iter().find(|row| row.contains("203.0.113.9")).unwrap();
    assert!(other.contains("Lynx/2.9 <b>") && other.contains("2 min ago"), "{other}");
    assert!(rows.iter().any(|row| row.contains("127.0.0.1 This one")), "{rows:?}");
    assert!(!page.text.contains("<b>\"") && !page.text.contains("Lynx/2.9 <b>"), "escaped");

    let [id] = <[String; 1]>::try_from(ids(&here, "/profile")).unwrap();
    assert_eq!(here.post(&format!("/profile/sessions/{id}/deletion"), &[]).status, 303);
    assert_eq!(there.get("/").status, 303, "dead at once");
    assert_eq!(here.get("/").status, 200);
    assert_eq!(here.post(&format!("/profile/sessions/{id}/deletion"), &[]).status, 404);
    assert_eq!(server.events("session.revoked").len(), 1);
}

/// ASVS §7.4.3, §7.5.2.
#[test]
fn all_other_sessions_end_together() {
    let server = Server::start();
    let here = server.signed_in("admin");
    let others = [another(&server, "admin@example.com"), another(&server, "admin@example.com")];
    assert_eq!(here.post("/profile/sessions/deletion", &[]).status, 303);
    assert!(others.iter().all(|browser| browser.get("/").status == 303));
    assert_eq!(here.get("/profile").texts(".sessions tbody tr").len(), 1);
}

/// ASVS §7.4.5: an owner ends the sessions of others; §8.2.2: nobody else does.
#[test]
fn an_owner_ends_the_sessions_of_others_and_nobody_else_sees_them() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let admin = server.signed_in("admin");
    let id = server.read(|conn| find_by_email(conn, "admin@example.com")).unwrap().0.id;
    let path = format!("/people/{id}");
    let [session] = <[String; 1]>::try_from(ids(&owner, &path)).unwrap();

    let auditor = server.signed_in("auditor");
    let end = format!("{path}/sessions/{session}/deletion");
    assert!(ids(&auditor, &path).is_empty());
    assert_eq!(auditor.post(&end, &[]).status, 403);
    assert_eq!(auditor.post(&format!("/profile/sessions/{session}/deletion"), &[]).status, 404);
    assert_eq!(auditor.post(&format!("{path}/sessions/deletion"), &[]).status, 403);
    assert_eq!(admin.get("/").status, 200);

    assert_eq!(owner.post(&end, &[]).status, 303);
    assert_eq!(admin.get("/").status, 303);
    let admin = another(&server, "admin@example.com");
    assert_eq!(owner.post(&format!("{path}/sessions/deletion"), &[]).status, 303);
    assert_eq!(admin.get("/").status, 303);
    assert_eq!(owner.post(&format!("{path}/sessions/ses_none/deletion"), &[]).status, 404);
}

/// ASVS §7.2.4, §7.4.2: what a session was for is asked of the database each
/// time, so it ends on every server at once.
#[test]
fn a_change_of_role_and_a_suspension_end_sessions_on_every_server() {
    let server = Server::start();
    let other = Server::start_on(server.database.clone(), &[("COUNTERSIGN_INSTANCE", "two")]);
    server.administrator("owner");
    let here = server.signed_in("admin");
    let person = server.read(all).remove(0);
    assert_eq!(person.email, "admin@example.com");
    let cookie = here.cookie();
    let there = || other.browser().with_cookie(&cookie).get("/").status;
    assert_eq!(there(), 200);
    let details = AdministratorDetails::read(&person.email, "admin", "auditor").unwrap();
    server.act(|conn, actor| administrators::update(conn, actor, &person.id, 1, &details));
    assert_eq!((here.get("/").status, there()), (303, 303));

    let here = another(&server, "admin@example.com");
    let cookie = here.cookie();
    let there = || other.browser().with_cookie(&cookie).get("/").status;
    assert_eq!(there(), 200);
    server.act(|conn, actor| administrators::suspend(conn, actor, &person.id));
    assert_eq!((here.get("/").status, there()), (303, 303));
    assert_eq!(server.browser().sign_in("admin@example.com", PASSWORD).status, 422);
}

/// ASVS §7.2.4: a key that an attacker planted before the sign-in opens nothing
/// after it.
#[test]
fn a_planted_session_is_not_the_one_that_is_signed_in() {
    let server = Server::start();
    server.administrator("owner");
    let attacker = server.signed_in("auditor");
    let victim = attacker.with_cookie(&attacker.cookie());
    assert_eq!(victim.sign_in("owner@example.com", PASSWORD).status, 303);
    assert_ne!(victim.cookie(), attacker.cookie());
    assert_eq!(attacker.get("/").status, 303, "the planted one is gone");
    let made_up = server.browser().with_cookie("__Host-countersign=made-up");
    assert_eq!(made_up.sign_in("owner@example.com", PASSWORD).status, 303);
    assert!(!made_up.cookie().contains("made-up"));
}

/// ASVS §14.3.1 and §7.4.1.
#[test]
fn signing_out_clears_what_the_browser_kept() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let old = browser.cookie();
    let out = browser.post("/sign-out", &[]);
    assert_eq!(out.header("clear-site-data"), Some("\"cache\", \"storage\""));
    assert_eq!(browser.with_cookie(&old).get("/people").status, 303);
}

/// ASVS §7.2.3: 256 bits, and nothing of the account in them; §14.2.2.
#[test]
fn a_session_cookie_says_nothing_and_pages_are_not_kept_by_others() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let id = server.read(all).remove(0).id;
    let digits: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(browser.cookie().len() > 60);
    assert!(!browser.cookie().contains(&id) && !browser.cookie().contains(&digits));
    assert_eq!(browser.get("/people").header("cache-control"), Some("no-cache, private"));
}
