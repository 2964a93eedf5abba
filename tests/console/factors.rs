//! The second factor: an authenticator app, and recovery codes.
use countersign::admin::{administrators, factors};
use countersign::oauth::time::Seconds;
use countersign::store::administrators::find_by_email;
use totp_rs::Totp;

use crate::support::Server;
use crate::support::browser::{Browser, PASSWORD};
use crate::support::http::Answer;

/// Somebody's phone.
struct Phone(Totp);

impl Phone {
    /// Types the key that the page shows.
    fn typing(page: &Answer) -> Self {
        let key = page.texts(".steps code.link").remove(0).replace(' ', "");
        Self(Totp::from_url(format!("otpauth://totp/x?secret={key}")).unwrap())
    }

    fn code(&self, server: &Server) -> String {
        let seconds = u64::try_from(server.clock.now().seconds()).unwrap();
        self.0.generate(seconds).to_string()
    }
}

fn draft(page: &Answer) -> String {
    let part = page.text.split(r#"name="draft" value=""#).nth(1).unwrap();
    part.split('"').next().unwrap().to_owned()
}

fn codes(page: &Answer) -> Vec<String> {
    page.texts(".codes li")
}

/// Sets up an app, and returns it with the recovery codes.
fn set_up(server: &Server, browser: &Browser<'_>, path: &str) -> (Phone, Vec<String>) {
    let page = browser.get(path);
    assert_eq!(page.status, 200, "{}", page.text);
    let phone = Phone::typing(&page);
    let fields = [("draft", &*draft(&page)), ("code", &*phone.code(server))];
    let done = browser.post(path, &fields);
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(done.header("cache-control"), Some("no-store"));
    (phone, codes(&done))
}

const NEW: &str = "/profile/authenticator/new";

/// A browser after the password.
fn halfway<'s>(server: &'s Server, email: &str) -> Browser<'s> {
    let browser = server.browser();
    let answer = browser.sign_in(email, PASSWORD);
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.header("location"), Some("/session/second-factor"));
    browser
}

fn show(browser: &Browser<'_>, code: &str) -> Answer {
    browser.post("/session/second-factor", &[("code", code)])
}

#[test]
fn with_an_app_a_password_alone_opens_nothing() {
    let server = Server::start();
    let (phone, codes) = set_up(&server, &server.signed_in("admin"), NEW);
    assert_eq!(codes.len(), 10);
    server.advance(Seconds(30));
    let browser = halfway(&server, "admin@example.com");
    for path in ["/", "/applications", "/profile", NEW, "/session/confirmation"] {
        let to = browser.get(path);
        assert!(to.header("location").unwrap().starts_with("/sign-in"), "{path}");
    }
    assert_eq!(
        browser.get("/session/enrolment").header("location"),
        Some("/session/second-factor")
    );
    assert_eq!(show(&browser, "000000").status, 422);
    let before = browser.cookie();
    let done = show(&browser, &phone.code(&server));
    assert_eq!((done.status, done.header("location")), (303, Some("/")));
    assert_ne!(browser.cookie(), before, "another key");
    assert_eq!(browser.get("/").status, 200);
    assert_eq!(browser.with_cookie(&before).get("/").status, 303);

    let started = server.events("session.started").pop().unwrap();
    assert!(started.detail.unwrap().contains("authenticator app"));
    assert_eq!(server.events("session.challenged").len(), 1);
    let denied = server.events("session.denied").pop().unwrap();
    assert_eq!(denied.reason.as_deref(), Some("bad_code"));
    assert_eq!(server.events("second_factor.set_up").len(), 1);
}

/// RFC 6238 §5.2: one-time.
#[test]
fn a_code_is_good_once_also_for_two_at_the_same_moment() {
    let server = Server::start();
    let (phone, _) = set_up(&server, &server.signed_in("admin"), NEW);
    let first = halfway(&server, "admin@example.com");
    assert_eq!(show(&first, &phone.code(&server)).status, 422, "used to set it up");
    server.advance(Seconds(30));
    let (code, others) = (phone.code(&server), halfway(&server, "admin@example.com"));
    let statuses = std::thread::scope(|scope| {
        let race = [first.cookie(), others.cookie()].map(|cookie| {
            let (server, code) = (&server, &code);
            scope.spawn(move || show(&server.browser().with_cookie(&cookie), code).status)
        });
        let mut statuses = race.map(|one| one.join().unwrap());
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(statuses, [303, 422]);
    let reasons: Vec<_> =
        server.events("session.denied").into_iter().map(|event| event.reason.unwrap()).collect();
    assert_eq!(reasons, ["used_code", "used_code"]);
}

#[test]
fn a_recovery_code_stands_in_once() {
    let server = Server::start();
    let (_, codes) = set_up(&server, &server.signed_in("admin"), NEW);
    let browser = halfway(&server, "admin@example.com");
    assert_eq!(show(&browser, &codes[0].to_lowercase().replace('-', " ")).status, 303);
    let page = browser.get("/");
    assert!(page.text.contains("You have 9 recovery codes left."), "{}", page.text);
    let again = halfway(&server, "admin@example.com");
    assert_eq!(show(&again, &codes[0]).status, 422);
    let renewed = self::codes(&browser.post("/profile/recovery-codes", &[]));
    assert_eq!(renewed.len(), 10);
    assert_eq!(show(&again, &codes[1]).status, 422, "worth nothing now");
    assert_eq!(show(&again, &renewed[1]).status, 303);
    assert_eq!(server.events("second_factor.codes_renewed").len(), 1);
    let started = server.events("session.started").pop().unwrap();
    assert_eq!(started.detail.as_deref(), Some("with a password and a recovery code"));
}

/// Half of a proof does not wait for ever, and ends as a session does.
#[test]
fn the_second_factor_is_asked_for_ten_minutes_and_dies_with_the_sessions() {
    let server = Server::start();
    let (phone, _) = set_up(&server, &server.signed_in("admin"), NEW);
    let late = halfway(&server, "admin@example.com");
    server.advance(Seconds(600));
    let answer = show(&late, &phone.code(&server));
    assert!(answer.header("location").unwrap().starts_with("/sign-in"));

    let suspended = halfway(&server, "admin@example.com");
    let id = server.read(|conn| find_by_email(conn, "admin@example.com")).unwrap().0.id;
    server.administrator("owner");
    server.act(|conn, actor| administrators::suspend(conn, actor, &id));
    server.act(|conn, actor| administrators::resume(conn, actor, &id));
    let answer = show(&suspended, &phone.code(&server));
    assert!(answer.header("location").unwrap().starts_with("/sign-in"));
}

/// Whoever has the password cannot guess the code, from wherever they try, and
/// giving the password again forgives nothing; the person in their own browser
/// is not held up.
#[test]
fn codes_are_guessed_slowly_over_all_addresses_together() {
    let server = Server::start_with(&[("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1")]);
    let own = server.signed_in("admin");
    let (phone, _) = set_up(&server, &own, NEW);
    server.advance(Seconds(30));
    let mut guesses = 0;
    for address in 1..=12 {
        let address = format!("203.0.113.{address}");
        let headers = [
            ("x-forwarded-for", address.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let send = |browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]| {
            browser.send("POST", path, &headers, crate::support::http::form(fields)).status
        };
        let thief = server.browser();
        let fields = [("email", "admin@example.com"), ("password", PASSWORD)];
        assert_eq!(send(&thief, "/sign-in", &fields), 303, "the password is right");
        match send(&thief, "/session/second-factor", &[("code", "000000")]) {
            422 => guesses += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(guesses, 5);
    server.advance(Seconds(16 * 60));
    let browser = halfway(&server, "admin@example.com");
    assert_eq!(show(&browser, &phone.code(&server)).status, 303);
}

#[test]
fn a_role_that_needs_a_second_factor_sets_it_up_at_the_first_sign_in() {
    let server = Server::start_with(&[("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "owner, admin")]);
    server.administrator("admin");
    let browser = server.browser();
    let answer = browser.sign_in("admin@example.com", PASSWORD);
    assert_eq!(answer.header("location"), Some("/session/enrolment"));
    assert!(browser.get("/").header("location").unwrap().starts_with("/sign-in"));
    assert!(server.events("session.started").is_empty());
    let (phone, codes) = set_up(&server, &browser, "/session/enrolment");
    assert_eq!((browser.get("/").status, codes.len()), (200, 10));
    // They may put another in its place, and not be without.
    let removal = browser.post("/profile/authenticator/deletion", &[]);
    assert_eq!(removal.status, 409, "{}", removal.text);
    server.advance(Seconds(30));
    let other = halfway(&server, "admin@example.com");
    assert_eq!(show(&other, &phone.code(&server)).status, 303);
    // Others need none.
    assert_eq!(server.signed_in("auditor").get("/").status, 200);
}

/// Who has no more than the password does not replace what was set up meanwhile.
#[test]
fn a_password_does_not_replace_a_second_factor() {
    let server = Server::start_with(&[("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "admin")]);
    server.administrator("admin");
    let [person, thief] = [server.browser(), server.browser()];
    for browser in [&person, &thief] {
        assert_eq!(browser.sign_in("admin@example.com", PASSWORD).status, 303);
    }
    let page = thief.get("/session/enrolment");
    let phone = Phone::typing(&page);
    set_up(&server, &person, "/session/enrolment");
    let fields = [("draft", &*draft(&page)), ("code", &*phone.code(&server))];
    let refused = thief.post("/session/enrolment", &fields);
    assert_eq!(refused.header("location"), Some("/session/second-factor"));
    assert_eq!(show(&thief, &phone.code(&server)).status, 422);
}

/// A session that began before the policy did is asked to sign in again.
#[test]
fn a_session_without_the_factor_that_its_role_needs_is_none() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let settings =
        [("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "admin"), ("COUNTERSIGN_INSTANCE", "two")];
    let strict = Server::start_on(server.database.clone(), &settings);
    let there = strict.browser().with_cookie(&browser.cookie());
    assert!(there.get("/").header("location").unwrap().starts_with("/sign-in"));
}

#[test]
fn an_owner_removes_the_second_factor_of_another_and_nobody_else_does() {
    let server = Server::start();
    let admin = server.signed_in("admin");
    set_up(&server, &admin, NEW);
    let owner = server.signed_in("owner");
    let auditor = server.signed_in("auditor");
    let id = server.read(|conn| find_by_email(conn, "admin@example.com")).unwrap().0.id;
    let path = format!("/people/{id}/second-factor/deletion");
    assert_eq!((auditor.get(&path).status, auditor.post(&path, &[]).status), (403, 403));
    assert_eq!(admin.post(&path, &[]).status, 403);
    assert!(owner.get(&format!("/people/{id}")).text.contains(&path));
    assert!(!auditor.get(&format!("/people/{id}")).text.contains(&path));
    assert_eq!(owner.get(&path).status, 200);
    assert_eq!(owner.post(&path, &[]).status, 303);
    assert_eq!(admin.get("/").status, 303, "their sessions are ended");
    assert_eq!(owner.post(&path, &[]).status, 404);
    let answer = server.browser().sign_in("admin@example.com", PASSWORD);
    assert_eq!(answer.header("location"), Some("/"));
    let event = server.events("second_factor.removed").pop().unwrap();
    assert_eq!((event.actor.name.as_deref(), event.target.unwrap().id), (Some("owner"), id));
}

#[test]
fn ones_own_app_is_removed_and_other_sessions_end_with_each_change() {
    let server = Server::start();
    let here = server.signed_in("admin");
    let there = server.browser();
    there.sign_in("admin@example.com", PASSWORD);
    set_up(&server, &here, NEW);
    assert_eq!((here.get("/").status, there.get("/").status), (200, 303));
    assert_eq!(here.post("/profile/authenticator/deletion", &[]).status, 303);
    assert_eq!(there.sign_in("admin@example.com", PASSWORD).header("location"), Some("/"));
    assert_eq!(here.post("/profile/recovery-codes", &[]).status, 404);
}

/// The draft travels in the page: it is for its person, for ten minutes, and
/// cannot be made up.
#[test]
fn a_draft_is_for_its_person_and_for_a_while() {
    let server = Server::start();
    let [admin, auditor] = ["admin", "auditor"].map(|role| server.signed_in(role));
    let page = admin.get(NEW);
    let phone = Phone::typing(&page);
    let post = |browser: &Browser<'_>, draft: &str| {
        browser.post(NEW, &[("draft", draft), ("code", &phone.code(&server))]).status
    };
    assert_eq!(post(&auditor, &draft(&page)), 422);
    assert_eq!(post(&admin, "AAAA"), 422);
    assert_eq!(admin.post(NEW, &[("draft", &draft(&page)), ("code", "000000")]).status, 422);
    server.advance(Seconds(599));
    assert_eq!(post(&admin, &draft(&page)), 200);
    let late = admin.get("/profile");
    assert!(late.text.contains("Recovery codes left"));
}

/// A copy of the database shows no code.
#[test]
fn the_secret_is_sealed_and_opens_for_nobody_else() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let page = browser.get(NEW);
    let phone = Phone::typing(&page);
    browser.post(NEW, &[("draft", &draft(&page)), ("code", &phone.code(&server))]);
    let id = server.read(|conn| find_by_email(conn, "admin@example.com")).unwrap().0.id;
    let app = server.read(|conn| factors::of(conn, &id)).app.unwrap();
    let secret = phone.0.secret().as_bytes().to_vec();
    assert!(!app.sealed.windows(secret.len()).any(|part| part == secret));
    let purpose = countersign::keys::sealed_text::of_app;
    assert_eq!(*server.app.keys.open_text(&purpose(&id), &app.sealed).unwrap(), secret);
    assert!(server.app.keys.open_text(&purpose("adm_other"), &app.sealed).is_err());
}
