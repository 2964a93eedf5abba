//! The command line: exit codes, one sentence, JSON.
use std::time::{Duration, Instant};

use serde_json::json;

use super::Place;
use crate::support::http::basic;

const API: &str = "https://api.example.com/billing";

fn refused(place: &Place, arguments: &[&str]) -> String {
    let output = place.run(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
    assert!(error.starts_with("countersign: ") && error.trim().lines().count() == 1, "{error}");
    error
}

#[test]
fn a_whole_registry_is_made_and_taken_apart_from_scripts() {
    let place = Place::new();
    let api = place.json(&[
        "resource",
        "create",
        "--identifier",
        API,
        "--name",
        "Billing API",
        "--scope",
        "invoices:read=Read invoices",
        "--scope",
        "invoices:write",
    ]);
    assert_eq!(api["scopes"], json!(["invoices:read", "invoices:write"]));
    let grant = format!("{API}=invoices:read,invoices:write");
    let made =
        place.json(&["application", "create", "--name", "billing-worker", "--grant", &grant]);
    let id = made["client_id"].as_str().unwrap();
    assert!(id.starts_with("m2m_"));
    assert!(made["client_secret"].as_str().unwrap().starts_with("csk_"));
    assert_eq!(place.json(&["application", "show", id])["grants"], json!([grant]));

    let added = place.json(&["secret", "add", id, "--name", "next", "--days", "30"]);
    let listed = place.json(&["secret", "list", id]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("csk_"), "a value is printed once");
    place.json(&["secret", "revoke", id, added["secret_id"].as_str().unwrap()]);
    place.json(&["scope", "add", API, "refunds:create"]);
    place.json(&["grant", "set", id, &format!("{API}=*")]);
    place.json(&["scope", "remove", API, "invoices:write"]);
    place.json(&["application", "suspend", id]);
    place.json(&["application", "resume", id]);
    place.json(&["grant", "remove", id, API]);
    place.json(&["application", "delete", id]);
    place.json(&["resource", "delete", API]);

    let log = place.json(&["audit", "list", "--limit", "100"]);
    let codes: Vec<_> =
        log.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    for code in [
        "resource.created",
        "application.created",
        "grant.set",
        "secret.added",
        "secret.revoked",
        "scope.added",
        "scope.removed",
        "application.suspended",
        "application.resumed",
        "grant.removed",
        "application.deleted",
        "resource.deleted",
    ] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    assert!(!log.to_string().contains("csk_"));
}

#[test]
fn what_is_refused_says_why_in_one_sentence_and_changes_nothing() {
    let place = Place::new();
    place.json(&["migrate"]);
    refused(&place, &["resource", "create", "--identifier", "billing", "--name", "x"]);
    refused(&place, &["application", "create", "--name", "x", "--grant", "urn:none=a"]);
    refused(&place, &["application", "create", "--name", "x", "--grant", "urn:none"]);
    refused(&place, &["application", "show", "m2m_none"]);
    refused(&place, &["secret", "list", "m2m_none"]);
    refused(&place, &["grant", "remove", "m2m_none", "urn:none"]);
    refused(&place, &["administrator", "set-password", "nobody@example.com"]);
    refused(&place, &["healthcheck"]);
    assert_eq!(place.json(&["audit", "list"]), json!([]));
    assert_eq!(place.run(&["application", "create"]).status.code(), Some(2), "wrong usage");
    assert_eq!(place.run(&["nonsense"]).status.code(), Some(2));
}

#[test]
fn a_setting_that_is_none_stops_every_command() {
    let place = Place::new();
    let output =
        place.command(&["application", "list"]).env("COUNTERSIGN_LISTNE", "x").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("COUNTERSIGN_LISTNE"));
}

#[test]
fn a_password_comes_from_the_environment_or_standard_input_only() {
    let place = Place::new();
    let create =
        ["administrator", "create", "--email", "a@b.example", "--name", "A", "--role", "owner"];
    refused(&place, &create);
    let mut command = place.command(&create);
    let made = command.env("COUNTERSIGN_PASSWORD", "correct horse battery").output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let people = place.json(&["administrator", "list"]);
    assert_eq!(people[0]["email"], "a@b.example");
    assert!(!people.to_string().contains("argon2"));
}

#[test]
fn check_finds_what_is_wrong_and_tells_no_secret() {
    let place = Place::new();
    drop(place.serve(&[]));
    let good = place.json(&["check"]);
    assert!(
        good["checks"].as_array().unwrap().iter().all(|check| check["result"] == "ok"),
        "{good}"
    );
    assert!(!good.to_string().contains(&"0f".repeat(32)));
    let wrong = place
        .command(&["check", "--json"])
        .env("COUNTERSIGN_MASTER_KEY", "1f".repeat(32))
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("does not open"));
}

/// A server that runs hears of what a command did within a second.
#[test]
fn a_running_server_takes_up_what_a_command_did() {
    let place = Place::new();
    let _running = place.serve(&[]);
    place.json(&["resource", "create", "--identifier", API, "--name", "B", "--scope", "a"]);
    let grant = format!("{API}=a");
    let made = place.json(&["application", "create", "--name", "w", "--grant", &grant]);
    let id = made["client_id"].as_str().unwrap();
    let header = basic(id, made["client_secret"].as_str().unwrap());
    let status = || {
        let form = [("grant_type", "client_credentials")];
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("http://{}/oauth/token", place.address);
        agent.post(&url).header("authorization", &header).send_form(form).unwrap().status().as_u16()
    };
    assert_eq!(status(), 200);

    place.json(&["application", "suspend", id]);
    let suspended = Instant::now();
    while status() != 401 {
        assert!(suspended.elapsed() < Duration::from_secs(5), "not taken up");
    }
}
