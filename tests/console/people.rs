//! Pages of the people who may sign in.
use countersign::store::administrators::find_by_email;

use crate::support::Server;
use crate::support::browser::PASSWORD;

#[test]
fn an_owner_suspends_somebody() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let browser = server.signed_in("auditor");
    let found = server.read(|conn| find_by_email(conn, "auditor@example.com")).unwrap().0;
    assert_eq!(owner.post(&format!("/people/{}/suspension", found.id), &[]).status, 303);
    assert_eq!(browser.get("/").status, 303);
    assert_eq!(browser.sign_in("auditor@example.com", PASSWORD).status, 422);
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

/// A form that was refused shows no password.
#[test]
fn a_password_that_was_typed_is_never_shown_again() {
    let server = Server::start();
    let owner = server.signed_in("owner");
    let fields = [("current", "not the one I have"), ("password", PASSWORD)];
    let again = owner.post("/profile/password", &fields);
    assert_eq!(again.status, 422);
    assert!(!again.text.contains(PASSWORD));
}

#[test]
fn the_list_is_a_file_too_and_says_of_second_factors_to_owners_alone() {
    let server = Server::start();
    let auditor = server.signed_in("auditor");
    let file = auditor.get("/people.csv");
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"people.csv\""));
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines[0], "name,email,role,state,added,last_sign_in");
    assert!(lines[1].starts_with("auditor,auditor@example.com,auditor,active,2023-11-14T"));
    let owner = server.signed_in("owner");
    let file = owner.get("/people.csv").text;
    let lines: Vec<&str> = file.lines().collect();
    assert!(lines[0].ends_with(",last_sign_in,second_factor"), "{file}");
    assert!(lines[1..].iter().all(|line| line.ends_with(",none")), "{file}");
    assert_eq!(lines.len() - 1, owner.get("/people").texts("table.people tbody tr").len());
    let recorded = server.events("report.exported");
    assert_eq!(recorded[0].detail.as_deref(), Some("people"));
    assert_eq!(recorded[0].actor.name.as_deref(), Some("auditor"));
}
