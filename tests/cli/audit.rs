//! `audit`.
use std::collections::BTreeMap;
use std::process::Stdio;

use countersign::model::audit_chain::{Batch, GENESIS, Hash, leaf, root};
use serde_json::Value;

use super::{BILLING, Cli, is_time, text};

#[test]
fn the_log_names_who_acted_and_is_narrowed_by_filters() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("billing-worker");
    cli.application("other");

    let rows = cli.json(&["audit", "list", "--client-id", &client_id]);
    let rows = rows.as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["client_id"] == client_id.as_str()));
    // Those of one act have one time, and no order.
    let newest = rows.iter().find(|row| row["code"] == "secret.added").unwrap();
    assert!(is_time(&newest["time"]), "{newest}");
    let actor = &newest["event"]["actor"];
    assert_eq!((actor["kind"].as_str(), actor["name"].as_str()), (Some("operator"), Some("robot")));
    assert_eq!(actor["method"], "cli");
    assert_eq!(newest["event"]["source"], serde_json::json!({}));

    let count =
        |rest: &[&str]| cli.json(&[&["audit", "list"], rest].concat()).as_array().unwrap().len();
    assert_eq!(count(&[]), 9, "two keys among them");
    assert_eq!(count(&["--limit", "2"]), 2);
    assert_eq!(count(&["--outcome", "success"]), 9);
    assert_eq!(count(&["--outcome", "refused"]), 0);
    assert_eq!(count(&["--reason", "bad_secret"]), 0);
    // Ids tell milliseconds apart.
    let since = format!("{}Z", &text(&newest["time"])[..23]);
    assert_eq!(count(&["--since", &since]), 6);
    assert_eq!(count(&["--since", "2999-01-01T00:00:00Z"]), 0);
    assert!(cli.refused(&["audit", "list", "--since", "yesterday"]).contains("yesterday"));
}

/// From the export alone, without the database, the chain can be made again.
#[test]
fn an_export_has_all_that_the_chain_was_made_from() {
    let cli = Cli::with_billing();
    cli.application("billing-worker");
    let exported = cli.done(&["audit", "export", "--format", "jsonl"]);
    let rows: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.last().unwrap()["event"]["code"], "audit.exported");
    for (position, row) in (1..).zip(&rows) {
        assert_eq!(
            (row["chain"].as_str(), row["position"].as_i64()),
            (Some("main"), Some(position))
        );
    }

    let mut batches: BTreeMap<i64, Vec<&Value>> = BTreeMap::new();
    for row in &rows {
        batches.entry(row["batch"].as_i64().unwrap()).or_default().push(row);
    }
    let mut previous = GENESIS;
    let (mut first_position, last) = (1, batches.len());
    for (number, rows) in batches {
        let leaves: Vec<Hash> =
            rows.iter().map(|row| leaf(&salt(row), row["body"].as_str().unwrap())).collect();
        let times = || rows.iter().map(|row| row["event"]["at"].as_i64().unwrap());
        let batch = Batch {
            chain: "main".into(),
            number,
            first_position,
            events: i64::try_from(rows.len()).unwrap(),
            first_at: times().min().unwrap(),
            last_at: times().max().unwrap(),
            root: root(&leaves),
            previous,
        };
        previous = batch.hash();
        first_position += batch.events;
    }
    let head: String = previous.iter().map(|byte| format!("{byte:02X}")).collect();
    let hash = if cli.database.is_postgres() { "upper(encode(hash, 'hex'))" } else { "hex(hash)" };
    // That the export ended comes after it. Another hash gives a null, which the
    // column does not take.
    let same = format!(
        "CREATE TABLE proof (same BIGINT NOT NULL); INSERT INTO proof SELECT CASE WHEN {hash} = \
         '{head}' THEN 1 END FROM audit_batches WHERE batch = {last}"
    );
    cli.database.execute(&same).unwrap();
}

/// How many rows there are is known once they are there: an export has a second
/// record, when it was not cut off.
#[test]
fn an_export_is_narrowed_and_tells_of_itself() {
    let cli = Cli::with_billing();
    let (client_id, _) = cli.application("=billing-worker");
    cli.application("other");
    let file = cli.folder.path().join("rows.csv").display().to_string();
    cli.done(&["audit", "export", "--format", "csv", "--client", &client_id, "--output", &file]);
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(rows.len() >= 2 && rows.iter().all(|row| row[14] == client_id), "{rows:?}");
    assert!(rows.iter().any(|row| &row[24] == "'=billing-worker"), "no formula: {rows:?}");

    let cef = cli.done(&["audit", "export", "--format", "cef", "--kind", "changes"]);
    assert!(
        cef.lines().count() >= 9 && cef.lines().all(|line| line.starts_with("CEF:0|")),
        "{cef}"
    );
    assert!(cef.contains(r"duser=\=billing-worker"), "{cef}");
    let none = cli.done(&["audit", "export", "--to", "2020-01-01"]);
    assert_eq!(none, "");
    assert!(cli.refused(&["audit", "export", "--from", "yesterday"]).contains("yesterday"));

    let acts = cli.json(&["audit", "list"]);
    let of = |code: &str| -> Vec<String> {
        let acts = acts.as_array().unwrap().iter().filter(|row| row["code"] == code);
        acts.map(|row| text(&row["event"]["detail"])).collect()
    };
    let (begun, ended) = (of("audit.exported"), of("audit.export_ended"));
    assert!(begun.contains(&format!("csv client_id={client_id}")), "{begun:?}");
    assert!(begun.contains(&"jsonl to=2020-01-02T00:00:00Z".to_owned()), "{begun:?}");
    assert!(ended.contains(&format!("csv, {} rows", rows.len())), "{ended:?}");
    assert_eq!((begun.len(), ended.len()), (3, 3));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

fn salt(row: &Value) -> [u8; 16] {
    let digits = text(&row["salt"]);
    let byte = |at: usize| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap();
    std::array::from_fn(byte)
}

#[test]
fn an_export_that_cannot_be_written_does_not_look_like_one_that_was() {
    let cli = Cli::with_billing();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = cli.command(&["audit", "export"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output"));

    // A reader that has seen enough is no failure.
    let mut child = cli.command(&["audit", "export"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn verifying_says_whole_or_which_batch_is_the_first_bad_one() {
    let cli = Cli::with_billing();
    cli.application("billing-worker");
    let whole = cli.json(&["audit", "verify"]);
    assert_eq!((&whole[0]["state"], &whole[0]["events"]), (&"whole".into(), &6.into()));

    let disable = if cli.database.is_postgres() {
        "ALTER TABLE audit_events DISABLE TRIGGER ALL"
    } else {
        "DROP TRIGGER audit_events_are_not_changed"
    };
    cli.database.execute(disable).unwrap();
    cli.database
        .execute(
            "UPDATE audit_events SET body = REPLACE(body, 'robot', 'nobody') WHERE position = 2",
        )
        .unwrap();

    let ran = cli.run(&["audit", "verify", "--json"]);
    assert_eq!(ran.code, 10);
    let rows: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&rows[0]["state"], &rows[0]["batch"]), (&"broken".into(), &2.into()));
    assert!(ran.err.contains("chain main, batch 2: a row was changed"), "{}", ran.err);
    // What is spoiled is evidence too.
    assert!(cli.done(&["audit", "export"]).contains("nobody"));
    assert!(!cli.done(&["audit", "list"]).contains(BILLING));
}
