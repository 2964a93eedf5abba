//! Every page with every role.
use countersign::admin::application_owners;
use countersign::model::role::Role;
use countersign::store::administrators::find_by_email;
use countersign::store::{applications, audit_log};

use crate::support::Server;
use crate::support::world::BILLING_API;

/// Every path of the console, and what owner, admin and auditor get for GET.
#[test]
fn each_page_is_for_the_roles_that_may_see_it() {
    let server = Server::start();
    let world = server.world();
    let api = api_with_a_route(&server);
    let application = format!("/applications/{}", world.billing.client_id);
    let secret = format!("{application}/secrets/{}", world.billing.secret_id);
    let event = server.events("application.created").remove(0).id;
    let roles = ["owner", "admin", "auditor"].map(|role| server.signed_in(role));
    let person = server.read(countersign::store::administrators::all)[0].id.clone();
    let person = format!("/people/{person}");
    let all = [200, 200, 200];
    let registry = [200, 200, 403];
    let people = [200, 403, 403];
    let pages = [
        ("/".to_owned(), all),
        ("/applications".to_owned(), all),
        (application.clone(), all),
        ("/applications/new".to_owned(), registry),
        (format!("{application}/edit"), registry),
        (format!("{application}/access"), registry),
        (format!("{application}/suspension"), registry),
        (format!("{application}/resumption"), registry),
        (format!("{application}/deletion"), registry),
        (format!("{application}/secrets/new"), registry),
        (format!("{secret}/revocation"), registry),
        ("/apis".to_owned(), all),
        (api.clone(), all),
        ("/apis/new".to_owned(), registry),
        (format!("{api}/edit"), registry),
        (format!("{api}/deletion"), registry),
        (format!("{api}/scopes/invoices%3Aread/deletion"), registry),
        (format!("{api}/verification"), all),
        (format!("{api}/routes/deletion?method=GET&path=%2Finvoices"), registry),
        ("/revocations".to_owned(), all),
        ("/revocations/new".to_owned(), registry),
        ("/revocations/choice".to_owned(), registry),
        ("/revocations/new?kind=everything".to_owned(), registry),
        ("/log".to_owned(), all),
        (format!("/log/{event}"), all),
        ("/people".to_owned(), all),
        (person.clone(), all),
        ("/people/new".to_owned(), people),
        (format!("{person}/edit"), people),
        (format!("{person}/suspension"), people),
        (format!("{person}/resumption"), people),
        ("/profile".to_owned(), all),
    ];
    for (path, expected) in &pages {
        let seen = roles.each_ref().map(|browser| browser.get(path).status);
        assert_eq!(seen, *expected, "{path}");
        assert_eq!(server.browser().get(path).status, 303, "{path} without a session");
    }
    let before = server.read(audit_log::count);
    for (path, _) in pages.iter().filter(|(_, expected)| expected[2] == 403) {
        let status = roles[2].post(path, &[("name", "x"), ("version", "1")]).status;
        assert!(matches!(status, 400 | 403), "an auditor posts to {path}: {status}");
    }
    assert_eq!(server.read(audit_log::count), before);
}

/// The path of its page.
fn api_with_a_route(server: &Server) -> String {
    let api = server.read(|c| countersign::store::resources::find_by_identifier(c, BILLING_API));
    let id = api.unwrap().id;
    let route = countersign::model::route::Route::read("GET", "/invoices", "").unwrap();
    server.act(|conn, actor| countersign::admin::routes::add(conn, actor, &id, &route));
    format!("/apis/{id}")
}

#[test]
fn a_page_that_is_not_for_ones_role_says_whom_to_ask() {
    let server = Server::start();
    server.signed_in("owner");
    server.signed_in("admin");
    let auditor = server.signed_in("auditor");
    let refused = auditor.get("/apis/new").texts(".sub").remove(0);
    assert!(refused.ends_with("Who may: admin, owner."), "{refused}");
    let people = server.browser();
    people.sign_in("admin@example.com", crate::support::browser::PASSWORD);
    let refused = people.get("/people/new").texts(".sub").remove(0);
    assert!(refused.ends_with("Who may: owner."), "{refused}");
}

#[test]
fn an_auditor_sees_no_control_that_changes_something() {
    let server = Server::start();
    let world = server.world();
    let auditor = server.signed_in("auditor");
    for path in [
        "/applications",
        &format!("/applications/{}", world.billing.client_id),
        "/apis",
        "/people",
        "/revocations",
    ] {
        let page = auditor.get(path);
        assert!(page.texts("main form[method=post]").is_empty(), "{path}");
        assert!(page.texts("main a.go").is_empty(), "{path}");
        assert!(page.texts("main a.stop").is_empty(), "{path}");
    }
}

/// What only reads is for everybody who signed in, and for nobody else.
#[test]
fn each_tool_is_for_every_role() {
    let server = Server::start();
    server.world();
    let event = server.events("application.created").remove(0).id;
    let roles = ["owner", "admin", "auditor"].map(|role| server.signed_in(role));
    let change = format!("/changes/{event}");
    let pages = [
        "/changes",
        &change,
        "/log/live",
        "/search?q=billing",
        "/settings",
        "/settings/countersign.toml",
        "/tester",
        "/tester/decoder",
    ];
    for path in pages {
        for browser in &roles {
            assert_eq!(browser.get(path).status, 200, "{path}");
        }
        let stranger = server.browser().get(path);
        assert!(stranger.header("location").unwrap().starts_with("/sign-in"), "{path}");
    }
}

/// OWASP ASVS 5.0 §8.2.3, §15.3.3: a form changes what it has fields for, whatever
/// else is sent with it.
#[test]
fn a_form_changes_nothing_but_its_fields() {
    let server = Server::start();
    let world = server.world();
    let developer = server.signed_in("developer");
    let id = server.read(|conn| find_by_email(conn, "developer@example.com")).unwrap().0.id;
    let client_id = world.billing.client_id.as_str();
    let own = [id];
    server.act(|conn, actor| application_owners::set(conn, actor, client_id, &own));
    let before = server.read(|conn| applications::find(conn, client_id));
    let before = before.unwrap();
    let version = before.version.to_string();
    let mut fields = vec![
        ("name", "renamed"),
        ("description", ""),
        ("owner", "Payments"),
        ("contact", ""),
        ("token_lifetime_seconds", ""),
        ("version", version.as_str()),
    ];
    let beside = [
        ("scope", "invoices:write"),
        ("all_scopes", BILLING_API),
        ("client_id", world.reporting.client_id.as_str()),
        ("active", "false"),
        ("role", "owner"),
        ("per_minute", "1"),
        ("created_at", "0"),
    ];
    fields.extend(beside);
    let events = server.read(audit_log::count);
    let path = format!("/applications/{client_id}/edit");
    assert_eq!(developer.post(&path, &fields).status, 303);
    let after = server.read(|conn| applications::find(conn, client_id));
    let after = after.unwrap();
    assert_eq!(after.details.name, "renamed");
    assert_eq!((after.active, after.created_at), (before.active, before.created_at));
    assert_eq!(server.read(audit_log::count), events + 1);
    let person = server.read(|conn| find_by_email(conn, "developer@example.com")).unwrap().0;
    assert_eq!(person.role, Role::Developer);
}
