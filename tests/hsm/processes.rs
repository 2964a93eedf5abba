//! The program itself, and a token.
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::settings;
use crate::process::Place;

fn with_token(mut command: Command) -> Command {
    command.envs(settings()).env("SOFTHSM2_CONF", std::env::var("SOFTHSM2_CONF").unwrap());
    command
}

fn json(place: &Place, arguments: &[&str]) -> serde_json::Value {
    let mut command = with_token(place.command(&[arguments, &["--json"]].concat()));
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// `None`: nothing answered.
fn get(address: std::net::SocketAddr, path: &str) -> Option<String> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5))).build().into();
    agent.get(format!("http://{address}{path}")).call().ok()?.body_mut().read_to_string().ok()
}

#[test]
#[ignore = "scripts/hsm"]
fn what_is_wrong_with_the_token_is_said_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let cases = [
        ("COUNTERSIGN_PKCS11_MODULE", "/nowhere/lib.so".to_owned(), "/nowhere/lib.so"),
        ("COUNTERSIGN_PKCS11_TOKEN", "another".to_owned(), "\"another\""),
        ("COUNTERSIGN_PKCS11_PIN_FILE", "/nowhere/pin".to_owned(), "/nowhere/pin"),
        ("COUNTERSIGN_PKCS11_PIN_FILE", file("open", "12345678", 0o644), "read by others"),
        ("COUNTERSIGN_PKCS11_PIN_FILE", file("empty", "\n", 0o600), "empty"),
        ("COUNTERSIGN_PKCS11_PIN_FILE", file("wrong", "1111", 0o600), "PinIncorrect"),
    ];
    let place = Place::new();
    for (setting, value, words) in cases {
        let output = with_token(place.command(&["serve"])).env(setting, value).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(setting) && said.contains(words), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
        let check =
            with_token(place.command(&["check"])).env(setting, "/nowhere").output().unwrap();
        assert_eq!(check.status.code(), Some(1));
    }
    if let Some(path) = place.database.url.strip_prefix("sqlite://") {
        assert!(!std::path::Path::new(path).exists(), "no database was made");
    }
}

#[test]
#[ignore = "scripts/hsm"]
fn two_servers_and_the_command_line_share_one_token() {
    let place = Place::new();
    let start = |command: Command| {
        let mut command = with_token(command);
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        Running(quiet.spawn().unwrap())
    };
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let first = start(place.command(&["serve"]));
    until(place.address, "/readyz", &|_| true);
    let mut there = place.command(&["serve"]);
    there.env("COUNTERSIGN_LISTEN", other.to_string()).env("COUNTERSIGN_INSTANCE", "there");
    let servers = [first, start(there)];
    until(other, "/readyz", &|_| true);

    // The command makes the key in the token; both servers take it up.
    let api = ["resource", "create", "--identifier", "urn:rsa", "--name", "RSA"];
    json(&place, &[&api[..], &["--scope", "a", "--algorithm", "RS256"]].concat());
    let listed = json(&place, &["key", "list"]);
    let all_keys = listed.as_array().unwrap();
    // Those of checkpoints are no business of who verifies tokens.
    let published = |key: &&serde_json::Value| key["purpose"] != "checkpoints";
    let keys: Vec<_> = all_keys.iter().filter(published).collect();
    assert_eq!((all_keys.len(), keys.len()), (8, 6));
    let all = |text: &str| keys.iter().all(|key| text.contains(key["kid"].as_str().unwrap()));
    let here = until(place.address, "/oauth/jwks.json", &all);
    let there = until(other, "/oauth/jwks.json", &all);
    assert_eq!(here, there);

    let app = ["application", "create", "--name", "w", "--grant", "urn:rsa=a"];
    let made = json(&place, &app);
    let secret = (made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap());
    for address in [place.address, other] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", secret.0),
            ("client_secret", secret.1),
        ];
        let mut answer =
            ureq::post(format!("http://{address}/oauth/token")).send_form(form).unwrap();
        let answer: serde_json::Value =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert!(answer["access_token"].is_string(), "{answer}");
    }
    let check = json(&place, &["check"]).to_string();
    assert!(check.contains("countersign-test opens, and makes keys for ES256"), "{check}");
    assert!(check.contains("8 open under the master key"), "{check}");

    // Without its settings nothing starts until nothing needs the token any more.
    drop(servers);
    let without = place.run(&["check"]);
    assert!(String::from_utf8_lossy(&without.stdout).contains("set COUNTERSIGN_PKCS11_MODULE"));
    let refused = place.run(&["serve"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("set COUNTERSIGN_PKCS11_MODULE"));
    for key in all_keys {
        place.json(&["revoke", "key", key["kid"].as_str().unwrap(), "--reason", "moving out"]);
    }
    let _alone = place.serve(&[]);
    assert!(place.json(&["check"]).to_string().contains("8 open under the master key"));
}

/// What a path answers once it is as wanted.
fn until(address: std::net::SocketAddr, path: &str, wanted: &dyn Fn(&str) -> bool) -> String {
    let end = Instant::now() + Duration::from_mins(1);
    while Instant::now() < end {
        if let Some(text) = get(address, path).filter(|text| wanted(text)) {
            return text;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{path} never was as it should be")
}

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
