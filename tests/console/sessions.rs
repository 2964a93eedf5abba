//! Signing in and out, and what every page carries.
use countersign::admin::{administrators, setup};
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::browser::PASSWORD;

/// OWASP ASVS 5.0 §3.3: `__Host-`, `Secure`, `HttpOnly`, `SameSite`.
#[test]
fn the_cookie_is_for_this_host_over_tls_and_no_script() {
    let server = Server::start();
    server.administrator("owner");
    let answer = server.browser().sign_in("Owner@Example.com", PASSWORD);
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap());
    let cookie = cookies.find(|cookie| cookie.starts_with("__Host-countersign=")).unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[test]
fn an_unknown_account_a_wrong_password_and_a_suspended_person_look_the_same() {
    let server = Server::start();
    server.administrator("owner");
    let id = server.administrator("admin");
    server.act(|conn, actor| administrators::suspend(conn, actor, &id));
    let answers = [
        server.browser().sign_in("nobody@example.com", PASSWORD),
        server.browser().sign_in("owner@example.com", "wrong"),
        server.browser().sign_in("admin@example.com", PASSWORD),
    ];
    let seen: Vec<_> =
        answers.iter().map(|a| (a.status, a.texts(".problem"), a.texts("h1"))).collect();
    assert_eq!(seen[0].0, 422);
    assert!(seen.iter().all(|other| *other == seen[0]), "{seen:?}");
    let reasons: Vec<_> =
        server.events("session.denied").into_iter().map(|e| e.reason.unwrap()).collect();
    assert_eq!(reasons, ["unknown_account", "bad_password", "administrator_suspended"]);
}

#[test]
fn a_page_without_a_session_leads_to_the_sign_in_page_and_back() {
    let server = Server::start();
    server.administrator("owner");
    let browser = server.browser();
    let sent = browser.get("/applications?q=a");
    assert_eq!(sent.status, 303);
    let place = sent.header("location").unwrap().to_owned();
    assert_eq!(place, "/sign-in?next=%2Fapplications%3Fq%3Da");
    assert!(browser.get(&place).text.contains(r#"value="/applications?q=a""#));
    let fields =
        [("email", "owner@example.com"), ("password", PASSWORD), ("next", "/applications?q=a")];
    assert_eq!(browser.post("/sign-in", &fields).header("location"), Some("/applications?q=a"));
    let away = [("email", "owner@example.com"), ("password", PASSWORD), ("next", "//evil")];
    assert_eq!(browser.post("/sign-in", &away).header("location"), Some("/"));
}

#[test]
fn a_session_ends_with_sign_out_and_its_cookie_is_worth_nothing_then() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    assert_eq!(browser.get("/").status, 200);
    let stolen = browser.with_cookie(&browser.cookie());
    assert_eq!(browser.post("/sign-out", &[]).header("location"), Some("/sign-in"));
    assert_eq!(stolen.get("/").status, 303);
    assert_eq!(server.events("session.ended").len(), 1);
}

/// ASVS §7.2.4: a key that was known before signing in is worth nothing after.
#[test]
fn signing_in_makes_a_new_session() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let before = browser.cookie();
    browser.sign_in("owner@example.com", PASSWORD);
    assert_ne!(browser.cookie(), before);
    assert_eq!(browser.with_cookie(&before).get("/").status, 303);
    assert_eq!(browser.get("/").status, 200);
}

#[test]
fn a_session_ends_after_idling_and_after_half_a_day_in_any_case() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    server.advance(Seconds(29 * 60));
    assert_eq!(browser.get("/").status, 200);
    server.advance(Seconds(29 * 60));
    assert_eq!(browser.get("/").status, 200, "each request begins the wait anew");
    server.advance(Seconds(30 * 60));
    assert_eq!(browser.get("/").status, 303);

    browser.sign_in("owner@example.com", PASSWORD);
    for _ in 0..35 {
        server.advance(Seconds(20 * 60));
        assert_eq!(browser.get("/").status, 200);
    }
    server.advance(Seconds(20 * 60));
    assert_eq!(browser.get("/").status, 303);
}

#[test]
fn suspension_and_a_new_password_end_sessions_at_once() {
    let server = Server::start();
    server.administrator("owner");
    let browser = server.signed_in("admin");
    let id = server.read(countersign::store::administrators::all)[0].id.clone();
    server.act(|conn, actor| administrators::suspend(conn, actor, &id));
    assert_eq!(browser.get("/").status, 303);
    server.act(|conn, actor| administrators::resume(conn, actor, &id));
    assert_eq!(browser.get("/").status, 303, "the old session does not come back");
}

/// Every POST must come from a page of ours.
#[test]
fn a_forged_request_is_refused_and_nothing_is_done() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let body = crate::support::http::form(&[("identifier", "urn:x"), ("name", "x")]);
    let content = ("content-type", "application/x-www-form-urlencoded");
    for forged in [
        vec![("sec-fetch-site", "cross-site"), content],
        vec![("origin", "https://evil.example"), content],
        vec![content],
    ] {
        let answer = browser.send("POST", "/apis/new", &forged, body.clone());
        assert_eq!(answer.status, 403, "{forged:?}");
        assert!(answer.header("content-security-policy").is_some());
    }
    assert!(server.events("resource.created").is_empty());
}

#[test]
fn every_page_has_its_headers_and_no_inline_code() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    for path in
        ["/", "/sign-in", "/applications", "/apis", "/log", "/people", "/profile", "/nowhere"]
    {
        let page = browser.get(path);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'self'; style-src 'self'"), "{path}");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(page.header(name), Some(value), "{path}");
        }
        assert!(page.header("x-request-id").unwrap().starts_with("req_"));
        assert!(!page.text.contains(" style=") && !page.text.contains(" onclick="), "{path}");
    }
}

#[test]
fn the_set_up_link_makes_the_owner_and_signs_in() {
    let server = Server::start();
    let link = server.act(setup::offer).unwrap();
    let browser = server.browser();
    assert_eq!(browser.get("/setup?token=wrong").status, 409);
    let page = browser.get(&format!("/setup?token={}", *link));
    assert_eq!((page.status, page.texts("h1")), (200, vec!["Set up Countersign".to_owned()]));

    let fields = |password| {
        [
            ("token", link.as_str()),
            ("name", "Ada"),
            ("email", "ada@example.com"),
            ("password", password),
        ]
    };
    let short = browser.post("/setup", &fields("short"));
    assert_eq!(short.status, 422);
    assert!(short.texts("title")[0].starts_with("Error:"));
    assert!(short.text.contains(r#"value="ada@example.com""#), "fields are kept");
    assert!(!short.text.contains(r#"value="short""#), "but for the password");

    assert_eq!(browser.post("/setup", &fields(PASSWORD)).status, 303);
    assert_eq!(browser.get("/").status, 200);
    assert_eq!(server.events("session.started").len(), 1);
    assert_eq!(server.browser().post("/setup", &fields(PASSWORD)).status, 409, "spent");
    let made = server.events("administrator.created").remove(0);
    assert!(!made.body().contains(PASSWORD) && !made.body().contains(link.as_str()));
}

#[test]
fn a_password_is_changed_with_the_current_one() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let change = |current, password| {
        browser.post("/profile/password", &[("current", current), ("password", password)])
    };
    assert_eq!(change("wrong", "another good pass phrase").status, 422);
    assert_eq!(change(PASSWORD, "short").status, 422);
    assert_eq!(change(PASSWORD, "another good pass phrase").status, 303);
    assert_eq!(browser.get("/").status, 303, "all sessions are ended");
    assert_eq!(browser.sign_in("owner@example.com", PASSWORD).status, 422);
    assert_eq!(browser.sign_in("owner@example.com", "another good pass phrase").status, 303);
}

#[test]
fn static_files_are_kept_for_ever_under_their_version() {
    let server = Server::start();
    let page = server.browser().get("/sign-in");
    let start = page.text.find("/static/").unwrap();
    let path: String = page.text[start..].chars().take_while(|c| *c != '"').collect();
    let file = server.get(&path);
    assert_eq!((file.status, file.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert!(file.text.contains("@layer tokens"));
    let old = server.get("/static/000000000000/console.css");
    assert_eq!((old.status, old.header("cache-control")), (200, Some("no-cache")));
    assert_eq!(server.get("/static/x/../../Cargo.toml").status, 404);
}

#[test]
fn static_files_travel_compressed_to_those_who_take_it() {
    let server = Server::start();
    let plain = server.get("/static/x/console.css");
    assert_eq!(
        (plain.header("content-encoding"), plain.header("vary")),
        (None, Some("accept-encoding"))
    );
    let asked = |accepted| {
        server.request("GET", "/static/x/console.css", &[("accept-encoding", accepted)], vec![])
    };
    let small = asked("gzip, br");
    assert_eq!(small.header("content-encoding"), Some("br"));
    let length = |answer: &crate::support::http::Answer| answer.bytes.len();
    assert!(length(&small) * 4 < length(&plain), "{} of {}", length(&small), length(&plain));
    assert_ne!(asked("br;q=0").header("content-encoding"), Some("br"));
}
