//! A deletion undone in the console.
use countersign::admin::{applications, resources};
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::world::{BILLING_API, Client};

const LIST: &str = "/applications/deleted";

fn restoration(client: &Client) -> String {
    format!("{LIST}/{}/restoration", client.client_id)
}

fn deletion(client: &Client) -> String {
    format!("/applications/{}/deletion", client.client_id)
}

#[test]
fn the_notice_of_a_deletion_leads_back_and_one_press_restores() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let asked = browser.get(&deletion(&world.billing));
    assert!(asked.text.contains("For 24 hours it can be restored"), "{}", asked.text);
    assert!(!browser.get("/applications").text.contains(LIST), "there is none");
    assert_eq!(browser.post(&deletion(&world.billing), &[]).status, 303);

    let list = browser.get("/applications");
    let notice = list.texts(".notice p").concat();
    assert!(notice.contains("billing is deleted, and its tokens are revoked."), "{notice}");
    assert!(notice.contains("It can be restored until 15 Nov 2023, 22:13:20 UTC."), "{notice}");
    let path = restoration(&world.billing);
    assert!(list.text.contains(&format!("<a href=\"{path}\">Restore it</a>")), "{}", list.text);
    assert!(list.text.contains("Deleted, still to be restored"));
    assert!(!list.texts("tbody th").concat().contains("billing"));

    let asked = browser.get(&path);
    assert_eq!(asked.texts("h1"), ["Restore billing"]);
    assert!(asked.texts(".names li").concat().contains("invoices:read invoices:write"));
    assert!(asked.texts(".names li").concat().contains("works again"));
    assert!(asked.texts("#lost").is_empty());
    let done = browser.post(&path, &[("because", "Ticket 4711")]);
    let page = format!("/applications/{}", world.billing.client_id);
    assert_eq!((done.status, done.header("location")), (303, Some(page.as_str())));
    let shown = browser.get(&page);
    assert_eq!(shown.texts("h1"), ["billing Active"]);
    assert!(shown.texts(".notice p").concat().starts_with("billing is restored."));
    let event = server.events("application.restored").remove(0);
    assert_eq!(event.because.as_deref(), Some("Ticket 4711"));
    assert_eq!(event.actor.name.as_deref(), Some("admin"));

    let again = browser.post(&path, &[]);
    assert_eq!(again.status, 409);
    assert!(again.text.contains("This application is not deleted."), "{}", again.text);
    assert!(!browser.get("/applications").text.contains(LIST));
}

#[test]
fn the_page_says_what_does_not_come_back_and_the_notice_too() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("owner");
    browser.post(&deletion(&world.billing), &[]);
    server.advance(Seconds(60));
    server.application("billing", &[]);
    let api =
        server.read(|conn| countersign::store::resources::find_by_identifier(conn, BILLING_API));
    let id = api.unwrap().id;
    server.act(|conn, actor| resources::remove_scope(conn, actor, &id, "invoices:write"));

    let asked = browser.get(&restoration(&world.billing));
    let lost = "invoices:write of API https://api.example.com/billing: that scope was removed.";
    assert!(asked.texts("ul[aria-labelledby=lost] li").concat().contains(lost), "{}", asked.text);
    assert!(asked.text.contains("Another application is called billing by now."));
    browser.post(&restoration(&world.billing), &[]);
    let page = browser.get(&format!("/applications/{}", world.billing.client_id));
    let notice = page.texts(".notice p").concat();
    assert!(notice.contains(lost) && notice.contains("the same name"), "{notice}");
}

#[test]
fn after_a_day_nothing_leads_to_what_is_gone() {
    let server = Server::start();
    let world = server.world();
    server.act(|conn, actor| applications::delete(conn, actor, &world.billing.client_id));
    server.advance(Seconds::DAY);
    let browser = server.signed_in("admin");
    assert!(!browser.get("/applications").text.contains(LIST));
    let empty = browser.get(LIST);
    assert!(empty.texts("tbody tr").is_empty() && empty.text.contains("gone for good"));
    for answer in
        [browser.get(&restoration(&world.billing)), browser.post(&restoration(&world.billing), &[])]
    {
        assert_eq!(answer.status, 409);
        assert!(answer.text.contains("gone for good"), "{}", answer.text);
    }
    assert_eq!(browser.get(&format!("{LIST}/m2m_none/restoration")).status, 404);
}

#[test]
fn the_list_is_paged_the_last_deleted_first() {
    let server = Server::start();
    let clients: Vec<Client> =
        (0..53).map(|i| server.application(&format!("job-{i:02}"), &[])).collect();
    for (i, client) in clients.iter().enumerate() {
        server.act(|conn, actor| applications::delete(conn, actor, &client.client_id));
        if i % 2 == 1 {
            server.advance(Seconds(1));
        }
    }
    let browser = server.signed_in("admin");
    let first = browser.get(LIST);
    let rows = first.texts("tbody tr");
    assert!(rows[0].contains("job-52") && rows[0].contains("root"), "{rows:?}");
    assert_eq!(rows.len(), 50);
    let more = first.text.split("?after=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let rest = browser.get(&format!("{LIST}?after={more}")).texts("tbody th");
    assert_eq!(rest.len(), 3, "{rest:?}");
    assert!(rest[2].contains("job-0"), "{rest:?}");
}

#[test]
fn who_may_not_delete_sees_nothing_of_it_and_who_may_is_asked_again() {
    let server = Server::start();
    let world = server.world();
    server.act(|conn, actor| applications::delete(conn, actor, &world.billing.client_id));
    let auditor = server.signed_in("auditor");
    assert!(!auditor.get("/applications").text.contains(LIST));
    for path in [LIST.to_owned(), restoration(&world.billing)] {
        assert_eq!(auditor.get(&path).status, 403, "{path}");
    }
    assert_eq!(auditor.post(&restoration(&world.billing), &[]).status, 403);
    let admin = server.signed_in("admin");
    server.advance(Seconds(601));
    for answer in
        [admin.get(&restoration(&world.billing)), admin.post(&restoration(&world.billing), &[])]
    {
        let to = answer.header("location").unwrap_or_default();
        assert!(to.starts_with("/session/confirmation?next="), "{to}");
    }
    assert!(server.events("application.restored").is_empty());
}

#[test]
fn a_form_of_another_site_restores_nothing() {
    let server = Server::start();
    let world = server.world();
    server.act(|conn, actor| applications::delete(conn, actor, &world.billing.client_id));
    let admin = server.signed_in("admin");
    let headers =
        [("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")];
    let answer = admin.send("POST", &restoration(&world.billing), &headers, Vec::new());
    assert_eq!(answer.status, 403);
    assert!(server.events("application.restored").is_empty());
}
