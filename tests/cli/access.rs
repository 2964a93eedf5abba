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

#[test]
fn a_saved_question_is_answered_as_text_json_and_file() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    let questions = cli.json(&["audit", "questions"]);
    assert!(questions.as_array().unwrap().len() >= 20);
    let life = cli.json(&["audit", "question", "applications"]);
    assert_eq!(
        (life[0]["act"].as_str(), life[0]["client_id"].as_str()),
        (Some("created"), Some(&*client_id))
    );
    assert!(
        cli.done(&["audit", "question", "access", "--api", BILLING]).contains("invoices:write")
    );
    let old = ["audit", "question", "applications", "--from", "2020-01-01", "--to", "2020-01-31"];
    assert!(cli.json(&old).as_array().unwrap().is_empty());
    let file = cli.done(&["audit", "question", "secrets", "--days", "0", "--csv"]);
    assert_eq!((file.lines().count(), cli.codes()[0].as_str()), (2, "report.exported"));
    assert!(cli.refused(&["audit", "question", "token"]).contains("--token"));
    assert!(cli.refused(&["audit", "question", "nothing"]).contains("audit questions"));
    let wrong = ["audit", "question", "applications", "--from", "2020-02-01", "--to", "2020-01-01"];
    assert!(cli.refused(&wrong).contains("before it begins"));
}
