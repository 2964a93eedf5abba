//! Lists are paged by key, narrowed, and never skip or repeat a row.
use countersign::store::applications::{self, Filter};
use countersign::store::audit_log;

use crate::support::Server;

fn names(server: &Server, filter: &Filter, limit: usize) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = server.read(|conn| applications::page(conn, filter, after.as_deref(), limit));
        names.extend(page.rows.iter().map(|row| row.details.name.clone()));
        after = page.next;
        if after.is_none() {
            return names;
        }
    }
}

#[test]
fn applications_come_in_the_order_of_names_whatever_the_page() {
    let server = Server::start();
    for name in ["delta", "Alpha", "charlie", "bravo", "Alpha", "élan", "100%_sure"] {
        server.application(name, &[]);
    }
    let expected = ["100%_sure", "Alpha", "Alpha", "bravo", "charlie", "delta", "élan"];
    for limit in [1, 2, 3, 50] {
        assert_eq!(names(&server, &Filter::default(), limit), expected, "{limit}");
    }
}

#[test]
fn a_search_takes_what_was_typed_to_the_letter() {
    let server = Server::start();
    for name in ["billing", "billing-worker", "ledger", "100%_sure"] {
        server.application(name, &[]);
    }
    let id = server.application("by-id", &[]).client_id;
    let search = |text: &str| {
        let filter = Filter { search: Some(text.to_owned()), ..Filter::default() };
        names(&server, &filter, 50)
    };
    assert_eq!(search("BILL"), ["billing", "billing-worker"]);
    assert_eq!(search("%"), ["100%_sure"]);
    assert_eq!(search("_"), ["100%_sure"]);
    assert_eq!(search("\\"), [""; 0]);
    assert_eq!(search("' OR 1=1 --"), [""; 0]);
    assert_eq!(search(&id), ["by-id"]);
}

#[test]
fn the_log_is_read_newest_first_without_gaps_and_narrowed() {
    let server = Server::start();
    let world = server.world();
    for _ in 0..5 {
        server.token(&world.billing, &[]);
        server.token(&world.mallory, &[]);
        server.advance(countersign::oauth::time::Seconds(60));
    }
    let read = |filter: &audit_log::Filter, limit| {
        let (mut ids, mut before) = (Vec::new(), None::<String>);
        loop {
            let page = server.read(|conn| audit_log::page(conn, filter, before.as_deref(), limit));
            ids.extend(page.rows.into_iter().map(|row| (row.id, row.code)));
            before = page.next;
            if before.is_none() {
                return ids;
            }
        }
    };
    let everything = read(&audit_log::Filter::default(), 50);
    assert_eq!(read(&audit_log::Filter::default(), 3), everything);
    assert!(everything.is_sorted_by(|a, b| a.0 > b.0));

    let of = |filter: audit_log::Filter| read(&filter, 4).len();
    let client = |id: &str| audit_log::Filter {
        client_id: Some(id.to_owned()),
        category: Some("token".into()),
        ..Default::default()
    };
    assert_eq!(of(client(&world.billing.client_id)), 5);
    let refused = audit_log::Filter {
        outcome: Some(audit_log::OutcomeFilter::Refused),
        ..Default::default()
    };
    assert_eq!(of(refused), 5);
    let reason =
        audit_log::Filter { reason: Some("resource_not_granted".into()), ..Default::default() };
    assert_eq!(of(reason), 5);
    let resource = audit_log::Filter {
        resource: Some(crate::support::world::BILLING_API.into()),
        ..Default::default()
    };
    assert_eq!(of(resource), 5);
    let two_minutes = audit_log::Filter {
        category: Some("token".into()),
        from: Some(crate::support::NOW),
        to: Some(crate::support::NOW + countersign::oauth::time::Seconds(120)),
        ..Default::default()
    };
    assert_eq!(of(two_minutes), 4);
}
