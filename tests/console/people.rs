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

#[test]
fn the_last_owner_cannot_become_less() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let id = server.read(countersign::store::administrators::all)[0].id.clone();
    let fields =
        [("name", "owner"), ("email", "owner@example.com"), ("role", "admin"), ("version", "1")];
    let refused = owner.post(&format!("/people/{id}/edit"), &fields);
    assert_eq!(refused.status, 409);
    assert_eq!(refused.texts("#f-role .error").len(), 1);
    assert!(refused.texts(".stored").is_empty(), "nothing else changed meanwhile");
}

/// A session alone must not be enough to keep its owner out.
#[test]
fn an_owner_sets_the_password_of_others_and_not_their_own_this_way() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let id = server.read(countersign::store::administrators::all)[0].id.clone();
    let new = [("password", "another long password")];
    let own = owner.post(&format!("/people/{id}/password"), &new);
    assert_eq!((own.status, own.header("location")), (303, Some("/profile")));
    assert!(server.events("administrator.password_set").is_empty());

    let other = server.administrator("admin");
    let path = format!("/people/{other}/password");
    assert_eq!(owner.post(&path, &[("password", "too short")]).status, 422);
    assert_eq!(owner.post(&path, &new).status, 303);
    let browser = server.browser();
    assert_eq!(browser.sign_in("admin@example.com", PASSWORD).status, 422);
    assert_eq!(browser.sign_in("admin@example.com", "another long password").status, 303);
}

#[test]
fn a_password_that_was_typed_is_never_shown_again() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let fields = [("email", "x"), ("name", ""), ("role", "admin"), ("password", PASSWORD)];
    let again = owner.post("/people/new", &fields);
    assert_eq!(again.status, 422);
    assert!(!again.text.contains(PASSWORD));
}
