//! `resource` and `scope`.
use super::{BILLING, Cli, is_time, text};
use crate::support::Server;

#[test]
fn an_api_is_registered_shown_listed_and_deleted() {
    let cli = Cli::with_billing();
    let shown = cli.json(&["resource", "show", BILLING]);
    assert_eq!(shown["name"], "Billing API");
    assert_eq!(shown["token_lifetime_seconds"], 600);
    assert_eq!(shown["algorithm"], "ES256");
    assert_eq!(shown["scopes"], serde_json::json!(["invoices:read", "invoices:write"]));
    assert!(is_time(&shown["created_at"]), "{shown}");

    let id = text(&shown["id"]);
    assert_eq!(cli.json(&["resource", "show", &id]), shown);
    assert_eq!(cli.json(&["resource", "list"])[0]["id"], id.as_str());
    assert!(cli.done(&["resource", "list"]).contains(BILLING));

    assert_eq!(
        cli.done(&["resource", "delete", &id]),
        format!("Deleted Billing API ({BILLING}).\n")
    );
    assert_eq!(cli.json(&["resource", "list"]), serde_json::json!([]));
    assert_eq!(cli.codes(), ["resource.deleted", "resource.created"]);
}

#[test]
fn scopes_come_and_go_by_identifier_or_id() {
    let cli = Cli::with_billing();
    let id = text(&cli.json(&["resource", "show", BILLING])["id"]);
    cli.done(&["scope", "add", BILLING, "invoices:void", "--description", "Void invoices"]);
    cli.done(&["scope", "remove", &id, "invoices:read"]);
    let scopes = &cli.json(&["resource", "show", BILLING])["scopes"];
    assert_eq!(*scopes, serde_json::json!(["invoices:void", "invoices:write"]));
    assert_eq!(cli.codes()[..2], ["scope.removed", "scope.added"]);
}

#[test]
fn what_cannot_be_registered_is_refused_and_leaves_nothing() {
    let cli = Cli::with_billing();
    let create = |rest: &[&str]| {
        let start = ["resource", "create", "--name", "X"];
        cli.refused(&[&start, rest].concat())
    };
    assert!(create(&["--identifier", BILLING]).contains("Another API"));
    assert!(create(&["--identifier", "billing"]).contains("absolute URI"));
    assert!(create(&["--identifier", "urn:x", "--token-lifetime", "5"]).contains("30 to 86400"));
    assert!(create(&["--identifier", "urn:x", "--algorithm", "HS256"]).contains("ES256"));
    assert!(create(&["--identifier", "urn:x", "--scope", "a", "--scope", "a"]).contains("twice"));

    assert!(cli.refused(&["scope", "add", BILLING, "invoices:read"]).contains("already"));
    assert!(cli.refused(&["scope", "add", BILLING, "a b"]).contains("no scope"));
    assert_eq!(cli.refused(&["scope", "add", "urn:x", "a"]), "there is no API urn:x");
    assert_eq!(cli.refused(&["resource", "show", "urn:x"]), "there is no API urn:x");
    assert_eq!(cli.refused(&["resource", "delete", "urn:x"]), "there is no API urn:x");
    assert_eq!(
        cli.refused(&["scope", "remove", BILLING, "nope"]),
        format!("there is no scope of {BILLING} nope")
    );
    assert_eq!(cli.codes(), ["resource.created"]);
}

#[test]
fn wrong_usage_is_told_apart_from_a_refusal() {
    let cli = Cli::new();
    for wrong in [
        &["resource"][..],
        &["resource", "create"],
        &["resource", "list", "--limit", "0"],
        &["nonsense"],
        &["audit", "list", "--outcome", "maybe"],
        &["audit", "export", "--format", "xml"],
    ] {
        assert_eq!(cli.run(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_list_is_whole_in_json_and_a_page_with_a_note_for_people() {
    let cli = Cli::new();
    let server = Server::start_on(cli.database.clone(), &[]);
    for number in 0..51 {
        server.resource(&format!("urn:api:{number}"), &[]);
    }
    let count = |arguments: &[&str]| cli.json(arguments).as_array().unwrap().len();
    assert_eq!(count(&["resource", "list"]), 51);
    assert_eq!(count(&["resource", "list", "--limit", "7"]), 7);
    assert_eq!(count(&["audit", "list"]), 57, "and six keys");

    let people = cli.run(&["resource", "list"]);
    assert_eq!(people.out.lines().count(), 1 + 50);
    assert!(people.err.contains("the first 50; --limit"), "{}", people.err);
    let asked = cli.run(&["resource", "list", "--limit", "51"]);
    assert_eq!((asked.out.lines().count(), asked.err.as_str()), (1 + 51, ""));
}

#[test]
fn limits_are_set_listed_and_taken_away() {
    let cli = Cli::with_billing();
    cli.done(&["limit", "set", "--resource", BILLING, "--per-minute", "600", "--watch"]);
    let listed = cli.json(&["limit", "list"]);
    assert_eq!(listed[0]["subject"], BILLING);
    assert_eq!((&listed[0]["per_minute"], &listed[0]["watched"]), (&600.into(), &true.into()));
    cli.done(&["limit", "remove", "--resource", BILLING]);
    assert_eq!(cli.json(&["limit", "list"]), serde_json::json!([]));
    assert_eq!(cli.codes()[..2], ["limit.removed", "limit.set"]);
    assert_eq!(cli.run(&["limit", "set", "--resource", BILLING]).code, 2, "which limit?");
    assert_ne!(cli.run(&["limit", "set", "--resource", "urn:none", "--per-day", "1"]).code, 0);
}

/// A `kid` is a thumbprint: its first letter is one of sixty-four.
#[test]
fn a_key_whose_id_begins_with_a_hyphen_is_named_like_any_other() {
    let cli = Cli::new();
    let kid = "-cFfwzJGCTFY6GrR3Fm01u5vADstJYLNTZKG8tpLTNU";
    for arguments in [
        vec!["revoke", "key", kid, "--reason", "moved"],
        vec!["revoke", "key", "--reason", "moved", kid],
    ] {
        assert_eq!(cli.refused(&arguments), format!("there is no key {kid}"));
    }
}
