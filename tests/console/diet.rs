//! What is held and not used, and what would stop.
use countersign::oauth::time::Seconds;
use countersign::store::grants;

use crate::support::Server;
use crate::support::world::{BILLING_API, Client, LEDGER_API};

fn held(server: &Server, client: &Client) -> Vec<String> {
    let all = server.read(|conn| grants::all(conn, &client.client_id));
    all.iter().map(|grant| format!("{} {}", grant.resource_identifier, grant.access)).collect()
}

fn value<'p>(page: &'p str, name: &str) -> &'p str {
    let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap();
    page[at..].split('"').nth(3).unwrap()
}

#[test]
fn an_application_keeps_what_it_uses_and_gets_the_rest_back() {
    let server = Server::start();
    server.world();
    let both = (BILLING_API, "invoices:read invoices:write");
    let app = server.application("app", &[both, (LEDGER_API, "*")]);
    server.advance(Seconds::days(10));
    let scope = [("scope", "invoices:read"), ("resource", BILLING_API)];
    assert_eq!(server.token(&app, &scope).status, 200);
    server.settle();
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/access/diet", app.client_id);
    let ticked =
        |query: &str| browser.get(&format!("{path}{query}")).texts(".check:has([checked]) .scope");
    assert_eq!(
        ticked("?days=90"),
        ["invoices:read", "invoices:write", "invoices:read", "ledger:export"]
    );
    assert_eq!(ticked("?days=5"), ["invoices:read"], "what is held for less is kept");
    let page = browser.get(&format!("{path}?days=5"));
    assert!(page.texts(".sub")[0].starts_with("3 of what it holds"), "{:?}", page.texts(".sub"));
    let version = value(&page.text, "version").to_owned();
    let billing = value(&page.text, "call").to_owned();
    let keep = format!("{billing} invoices:read");
    let before = held(&server, &app);
    let saved = browser.post(&path, &[("version", &version), ("scope", &keep), ("call", &billing)]);
    assert_eq!(saved.status, 303, "{}", saved.text);
    assert_eq!(held(&server, &app), [format!("{BILLING_API} invoices:read")]);
    assert_eq!(server.events("grant.removed").len(), 1, "through the acts");

    let notice = browser.get(saved.header("location").unwrap()).text;
    let undo = notice.split("access/restoration?before=").nth(1).unwrap();
    let moment: String = undo.chars().take_while(char::is_ascii_digit).collect();
    let undo = format!("/applications/{}/access/restoration", app.client_id);
    let page = browser.get(&format!("{undo}?before={moment}"));
    assert_eq!(page.texts("dd.diff ins").len(), 2);
    let version = value(&page.text, "version").to_owned();
    let fields = [("before", moment.as_str()), ("version", version.as_str())];
    assert_eq!(browser.post(&undo, &[("before", &moment), ("version", "other")]).status, 409);
    assert_eq!(browser.post(&undo, &fields).status, 303);
    assert_eq!(held(&server, &app), before);
    assert!(browser.get(&format!("{undo}?before={moment}")).text.contains("nothing to restore"));
}

#[test]
fn a_diet_that_somebody_overtook_takes_nothing_away() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/access/diet", world.billing.client_id);
    let answer = browser.post(&path, &[("version", "00000000")]);
    assert_eq!(answer.status, 409);
    assert_eq!(held(&server, &world.billing).len(), 1);
    let auditor = server.signed_in("auditor");
    assert_eq!(auditor.get(&path).status, 403);
    assert_eq!(auditor.post(&path, &[("version", "")]).status, 403);
    assert_eq!(browser.get("/applications/m2m_none/access/diet").status, 404);
}

#[test]
fn the_list_of_what_is_not_used_names_it_and_leads_to_its_review() {
    let server = Server::start();
    let world = server.world();
    server.advance(Seconds::days(10));
    server.application("new", &[(BILLING_API, "invoices:read")]);
    server.token(&world.billing, &[("scope", "invoices:read")]);
    server.settle();
    let browser = server.signed_in("auditor");
    let page = browser.get("/access/idle?days=5");
    assert_eq!(page.texts("tbody th .row"), ["billing", "reporting"], "the new one has time");
    assert_eq!(page.texts("tbody .scope"), ["invoices:write", "invoices:read"]);
    assert_eq!(page.texts("tbody .plate"), ["No token at all"]);
    assert!(page.texts(".row-acts a").is_empty(), "an auditor changes nothing");
    assert!(browser.get("/access/idle").texts("tbody tr").is_empty());
    let admin = server.signed_in("admin").get("/access/idle?days=5");
    assert_eq!(admin.texts(".row-acts a").len(), 2);
}

#[test]
fn who_takes_something_away_sees_what_would_stop() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[("scope", "invoices:read")]);
    server.advance(Seconds::days(2));
    server.token(&world.billing, &[("scope", "invoices:read")]);
    server.settle();
    let browser = server.signed_in("owner");
    let id =
        server.read(|conn| countersign::store::resources::find_by_identifier(conn, BILLING_API));
    let id = id.unwrap().id;
    let (client_id, secret_id) = (&world.billing.client_id, &world.billing.secret_id);
    let facts = |path: &str| browser.get(path).texts(".impact dd");
    for path in [
        format!("/applications/{client_id}/deletion"),
        format!("/applications/{client_id}/suspension"),
        format!("/applications/{client_id}/secrets/{secret_id}/revocation"),
    ] {
        assert_eq!(facts(&path), ["1", "2", "just now", "127.0.0.1"], "{path}");
    }
    for path in
        [format!("/apis/{id}/deletion"), format!("/apis/{id}/scopes/invoices:read/deletion")]
    {
        assert_eq!(facts(&path), ["2", "just now"], "{path}");
        assert!(browser.get(&path).texts(".names li")[0].contains("billing"), "{path}");
    }
    let unused = browser.get(&format!("/apis/{id}/scopes/invoices:write/deletion"));
    assert!(unused.texts("p.impact")[0].starts_with("Not in use"));
}
