//! Why something is done: typed beside the button, kept with the act.
use countersign::oauth::time::Seconds;

use crate::support::Server;

#[test]
fn a_reason_becomes_part_of_the_acts_record_and_is_shown() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/suspension", billing.client_id);
    assert!(browser.get(&path).text.contains(r#"name="because""#));
    let done = browser.post(&path, &[("because", " Ticket 4711: <moved> to Oslo ")]);
    assert_eq!(done.status, 303);

    let event = server.events("application.suspended").remove(0);
    assert_eq!(event.because.as_deref(), Some("Ticket 4711: <moved> to Oslo"));
    let list = browser.get("/changes");
    assert_eq!(list.texts(".because"), ["Reason: Ticket 4711: <moved> to Oslo"]);
    let page = browser.get(&format!("/changes/{}", event.id));
    assert!(page.texts("dd").contains(&"Ticket 4711: <moved> to Oslo".to_owned()));

    let resumption = format!("/applications/{}/resumption", billing.client_id);
    assert_eq!(browser.post(&resumption, &[("because", "  ")]).status, 303);
    assert_eq!(server.events("application.resumed").remove(0).because, None);
}

#[test]
fn a_reason_with_a_secret_in_it_is_refused_and_kept_nowhere() {
    let server = Server::start();
    let billing = server.world().billing;
    let browser = server.signed_in("admin");
    let path = format!("/applications/{}/suspension", billing.client_id);
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtMm0ifQ.c2lnbmF0dXJl";
    for text in [format!("leaked {}", billing.secret), format!("leaked {token}")] {
        let refused = browser.post(&path, &[("because", &text)]);
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains("Leave tokens and secrets out of the reason"));
        assert!(!refused.text.contains(&text));
        assert!(!browser.get(&path).text.contains(&text));
    }
    let long = "a".repeat(501);
    assert_eq!(browser.post(&path, &[("because", &long)]).status, 422);
    assert!(server.events("application.suspended").is_empty());
}

/// Each form that takes something away or changes who may what.
#[test]
fn the_forms_of_grave_acts_ask_for_a_reason() {
    let server = Server::start();
    let world = server.world();
    // A key that stands by for long enough may be rotated.
    server.advance(Seconds::DAY);
    let owner = server.signed_in("owner");
    let spare = server.administrator("admin");
    let application = format!("/applications/{}", world.billing.client_id);
    let secret = format!("{application}/secrets/{}", world.billing.secret_id);
    let api = server.read(|conn| {
        countersign::store::resources::find_by_identifier(conn, crate::support::world::BILLING_API)
    });
    let api = format!("/apis/{}", api.unwrap().id);
    for path in [
        format!("{application}/suspension"),
        format!("{application}/resumption"),
        format!("{application}/deletion"),
        format!("{application}/access"),
        format!("{application}/owners"),
        format!("{application}/limit"),
        format!("{secret}/revocation"),
        format!("{secret}/rotation"),
        format!("{secret}/expiry"),
        format!("{api}/deletion"),
        format!("{api}/edit"),
        format!("{api}/scopes/invoices%3Aread/deletion"),
        "/keys/rotation?purpose=access_tokens&algorithm=ES256".to_owned(),
        "/people/new".to_owned(),
        format!("/people/{spare}/edit"),
        format!("/people/{spare}/suspension"),
    ] {
        let page = owner.get(&path);
        assert_eq!(page.texts("label[for=f-because]"), ["Reason (optional)"], "{path}");
    }
}
