//! Acts that take two persons, as people ask for them and decide.
use countersign::admin::{applications, grants, resources};
use countersign::model::grant::Access;
use countersign::oauth::time::Seconds;
use countersign::store;

use crate::support::Server;
use crate::support::browser::Browser;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, LEDGER_API, World};

const WRITE: &str = "invoices:write";

/// `invoices:write` of the billing API is sensitive; its id.
fn mark(server: &Server) -> String {
    let api = server.read(|c| store::resources::find_by_identifier(c, BILLING_API)).unwrap().id;
    server.act(|c, a| resources::mark(c, a, &api, Some(WRITE), true));
    api
}

fn held(server: &Server, client_id: &str) -> Vec<String> {
    let held = server.read(|c| store::grants::all(c, client_id));
    held.iter().map(|grant| grant.access.to_string()).collect()
}

/// The version that the editor's form carries.
fn version(browser: &Browser<'_>, path: &str) -> String {
    let page = browser.get(path);
    let document = scraper::Html::parse_document(&page.text);
    let selector = scraper::Selector::parse("main input[name=version]").unwrap();
    let found = document.select(&selector).next().unwrap();
    found.value().attr("value").unwrap().to_owned()
}

/// Where an answer leads to, which must be a request.
fn request(answer: &Answer) -> String {
    let to =
        answer.header("location").unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text));
    assert!(to.starts_with("/approvals/apr_"), "{to}");
    to.to_owned()
}

/// Asks that `client` may write invoices, and returns the page of the request.
fn ask(browser: &Browser<'_>, client_id: &str, api: &str) -> String {
    let path = format!("/applications/{client_id}/access");
    let version = version(browser, &path);
    let scope = format!("{api} {WRITE}");
    let fields = [("version", version.as_str()), ("scope", &scope), ("because", "month end")];
    request(&browser.post(&path, &fields))
}

#[test]
fn one_asks_another_approves_and_then_it_is_done() {
    let server = Server::start();
    let World { mallory, .. } = server.world();
    let api = mark(&server);
    let (ada, grace) = (server.signed_in("admin"), server.signed_in("owner"));
    assert!(grace.get("/").texts(".rail .n").is_empty());
    let page = ask(&ada, &mallory.client_id, &api);
    assert!(held(&server, &mallory.client_id).is_empty());

    let own = ada.get(&page);
    assert!(own.texts(".notice")[0].contains("somebody else has to approve"));
    assert!(
        own.texts("main button").contains(&"Take it back".to_owned()),
        "{own:?}",
        own = own.texts("main button")
    );
    assert!(!own.texts("main button").contains(&"Approve".to_owned()));
    assert!(ada.get("/").texts(".rail .n").is_empty(), "it does not wait for who asked");
    let refused = ada.post(&format!("{page}/approval"), &[]);
    assert_eq!(refused.status, 409);
    assert!(refused.texts(".problem")[0].contains("somebody else has to decide"));

    assert_eq!(grace.get("/").texts(".rail .n"), ["1 waiting for you"]);
    assert!(grace.get("/").texts(".todo").concat().contains("admin asks to set the access"));
    for path in [
        "/approvals".to_owned(),
        format!("/applications/{}", mallory.client_id),
        format!("/apis/{api}"),
    ] {
        assert!(grace.get(&path).text.contains(&format!("href=\"{page}\"")), "{path}");
    }
    let shown = grace.get(&page);
    assert!(shown.texts(".diff").concat().contains(WRITE), "{:?}", shown.texts(".diff"));
    assert!(shown.texts(".sub").concat().contains("month end"));
    let approved = grace.post(&format!("{page}/approval"), &[]);
    assert_eq!(approved.header("location"), Some(page.as_str()));
    assert_eq!(held(&server, &mallory.client_id), [WRITE]);
    assert!(grace.get(&page).texts("h1")[0].ends_with("Approved"));
    assert!(grace.get("/approvals?show=decided").text.contains(&page));
    assert!(ada.get("/approvals?show=mine").text.contains(&page));

    let set = server.events("grant.set").pop().unwrap();
    let entry = grace.get(&format!("/log/{}", set.id));
    assert!(entry.texts(".kv").concat().contains("Approved byowner"), "{:?}", entry.texts(".kv"));
}

/// Every form that can add to what an application holds.
#[test]
fn no_form_gives_what_is_marked_to_one_person_alone() {
    let server = Server::start();
    let World { mallory, billing, .. } = server.world();
    let api = mark(&server);
    let ada = server.signed_in("admin");
    ask(&ada, &mallory.client_id, &api);

    // All scopes.
    let editor = format!("/applications/{}/access", mallory.client_id);
    let now = version(&ada, &editor);
    request(&ada.post(&editor, &[("version", &now), ("all", &api)]));

    // Only what it uses: what is added there too.
    let diet = format!("/applications/{}/access/diet", mallory.client_id);
    server.act(|c, a| grants::set(c, a, &mallory.client_id, LEDGER_API, &Access::Scopes(vec![])));
    let now = version(&ada, &editor);
    let (scope, read) = (format!("{api} {WRITE}"), format!("{api} invoices:read"));
    request(&ada.post(&diet, &[("version", &now), ("scope", &scope), ("scope", &read)]));

    // What it held, again.
    server.advance(Seconds(5));
    let before = server.clock.now().0;
    server.act(|c, a| grants::remove(c, a, &billing.client_id, BILLING_API));
    let restoration = format!("/applications/{}/access/restoration", billing.client_id);
    let now = version(&ada, &format!("/applications/{}/access", billing.client_id));
    let before = before.to_string();
    request(&ada.post(&restoration, &[("before", &before), ("version", &now)]));
    assert!(held(&server, &billing.client_id).is_empty());

    // A new application is there, without it.
    let fields = [
        ("name", "new"),
        ("secret_name", "initial"),
        ("expires_in_days", "90"),
        ("scope", scope.as_str()),
    ];
    let made = ada.post("/applications/new", &fields);
    assert_eq!(made.status, 200, "{}", made.text);
    assert!(made.texts(".notice")[0].contains("takes two persons"), "{}", made.text);
    assert!(made.text.contains("csk_"), "its secret is shown all the same");
    let all = server
        .read(|c| store::applications::page(c, &store::applications::Filter::default(), None, 50))
        .rows;
    let new = all.iter().find(|application| application.details.name == "new").unwrap();
    assert!(held(&server, &new.client_id).is_empty());
    assert!(server.events("grant.set").iter().all(|event| event.approval.is_none()));
    assert_eq!(server.events("approval.requested").len(), 5);

    // The mark, the scope, the API.
    let sensitivity = format!("/apis/{api}/sensitivity");
    request(&ada.post(&sensitivity, &[]));
    request(&ada.post(&format!("/apis/{api}/scopes/invoices%3Awrite/deletion"), &[]));
    let name = format!("API {BILLING_API}");
    request(&ada.post(&format!("/apis/{api}/deletion"), &[("name", &name)]));
    assert_eq!(ada.post(&sensitivity, &[("api", &api), ("scope", WRITE)]).status, 303);
    assert!(server.read(|c| store::resources::find(c, &api)).unwrap().sensitive);
}

#[test]
fn what_is_out_of_date_is_said_and_refused_with_a_reason() {
    let server = Server::start();
    let World { mallory, .. } = server.world();
    let api = mark(&server);
    let (ada, grace) = (server.signed_in("admin"), server.signed_in("owner"));
    let page = ask(&ada, &mallory.client_id, &api);
    server.act(|c, a| grants::set(c, a, &mallory.client_id, LEDGER_API, &Access::Scopes(vec![])));
    let shown = grace.get(&page);
    assert!(shown.texts("main").concat().contains("Out of date."));
    assert!(!shown.texts("main button").contains(&"Approve".to_owned()));
    let tried = grace.post(&format!("{page}/approval"), &[]);
    assert_eq!(tried.status, 409);
    assert!(tried.texts(".problem")[0].contains("another by now"));

    assert_eq!(grace.post(&format!("{page}/refusal"), &[("reason", "")]).status, 422);
    let refused = grace.post(&format!("{page}/refusal"), &[("reason", "ask again")]);
    assert_eq!(refused.status, 303);
    assert!(ada.get(&page).text.contains("ask again"));
    assert_eq!(grace.post(&format!("{page}/refusal"), &[("reason", "again")]).status, 409);

    let again = ask(&ada, &mallory.client_id, &api);
    assert_eq!(grace.post(&format!("{again}/withdrawal"), &[]).status, 409);
    assert_eq!(ada.post(&format!("{again}/withdrawal"), &[]).status, 303);
    assert_eq!(grace.post(&format!("{again}/approval"), &[]).status, 409);
    server.act(|c, a| applications::delete(c, a, &mallory.client_id));
    assert_eq!(grace.get(&again).status, 200, "it can be read when what it is about is gone");
}

/// Who decides has proved lately who they are.
#[test]
fn deciding_is_asked_for_again_after_ten_minutes() {
    let server = Server::start();
    let World { mallory, .. } = server.world();
    let api = mark(&server);
    let (ada, grace) = (server.signed_in("admin"), server.signed_in("owner"));
    let page = ask(&ada, &mallory.client_id, &api);
    server.advance(Seconds(600));
    let asked = grace.post(&format!("{page}/approval"), &[]);
    let to = asked.header("location").unwrap();
    assert!(to.starts_with("/session/confirmation?next=%2Fapprovals%2Fapr_"), "{to}");
    assert!(held(&server, &mallory.client_id).is_empty());
}

#[test]
fn revoking_everything_keys_and_roles_wait_where_the_server_says_so() {
    let rules = ("COUNTERSIGN_TWO_PERSONS_FOR", "kill_all,key_retirement,roles");
    let server = Server::start();
    server.world();
    let (ada, grace) = (server.signed_in("owner"), server.signed_in("admin"));
    let spare = server.administrator("auditor");
    let strict =
        Server::start_on(server.database.clone(), &[rules, ("COUNTERSIGN_INSTANCE", "strict")]);
    let fields = [
        ("kind", "everything"),
        ("subject", ""),
        ("reason", "stolen"),
        ("confirmation", "everything"),
    ];
    let page = request(&ada.post("/revocations/new", &fields));
    assert!(server.events("tokens.revoked").is_empty());
    assert!(grace.get(&page).text.contains("stolen"));
    assert_eq!(grace.post(&format!("{page}/approval"), &[]).status, 303);
    assert_eq!(server.events("tokens.revoked").len(), 1);

    server.advance(Seconds(540));
    server.clock.advance(Seconds::DAY);
    server.app.take_up_changes();
    let role = [
        ("name", "auditor"),
        ("email", "auditor@example.com"),
        ("role", "admin"),
        ("version", "1"),
    ];
    let path = format!("/people/{spare}/edit");
    let ada = {
        let browser = server.browser();
        browser.sign_in("owner@example.com", crate::support::browser::PASSWORD);
        browser
    };
    let page = request(&ada.post(&path, &role));
    let grace = {
        let browser = server.browser();
        browser.sign_in("admin@example.com", crate::support::browser::PASSWORD);
        browser
    };
    assert_eq!(grace.post(&format!("{page}/approval"), &[]).status, 403, "admins make no admins");
    let rotate = [("purpose", "access_tokens"), ("algorithm", "ES256")];
    let page = request(&ada.post("/keys/rotation", &rotate));
    assert_eq!(grace.post(&format!("{page}/approval"), &[]).status, 303);
    assert!(server.events("signing_key.activated").iter().any(|event| event.approval.is_some()));
    drop(strict);
}

#[test]
fn a_developer_sees_what_their_team_owns_until_they_leave_it() {
    let server = Server::start();
    let World { billing, reporting, .. } = server.world();
    let developer = server.signed_in("developer");
    let admin = server.signed_in("admin");
    let id = server
        .read(|c| store::administrators::find_by_email(c, "developer@example.com"))
        .unwrap()
        .0
        .id;
    let made = admin.post("/people/teams/new", &[("name", "Payments"), ("member", &id)]);
    let team = made.header("location").unwrap().to_owned();
    let team_id = team.rsplit('/').next().unwrap();
    let own = format!("/applications/{}", billing.client_id);
    assert_eq!(developer.get(&own).status, 403);
    assert_eq!(admin.post(&format!("{own}/owners"), &[("team", team_id)]).status, 303);
    assert_eq!(developer.get(&own).status, 200);
    let list = developer.get("/applications").text;
    assert!(list.contains(&billing.client_id) && !list.contains(&reporting.client_id));
    assert!(admin.get(&own).texts(".facts").concat().contains("Payments"));
    assert!(admin.get(&team).text.contains(&own));
    let review = admin.get("/reports/access").text;
    assert!(review.contains("team Payments"), "{review}");

    let left = admin.post(&team, &[("name", "Payments"), ("version", "1")]);
    assert_eq!(left.status, 303);
    assert_eq!(developer.get(&own).status, 403, "with their next request");
    assert_eq!(admin.post(&team, &[("name", "Payments"), ("version", "1")]).status, 409);
    assert_eq!(admin.post("/people/teams/new", &[("name", "payments")]).status, 422);
    assert_eq!(admin.post(&format!("{team}/deletion"), &[]).status, 303);
    assert_eq!(admin.get(&team).status, 404);
}
