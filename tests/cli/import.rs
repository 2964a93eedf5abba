//! `countersign import`: a file in; applications, and a file of results out.
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use countersign::host::Clock;
use serde_json::{Value, json};

use super::{BILLING, Cli, text};
use crate::support::Server;
use crate::support::world::Client;

impl Cli {
    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// What the results of an import say, without the line that names it.
    fn results(&self, name: &str) -> Vec<Value> {
        let path = self.folder.path().join(format!("{name}.results.jsonl"));
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let content = std::fs::read_to_string(path).unwrap();
        content.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn names(&self) -> usize {
        let all = self.json(&["application", "list", "--limit", "1000"]);
        all.as_array().unwrap().len()
    }
}

fn row(number: usize) -> String {
    let grant = format!("{BILLING}=invoices:read");
    json!({ "external_id": format!("sn-{number}"), "name": format!("pump {number}"), "grants": [grant] })
        .to_string()
}

fn rows(count: usize) -> String {
    (0..count).map(|number| row(number) + "\n").collect()
}

fn client(result: &Value) -> Client {
    Client {
        client_id: text(&result["client_id"]),
        secret_id: text(&result["secret_id"]),
        secret: text(&result["client_secret"]),
    }
}

#[test]
fn each_row_is_an_application_that_gets_tokens() {
    let cli = Cli::with_billing();
    let file = cli.file("fleet.jsonl", &rows(3));
    let sums = cli.json(&["import", &file]);
    assert_eq!((&sums["imported"], &sums["refused"]), (&json!(3), &json!(0)), "{sums}");

    let results = cli.results("fleet.jsonl");
    assert_eq!(results.len(), 3);
    let server = Server::start_on(cli.database.clone(), &[]);
    server.advance(Clock::System.now().since(server.clock.now()));
    for result in &results {
        assert_eq!(server.token(&client(result), &[]).status, 200, "{result}");
    }
    let shown = cli.json(&["application", "show", &text(&results[1]["client_id"])]);
    assert_eq!((&shown["external_id"], &shown["name"]), (&json!("sn-1"), &json!("pump 1")));
    assert_eq!(shown["grants"], json!([format!("{BILLING}=invoices:read")]));

    // Who holds what is asked of the past too, and who registered it of the log.
    let held = cli.json(&["access", "--api", BILLING]);
    assert_eq!(held.as_array().unwrap().len(), 3, "{held}");
    assert_eq!(server.events("application.created").len(), 3);
    let finished = server.events("import.finished").remove(0);
    let change = |name: &str| {
        let found = finished.changes.iter().find(|change| change.field == name);
        found.map(|change| change.after.clone()).unwrap_or_default()
    };
    assert_eq!(change("imported"), "3");
    assert_eq!(change("file_sha256").len(), 64);
    cli.done(&["audit", "verify"]);
}

#[test]
fn a_bad_row_is_refused_with_its_line_and_the_others_are_taken_in() {
    let cli = Cli::with_billing();
    let digest = "ab".repeat(32);
    let content = [
        row(0),
        String::new(),
        "{".to_owned(),
        r#"{"name":""}"#.to_owned(),
        r#"{"name":"x","grants":["urn:nobody=*"]}"#.to_owned(),
        format!(r#"{{"name":"x","grants":["{BILLING}=invoices:burn"]}}"#),
        row(0),
        format!(r#"{{"name":"held","secret_sha256":"{digest}"}}"#),
        r#"{"name":"bare","secret":"none"}"#.to_owned(),
    ];
    let file = cli.file("fleet.jsonl", &content.join("\n"));

    let rehearsed = cli.run(&["import", &file, "--dry-run", "--json"]);
    let sums: Value = serde_json::from_str(&rehearsed.out).unwrap();
    assert_eq!((&sums["would_import"], &sums["would_skip"]), (&json!(3), &json!(1)), "{sums}");
    assert_eq!((rehearsed.code, cli.names()), (1, 0));
    assert!(rehearsed.err.contains("line 5: There is no API urn:nobody."), "{}", rehearsed.err);

    let ran = cli.run(&["import", &file, "--json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("4 of 8 rows were refused"), "{}", ran.err);
    let results = cli.results("fleet.jsonl");
    let told: Vec<(u64, String)> =
        results.iter().map(|r| (r["line"].as_u64().unwrap(), text(&r["result"]))).collect();
    let word = |line, word: &str| (line, word.to_owned());
    assert_eq!(
        told,
        [
            word(1, "imported"),
            word(3, "refused"),
            word(4, "refused"),
            word(5, "refused"),
            word(6, "refused"),
            word(7, "skipped"),
            word(8, "imported"),
            word(9, "imported"),
        ]
    );
    assert_eq!(results[5]["client_id"], results[0]["client_id"]);
    assert!(text(&results[4]["error"]).contains("no scope invoices:burn"));
    assert!(results[6].get("client_secret").is_none() && results[6].get("secret_id").is_some());
    assert!(results[7].get("secret_id").is_none());
    assert_eq!(cli.names(), 3);
}

#[test]
fn a_second_import_of_the_same_file_skips_every_row() {
    let cli = Cli::with_billing();
    let file = cli.file("fleet.csv", &format!("name,grants\npump,{BILLING}=*\nvalve,\n"));
    cli.json(&["import", &file]);
    let again = cli.refused(&["import", &file]);
    assert!(again.contains("the results cannot be written"), "{again}");

    let other = cli.folder.path().join("other").display().to_string();
    let sums = cli.json(&["import", &file, "--results", &other]);
    assert_eq!((&sums["imported"], &sums["skipped"]), (&json!(0), &json!(2)), "{sums}");
    assert_eq!(cli.names(), 2);
}

#[test]
fn an_import_that_stopped_between_results_and_commit_goes_on_and_loses_no_secret() {
    let cli = Cli::with_billing();
    let file = cli.file("fleet.jsonl", &rows(2_500));
    cli.database.execute(&stop_after(1_000, cli.database.is_postgres())).unwrap();
    let stopped = cli.refused(&["import", &file]);
    assert!(stopped.contains("--resume"), "{stopped}");
    assert_eq!(cli.results("fleet.jsonl").len(), 2_000, "the second thousand did not commit");

    cli.database.execute(&go_on(cli.database.is_postgres())).unwrap();
    let other = cli.file("other.jsonl", &rows(2_501).replace("pump 7\"", "pump 8\""));
    let results = format!("{file}.results.jsonl");
    let refused = cli.refused(&["import", &other, "--resume", "--results", &results]);
    assert!(refused.contains("not the file"), "{refused}");

    let sums = cli.json(&["import", &file, "--resume"]);
    assert_eq!((&sums["imported"], &sums["skipped"]), (&json!(2_500), &json!(0)), "{sums}");
    let results = cli.results("fleet.jsonl");
    assert_eq!(results.len(), 2_500);
    let server = Server::start_on(cli.database.clone(), &[]);
    server.advance(Clock::System.now().since(server.clock.now()));
    for number in [0, 999, 1_000, 1_999, 2_499] {
        assert_eq!(server.token(&client(&results[number]), &[]).status, 200, "{number}");
    }
    assert!(cli.refused(&["import", &file, "--resume"]).contains("finished"));
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_was() {
    let cli = Cli::with_billing();
    let results = cli.folder.path().join("killed.results.jsonl");
    let path = results.display().to_string();
    let arguments = ["import", "-", "--format", "jsonl", "--results", &path];
    let mut child = cli.command(&arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(rows(1_500).as_bytes()).unwrap();
    let since = Instant::now();
    let lines = || std::fs::read_to_string(&results).unwrap_or_default().lines().count();
    while lines() < 1_001 {
        assert!(since.elapsed() < Duration::from_mins(1), "{}", lines());
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();

    let resume = [&arguments[..], &["--resume", "--json"]].concat();
    let ran = cli.run_with(&resume, &rows(1_500));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let sums: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&sums["rows"], &sums["imported"]), (&json!(1_500), &json!(1_500)), "{sums}");
    assert_eq!(cli.results("killed").len(), 1_500);
}

/// Makes the database refuse to note that more rows were read.
fn stop_after(rows: usize, is_postgres: bool) -> String {
    if is_postgres {
        format!(
            "CREATE FUNCTION stop() RETURNS trigger AS $$ BEGIN IF NEW.rows_read > {rows} THEN \
             RAISE EXCEPTION 'stopped'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER stop BEFORE UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION stop()"
        )
    } else {
        format!(
            "CREATE TRIGGER stop BEFORE UPDATE ON imports WHEN NEW.rows_read > {rows} \
             BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        )
    }
}

fn go_on(is_postgres: bool) -> String {
    if is_postgres { "DROP TRIGGER stop ON imports" } else { "DROP TRIGGER stop" }.to_owned()
}
