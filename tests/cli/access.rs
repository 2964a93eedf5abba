//! `access`.
use super::{BILLING, Cli, is_time};

#[test]
fn it_says_who_can_call_what_now_and_who_could_then() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    let rows = cli.json(&["access", "--api", BILLING, "--scope", "invoices:read"]);
    let [row] = rows.as_array().unwrap().as_slice() else { panic!("{rows}") };
    assert_eq!(
        (row["client_id"].as_str(), row["state"].as_str()),
        (Some(&*client_id), Some("active"))
    );
    assert_eq!(row["scopes"], "invoices:read invoices:write");
    assert_eq!(
        (row["all_scopes"].as_str(), row["granted_by"].as_str()),
        (Some("yes"), Some("robot"))
    );
    assert!(is_time(&row["since"]), "{row}");
    assert!(cli.json(&["access", "--at", "2020-01-01"]).as_array().unwrap().is_empty());
    assert!(cli.json(&["access", "--application", "nobody"]).as_array().unwrap().is_empty());
    assert!(cli.done(&["access"]).contains("billing-worker"));
    assert!(cli.refused(&["access", "--at", "yesterday"]).contains("yesterday"));
    let file = cli.done(&["access", "--csv"]);
    assert_eq!(file.lines().count(), 2);
    assert_eq!(cli.codes()[0], "report.exported");
}
