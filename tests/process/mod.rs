//! The program itself, as its user runs it.
mod cli;
mod doors;
mod handover;
mod life;
mod revocation;
mod sealing;
mod status_lists;
mod streams;

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::support::database::TestDatabase;

/// A place to run the program in: a folder, a database, a port.
pub struct Place {
    pub database: TestDatabase,
    folder: tempfile::TempDir,
    pub address: SocketAddr,
}

impl Place {
    pub fn new() -> Self {
        // Free a moment ago; nobody else here takes ports by number.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { database: TestDatabase::new(), folder: tempfile::tempdir().unwrap(), address }
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", &self.database.url)
            .env("COUNTERSIGN_DATA_DIR", self.folder.path())
            .env("COUNTERSIGN_MASTER_KEY", "0f".repeat(32))
            .env("COUNTERSIGN_LISTEN", self.address.to_string())
            .env("COUNTERSIGN_ISSUER", format!("http://{}", self.address))
            .env("COUNTERSIGN_METRICS_LISTEN", "off")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed, and reads what it prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the server, and waits until it says that every door is open.
    pub fn serve(&self, arguments: &[&str]) -> Running {
        let child = self
            .command(&[&["serve"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Running::of(child)
    }
}

pub struct Running {
    pub child: Child,
    pub lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    /// Waits until the server says that every door is open.
    fn of(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert!(first.starts_with("Console: "), "{first}");
        Self { child, lines }
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
