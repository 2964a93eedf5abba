//! Limits on tokens, as people set them.
use crate::support::Server;

#[test]
fn a_limit_is_set_watched_and_taken_away_on_a_page_of_its_own() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let page = format!("/applications/{}/limit", world.billing.client_id);
    assert_eq!(browser.get(&page).status, 200);

    let wrong =
        browser.post(&page, &[("per_minute", "0"), ("per_day", "many"), ("mode", "enforced")]);
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.texts(".error").len(), 2);
    assert!(wrong.text.contains("value=\"many\""), "what was typed stays");

    let set = browser.post(&page, &[("per_minute", "2"), ("per_day", ""), ("mode", "enforced")]);
    assert_eq!((set.status, set.header("location")), (303, Some(page.as_str())));
    let tokens: Vec<u16> = (0..3).map(|_| server.token(&world.billing, &[]).status).collect();
    assert_eq!(tokens, [200, 200, 429]);
    actix_web::rt::System::new().block_on(server.app.write_met_limits());
    let shown = browser.get(&page);
    assert!(shown.text.contains("value=\"2\""));
    assert_eq!(shown.texts("tbody tr td.num"), ["1", "0"]);
    assert!(browser.get("/").text.contains("was met in the last 24 hours"));

    browser.post(&page, &[("per_minute", ""), ("per_day", ""), ("mode", "enforced")]);
    assert_eq!(server.token(&world.billing, &[]).status, 200);
    assert_eq!(server.events("limit.removed").len(), 1);
}

#[test]
fn the_limit_of_an_api_says_which_application_met_it() {
    let server = Server::start();
    let world = server.world();
    let browser = server.signed_in("admin");
    let api = "https://api.example.com/billing";
    let id = server.read(|conn| countersign::store::resources::find_by_identifier(conn, api));
    let page = format!("/apis/{}/limit", id.unwrap().id);
    let fields = [("per_minute", "1"), ("per_day", "100"), ("mode", "watched")];
    assert_eq!(browser.post(&page, &fields).status, 303);
    for _ in 0..3 {
        assert_eq!(server.token(&world.billing, &[("resource", api)]).status, 200);
    }
    actix_web::rt::System::new().block_on(server.app.write_met_limits());
    let shown = browser.get(&page);
    assert_eq!(shown.texts("tbody tr td.num"), ["0", "2"]);
    assert_eq!(browser.get("/apis/res_00000000000000000000000000/limit").status, 404);
}

#[test]
fn all_limits_and_those_that_were_met_are_on_one_page() {
    let server = Server::start_with(&[
        ("COUNTERSIGN_TOKENS_PER_MINUTE", "60"),
        ("COUNTERSIGN_TOKENS_PER_MINUTE_WATCHED", "true"),
    ]);
    let world = server.world();
    let admin = server.signed_in("admin");
    let empty = admin.get("/limits");
    assert!(empty.text.contains("60 a minute, only watched"));
    assert_eq!(empty.texts("tbody tr").len(), 0);

    let page = format!("/applications/{}/limit", world.billing.client_id);
    admin.post(&page, &[("per_minute", "1"), ("per_day", "9"), ("mode", "enforced")]);
    for _ in 0..3 {
        server.token(&world.billing, &[]);
    }
    actix_web::rt::System::new().block_on(server.app.write_met_limits());
    let shown = admin.get("/limits");
    assert_eq!(shown.texts("tbody td.num"), ["2", "0"]);
    assert!(shown.text.contains("1 a minute and 9 a day"));
    assert!(shown.text.contains(&format!("href=\"{page}\"")));
    let auditor = server.signed_in("auditor").get("/limits");
    assert_eq!(auditor.texts("tbody td.num"), ["2", "0"]);
    assert!(!auditor.text.contains(&page), "whom it would be refused it is not offered");
}
