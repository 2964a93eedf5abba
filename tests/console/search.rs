//! Search: ids lead at once, names from their start, tokens nowhere.
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::world::BILLING_API;

#[test]
fn an_id_leads_straight_to_its_page() {
    let server = Server::start();
    let world = server.world();
    let answer = server.token(&world.billing, &[]);
    let request = answer.header("x-request-id").unwrap().to_owned();
    let claims = Server::claims(answer.json()["access_token"].as_str().unwrap());
    let jti = claims["jti"].as_str().unwrap();
    let browser = server.signed_in("auditor");
    let application = format!("/applications/{}", world.billing.client_id);
    let log = format!("/log/{jti}");
    for (q, href) in [
        (world.billing.client_id.as_str(), application.as_str()),
        (world.billing.secret_id.as_str(), application.as_str()),
        (request.as_str(), log.as_str()),
        (jti, log.as_str()),
    ] {
        let found = browser.get(&format!("/search?q={q}"));
        assert_eq!((found.status, found.header("location")), (303, Some(href)), "{q}");
    }
    let api = url::form_urlencoded::byte_serialize(BILLING_API.as_bytes()).collect::<String>();
    let found = browser.get(&format!("/search?q={api}"));
    assert!(found.header("location").unwrap().starts_with("/apis/res_"));
}

#[test]
fn names_are_found_from_their_first_letters_and_people_by_owners_alone() {
    let server = Server::start();
    server.world();
    let hits = |role: &str, q: &str| {
        let browser = server.signed_in(role);
        let headers = [("hx-request", "true")];
        let part = browser.send("GET", &format!("/search?q={q}"), &headers, Vec::new());
        assert!(!part.text.contains("<html"), "a part and no page");
        server.advance(Seconds(1));
        assert_eq!(part.status, 200, "{}", part.text);
        part.texts(".hits a")
    };
    let found = hits("auditor", "BILL");
    assert!(found.len() == 1 && found[0].starts_with("Application billing m2m_"), "{found:?}");
    let scopes = hits("admin", "ledger:");
    assert!(scopes.iter().any(|hit| hit.starts_with("Scope ledger:export")), "{scopes:?}");
    let owner = hits("owner", "audit");
    assert!(owner.iter().any(|hit| hit.starts_with("Person")), "{owner:?}");
    let browser = server.browser();
    browser.sign_in("admin@example.com", crate::support::browser::PASSWORD);
    assert!(!browser.get("/search?q=audit").text.contains("Person"));
}

#[test]
fn a_token_or_a_secret_in_a_search_is_not_looked_for_and_not_shown_again() {
    let server = Server::start();
    let world = server.world();
    let token = server.issue(&world.billing);
    let browser = server.signed_in("auditor");
    for sent in [&token, &world.billing.secret] {
        let page = browser.get(&format!("/search?q={sent}"));
        assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
        assert!(!page.text.contains(sent.as_str()));
        assert!(page.text.contains("/tester/decoder"));
    }
    let row =
        format!("/search?q={}", url::form_urlencoded::byte_serialize(b"100%_").collect::<String>());
    assert_eq!(browser.get(&row).status, 200);
}
