//! What administrators changed, field by field.
use countersign::admin::{grants, resources, secrets};
use countersign::model::grant::Access;
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::world::BILLING_API;

fn allow(server: &Server, client_id: &str, scopes: &[&str]) {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    server.act(|conn, actor| {
        let resource = resources::resolve(conn, BILLING_API)?;
        grants::set(conn, actor, client_id, &resource.id, &Access::Scopes(scopes))
    });
}

#[test]
fn a_change_says_what_was_added_and_taken_away_and_leads_to_the_tokens_before_it() {
    let server = Server::start();
    let world = server.world();
    server.token(&world.billing, &[]);
    server.advance(Seconds(60));
    allow(&server, &world.billing.client_id, &["invoices:read"]);
    server.advance(Seconds(60));
    server.token(&world.billing, &[]);
    let browser = server.signed_in("auditor");
    let id = server.events("grant.set").last().unwrap().id.clone();
    let page = browser.get(&format!("/changes/{id}"));
    assert_eq!(page.status, 200);
    assert_eq!(page.texts(".set del"), ["taken away: − invoices:write"]);
    assert_eq!(page.texts(".set .x"), ["invoices:read"]);
    let link = page.text.split("href=\"/log?").nth(1).unwrap().split('"').next().unwrap();
    let before = browser.get(&format!("/log?{}", link.replace("&#38;", "&")));
    assert_eq!(before.texts("tbody tr").len(), 1, "one of two tokens came before it");
}

#[test]
fn changes_are_narrowed_by_person_target_action_and_days() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let rows = |query: &str| {
        let page = browser.get(&format!("/changes{query}"));
        assert_eq!(page.status, 200, "{query}");
        page.texts("table.changes > tbody > tr").len()
    };
    let all = rows("");
    assert!(all >= 8, "{all}");
    assert_eq!(
        rows("?actor=root"),
        all - server.events("signing_key.published").len()
            - server.events("signing_key.activated").len()
    );
    assert_eq!(rows("?actor=nobody"), 0);
    let of_billing = rows(&format!("?target={}", world.billing.client_id));
    assert_eq!(of_billing, 3, "registered, granted, a secret");
    assert_eq!(rows("?action=application.created"), 3);
    assert_eq!(rows("?action=application.created&from=2023-11-14&to=2023-11-14"), 3);
    assert_eq!(rows("?action=application.created&to=2023-11-13"), 0);
    let api =
        server.read(|conn| countersign::store::resources::find_by_identifier(conn, BILLING_API));
    assert!(rows(&format!("?target={}", api.unwrap().id)) >= 1);
}

#[test]
fn sign_ins_are_no_changes_and_a_form_that_says_nothing_leads_to_the_shortest_url() {
    let server = Server::start();
    server.world();
    let browser = server.signed_in("auditor");
    assert!(!browser.get("/changes").text.contains("signed in"));
    let sent = browser.get("/changes?actor=root&target=&action=&from=&to=");
    assert_eq!((sent.status, sent.header("location")), (302, Some("/changes?actor=root")));
    assert_eq!(browser.get("/changes?from=yesterday").status, 422);
    assert_eq!(browser.get("/changes/01KAS9V2XH4M0000000000000A").status, 404);
}

#[test]
fn moments_and_lengths_are_told_as_on_every_other_page() {
    let server = Server::start();
    let billing = server.world().billing;
    let id = (billing.client_id.as_str(), billing.secret_id.as_str());
    let day = Some(Seconds::DAY);
    server.act(|conn, actor| secrets::set_expiry(conn, actor, id, None));
    server.act(|conn, actor| secrets::set_expiry(conn, actor, id, day));
    let browser = server.signed_in("auditor");
    let page = browser.get("/changes?action=secret.expiry_changed");
    assert_eq!(page.texts("table.diff tbody th")[0], "end");
    assert_eq!(page.texts("table.diff tbody tr:first-child td")[0], "none");
    assert_eq!(page.texts("table.diff ins time"), ["15 Nov 2023, 22:13:20 UTC"]);
    assert!(page.text.contains("<time datetime=\"2023-11-15T22:13:20.000Z\">"));
    let log = browser.get("/log?kind=changes").text;
    assert!(log.contains("end 15 Nov 2023, 22:13:20 UTC"), "{log}");
    let made = browser.get("/changes?action=resource.created");
    let at = made.texts("table.diff th").iter().position(|field| field == "token lifetime");
    assert!(at.is_some() && made.texts("table.diff ins").contains(&"10 minutes".to_owned()));
}
