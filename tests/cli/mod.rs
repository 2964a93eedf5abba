//! The program as scripts and people run it: arguments in; text, JSON and an
//! exit code out.
mod access;
mod administrators;
mod applications;
mod approvals;
mod audit;
mod evidence;
mod import;
mod operations;
mod registry;
mod server;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;

use crate::support::database::TestDatabase;

pub const BILLING: &str = "https://api.example.com/billing";

/// A database, a data folder and an environment to run commands in.
pub struct Cli {
    pub database: Arc<TestDatabase>,
    pub folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What a command left behind.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Cli {
    pub fn new() -> Self {
        let database = Arc::new(TestDatabase::new());
        let mut cli =
            Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new(), database };
        cli.set("DATABASE_URL", &cli.database.url.clone());
        cli.set("COUNTERSIGN_DATA_DIR", &cli.data().display().to_string());
        cli.set("COUNTERSIGN_MASTER_KEY", &"0f".repeat(32));
        cli.set("USER", "robot");
        cli
    }

    /// With the API and two scopes that most tests need.
    pub fn with_billing() -> Self {
        let cli = Self::new();
        cli.done(&[
            "resource",
            "create",
            "--identifier",
            BILLING,
            "--name",
            "Billing API",
            "--scope",
            "invoices:read",
            "--scope",
            "invoices:write=Write invoices",
        ]);
        cli
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// The command, in nobody's environment but ours.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// With these lines on standard input.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // One that refuses before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        ran.out
    }

    /// [`Cli::done`] with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.done(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}"))
    }

    /// Runs a command that must be refused: exit code 1, nothing printed but
    /// one sentence on standard error, which is returned.
    pub fn refused(&self, arguments: &[&str]) -> String {
        self.run(arguments).refusal()
    }

    /// Registers an application that may do everything at the Billing API.
    pub fn application(&self, name: &str) -> (String, String) {
        let grant = format!("{BILLING}=*");
        let made = self.json(&["application", "create", "--name", name, "--grant", &grant]);
        (text(&made["client_id"]), text(&made["client_secret"]))
    }

    /// The codes in the audit log, newest first.
    pub fn codes(&self) -> Vec<String> {
        let rows = self.json(&["audit", "list"]);
        let codes = rows.as_array().unwrap().iter().map(|row| text(&row["code"]));
        codes.filter(|code| !code.starts_with("signing_key.")).collect()
    }
}

impl Ran {
    fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn refusal(self) -> String {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        let sentence = self.err.strip_prefix("countersign: ").unwrap();
        assert_eq!(sentence.lines().count(), 1, "{sentence}");
        sentence.trim_end().to_owned()
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// RFC 3339 in UTC.
pub fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        text.ends_with('Z') && text.len() == 27 && text.parse::<jiff::Timestamp>().is_ok()
    })
}
