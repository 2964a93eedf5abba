//! Passkeys: alone, after the password, and to confirm who somebody is.
use countersign::admin::administrators;
use countersign::model::audit_event::Event;
use countersign::oauth::time::Seconds;
use countersign::store::{administrators::find_by_email, passkeys};
use serde_json::Value;

use crate::support::Server;
use crate::support::authenticator::Authenticator;
use crate::support::browser::{Browser, PASSWORD};
use crate::support::http::Answer;

const NEW: &str = "/profile/passkeys/new";
const ADMIN: &str = "admin@example.com";

/// What makes an authenticator or its browser do wrong.
type Spoil = fn(&mut Authenticator);

pub fn ask(browser: &Browser<'_>, path: &str) -> Value {
    let answer = browser.post(&format!("{path}/challenge"), &[]);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

pub fn send(browser: &Browser<'_>, path: &str, question: &Value, credential: &str) -> Answer {
    let challenge = question["challenge"].as_str().unwrap();
    let name = ("name", "Work key");
    browser.post(path, &[("challenge", challenge), ("credential", credential), name])
}

/// Makes a passkey on one's account, and returns what keeps it and the page after.
pub fn add(browser: &Browser<'_>) -> (Authenticator, Answer) {
    let mut authenticator = Authenticator::at_hand();
    let question = ask(browser, "/profile/passkeys");
    let made = authenticator.make(&question);
    let done = send(browser, NEW, &question, &made);
    assert!(done.status < 400, "{}", done.text);
    (authenticator, done)
}

pub fn show(browser: &Browser<'_>, path: &str, authenticator: &mut Authenticator) -> Answer {
    let question = ask(browser, path);
    let shown = authenticator.show(&question);
    send(browser, path, &question, &shown)
}

fn sign_in(server: &Server, authenticator: &mut Authenticator) -> Answer {
    show(&server.browser(), "/session/passkey", authenticator)
}

fn id_of(server: &Server, email: &str) -> String {
    server.read(|conn| find_by_email(conn, email)).unwrap().0.id
}

fn passkey_of(server: &Server, email: &str) -> String {
    let id = id_of(server, email);
    server.read(|conn| passkeys::of(conn, &id)).remove(0).id
}

fn denied(server: &Server) -> Event {
    server.events("session.denied").pop().unwrap()
}

/// OWASP ASVS 5.0 §6.3.3: verified by its person, a passkey is both factors.
#[test]
fn a_passkey_signs_in_alone_and_counts_as_both_factors() {
    let server = Server::start_with(&[("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "owner")]);
    let (mut authenticator, page) = add(&server.signed_in("admin"));
    assert_eq!(page.texts(".codes li").len(), 10, "recovery codes come with the first");
    let strict = [("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "admin"), ("COUNTERSIGN_INSTANCE", "two")];
    let server = Server::start_on(server.database.clone(), &strict);
    let browser = server.browser();
    let before = browser.cookie();
    let done = show(&browser, "/session/passkey", &mut authenticator);
    assert_eq!((done.status, done.header("location")), (303, Some("/")), "{}", done.text);
    assert_ne!(browser.cookie(), before);
    assert_eq!(browser.get("/").status, 200);
    let started = server.events("session.started").pop().unwrap();
    assert_eq!(started.detail.as_deref(), Some("with a passkey"));
    assert_eq!(started.actor.credential_id, Some(passkey_of(&server, ADMIN)));
    assert_eq!(started.actor.name.as_deref(), Some("admin"));
    let list = browser.get("/profile").text;
    assert!(list.contains("Work key") && list.contains("Security key"), "{list}");
}

#[test]
fn what_is_asked_wants_its_person_verified_and_says_nothing_about_anybody() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let asked = ask(&browser, "/profile/passkeys")["publicKey"].clone();
    assert_eq!(asked["rp"]["id"], "issuer.example");
    let selection = &asked["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "required");
    add(&browser);
    let known = ask(&browser, "/profile/passkeys")["publicKey"]["excludeCredentials"].clone();
    assert_eq!(known.as_array().map(Vec::len), Some(1), "an authenticator keeps one");
    let stranger = ask(&server.browser(), "/session/passkey");
    assert_eq!(stranger["publicKey"]["userVerification"], "required");
    assert_eq!(stranger["publicKey"]["allowCredentials"], serde_json::json!([]));
    assert_ne!(ask(&server.browser(), "/session/passkey"), stranger);
}

/// OWASP ASVS 5.0 §6.5.1: one use.
#[test]
fn a_challenge_is_answered_once_within_ten_minutes_and_for_what_it_was_made() {
    let server = Server::start();
    let admin = server.signed_in("admin");
    let (mut authenticator, _) = add(&admin);
    let refused = |answer: Answer| {
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert_eq!(denied(&server).reason.as_deref(), Some("used_challenge"));
    };
    let question = ask(&server.browser(), "/session/passkey");
    let shown = authenticator.show(&question);
    let at_once = std::thread::scope(|scope| {
        let race = [0, 1].map(|_| {
            scope.spawn(|| send(&server.browser(), "/session/passkey", &question, &shown).status)
        });
        let mut statuses = race.map(|one| one.join().unwrap());
        statuses.sort_unstable();
        statuses
    });
    assert_eq!(at_once, [303, 422]);
    refused(send(&server.browser(), "/session/passkey", &question, &shown));

    // Also when the answer was wrong.
    let question = ask(&server.browser(), "/session/passkey");
    assert_eq!(send(&server.browser(), "/session/passkey", &question, "{}").status, 422);
    authenticator.origin = "https://evil.example".to_owned();
    let wrong = authenticator.show(&question);
    assert_eq!(send(&server.browser(), "/session/passkey", &question, &wrong).status, 422);
    authenticator.origin = crate::support::ISSUER.to_owned();
    let right = authenticator.show(&question);
    refused(send(&server.browser(), "/session/passkey", &question, &right));

    let late = ask(&server.browser(), "/session/passkey");
    server.advance(Seconds(600));
    let shown = authenticator.show(&late);
    refused(send(&server.browser(), "/session/passkey", &late, &shown));

    // A challenge of one page is none of another.
    server.advance(Seconds(3_600));
    let admin = server.browser();
    sign_in_in(&admin, &mut authenticator);
    let confirming = ask(&admin, "/session/confirmation");
    let shown = authenticator.show(&confirming);
    refused(send(&server.browser(), "/session/passkey", &confirming, &shown));
    // And it has to be the one that was signed.
    let [one, other] = [0, 1].map(|_| ask(&server.browser(), "/session/passkey"));
    let shown = authenticator.show(&one);
    assert_eq!(send(&server.browser(), "/session/passkey", &other, &shown).status, 422);
    assert!(denied(&server).detail.unwrap().ends_with("to another challenge"));
}

fn sign_in_in(browser: &Browser<'_>, authenticator: &mut Authenticator) {
    let done = show(browser, "/session/passkey", authenticator);
    assert_eq!(done.status, 303, "{}", done.text);
}

/// `WebAuthn` §7.2: each step that can fail.
#[test]
fn what_is_no_proof_is_refused_and_the_log_says_why() {
    let server = Server::start();
    let (mut authenticator, _) = add(&server.signed_in("admin"));
    let passkey = passkey_of(&server, ADMIN);
    let handle = authenticator.user_handle.clone();
    let cases: [(&str, Spoil, Spoil); 6] = [
        (
            "from another origin",
            |a| a.origin = "https://evil.example".into(),
            |a| a.origin = crate::support::ISSUER.into(),
        ),
        (
            "from another origin",
            |a| a.origin = "http://issuer.example".into(),
            |a| a.origin = crate::support::ISSUER.into(),
        ),
        (
            "for another domain",
            |a| a.domain = "evil.example".into(),
            |a| a.domain = "issuer.example".into(),
        ),
        ("without its person being verified", |a| a.verifies = false, |a| a.verifies = true),
        ("made for something else", |a| a.kind = "webauthn.create", |a| a.kind = "webauthn.get"),
        ("another person's", |a| a.user_handle = vec![7; 16], |a| a.user_handle.clear()),
    ];
    let mut texts = Vec::new();
    for (about, spoil, mend) in cases {
        // Nobody waits for the attempts before.
        server.advance(Seconds(3_600));
        spoil(&mut authenticator);
        let answer = sign_in(&server, &mut authenticator);
        mend(&mut authenticator);
        assert_eq!(answer.status, 422, "{about}");
        let event = denied(&server);
        assert_eq!(event.reason.as_deref(), Some("bad_passkey"), "{about}");
        assert_eq!(event.detail.unwrap(), format!("account {ADMIN}: {about}"));
        assert_eq!(event.actor.credential_id.as_ref(), Some(&passkey));
        texts.push(answer.text);
    }
    authenticator.user_handle = handle;
    // Another key under the name of this one.
    let question = ask(&server.browser(), "/session/passkey");
    let shown = authenticator.show(&question);
    let mut forged: Value = serde_json::from_str(&shown).unwrap();
    let other = Authenticator::at_hand().show(&question);
    let other: Value = serde_json::from_str(&other).unwrap();
    forged["response"]["signature"] = other["response"]["signature"].clone();
    let answer = send(&server.browser(), "/session/passkey", &question, &forged.to_string());
    assert_eq!(answer.status, 422);
    assert!(denied(&server).detail.unwrap().ends_with("signature wrong"));
    texts.push(answer.text);
    // A passkey that nobody has: the page is the same.
    let answer = sign_in(&server, &mut Authenticator::at_hand());
    assert_eq!((answer.status, denied(&server).reason.as_deref()), (422, Some("unknown_passkey")));
    texts.push(answer.text);
    assert!(texts.iter().all(|text| *text == texts[0]), "one answer to all");
    assert!(texts[0].contains("This passkey was not accepted."));
    server.advance(Seconds(16 * 60));
    assert_eq!(sign_in(&server, &mut authenticator).status, 303);
}

/// `WebAuthn` §6.1.1: a counter that goes back may mean that there are two of it.
#[test]
fn a_counter_that_goes_back_is_refused_and_recorded() {
    let server = Server::start();
    let (mut authenticator, _) = add(&server.signed_in("admin"));
    authenticator.counter = 7;
    assert_eq!(sign_in(&server, &mut authenticator).status, 303);
    for counter in [7, 4, 0] {
        authenticator.counter = counter;
        authenticator.step = 0;
        assert_eq!(sign_in(&server, &mut authenticator).status, 422, "{counter}");
        let event = denied(&server);
        assert_eq!(event.reason.as_deref(), Some("cloned_passkey"));
        assert_eq!(event.actor.credential_id, Some(passkey_of(&server, ADMIN)));
    }
    authenticator.counter = 9;
    assert_eq!(sign_in(&server, &mut authenticator).status, 303, "the one that is ahead goes on");
}

/// Those that are kept in step over devices count nothing.
#[test]
fn a_passkey_without_a_counter_is_used_again_and_again() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let (mut authenticator, _) = add(&browser);
    authenticator.step = 0;
    for _ in 0..3 {
        assert_eq!(sign_in(&server, &mut authenticator).status, 303);
    }
}

#[test]
fn a_removed_passkey_and_one_of_a_suspended_person_open_nothing() {
    let server = Server::start();
    let admin = server.signed_in("admin");
    let (mut authenticator, _) = add(&admin);
    server.administrator("owner");
    let id = id_of(&server, ADMIN);
    let waiting = ask(&server.browser(), "/session/passkey");
    server.act(|conn, actor| administrators::suspend(conn, actor, &id));
    let shown = authenticator.show(&waiting);
    assert_eq!(send(&server.browser(), "/session/passkey", &waiting, &shown).status, 422);
    assert_eq!(denied(&server).reason.as_deref(), Some("administrator_suspended"));
    server.act(|conn, actor| administrators::resume(conn, actor, &id));
    sign_in_in(&admin, &mut authenticator);

    let path = format!("/profile/passkeys/{}/deletion", passkey_of(&server, ADMIN));
    let page = admin.get(&path);
    assert!(page.text.contains("Your password alone opens your account then"), "{}", page.text);
    let waiting = ask(&server.browser(), "/session/passkey");
    assert_eq!(admin.post(&path, &[]).status, 303);
    let shown = authenticator.show(&waiting);
    assert_eq!(send(&server.browser(), "/session/passkey", &waiting, &shown).status, 422);
    assert_eq!(denied(&server).reason.as_deref(), Some("unknown_passkey"));
    assert_eq!(server.events("passkey.removed").len(), 1);
    assert_eq!(admin.post("/profile/recovery-codes", &[]).status, 404, "they went along");
    let answer = server.browser().sign_in(ADMIN, PASSWORD);
    assert_eq!(answer.header("location"), Some("/"), "no second factor is left");
}

fn halfway<'s>(server: &'s Server, email: &str) -> Browser<'s> {
    let browser = server.browser();
    let answer = browser.sign_in(email, PASSWORD);
    assert_eq!(answer.header("location"), Some("/session/second-factor"), "{}", answer.text);
    browser
}

#[test]
fn after_the_password_a_passkey_of_ones_own_is_the_second_factor() {
    let server = Server::start();
    let (mut own, page) = add(&server.signed_in("admin"));
    let codes = page.texts(".codes li");
    let (mut others, _) = add(&server.signed_in("auditor"));
    let browser = halfway(&server, ADMIN);
    let page = browser.get("/session/second-factor").text;
    assert!(page.contains("Use a passkey") && page.contains("Recovery code"), "{page}");
    assert!(!page.contains("authenticator app, or"), "there is none");
    let asked = ask(&browser, "/session/second-factor");
    let allowed = &asked["publicKey"]["allowCredentials"];
    assert_eq!(allowed.as_array().map(Vec::len), Some(1));
    assert_eq!(allowed[0]["transports"], serde_json::json!(["usb", "nfc"]));
    let refused = show(&browser, "/session/second-factor", &mut others);
    assert_eq!(refused.status, 422);
    let event = denied(&server);
    assert_eq!(event.reason.as_deref(), Some("unknown_passkey"));
    assert_eq!(event.detail.as_deref(), Some("account admin@example.com"));
    // Shown by somebody else's handle, it is refused before its signature counts.
    let handle = std::mem::replace(&mut own.user_handle, others.user_handle.clone());
    assert_eq!(show(&browser, "/session/second-factor", &mut own).status, 422);
    own.user_handle = handle;
    let before = browser.cookie();
    assert_eq!(show(&browser, "/session/second-factor", &mut own).status, 303);
    assert_ne!(browser.cookie(), before, "another key");
    assert_eq!(browser.get("/").status, 200);
    let started = server.events("session.started").pop().unwrap();
    assert_eq!(started.detail.as_deref(), Some("with a password and a passkey"));
    assert_eq!(started.actor.credential_id, Some(passkey_of(&server, ADMIN)));

    // Without the passkey, or a script: a recovery code.
    let browser = halfway(&server, ADMIN);
    let done = browser.post("/session/second-factor", &[("code", &codes[0])]);
    assert_eq!(done.status, 303, "{}", done.text);
    // Nobody is asked who gave no password.
    let stranger = server.browser().post("/session/second-factor/challenge", &[]);
    assert!(stranger.header("location").unwrap().starts_with("/sign-in"));
}

#[test]
fn a_passkey_confirms_who_somebody_is() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let (mut own, _) = add(&browser);
    server.advance(Seconds(600));
    assert!(browser.get(NEW).header("location").unwrap().starts_with("/session/confirmation"));
    let refused = browser.post("/profile/passkeys/challenge", &[]);
    assert!(refused.header("location").unwrap().starts_with("/session/confirmation"));
    assert!(browser.get("/session/confirmation").text.contains("Use a passkey"));
    own.verifies = false;
    assert_eq!(show(&browser, "/session/confirmation", &mut own).status, 422);
    assert_eq!(denied(&server).reason.as_deref(), Some("bad_passkey"));
    own.verifies = true;
    assert_eq!(show(&browser, "/session/confirmation", &mut own).status, 303);
    assert_eq!(browser.get(NEW).status, 200);
    let confirmed = server.events("session.confirmed").pop().unwrap();
    assert_eq!(confirmed.detail.as_deref(), Some("with a passkey"));
    assert_eq!(confirmed.actor.credential_id, Some(passkey_of(&server, ADMIN)));
}

#[test]
fn a_role_that_needs_a_factor_may_make_a_passkey_at_the_first_sign_in() {
    let server = Server::start_with(&[("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "admin")]);
    server.administrator("admin");
    let [person, thief] = [server.browser(), server.browser()];
    for browser in [&person, &thief] {
        let answer = browser.sign_in(ADMIN, PASSWORD);
        assert_eq!(answer.header("location"), Some("/session/enrolment"));
    }
    assert!(person.get("/session/enrolment").text.contains("Make a passkey and sign in"));
    let mut authenticator = Authenticator::at_hand();
    let [question, of_thief] = [&person, &thief].map(|browser| ask(browser, "/session/enrolment"));
    let made = authenticator.make(&question);
    let done = send(&person, "/session/enrolment/passkey", &question, &made);
    assert_eq!((done.status, done.texts(".codes li").len()), (200, 10), "{}", done.text);
    assert_eq!(done.header("cache-control"), Some("no-store"));
    assert_eq!(person.get("/").status, 200);
    assert_eq!(sign_in(&server, &mut authenticator).status, 303);
    // A password alone does not add to it.
    let made = Authenticator::at_hand().make(&of_thief);
    let late = send(&thief, "/session/enrolment/passkey", &of_thief, &made);
    assert_eq!(late.header("location"), Some("/session/second-factor"));
    // They may not be without one.
    let path = format!("/profile/passkeys/{}/deletion", passkey_of(&server, ADMIN));
    assert_eq!(person.post(&path, &[]).status, 409);
    add(&person);
    assert_eq!(person.post(&path, &[]).status, 303);
}

#[test]
fn a_new_passkey_is_what_was_asked_for_and_nobody_elses() {
    let server = Server::start();
    let [admin, auditor] = ["admin", "auditor"].map(|role| server.signed_in(role));
    let spoils: [Spoil; 3] = [
        |a| a.origin = "https://evil.example".into(),
        |a| a.domain = "evil.example".into(),
        |a| a.verifies = false,
    ];
    for spoil in spoils {
        let mut authenticator = Authenticator::at_hand();
        spoil(&mut authenticator);
        let question = ask(&admin, "/profile/passkeys");
        let made = authenticator.make(&question);
        assert_eq!(send(&admin, NEW, &question, &made).status, 422);
    }
    let mut authenticator = Authenticator::at_hand();
    let question = ask(&admin, "/profile/passkeys");
    let made = authenticator.make(&question);
    assert_eq!(send(&auditor, NEW, &question, &made).status, 422, "asked of another");
    assert_eq!(send(&admin, NEW, &question, &made).status, 422, "it is used up");
    assert!(server.events("passkey.added").is_empty());
    let question = ask(&admin, "/profile/passkeys");
    let made = authenticator.make(&question);
    assert_eq!(send(&admin, NEW, &question, &made).status, 200);
    // The same credential on another account.
    let question = ask(&auditor, "/profile/passkeys");
    let made = authenticator.make(&question);
    let refused = send(&auditor, NEW, &question, &made);
    assert!(refused.status == 422 && refused.text.contains("registered already"));
    let event = server.events("passkey.added").pop().unwrap();
    assert_eq!(event.target.unwrap().name, "Work key");
}

#[test]
fn passkeys_have_names_and_are_ones_own() {
    let server = Server::start();
    let [here, auditor] = ["admin", "auditor"].map(|role| server.signed_in(role));
    let there = server.browser();
    there.sign_in(ADMIN, PASSWORD);
    let mut authenticator = Authenticator::at_hand();
    authenticator.aaguid = *b"\xd5\x48\x82\x6e\x79\xb4\xdb\x40\xa3\xd8\x11\x11\x6f\x7e\x83\x49";
    let question = ask(&here, "/profile/passkeys");
    let made = authenticator.make(&question);
    let challenge = question["challenge"].as_str().unwrap();
    here.post(NEW, &[("challenge", challenge), ("credential", &made)]);
    assert!(here.get("/profile").text.contains("Bitwarden"), "named after what made it");
    assert_eq!((here.get("/").status, there.get("/").status), (200, 303), "begun without it");
    let path = format!("/profile/passkeys/{}", passkey_of(&server, ADMIN));
    let rename = |browser: &Browser<'_>, name: &str| {
        browser.post(&format!("{path}/edit"), &[("name", name)]).status
    };
    assert_eq!(rename(&here, &"x".repeat(61)), 422);
    assert_eq!((rename(&here, "Phone"), rename(&auditor, "Mine")), (303, 404));
    assert_eq!(auditor.get(&format!("{path}/deletion")).status, 404);
    assert_eq!(auditor.post(&format!("{path}/deletion"), &[]).status, 404);
    assert!(here.get("/profile").text.contains("Phone"));
    let renamed = server.events("passkey.renamed").pop().unwrap();
    assert_eq!(
        (renamed.changes[0].before.as_str(), renamed.changes[0].after.as_str()),
        ("Bitwarden", "Phone")
    );
    // A second one brings no new codes, and ends no session.
    let (_, done) = add(&here);
    assert_eq!((done.status, done.header("location")), (303, Some("/profile")));
}

#[test]
fn owners_see_who_has_which_factor_and_take_all_away() {
    let server = Server::start();
    let admin = server.signed_in("admin");
    let (mut authenticator, _) = add(&admin);
    let owner = server.signed_in("owner");
    let auditor = server.signed_in("auditor");
    let id = id_of(&server, ADMIN);
    let page = owner.get(&format!("/people/{id}")).text;
    assert!(page.contains("Passkey Work key") && page.contains("Recovery codes left: 10"));
    assert!(!auditor.get(&format!("/people/{id}")).text.contains("Work key"));
    assert!(owner.get("/people").text.contains("Passkey"));
    assert!(!auditor.get("/people").text.contains("Passkey"));
    assert_eq!(owner.post(&format!("/people/{id}/second-factor/deletion"), &[]).status, 303);
    assert_eq!(sign_in(&server, &mut authenticator).status, 422);
    assert_eq!(admin.get("/").status, 303, "their sessions are ended");
    let event = server.events("second_factor.removed").pop().unwrap();
    assert_eq!(event.changes[0].before, "Work key");
}

/// Strangers cannot fill the database with questions.
#[test]
fn challenges_are_limited_by_address() {
    let server = Server::start();
    let browser = server.browser();
    let ask = |_| browser.post("/session/passkey/challenge", &[]);
    let answers: Vec<_> = (0..80).map(ask).collect();
    let refused = answers.iter().find(|answer| answer.status == 429).unwrap();
    assert!(refused.header("retry-after").is_some());
    server.advance(Seconds(60));
    assert_eq!(ask(0).status, 200);
}

/// Each failed attempt counts, like a wrong password, and for its address alone.
#[test]
fn passkeys_are_tried_slowly() {
    let server = Server::start();
    let (mut authenticator, _) = add(&server.signed_in("admin"));
    let mut strange = Authenticator::at_hand();
    let statuses: Vec<u16> = (0..7).map(|_| sign_in(&server, &mut strange).status).collect();
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429]);
    assert_eq!(denied(&server).reason.as_deref(), Some("throttled"));
    assert_eq!(sign_in(&server, &mut authenticator).status, 303, "the person is not held up");
}

#[test]
fn at_an_address_without_a_name_there_are_none_and_the_pages_say_so() {
    let server = Server::start_with(&[("COUNTERSIGN_ISSUER", "http://127.0.0.1:8080")]);
    let browser = server.signed_in("admin");
    assert!(browser.get("/profile").text.contains("COUNTERSIGN_PASSKEY_ORIGIN"));
    assert!(browser.get(NEW).text.contains("COUNTERSIGN_PASSKEY_ORIGIN"));
    assert!(!server.browser().get("/sign-in").text.contains("passkey"));
    assert_eq!(browser.post("/profile/passkeys/challenge", &[]).status, 404);
    assert_eq!(server.browser().post("/session/passkey/challenge", &[]).status, 404);
}

/// A page without the script says what there is instead.
#[test]
fn without_a_script_the_sign_in_page_offers_the_password() {
    let server = Server::start();
    let page = server.browser().get("/sign-in");
    assert!(page.text.contains("Passkeys need JavaScript"));
    assert!(page.text.contains(r#"autocomplete="username webauthn""#));
    let hidden = page.texts("form[data-passkey][hidden]");
    assert_eq!(hidden.len(), 1, "its form is there for the script alone");
    assert_eq!(page.texts("form[action='/sign-in'] button"), ["Sign in"]);
}
