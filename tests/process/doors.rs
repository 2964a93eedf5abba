//! Which pages are behind which door.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;

use super::{Place, Running};

fn status(address: SocketAddr, method: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    let body = "content-length: 0\r\nsec-fetch-site: same-origin\r\n\r\n";
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// OWASP ASVS 5.0 §3.5.4.
#[test]
fn a_console_with_a_door_of_its_own_is_behind_no_other() {
    let place = Place::new();
    let console = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = place
        .command(&["serve"])
        .env("COUNTERSIGN_CONSOLE_LISTEN", console.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _running = Running::of(child);
    for (path, method, oauth) in [
        ("/", "GET", 404),
        ("/sign-in", "GET", 404),
        ("/sign-in", "POST", 404),
        ("/setup", "GET", 404),
        ("/log", "GET", 404),
        ("/session/passkey/challenge", "POST", 404),
        ("/oauth/jwks.json", "GET", 200),
        ("/healthz", "GET", 200),
    ] {
        assert_eq!(status(place.address, method, path), oauth, "{method} {path}");
    }
    assert_eq!(status(console, "GET", "/sign-in"), 200);
    assert_eq!(status(console, "GET", "/log"), 303);
    assert_ne!(status(place.address, "POST", "/oauth/token"), 404);
    for path in ["/oauth/jwks.json", "/whoami", "/gate"] {
        let status = status(console, "GET", path);
        assert!(matches!(status, 303 | 404), "{path}: {status}");
    }
}
