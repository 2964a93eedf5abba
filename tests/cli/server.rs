//! Commands beside a running server.
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Cli;
use crate::support::http::{basic, form};

/// `countersign serve` as a process of its own, ended with the test.
struct Serving {
    child: Child,
    url: String,
    /// What it said when its doors were open.
    greeting: String,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Serving {
    fn start(cli: &mut Cli, arguments: &[&str]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{address}");
        cli.set("COUNTERSIGN_LISTEN", &address);
        cli.set("COUNTERSIGN_ISSUER", &url);
        cli.set("COUNTERSIGN_METRICS_LISTEN", "off");
        cli.set("COUNTERSIGN_WORKERS", "1");
        let mut command = cli.command(&[&["serve"], arguments].concat());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = lines.next().unwrap().unwrap();
        assert!(greeting.starts_with("Console: "), "{greeting}");
        // Whatever else it says, it says at once; then it is silent.
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        while let Ok(line) = told.recv_timeout(Duration::from_millis(500)) {
            greeting = format!("{greeting}\n{line}");
        }
        Self { child, url, greeting }
    }

    fn token(&self, client_id: &str, secret: &str) -> u16 {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        ureq::Agent::new_with_config(config)
            .post(format!("{}/oauth/token", self.url))
            .header("authorization", basic(client_id, secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .send(form(&[("grant_type", "client_credentials")]))
            .unwrap()
            .status()
            .as_u16()
    }

    /// How long it takes until this is the status; ten seconds at most.
    fn takes_up(&self, client_id: &str, secret: &str, status: u16) -> Duration {
        let since = Instant::now();
        while self.token(client_id, secret) != status {
            assert!(since.elapsed() < Duration::from_secs(10), "no {status} within ten seconds");
            std::thread::sleep(Duration::from_millis(20));
        }
        since.elapsed()
    }

    fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_a_command_does_a_running_server_knows_within_a_second() {
    let mut cli = Cli::with_billing();
    let server = Serving::start(&mut cli, &[]);
    assert_eq!(cli.done(&["healthcheck"]), "ready\n");

    let (client_id, secret) = cli.application("billing-worker");
    let mut took = vec![server.takes_up(&client_id, &secret, 200)];
    cli.done(&["application", "suspend", &client_id]);
    took.push(server.takes_up(&client_id, &secret, 401));
    cli.done(&["application", "resume", &client_id]);
    took.push(server.takes_up(&client_id, &secret, 200));
    let secrets = cli.json(&["secret", "list", &client_id]);
    let secret_id = super::text(&secrets[0]["secret_id"]);
    cli.done(&["secret", "revoke", &client_id, &secret_id]);
    took.push(server.takes_up(&client_id, &secret, 401));
    // Other tests keep the machine busy, now and then for a second: not four times.
    let quick = took.iter().filter(|took| **took < Duration::from_secs(1)).count();
    assert!(quick >= 2, "{took:?}");

    cli.done(&["audit", "verify"]);
    assert!(server.stop());
    let sentence = cli.refused(&["healthcheck"]);
    assert!(sentence.contains("does not answer"), "{sentence}");
    assert_eq!(cli.codes()[0], "server.stopped");
    cli.done(&["audit", "verify"]);
}

#[test]
fn a_server_without_demo_starts_empty() {
    let mut cli = Cli::new();
    let server = Serving::start(&mut cli, &[]);
    assert!(server.greeting.contains("/setup?token="), "{}", server.greeting);
    assert!(!server.greeting.contains("csk_"));
    assert_eq!(cli.json(&["application", "list"]), serde_json::json!([]));
    assert_eq!(cli.json(&["resource", "list"]), serde_json::json!([]));
}

#[test]
fn a_demo_is_seeded_once_and_its_commands_work() {
    let mut cli = Cli::new();
    let server = Serving::start(&mut cli, &["--demo"]);
    let greeting = &server.greeting;
    let credential = greeting.split('\'').find(|part| part.starts_with("m2m_")).unwrap();
    let (client_id, secret) = credential.split_once(':').unwrap();
    assert_eq!(server.token(client_id, secret), 200);
    assert!(greeting.contains(&format!("{}/whoami", server.url)), "{greeting}");
    assert!(server.stop());

    let again = Serving::start(&mut cli, &["--demo"]);
    assert!(again.greeting.contains("in use already"), "{}", again.greeting);
    assert!(!again.greeting.contains("csk_"));
    assert_eq!(cli.json(&["application", "list"]).as_array().unwrap().len(), 1);
}

/// The secret is shown once: a start that fails must not spend it.
#[test]
fn a_demo_that_cannot_listen_seeds_nothing() {
    let mut cli = Cli::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    cli.set("COUNTERSIGN_LISTEN", &address);
    cli.set("COUNTERSIGN_METRICS_LISTEN", "off");
    cli.set("COUNTERSIGN_LOG_LEVEL", "off");
    let sentence = cli.refused(&["serve", "--demo"]);
    assert!(sentence.contains("cannot listen"), "{sentence}");
    assert_eq!(cli.json(&["application", "list"]), serde_json::json!([]));
}
