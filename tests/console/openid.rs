//! Signing in through an OpenID provider.
use std::sync::Arc;

use countersign::admin::{administrators, break_glass};
use countersign::model::audit_event::Event;
use countersign::oauth::algorithm::Algorithm;
use countersign::oauth::time::Seconds;
use countersign::store::administrators::find_by_email;
use countersign::store::identities;
use serde_json::{Value, json};

use super::passkeys;
use crate::support::Server;
use crate::support::authenticator::Authenticator;
use crate::support::browser::{Browser, PASSWORD};
use crate::support::http::Answer;
use crate::support::provider::{CALLBACK, Provider, departure};
use crate::verify::issuer::Key;

/// The last attempt that was refused.
fn denied(server: &Server) -> Event {
    server.events("session.denied").pop().unwrap()
}

/// Nobody is signed in, the page says no more than that, and the log says why.
fn refused(server: &Server, browser: &Browser<'_>, answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 403, "{reason}: {}", answer.text);
    assert_eq!(answer.texts("h1"), ["That did not sign you in"]);
    assert!(!answer.text.contains("openid_"), "{}", answer.text);
    let event = denied(server);
    assert_eq!(event.reason.as_deref(), Some(reason), "{:?}", event.detail);
    assert!(answer.text.contains(event.request_id.as_deref().unwrap()));
    assert!(browser.get("/").header("location").unwrap().starts_with("/sign-in"));
}

fn signed_in(answer: &Answer) {
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")), "{}", answer.text);
}

fn role_of(server: &Server, email: &str) -> String {
    server.read(|conn| find_by_email(conn, email)).unwrap().0.role.to_string()
}

#[test]
fn who_comes_from_the_provider_gets_an_account_with_the_role_of_the_claim() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let browser = server.browser();
    let page = browser.get("/sign-in?next=%2Flog");
    assert_eq!(
        page.texts("form button"),
        ["Sign in with Example ID", "Sign in", "Sign in with a passkey"]
    );
    let answer = browser.post("/session/openid", &[("next", "/log")]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["__Host-countersign-openid=", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600"]
    {
        assert!(cookie.contains(part), "{cookie}");
    }
    let url = departure(&answer);
    assert!(url.as_str().starts_with(&provider.issuer));
    let back = browser.get(&provider.authorize(&url));
    assert_eq!(back.header("location"), Some("/log"), "{}", back.text);
    assert_eq!(browser.get("/").status, 200);
    assert_eq!(role_of(&server, "grace@example.com"), "auditor");

    let made = server.events("administrator.created").pop().unwrap();
    assert_eq!(made.actor.kind, "system");
    let linked = server.events("identity.linked").pop().unwrap();
    assert_eq!(linked.changes[0].after, format!("u1 at {}", provider.issuer));
    let started = server.events("session.started").pop().unwrap();
    assert_eq!(started.detail.as_deref(), Some("through the OpenID provider"));
    assert_eq!(started.actor.name.as_deref(), Some("Grace"));

    // The second time it is the same account, whatever the address is by then.
    provider.script().changes = json!({ "email": "grace.hopper@example.com" });
    let other = server.browser();
    signed_in(&provider.sign_in(&other));
    assert_eq!(server.events("administrator.created").len(), 1);
}

/// OpenID Connect Core 1.0 §3.1.3.7, check by check.
#[test]
fn a_token_that_is_not_ours_signs_nobody_in() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let now = server.clock.now().seconds();
    let cases: [(Value, Value, &str); 14] = [
        (json!({}), json!({ "nonce": "other" }), "openid_wrong_nonce"),
        (json!({}), json!({ "nonce": null }), "openid_wrong_nonce"),
        (json!({}), json!({ "aud": "other" }), "openid_wrong_audience"),
        (json!({}), json!({ "aud": ["countersign", "other"] }), "openid_wrong_audience"),
        (json!({}), json!({ "azp": "other" }), "openid_wrong_audience"),
        (json!({}), json!({ "iss": "https://evil.example" }), "openid_wrong_issuer"),
        (json!({}), json!({ "exp": now - 61 }), "openid_token_expired"),
        (json!({}), json!({ "iat": now - 601 }), "openid_token_expired"),
        (json!({}), json!({ "iat": now + 61 }), "openid_token_expired"),
        (json!({}), json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "openid_wrong_hash"),
        (json!({ "alg": "none" }), json!({}), "openid_bad_algorithm"),
        (json!({ "alg": "HS256" }), json!({}), "openid_bad_algorithm"),
        (json!({ "kid": "unknown" }), json!({}), "openid_unknown_key"),
        (json!({}), json!({ "exp": null }), "openid_bad_answer"),
    ];
    for (header, changes, reason) in cases {
        let browser = server.browser();
        (provider.script().header, provider.script().changes) = (header, changes);
        let answer = provider.sign_in(&browser);
        refused(&server, &browser, &answer, reason);
    }
    (provider.script().header, provider.script().changes) = (json!({}), json!({}));
    provider.script().forged = true;
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    refused(&server, &browser, &answer, "openid_bad_signature");
    assert!(server.read(|conn| find_by_email(conn, "grace@example.com")).is_none());
    let metrics = server.app.metrics.encode();
    assert!(metrics.contains(r#"result="openid_wrong_nonce"} 2"#), "{metrics}");
}

#[test]
fn keys_that_changed_are_fetched_once_more() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    signed_in(&provider.sign_in(&server.browser()));
    let next = Arc::new(Key::new(Algorithm::Es256));
    provider.script().published = vec![next.clone()];
    provider.script().key = next;
    let asked = provider.script().keys_asked;
    signed_in(&provider.sign_in(&server.browser()));
    assert_eq!(provider.script().keys_asked, asked + 1);
    signed_in(&provider.sign_in(&server.browser()));
    assert_eq!(provider.script().keys_asked, asked + 1, "they are known now");
}

/// RFC 9700 §2.1, §4.7: a way back is good once, for ten minutes, in the browser
/// that it was made for.
#[test]
fn a_way_back_is_good_once_and_in_one_browser() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let go = |browser: &Browser<'_>| {
        provider.authorize(&departure(&browser.post("/session/openid", &[])))
    };
    let [browser, thief] = [server.browser(), server.browser()];
    let wrong = browser.get(&format!("{CALLBACK}?code=code1&state=made-up"));
    refused(&server, &browser, &wrong, "openid_other_browser");
    go(&browser);
    let wrong = browser.get(&format!("{CALLBACK}?code=code1&state=made-up"));
    refused(&server, &browser, &wrong, "openid_unknown_state");

    // Somebody is made to come back with another's state, with a cookie of their
    // own and without.
    let path = go(&browser);
    refused(&server, &thief, &thief.get(&path), "openid_other_browser");
    go(&thief);
    refused(&server, &thief, &thief.get(&path), "openid_other_browser");
    // It stays theirs.
    signed_in(&browser.get(&path));

    // The callback again, in the same browser with the cookie that it had.
    let again = server.browser();
    let path = go(&again);
    let code = path.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    signed_in(&again.get(&path));
    assert_eq!(again.get(&path).status, 403);
    assert_eq!(denied(&server).reason.as_deref(), Some("openid_other_browser"), "it forgot");

    // A code that was used, with a state that was not.
    let third = server.browser();
    let path = go(&third);
    let state = path.split("state=").nth(1).unwrap();
    let replayed = third.get(&format!("{CALLBACK}?code={code}&state={state}"));
    refused(&server, &third, &replayed, "openid_code_refused");
    refused(&server, &third, &third.get(&path), "openid_unknown_state");

    let late = server.browser();
    let path = go(&late);
    server.advance(Seconds(600));
    refused(&server, &late, &late.get(&path), "openid_unknown_state");
}

/// RFC 9207 §2.4.
#[test]
fn an_answer_names_the_provider_that_was_asked() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let way = |browser: &Browser<'_>| {
        let url = departure(&browser.post("/session/openid", &[]));
        let path = provider.authorize(&url);
        path.split("&iss=").next().unwrap().to_owned()
    };
    let browser = server.browser();
    let answer = browser.get(&format!("{}&iss=https%3A%2F%2Fevil.example", way(&browser)));
    refused(&server, &browser, &answer, "openid_wrong_issuer");
    let answer = browser.get(&way(&browser));
    refused(&server, &browser, &answer, "openid_wrong_issuer");

    let silent = Provider::start();
    silent.script().names_itself = false;
    let server = silent.server(&[]);
    signed_in(&silent.sign_in(&server.browser()));
}

#[test]
fn what_the_provider_refuses_is_no_sign_in() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let browser = server.browser();
    let url = departure(&browser.post("/session/openid", &[]));
    let path = provider.authorize(&url);
    let (_, rest) = path.split_once('&').unwrap();
    let answer = browser.get(&format!("{CALLBACK}?error=access_denied&{rest}"));
    refused(&server, &browser, &answer, "openid_provider_refused");
    assert!(denied(&server).detail.unwrap().ends_with("access_denied"));
}

#[test]
fn the_role_follows_the_claim_and_a_change_ends_the_sessions() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let first = server.browser();
    signed_in(&provider.sign_in(&first));
    provider.script().changes = json!({ "groups": ["ops", "staff"] });
    let second = server.browser();
    signed_in(&provider.sign_in(&second));
    assert_eq!(role_of(&server, "grace@example.com"), "admin");
    assert_eq!((first.get("/").status, second.get("/").status), (303, 200));
    let changed = server.events("administrator.updated").pop().unwrap();
    assert_eq!((&*changed.actor.kind, &*changed.changes[0].after), ("system", "admin"));

    // Whoever has no role any more is out, everywhere.
    for groups in [json!(["others"]), Value::Null] {
        provider.script().changes = json!({ "groups": groups });
        let third = server.browser();
        let answer = provider.sign_in(&third);
        refused(&server, &third, &answer, "openid_no_role");
        assert_eq!(second.get("/").status, 303);
    }
}

#[test]
fn the_last_owner_is_not_made_less() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    provider.script().changes = json!({ "groups": ["bosses"] });
    signed_in(&provider.sign_in(&server.browser()));
    provider.script().changes = json!({});
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    refused(&server, &browser, &answer, "openid_last_owner");
    server.administrator("owner");
    signed_in(&provider.sign_in(&browser));
    assert_eq!(role_of(&server, "grace@example.com"), "auditor");
}

#[test]
fn who_is_suspended_stays_out() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    server.administrator("owner");
    signed_in(&provider.sign_in(&server.browser()));
    let id = server.read(|conn| find_by_email(conn, "grace@example.com")).unwrap().0.id;
    server.act(|conn, actor| administrators::suspend(conn, actor, &id));
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    refused(&server, &browser, &answer, "administrator_suspended");
}

#[test]
fn without_a_mapping_or_without_accounts_nobody_new_comes_in() {
    let provider = Provider::start();
    let closed = provider.server(&[("COUNTERSIGN_OPENID_CREATE_ACCOUNTS", "false")]);
    let browser = closed.browser();
    let answer = provider.sign_in(&browser);
    refused(&closed, &browser, &answer, "openid_no_account");

    let server = provider.server(&[]);
    for (changes, reason) in [
        (json!({ "groups": ["others"] }), "openid_no_role"),
        (json!({ "email": null }), "openid_no_email"),
        (json!({ "email_verified": false }), "openid_unverified_email"),
    ] {
        provider.script().told = json!({ "sub": "u1" });
        provider.script().changes = changes;
        let browser = server.browser();
        let answer = provider.sign_in(&browser);
        refused(&server, &browser, &answer, reason);
    }
    assert!(server.read(countersign::store::administrators::all).is_empty());
}

/// An address is not an account: not without the setting, not unverified, not of
/// somebody suspended, and not of a break-glass account.
#[test]
fn an_account_is_joined_by_a_verified_address_when_that_is_wanted() {
    let provider = Provider::start();
    provider.script().changes = json!({ "email": "Auditor@example.com" });
    let server = provider.server(&[]);
    server.administrator("auditor");
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    refused(&server, &browser, &answer, "openid_email_taken");

    let server = provider.server(&[("COUNTERSIGN_OPENID_LINK_BY_EMAIL", "true")]);
    let id = server.administrator("auditor");
    for verified in [json!(false), Value::Null] {
        provider.script().changes =
            json!({ "email": "Auditor@example.com", "email_verified": verified });
        let answer = provider.sign_in(&browser_of(&server));
        refused(&server, &browser_of(&server), &answer, "openid_unverified_email");
    }
    provider.script().changes = json!({ "email": "Auditor@example.com" });
    let browser = server.browser();
    signed_in(&provider.sign_in(&browser));
    let joined = server.read(|conn| identities::of(conn, &id));
    assert_eq!((joined.len(), joined[0].subject.as_str()), (1, "u1"));
    assert!(browser.get("/profile").text.contains("Known there as"));

    let owner = server.administrator("owner");
    server.act(|conn, actor| break_glass::make(conn, actor, &owner));
    provider.script().changes = json!({ "sub": "u2", "email": "owner@example.com" });
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    refused(&server, &browser, &answer, "openid_email_taken");
}

fn browser_of(server: &Server) -> Browser<'_> {
    server.browser()
}

#[test]
fn an_account_is_joined_and_parted_by_its_person() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let browser = server.signed_in("auditor");
    assert!(browser.get("/profile").text.contains("Join my account to Example ID"));
    let back =
        browser.get(&provider.authorize(&departure(&browser.post("/profile/identities", &[]))));
    assert_eq!(back.header("location"), Some("/profile"), "{}", back.text);
    let page = browser.get("/profile").text;
    assert!(page.contains("Your account is joined"), "{page}");
    signed_in(&provider.sign_in(&server.browser()));

    // Nobody else gets it.
    let other = server.signed_in("admin");
    let way = provider.authorize(&departure(&other.post("/profile/identities", &[])));
    assert_eq!(other.get(&way).status, 403);
    assert_eq!(denied(&server).reason.as_deref(), Some("openid_identity_taken"));
    let fields = [("issuer", provider.issuer.as_str()), ("subject", "u1")];
    assert_eq!(other.post("/profile/identities/deletion", &fields).status, 404);
    assert_eq!(browser.post("/profile/identities/deletion", &fields).status, 303);
    assert_eq!(server.events("identity.unlinked").len(), 1);
    // Not by somebody whose session is another's by then.
    let way = provider.authorize(&departure(&browser.post("/profile/identities", &[])));
    browser.sign_in("admin@example.com", PASSWORD);
    assert_eq!(browser.get(&way).status, 403);
    assert_eq!(denied(&server).reason.as_deref(), Some("openid_other_person"));
}

/// OpenID Connect Core 1.0 §3.1.2.1: `prompt=login`, `max_age=0`; what comes back
/// says when they were asked.
#[test]
fn who_confirms_through_the_provider_is_asked_there_anew() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    provider.script().changes = json!({ "groups": ["ops"] });
    let browser = server.browser();
    signed_in(&provider.sign_in(&browser));
    let signed_in_at = server.clock.now().seconds();
    server.advance(Seconds(700));
    let world = server.world();
    let path = format!("/applications/{}/secrets/new", world.billing.client_id);
    assert!(browser.get(&path).header("location").unwrap().starts_with("/session/confirmation"));
    let page = browser.get("/session/confirmation");
    assert_eq!(page.texts("main form button"), ["Confirm with Example ID"], "there is no password");
    let go = || {
        let answer = browser.post("/session/confirmation/openid", &[("next", &path)]);
        let url = departure(&answer);
        let asked: Vec<_> = url.query_pairs().into_owned().collect();
        assert!(asked.contains(&("prompt".into(), "login".into())), "{url}");
        assert!(asked.contains(&("max_age".into(), "0".into())), "{url}");
        browser.get(&provider.authorize(&url))
    };
    for auth_time in [json!(signed_in_at), Value::Null] {
        provider.script().changes = json!({ "auth_time": auth_time });
        assert_eq!(go().status, 403);
        assert_eq!(denied(&server).reason.as_deref(), Some("openid_not_now"));
    }
    provider.script().changes = json!({ "sub": "somebody-else" });
    assert_eq!(go().status, 403);
    assert_eq!(denied(&server).reason.as_deref(), Some("openid_other_person"));
    assert!(browser.get(&path).header("location").unwrap().starts_with("/session/confirmation"));
    provider.script().changes = json!({});
    assert_eq!(go().header("location"), Some(path.as_str()));
    assert_eq!(browser.get(&path).status, 200);
    let confirmed = server.events("session.confirmed").pop().unwrap();
    assert_eq!(confirmed.detail.as_deref(), Some("through the OpenID provider"));
}

#[test]
fn a_second_factor_of_the_provider_counts_when_that_is_wanted() {
    let provider = Provider::start();
    let settings = [
        ("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "auditor"),
        ("COUNTERSIGN_OPENID_SECOND_FACTOR", "mfa, urn:example:strong"),
    ];
    let server = provider.server(&settings);
    for changes in [json!({}), json!({ "amr": ["pwd"] }), json!({ "acr": "1" })] {
        provider.script().changes = changes;
        let browser = server.browser();
        let answer = provider.sign_in(&browser);
        assert_eq!(answer.header("location"), Some("/session/enrolment"), "{}", answer.text);
        assert!(browser.get("/").header("location").unwrap().starts_with("/sign-in"));
    }
    for changes in [json!({ "amr": ["pwd", "mfa"] }), json!({ "acr": "urn:example:strong" })] {
        provider.script().changes = changes;
        let browser = server.browser();
        signed_in(&provider.sign_in(&browser));
        assert_eq!(browser.get("/").status, 200);
    }
}

/// What the provider tells only when it is asked (OpenID Connect Core 1.0 §5.4).
#[test]
fn what_the_token_lacks_is_asked_for() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let lacking = json!({ "email": null, "email_verified": null, "groups": null, "name": null });
    provider.script().changes = lacking;
    provider.script().told =
        json!({ "sub": "u1", "email": "ada@example.com", "name": "Ada", "groups": ["ops"] });
    signed_in(&provider.sign_in(&server.browser()));
    assert_eq!(role_of(&server, "ada@example.com"), "admin");
    // Of somebody else it is not believed (§5.3.2).
    provider.script().told = json!({ "sub": "u2", "email": "x@example.com", "groups": ["ops"] });
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    refused(&server, &browser, &answer, "openid_bad_answer");
}

#[test]
fn a_provider_that_is_away_is_said_to_be_and_a_password_still_works() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    provider.script().down = true;
    let browser = server.browser();
    let answer = browser.post("/session/openid", &[]);
    assert_eq!(
        (answer.status, answer.texts("h1").concat().as_str()),
        (503, "The sign-in provider does not answer")
    );
    assert_eq!(denied(&server).reason.as_deref(), Some("openid_unavailable"));
    server.administrator("admin");
    signed_in(&browser.sign_in("admin@example.com", PASSWORD));
    provider.script().down = false;
    server.advance(Seconds(5));
    signed_in(&provider.sign_in(&server.browser()));
}

/// No password opens anything but a break-glass account, whose every use is seen.
#[test]
fn only_through_the_provider_leaves_one_way_besides() {
    let provider = Provider::start();
    let open = provider.server(&[]);
    let before = open.signed_in("admin");
    let settings = [("COUNTERSIGN_OPENID_ONLY", "true"), ("COUNTERSIGN_INSTANCE", "two")];
    let server = provider.server_on(open.database.clone(), &settings);
    let there = server.browser().with_cookie(&before.cookie());
    assert_eq!(there.get("/").status, 303, "a session from before");
    let browser = server.browser();
    let answer = browser.sign_in("admin@example.com", PASSWORD);
    let wrong = browser.sign_in("admin@example.com", "wrong wrong wrong wrong");
    assert_eq!(answer.status, 422);
    assert_eq!(answer.text, wrong.text, "the page does not say that it was right");
    let reasons = server.events("session.denied");
    assert_eq!(reasons[0].reason.as_deref(), Some("not_through_provider"));

    let owner = server.administrator("owner");
    server.act(|conn, actor| break_glass::make(conn, actor, &owner));
    assert!(server.events("break_glass.used").is_empty());
    signed_in(&browser.sign_in("owner@example.com", PASSWORD));
    let page = browser.get("/");
    assert!(page.text.contains("The break-glass account owner was used"), "{}", page.text);
    let used = server.events("break_glass.used").pop().unwrap();
    assert_eq!(used.target.unwrap().id, owner);
    let counted = countersign::server::background::count_broken_glass(&server.app);
    tokio::runtime::Runtime::new().unwrap().block_on(counted);
    assert!(server.app.metrics.encode().contains("countersign_break_glass_uses_total 1"));

    signed_in(&provider.sign_in(&server.browser()));
    server.act(|conn, actor| break_glass::end(conn, actor, &owner));
    assert_eq!(browser.get("/").status, 303, "and its session is none");
    assert_eq!(browser.sign_in("owner@example.com", PASSWORD).status, 422);
}

#[test]
fn only_through_the_provider_refuses_a_passkey_too() {
    let provider = Provider::start();
    let open = provider.server(&[]);
    let (mut admins, _) = passkeys::add(&open.signed_in("admin"));
    let (mut owners, _) = passkeys::add(&open.signed_in("owner"));
    let settings = [("COUNTERSIGN_OPENID_ONLY", "true"), ("COUNTERSIGN_INSTANCE", "two")];
    let server = provider.server_on(open.database.clone(), &settings);
    let owner = server.read(|conn| find_by_email(conn, "owner@example.com")).unwrap().0.id;
    server.act(|conn, actor| break_glass::make(conn, actor, &owner));
    let browser = server.browser();
    let answer = passkeys::show(&browser, "/session/passkey", &mut admins);
    assert_eq!(answer.status, 422, "{}", answer.text);
    let event = denied(&server);
    assert_eq!(event.reason.as_deref(), Some("not_through_provider"));
    assert_eq!(event.detail.as_deref(), Some("account admin@example.com"));
    assert!(browser.get("/").header("location").unwrap().starts_with("/sign-in"));

    signed_in(&passkeys::show(&browser, "/session/passkey", &mut owners));
    assert_eq!(browser.get("/").status, 200);
    assert_eq!(server.events("break_glass.used").len(), 1);
}

/// A passkey is ours to ask for where the provider says nothing of a second factor.
#[test]
fn a_passkey_is_the_second_factor_of_who_comes_from_the_provider() {
    let provider = Provider::start();
    let server = provider.server(&[("COUNTERSIGN_SECOND_FACTOR_REQUIRED", "auditor")]);
    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    assert_eq!(answer.header("location"), Some("/session/enrolment"), "{}", answer.text);
    let mut authenticator = Authenticator::at_hand();
    let question = passkeys::ask(&browser, "/session/enrolment");
    let made = authenticator.make(&question);
    let done = passkeys::send(&browser, "/session/enrolment/passkey", &question, &made);
    assert_eq!(done.texts(".codes li").len(), 10, "{}", done.text);
    assert_eq!(browser.get("/").status, 200);
    let how = || server.events("session.started").pop().unwrap().detail;
    let with_passkey = Some("through the OpenID provider and with a passkey");
    assert_eq!(how().as_deref(), with_passkey);

    let browser = server.browser();
    let answer = provider.sign_in(&browser);
    assert_eq!(answer.header("location"), Some("/session/second-factor"), "{}", answer.text);
    assert!(browser.get("/").header("location").unwrap().starts_with("/sign-in"));
    signed_in(&passkeys::show(&browser, "/session/second-factor", &mut authenticator));
    assert_eq!(server.events("session.started").len(), 2);
    assert_eq!(how().as_deref(), with_passkey);
    let page = browser.get("/session/confirmation");
    assert_eq!(page.texts("main form button"), ["Confirm with Example ID", "Use a passkey"]);
    let done = passkeys::show(&browser, "/session/confirmation", &mut authenticator);
    assert_eq!(done.status, 303, "{}", done.text);
}

/// Who is not an owner, or may not sign in, breaks no glass; nor does anybody
/// through the console make such an account.
#[test]
fn only_an_owner_is_a_break_glass_account() {
    let server = Server::start();
    let admin = server.administrator("admin");
    assert!(server.try_act(|conn, actor| break_glass::make(conn, actor, &admin)).is_err());
    let owner = server.administrator("owner");
    let person = server.read(|conn| find_by_email(conn, "owner@example.com")).unwrap().0;
    let by_owner = |conn: &mut countersign::store::Conn, actor: &countersign::admin::Actor| {
        break_glass::make(conn, &actor.signed_in_as(&person), &owner)
    };
    assert!(server.try_act(by_owner).is_err());
    server.act(|conn, actor| break_glass::make(conn, actor, &owner));
    assert!(server.try_act(|conn, actor| break_glass::make(conn, actor, &owner)).is_err());
}

/// Who reads the database cannot come back in anybody's place.
#[test]
fn what_is_kept_of_a_way_is_digests() {
    let provider = Provider::start();
    let server = provider.server(&[]);
    let url = departure(&server.browser().post("/session/openid", &[]));
    let asked: Vec<_> = url.query_pairs().into_owned().collect();
    let dump = server.database.dump();
    for name in ["state", "nonce"] {
        let (_, value) = asked.iter().find(|(known, _)| known == name).unwrap();
        assert!(!dump.contains(value.as_str()), "{name}");
        let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!dump.contains(&hex), "{name}");
    }
}
