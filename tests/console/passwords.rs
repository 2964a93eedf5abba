//! Passwords and pages, by the numbers of OWASP ASVS 5.0.
use crate::support::Server;
use crate::support::browser::PASSWORD;

/// §6.2.8, §6.2.9: verified as it was typed, to the last byte, up to 1,024.
#[test]
fn a_long_password_counts_whole_and_as_it_was_typed() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let words = "Über sieben Brücken musst du gehn, ".repeat(40);
    let mut long: String = words.chars().take(900).collect();
    while long.len() < 1_023 {
        long.push('x');
    }
    long.push('Y');
    assert_eq!(long.len(), 1_024);
    let change = |current: &str, password: &str| {
        browser.post("/profile/password", &[("current", current), ("password", password)]).status
    };
    assert_eq!(change(PASSWORD, &format!("{long}z")), 422, "a byte too many");
    assert_eq!(change(PASSWORD, &long), 303);
    let sign_in = |password: &str| server.browser().sign_in("owner@example.com", password).status;
    assert_eq!(sign_in(&long[..1_023]), 422);
    assert_eq!(sign_in(&long.to_lowercase()), 422);
    assert_eq!(sign_in(&format!("{long} ")), 422);
    assert_eq!(sign_in(&long), 303);
}

/// §6.2.2, §6.2.3, §6.2.4, §6.2.5, §6.2.12.
#[test]
fn a_new_password_needs_the_current_one_and_is_none_of_the_common() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let change = |current: &str, password: &str| {
        browser.post("/profile/password", &[("current", current), ("password", password)])
    };
    assert_eq!(change("", "all lower case words do").status, 422);
    for common in ["passwordpassword", "qwertyuiopasdfgh", "owner@example.com"] {
        let refused = change(PASSWORD, common);
        assert_eq!(refused.status, 422, "{common}");
        assert_eq!(refused.texts("#e-password").len(), 1, "{common}");
    }
    assert_eq!(change(PASSWORD, "all lower case words do").status, 303);
}

/// §6.2.6, §6.2.7: hidden while it is typed, and nothing is in the way of a
/// password manager or of pasting.
#[test]
fn fields_for_passwords_are_fields_for_passwords() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    for (path, fields) in [("/sign-in", 1), ("/profile", 2)] {
        let page = browser.get(path).text;
        assert!(page.matches("type=\"password\" autocomplete=\"").count() >= fields, "{path}");
        assert!(!page.contains("onpaste") && !page.contains("autocomplete=\"off\" type"), "{path}");
        assert!(!page.contains("maxlength"), "{path}");
    }
}

/// §6.3.2: there are no accounts but those that people made.
#[test]
fn a_new_server_has_no_account() {
    let server = Server::start();
    assert!(server.read(countersign::store::administrators::all).is_empty());
    for name in ["admin", "root", "owner", "admin@example.com"] {
        assert_eq!(server.browser().sign_in(name, name).status, 422);
    }
}

/// §3.5.3: what changes something is not to be had by GET, nor by a method that
/// nobody routed; §3.5.8, §3.4.8.
#[test]
fn nothing_is_done_by_get_and_no_other_origin_reads_a_page() {
    let server = Server::start();
    let browser = server.signed_in("owner");
    let before = server.read(countersign::store::audit_log::count);
    for (path, get, post) in countersign::console::pages::PAGES {
        if get.is_none() && post.is_some() {
            let path = path.replace(['{', '}'], "");
            let status = browser.get(&path).status;
            assert!(matches!(status, 404 | 405), "GET {path}: {status}");
        }
    }
    for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
        let headers = [("sec-fetch-site", "same-origin")];
        let status = browser.send(method, "/profile", &headers, Vec::new()).status;
        assert!(matches!(status, 404 | 405), "{method}: {status}");
    }
    assert_eq!(server.read(countersign::store::audit_log::count), before);
    let page = browser.get("/profile");
    for name in ["cross-origin-resource-policy", "cross-origin-opener-policy"] {
        assert_eq!(page.header(name), Some("same-origin"));
    }
    let css = page.text.split("href=\"/static/").nth(3).unwrap().split('"').next().unwrap();
    let file = server.get(&format!("/static/{css}"));
    assert_eq!(file.header("access-control-allow-origin"), None);
}
