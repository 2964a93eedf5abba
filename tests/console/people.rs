//! Pages of the people who may sign in.
use crate::support::Server;
use crate::support::browser::PASSWORD;

#[test]
fn an_owner_lets_somebody_in_and_suspends_them() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let fields = [
        ("email", "new@example.com"),
        ("name", "New"),
        ("role", "auditor"),
        ("password", PASSWORD),
    ];
    let made = owner.post("/people/new", &fields);
    assert_eq!(made.status, 303, "{}", made.text);
    let path = made.header("location").unwrap().to_owned();
    let browser = server.browser();
    assert_eq!(browser.sign_in("new@example.com", PASSWORD).status, 303);
    assert_eq!(owner.post(&format!("{path}/suspension"), &[]).status, 303);
    assert_eq!(browser.get("/").status, 303);
    assert_eq!(browser.sign_in("new@example.com", PASSWORD).status, 422);
    assert_eq!(owner.post("/people/new", &fields).status, 422, "the address is taken");
}

#[test]
fn the_last_owner_cannot_suspend_themselves() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let id = server.read(countersign::store::administrators::all)[0].id.clone();
    let refused = owner.post(&format!("/people/{id}/suspension"), &[]);
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("There must be an owner"));
    assert_eq!(owner.get("/").status, 200);
}
