//! Pages of signing keys.
use countersign::model::signing_key::State;
use countersign::oauth::time::Seconds;
use countersign::store::signing_keys;

use crate::support::Server;

const PAIR: [(&str, &str); 2] = [("purpose", "access_tokens"), ("algorithm", "ES256")];

#[test]
fn keys_are_seen_with_what_happens_to_them_next() {
    let server = Server::start();
    let page = server.signed_in("auditor").get("/keys");
    assert_eq!(page.texts("h2")[..4].len(), 4);
    let plates = page.texts("#main .plate");
    assert_eq!(plates, ["Signing", "Stands by", "Signing", "Stands by"]);
    assert!(page.texts("td.num")[0].starts_with("signs until"), "{:?}", page.texts("td.num"));
    let acts = page.texts(".row-acts a:not([href^='/changes'])");
    assert!(acts.is_empty(), "an auditor changes nothing");
    for key in server.read(signing_keys::all) {
        assert!(page.text.contains(&key.kid));
    }
    assert!(!page.text.contains("sealed"));
}

#[test]
fn a_rotation_that_is_too_soon_says_from_when_it_is_safe() {
    let server = Server::start();
    let browser = server.signed_in("admin");
    let path = "/keys/rotation?purpose=access_tokens&algorithm=ES256";
    let page = browser.get(path);
    assert!(page.text.contains("Not yet.") && page.text.contains("15 Nov 2023, 22:13:20 UTC"));
    assert!(page.texts("#main form button").is_empty());
    let refused = browser.post("/keys/rotation", &PAIR);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("2023-11-15T22:13:20Z"), "{}", refused.text);

    server.advance(Seconds::DAY);
    let browser = server.browser();
    browser.sign_in("admin@example.com", crate::support::browser::PASSWORD);
    assert_eq!(browser.get(path).texts("#main form button"), ["Rotate"]);
    assert_eq!(browser.post("/keys/rotation", &PAIR).status, 303);
    let page = browser.get("/keys");
    assert_eq!(page.texts("[role=status] p"), ["The next key signs from now on."]);
    let keys = server.read(signing_keys::all);
    assert_eq!(keys.iter().filter(|key| key.state == State::Retired).count(), 1);
    let event = server.events("signing_key.activated").remove(0);
    assert_eq!(event.actor.name.as_deref(), Some("admin"));
}

#[test]
fn an_auditor_rotates_nothing_and_nobody_a_key_there_is_not() {
    let server = Server::start();
    let auditor = server.signed_in("auditor");
    assert_eq!(auditor.post("/keys/rotation", &PAIR).status, 403);
    let owner = server.signed_in("owner");
    for (purpose, algorithm) in
        [("x", "ES256"), ("access_tokens", "HS256"), ("token_status", "EdDSA")]
    {
        let path = format!("/keys/rotation?purpose={purpose}&algorithm={algorithm}");
        assert_eq!(owner.get(&path).status, 404, "{path}");
    }
}
