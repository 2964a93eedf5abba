//! Revocations and keys, with processes that are killed and that share a
//! database.
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Place;
use crate::support::http::basic;

const API: &str = "https://api.example.com/billing";

/// An application that may introspect its own tokens, as a `Basic` header.
fn application(place: &Place) -> (String, String) {
    place.json(&["resource", "create", "--identifier", API, "--name", "Billing", "--scope", "a"]);
    let grant = format!("{API}=a");
    let made = place.json(&["application", "create", "--name", "w", "--grant", &grant]);
    let id = made["client_id"].as_str().unwrap().to_owned();
    place.json(&["introspector", "add", API, &id]);
    let header = basic(&id, made["client_secret"].as_str().unwrap());
    (id, header)
}

/// The answer to a form, or `None` when the server is gone.
fn post(
    address: SocketAddr,
    path: &str,
    header: &str,
    form: &[(&str, &str)],
) -> Option<(u16, String)> {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(5)))
        .build();
    let mut answer = ureq::Agent::new_with_config(config)
        .post(format!("http://{address}{path}"))
        .header("authorization", header)
        .send_form(form.iter().copied())
        .ok()?;
    Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
}

fn token(address: SocketAddr, header: &str) -> Option<String> {
    let (status, body) =
        post(address, "/oauth/token", header, &[("grant_type", "client_credentials")])?;
    assert_eq!(status, 200, "{body}");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    Some(body["access_token"].as_str().unwrap().to_owned())
}

fn is_active(address: SocketAddr, header: &str, token: &str) -> bool {
    let (status, body) = post(address, "/oauth/introspect", header, &[("token", token)]).unwrap();
    assert_eq!(status, 200, "{body}");
    body.contains(r#""active":true"#)
}

/// Waits for what must come, however slow the machine is.
fn eventually(what: &str, mut come: impl FnMut() -> bool) {
    let started = Instant::now();
    while !come() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Keycloak CVE-2026-9802: whoever was told 200 finds its token dead, whatever
/// happened to the server since.
#[test]
fn after_a_kill_every_revocation_that_was_answered_still_counts() {
    let place = Place::new();
    let (_, header) = application(&place);
    let mut running = place.serve(&[]);
    for cycle in 1..=3 {
        let (answered, done) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(token) = token(place.address, &header) {
                        let form = [("token", token.as_str())];
                        let Some((200, _)) = post(place.address, "/oauth/revoke", &header, &form)
                        else {
                            return;
                        };
                        answered.lock().unwrap().push(token);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            while done.load(Ordering::Relaxed) < 20 * cycle {
                std::thread::yield_now();
            }
            running.signal("-KILL");
        });
        drop(running);
        running = place.serve(&[]);
        let answered = answered.into_inner().unwrap();
        assert!(answered.len() >= 20);
        for token in &answered {
            assert!(!is_active(place.address, &header, token), "cycle {cycle}");
        }
        let kept = token(place.address, &header).unwrap();
        assert!(is_active(place.address, &header, &kept));
    }
    assert!(place.run(&["audit", "verify"]).status.success());
}

#[test]
fn what_is_revoked_at_the_command_line_counts_in_every_process() {
    let place = Place::new();
    let (client_id, header) = application(&place);
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _here = place.serve(&[]);
    let mut there = place
        .command(&["serve"])
        .env("COUNTERSIGN_LISTEN", other.to_string())
        .env("COUNTERSIGN_INSTANCE", "there")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the other starts", || std::net::TcpStream::connect(other).is_ok());
    let both = [place.address, other];
    let old = token(place.address, &header).unwrap();
    assert!(both.iter().all(|address| is_active(*address, &header, &old)));
    place.json(&["revoke", "application", &client_id, "--reason", "a drill"]);
    for address in both {
        eventually("it counts", || !is_active(address, &header, &old));
    }
    let new = token(other, &header).unwrap();
    assert!(both.iter().all(|address| is_active(*address, &header, &new)));
    there.kill().unwrap();
    there.wait().unwrap();
}

/// A rotation that is killed anywhere has happened or has not.
#[test]
fn a_rotation_that_is_killed_leaves_one_key_that_signs() {
    let place = Place::new();
    let (_, header) = application(&place);
    drop(place.serve(&[]));
    for pause in (0..24).map(|step| Duration::from_millis(step * 2)) {
        let mut rotation = place
            .command(&["key", "rotate"])
            .env("COUNTERSIGN_KEY_LEAD_SECONDS", "0")
            .env("COUNTERSIGN_JWKS_CACHE_SECONDS", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(pause);
        let _ = rotation.kill();
        rotation.wait().unwrap();
        let keys = place.json(&["key", "list"]);
        let count = |state: &str| {
            let is = |key: &&serde_json::Value| {
                key["state"] == state && key["purpose"] == "access_tokens"
            };
            keys.as_array().unwrap().iter().filter(is).count()
        };
        assert_eq!(count("current"), 1, "{keys}");
        assert!(count("next") <= 1, "{keys}");
        if count("next") == 0 {
            // The server makes another, to be rotated to in the next turn.
            drop(place.serve(&[]));
        }
    }
    let _running = place.serve(&[]);
    let token = token(place.address, &header).unwrap();
    assert!(is_active(place.address, &header, &token));
    assert!(place.run(&["audit", "verify"]).status.success());
}
