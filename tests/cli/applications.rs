//! `application`, `secret` and `grant`.
use serde_json::json;

use super::{BILLING, Cli, is_time, text};

#[test]
fn a_secret_is_printed_once_and_nowhere_again() {
    let cli = Cli::with_billing();
    let (client_id, secret) = cli.application("billing-worker");
    assert!(client_id.starts_with("m2m_") && secret.starts_with("csk_"));
    let added = cli.json(&["secret", "add", &client_id, "--name", "next", "--days", "30"]);
    assert!(is_time(&added["expires_at"]), "{added}");
    let second = text(&added["client_secret"]);

    for later in [
        &["application", "show", &client_id][..],
        &["application", "list"],
        &["secret", "list", &client_id],
        &["audit", "list"],
        &["audit", "export"],
        &["check"],
    ] {
        let ran = cli.run(&[later, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{later:?}: {}", ran.err);
        for value in [&secret, &second] {
            assert!(!ran.out.contains(value.as_str()), "{later:?}");
        }
    }
    let for_people = cli.run(&["secret", "add", &client_id, "--name", "third"]);
    assert_eq!(for_people.out.matches("csk_").count(), 1);
    assert!(for_people.err.contains("cannot be shown again"));
}

#[test]
fn an_application_is_made_with_what_it_may_do_and_how_long_its_secret_works() {
    let cli = Cli::with_billing();
    let grant = format!("{BILLING}=invoices:write,invoices:read");
    let arguments = [
        "application",
        "create",
        "--name",
        "billing-worker",
        "--owner",
        "Payments",
        "--token-lifetime",
        "60",
        "--secret-name",
        "first",
        "--secret-days",
        "90",
        "--grant",
        &grant,
    ];
    let made = cli.json(&arguments);
    assert!(text(&made["secret_id"]).starts_with("sec_"), "{made}");
    assert!(is_time(&made["secret_expires_at"]), "{made}");

    let client_id = text(&made["client_id"]);
    let shown = cli.json(&["application", "show", &client_id]);
    assert_eq!(shown["owner"], "Payments");
    assert_eq!(shown["state"], "active");
    assert_eq!(shown["token_lifetime_seconds"], 60);
    assert_eq!(shown["grants"], json!([format!("{BILLING}=invoices:read,invoices:write")]));
    assert_eq!(shown["secrets"], json!(["first"]));

    let without = cli.json(&["application", "create", "--name", "later", "--no-secret"]);
    assert_eq!(without.get("client_secret"), None);
    let found = cli.json(&["application", "list", "--search", "WORK"]);
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0]["client_id"], client_id.as_str());
}

#[test]
fn one_bad_grant_and_no_application_is_made() {
    let cli = Cli::with_billing();
    let create =
        |grant: &str| cli.refused(&["application", "create", "--name", "x", "--grant", grant]);
    assert!(create("urn:x=*").contains("no API urn:x"));
    assert!(create(&format!("{BILLING}=nope")).contains("no scope nope"));
    assert!(create(BILLING).contains("URI=scope,scope"));
    assert_eq!(cli.json(&["application", "list"]), json!([]));
    assert!(cli.refused(&["application", "create", "--name", " "]).contains("name"));
    assert_eq!(cli.codes(), ["resource.created"]);
}

#[test]
fn an_application_is_suspended_resumed_and_deleted() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    let state = || cli.json(&["application", "show", &client_id])["state"].clone();

    cli.done(&["application", "suspend", &client_id]);
    assert_eq!(state(), "suspended");
    assert!(cli.refused(&["application", "suspend", &client_id]).contains("already"));
    cli.done(&["application", "resume", &client_id]);
    assert_eq!(state(), "active");
    assert!(cli.refused(&["application", "resume", &client_id]).contains("already"));

    let deleted = cli.done(&["application", "delete", &client_id]);
    let said = format!("Deleted billing-worker ({client_id}). It can be restored until 20");
    assert!(deleted.starts_with(&said), "{deleted}");
    for verb in ["show", "suspend", "resume", "delete"] {
        let sentence = cli.refused(&["application", verb, &client_id]);
        assert_eq!(sentence, format!("there is no application {client_id}"));
    }
    let codes = cli.codes();
    assert_eq!(codes[..3], ["application.deleted", "application.resumed", "application.suspended"]);
}

#[test]
fn a_deleted_application_is_listed_apart_and_restored_once() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    assert_eq!(cli.json(&["application", "deleted"]), json!([]));
    assert!(cli.refused(&["application", "restore", &client_id]).contains("not deleted"));
    let before = cli.json(&["application", "show", &client_id]);
    let deleted = cli.json(&["application", "delete", &client_id]);
    assert!(is_time(&deleted["restorable_until"]), "{deleted}");

    assert_eq!(cli.json(&["application", "list"]), json!([]));
    let listed = cli.json(&["application", "deleted"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["client_id"], client_id.as_str());
    assert_eq!(listed[0]["deleted_by"], "robot");
    assert_eq!(listed[0]["restorable_until"], deleted["restorable_until"]);

    cli.json(&["resource", "delete", BILLING]);
    let ran = cli.run(&["application", "restore", &client_id, "--because", "Ticket 4711"]);
    assert_eq!(ran.out, format!("Restored billing-worker ({client_id}).\n"));
    assert!(ran.err.contains("Not restored: Its access to Billing API"), "{}", ran.err);
    let after = cli.json(&["application", "show", &client_id]);
    assert_eq!((&after["secrets"], &after["grants"]), (&before["secrets"], &json!([])));
    assert_eq!(cli.json(&["application", "deleted"]), json!([]));
    assert!(cli.refused(&["application", "restore", &client_id]).contains("not deleted"));
    assert!(cli.refused(&["application", "restore", "m2m_x"]).contains("no application m2m_x"));
    let event = cli.json(&["audit", "list", "--limit", "1"]);
    assert_eq!(event[0]["code"], "application.restored");
    assert!(event.to_string().contains("Ticket 4711"), "{event}");
}

#[test]
fn secrets_are_added_beside_others_and_revoked_once() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    let added = cli.json(&["secret", "add", &client_id, "--name", "next"]);
    let secret_id = text(&added["secret_id"]);
    assert_eq!(added["created_by"], "robot");

    cli.done(&["secret", "revoke", &client_id, &secret_id]);
    let all = cli.json(&["secret", "list", &client_id]);
    assert_eq!((&all[0]["state"], &all[1]["state"]), (&json!("revoked"), &json!("active")));
    assert!(is_time(&all[0]["revoked_at"]), "{all}");

    assert!(cli.refused(&["secret", "revoke", &client_id, &secret_id]).contains("already"));
    assert!(cli.refused(&["secret", "revoke", &client_id, "sec_x"]).contains("sec_x"));
    let (other, _) = cli.application("other");
    assert!(cli.refused(&["secret", "revoke", &other, &secret_id]).contains("no secret"));
    assert!(cli.refused(&["secret", "add", "m2m_x", "--name", "n"]).contains("m2m_x"));
    assert!(cli.refused(&["secret", "list", "m2m_x"]).contains("m2m_x"));
    let days = cli.refused(&["secret", "add", &client_id, "--name", "n", "--days", "0"]);
    assert!(days.contains("1 to 3650"), "{days}");
}

#[test]
fn a_grant_takes_the_place_of_the_one_before_and_goes() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    let grants = || cli.json(&["application", "show", &client_id])["grants"].clone();
    assert_eq!(grants(), json!([format!("{BILLING}=*")]));

    let narrow = format!("{BILLING}=invoices:read");
    cli.done(&["grant", "set", &client_id, &narrow]);
    assert_eq!(grants(), json!([narrow]));
    cli.done(&["grant", "remove", &client_id, BILLING]);
    assert_eq!(grants(), json!([]));

    assert!(cli.refused(&["grant", "remove", &client_id, BILLING]).contains("no grant"));
    assert!(cli.refused(&["grant", "set", "m2m_x", &narrow]).contains("no application m2m_x"));
    assert_eq!(cli.codes()[..2], ["grant.removed", "grant.set"]);
}

#[test]
fn a_command_says_why_it_is_given() {
    let cli = Cli::with_billing();
    let (client_id, secret) = cli.application("billing-worker");
    cli.done(&["application", "suspend", &client_id, "--because", "Ticket 4711"]);
    let event = cli.json(&["audit", "list", "--limit", "1"]);
    assert!(event.to_string().contains("Ticket 4711"), "{event}");
    let refused = cli.refused(&["application", "resume", &client_id, "--because", &secret]);
    assert!(refused.contains("Leave tokens and secrets out"), "{refused}");
    assert!(cli.refused(&["check", "--because", "curious"]).contains("nothing that has a reason"));
}
