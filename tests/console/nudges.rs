//! Things to look at: set aside, said again, brought back.
use countersign::admin::secrets;
use countersign::model::nudge::Kind;
use countersign::model::secret::NewSecret;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::browser::Browser;
use crate::support::http::Answer;
use crate::support::world::{BILLING_API, Client};

const WARNED: &str = "It may call nothing.";

fn post(browser: &Browser<'_>, client: &Client, verb: &str, kind: Kind, subject: &str) -> Answer {
    let path = format!("/applications/{}/nudges/{verb}", client.client_id);
    browser.post(&path, &[("kind", kind.as_str()), ("subject", subject)])
}

fn page(browser: &Browser<'_>, client: &Client) -> Answer {
    browser.get(&format!("/applications/{}", client.client_id))
}

fn said(page: &Answer) -> Vec<String> {
    page.texts("[aria-labelledby=s-look] .todo:not(.aside) b")
}

/// A working secret that ends in so many days.
fn ending(server: &Server, client: &Client, name: &str, days: i64) -> String {
    let new = NewSecret { name: name.into(), lifetime: Some(Seconds::days(days)) };
    server.act(|conn, actor| secrets::add(conn, actor, &client.client_id, &new)).0.id
}

#[test]
fn what_is_set_aside_stands_under_the_others_until_it_is_brought_back() {
    let server = Server::start();
    let mallory = server.world().mallory;
    let browser = server.signed_in("admin");
    assert_eq!(said(&page(&browser, &mallory)), [WARNED]);

    let back = post(&browser, &mallory, "dismissal", Kind::NoAccess, "");
    let to = format!("/applications/{}", mallory.client_id);
    assert_eq!((back.status, back.header("location")), (303, Some(to.as_str())));
    let page_after = page(&browser, &mallory);
    assert!(said(&page_after).is_empty());
    let aside = page_after.texts(".aside p").remove(0);
    assert!(aside.starts_with(WARNED) && aside.contains("Set aside by admin until"), "{aside}");
    let overview = browser.get("/").texts(".aside p").remove(0);
    assert!(overview.contains("Of mallory."), "{overview}");
    let event = server.events("nudge.dismissed").remove(0);
    assert_eq!(event.target.unwrap().name, WARNED);
    assert_eq!(event.client_id.as_deref(), Some(&*mallory.client_id));

    assert_eq!(post(&browser, &mallory, "restoration", Kind::NoAccess, "").status, 303);
    assert_eq!(said(&page(&browser, &mallory)), [WARNED]);
    assert_eq!(server.events("nudge.restored").len(), 1);
    assert_eq!(post(&browser, &mallory, "restoration", Kind::NoAccess, "").status, 404);
}

#[test]
fn what_is_urgent_rests_for_a_day() {
    let server = Server::start();
    let mallory = server.world().mallory;
    let browser = server.signed_in("admin");
    post(&browser, &mallory, "dismissal", Kind::NoAccess, "");
    server.advance(Seconds(86_399));
    browser.sign_in("admin@example.com", crate::support::browser::PASSWORD);
    assert!(said(&page(&browser, &mallory)).is_empty());
    server.advance(Seconds(1));
    assert_eq!(said(&page(&browser, &mallory)), [WARNED]);
    assert!(browser.get("/").texts(".aside").is_empty());
}

#[test]
fn what_becomes_more_urgent_is_said_again() {
    let server = Server::start();
    let billing = server.world().billing;
    let id = ending(&server, &billing, "next", 20);
    let browser = server.signed_in("admin");
    assert_eq!(said(&page(&browser, &billing)), ["next stops working in 20 days."]);
    post(&browser, &billing, "dismissal", Kind::SecretEnding, &id);
    assert!(said(&page(&browser, &billing)).is_empty());
    server.advance(Seconds::days(7));
    browser.sign_in("admin@example.com", crate::support::browser::PASSWORD);
    assert_eq!(said(&page(&browser, &billing)), ["next stops working in 13 days."]);
    let overview = browser.get("/");
    assert_eq!(said(&overview).len(), 1, "{:?}", said(&overview));
    assert!(overview.texts(".aside").is_empty(), "it stands in one list only");
}

/// Five of a kind are named; what is set aside is none of them.
#[test]
fn what_is_set_aside_takes_no_place_of_what_is_not() {
    let server = Server::start();
    let billing = server.application("billing", &[]);
    server.resource(BILLING_API, &[]);
    let ids: Vec<String> =
        (0..7).map(|n| ending(&server, &billing, &format!("s{n}"), 5 + n)).collect();
    let browser = server.signed_in("admin");
    let named = || {
        let said = said(&browser.get("/"));
        said.iter().map(|text| text[..2].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named(), ["s0", "s1", "s2", "s3", "s4"]);
    for id in &ids[..2] {
        let fields = [
            ("kind", "secret_ending"),
            ("client_id", billing.client_id.as_str()),
            ("subject", id.as_str()),
        ];
        assert_eq!(browser.post("/nudges/dismissal", &fields).header("location"), Some("/"));
    }
    assert_eq!(named(), ["s2", "s3", "s4", "s5", "s6"]);
    assert_eq!(browser.get("/").texts(".aside li").len(), 2);
}

#[test]
fn what_is_not_said_cannot_be_set_aside_and_an_auditor_sets_nothing_aside() {
    let server = Server::start();
    let world = server.world();
    let admin = server.signed_in("admin");
    assert_eq!(post(&admin, &world.billing, "dismissal", Kind::NoAccess, "").status, 409);
    let path = format!("/applications/{}/nudges/dismissal", world.mallory.client_id);
    assert_eq!(admin.post(&path, &[("kind", "none")]).status, 400);
    let auditor = server.signed_in("auditor");
    assert_eq!(post(&auditor, &world.mallory, "dismissal", Kind::NoAccess, "").status, 403);
    assert!(page(&auditor, &world.mallory).texts(".todo button").is_empty());
    assert!(server.events("nudge.dismissed").is_empty());
}

#[test]
fn who_tries_client_ids_is_named_by_address() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let text = "127.0.0.1 sent client IDs that nobody has, 20 times within an hour.";
    for n in 0..20 {
        let stranger = Client { client_id: format!("m2m_{n:022}"), ..world.billing.clone() };
        server.token(&stranger, &[]);
        if n == 18 {
            server.settle();
            assert!(!said(&browser.get("/")).iter().any(|said| said.contains("client IDs")));
        }
    }
    server.settle();
    assert!(
        said(&browser.get("/")).iter().any(|said| said == text),
        "{:?}",
        said(&browser.get("/"))
    );
}
