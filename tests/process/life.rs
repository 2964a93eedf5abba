//! Starting, stopping, and being stopped.
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::Place;
use crate::support::http::basic;

const API: &str = "https://api.example.com/billing";

/// An application of a place, as a `Basic` header.
pub fn application(place: &Place) -> String {
    place.json(&["resource", "create", "--identifier", API, "--name", "Billing", "--scope", "a"]);
    let grant = format!("{API}=a");
    let made = place.json(&["application", "create", "--name", "w", "--grant", &grant]);
    basic(made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap())
}

pub fn request(authorization: &str) -> Vec<u8> {
    let body = "grant_type=client_credentials";
    format!(
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\nauthorization: {authorization}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One answer: its status, its request id, and whether the connection ends with
/// it.
pub fn ask(stream: &mut TcpStream, request: &[u8]) -> Option<(u16, String, bool)> {
    stream.write_all(request).ok()?;
    let mut seen = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        seen.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            head.lines().find_map(|line| line.strip_prefix(name)).map(|v| v.trim().to_owned())
        };
        if body.len() >= header("content-length:")?.parse::<usize>().ok()? {
            let status = head.split(' ').nth(1)?.parse().ok()?;
            let closes = header("connection:").is_some_and(|value| value == "close");
            return Some((status, header("x-request-id:")?, closes));
        }
    }
}

/// Asks from many connections until told to stop, or until the server is gone.
/// Returns the ids of the requests whose tokens were received whole.
fn hammer(
    address: SocketAddr,
    authorization: &str,
    stop: &AtomicBool,
    received: &AtomicUsize,
) -> BTreeSet<String> {
    let all = Mutex::new(BTreeSet::new());
    let request = request(authorization);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let Ok(mut stream) = TcpStream::connect(address) else { return };
                stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                while !stop.load(Ordering::Relaxed) {
                    let Some((status, id, _)) = ask(&mut stream, &request) else { return };
                    assert_eq!(status, 200);
                    all.lock().unwrap().insert(id);
                    received.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

/// How often the server is killed: `TEST_KILLS=200` for a long night.
fn kills() -> usize {
    std::env::var("TEST_KILLS").map_or(3, |text| text.parse().unwrap())
}

/// `kill -9` in the middle of load: every token that a client received has its
/// row, and the log is whole.
#[test]
fn after_a_kill_every_token_that_was_received_has_its_row() {
    let place = Place::new();
    let authorization = application(&place);
    for cycle in 1..=kills() {
        // Each time at another moment.
        let least = 100 + cycle * 37 % 150;
        let running = place.serve(&[]);
        let (stop, received) = (AtomicBool::new(false), AtomicUsize::new(0));
        let tokens = std::thread::scope(|scope| {
            let hammer = scope.spawn(|| hammer(place.address, &authorization, &stop, &received));
            while received.load(Ordering::Relaxed) < least {
                std::thread::yield_now();
            }
            running.signal("-KILL");
            hammer.join().unwrap()
        });
        drop(running);

        let export = place.run(&["audit", "export"]);
        assert!(export.status.success());
        let issued: BTreeSet<String> = String::from_utf8(export.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|row| row["event"]["code"] == "token.issued")
            .map(|row| row["event"]["request_id"].as_str().unwrap().to_owned())
            .collect();
        let lost: Vec<_> = tokens.difference(&issued).collect();
        assert!(tokens.len() >= least && lost.is_empty(), "cycle {cycle}: {lost:?}");
        let verified = place.run(&["audit", "verify"]);
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    }
}

/// SIGTERM: what is in flight is answered, the stop is recorded, exit code 0.
#[test]
fn told_to_stop_it_answers_what_is_in_flight_and_exits_with_success() {
    let place = Place::new();
    let authorization = application(&place);
    let mut running = place.serve(&[]);
    let (stop, received) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let hammer = scope.spawn(|| hammer(place.address, &authorization, &stop, &received));
        while received.load(Ordering::Relaxed) < 50 {
            std::thread::yield_now();
        }
        running.signal("-TERM");
        // Each answer that was begun was a whole 200: `hammer` saw to that.
        hammer.join().unwrap();
    });
    assert!(running.child.wait().unwrap().success());
    assert!(TcpStream::connect(place.address).is_err());
    let last = place.json(&["audit", "list", "--limit", "1"]);
    assert_eq!(last[0]["code"], "server.stopped");
}

/// A second start with the same data does not seed again.
#[test]
fn the_demo_is_there_once_and_its_commands_work() {
    let place = Place::new();
    let mut running = place.serve(&["--demo"]);
    let mut lines = running.lines.by_ref().map(Result::unwrap);
    let link = lines.next().unwrap();
    assert!(link.contains("/setup?token="), "{link}");
    let paste = lines.find(|line| line.trim_start().starts_with("curl")).unwrap();
    let secret = paste.split('\'').nth(1).unwrap().to_owned();
    let authorization = basic(secret.split(':').next().unwrap(), secret.split(':').nth(1).unwrap());
    let mut stream = TcpStream::connect(place.address).unwrap();
    assert_eq!(ask(&mut stream, &request(&authorization)).unwrap().0, 200);
    drop(stream);
    running.signal("-TERM");
    assert!(running.child.wait().unwrap().success());

    let mut again = place.serve(&["--demo"]);
    let second = again.lines.by_ref().map(Result::unwrap).nth(1).unwrap();
    assert!(second.contains("nothing was added"), "{second}");
    let applications = place.json(&["application", "list"]);
    assert_eq!(applications.as_array().unwrap().len(), 1);
}

#[test]
fn without_demo_it_starts_empty() {
    let place = Place::new();
    let _running = place.serve(&[]);
    assert_eq!(place.json(&["application", "list"]), serde_json::json!([]));
    assert_eq!(place.json(&["resource", "list"]), serde_json::json!([]));
    assert!(place.run(&["healthcheck"]).status.success());
}

/// A log on a full disk: what it cannot say it does not say, and goes on.
#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let place = Place::new();
    let request = request(&application(&place));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = place
        .command(&["serve"])
        .env("COUNTERSIGN_LOG_LEVEL", "debug")
        .stdout(std::process::Stdio::piped())
        .stderr(full)
        .spawn()
        .unwrap();
    let _running = super::Running::of(child);
    let mut stream = TcpStream::connect(place.address).unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&mut stream, &request).unwrap().0, 200);
    }
}
