//! Guessing, floods, and what they must not do to others.
use countersign::oauth::time::Seconds;

use crate::support::Server;
use crate::support::http::basic;

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// RFC 6749 §2.3.1: brute force is held back, by address and client together.
#[test]
fn who_guesses_secrets_has_to_wait_and_the_client_elsewhere_has_not() {
    let server = Server::start_with(&[("COUNTERSIGN_TRUSTED_PROXIES", "127.0.0.1")]);
    let billing = server.world().billing;
    let from = |address: &str, secret: &str| {
        let header = basic(&billing.client_id, secret);
        let headers = [("authorization", header.as_str()), ("x-forwarded-for", address)];
        server.token_request(&headers, &[GRANT])
    };
    for _ in 0..20 {
        assert_eq!(from("203.0.113.9", "csk_guess").status, 401);
    }
    assert_eq!(from("203.0.113.9", "csk_guess").status, 401, "the one too many");

    let held = from("203.0.113.9", &billing.secret);
    assert_eq!(held.status, 429);
    assert!(held.header("retry-after").is_some());
    assert_eq!(from("203.0.113.10", &billing.secret).status, 200, "nobody is locked out by others");
    server.advance(Seconds(10));
    assert_eq!(from("203.0.113.9", &billing.secret).status, 200);
}

/// The flood rule: after twenty alike in a minute refusals are counted.
#[test]
fn a_flood_of_refusals_is_counted_and_the_count_is_recorded() {
    let server = Server::start();
    server.world();
    for i in 0..50 {
        let header = basic(&format!("m2m_{i:022}"), "csk_x");
        assert_eq!(server.token_request(&[("authorization", &header)], &[GRANT]).status, 401);
    }
    assert_eq!(server.events("token.denied").len(), 20);

    let now = server.clock.now();
    let entropy = countersign::host::Entropy::System;
    let recorded = server.app.recorder.record_counts(now, || entropy.mark(now), true);
    actix_web::rt::System::new().block_on(recorded).unwrap();

    let counted = server.events("token.denied_repeatedly");
    assert_eq!(counted.len(), 1);
    let flood = counted[0].flood.as_ref().unwrap();
    assert_eq!((flood.count, flood.samples.len()), (30, 5));
    assert_eq!(counted[0].reason.as_deref(), Some("unknown_client"));
}

/// Keycloak CVE-2026-4634.
#[test]
fn ten_thousand_scopes_are_refused_at_once() {
    let server = Server::start();
    let billing = server.world().billing;
    let many = vec!["a"; 10_000].join(" ");
    let answer = server.token(&billing, &[("scope", &many)]);
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_scope"));
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let server = Server::start();
    let endless =
        format!("POST /oauth/token HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(300_000));
    let answer = server.raw(endless.as_bytes());
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    assert_eq!(server.get("/healthz").status, 200);
}

/// Under more than it can work on the server says when to come back, to each
/// another time, and does nothing else.
#[test]
fn whom_there_is_no_turn_for_is_told_to_come_back() {
    let server = Server::start_with(&[("COUNTERSIGN_REQUESTS_IN_FLIGHT", "1")]);
    let billing = server.world().billing;
    let turn = server.app.in_flight.clone().try_acquire_owned().unwrap();
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let answer = server.token(&billing, &[]);
        assert_eq!((answer.status, answer.error().as_str()), (503, "temporarily_unavailable"));
        told.insert(answer.header("retry-after").unwrap().parse::<u8>().unwrap());
    }
    assert!(told.len() > 1 && told.iter().all(|seconds| (1..=5).contains(seconds)), "{told:?}");
    assert_eq!(server.get("/oauth/jwks.json").status, 200);
    assert!(server.app.metrics.encode().contains(r#"result="turned_away"} 40"#));

    drop(turn);
    for _ in 0..3 {
        assert_eq!(server.token(&billing, &[]).status, 200, "a turn is given back");
    }
    assert_eq!(server.token(&billing, &[("scope", "nope")]).status, 400);
    assert_eq!(server.token(&billing, &[]).status, 200, "after a refusal too");
}

/// Slowloris, and bodies that never come.
#[test]
fn who_sends_slowly_takes_nobody_s_turn_and_is_cut_off() {
    use std::io::{Read as _, Write as _};
    let settings = [("COUNTERSIGN_REQUESTS_IN_FLIGHT", "1"), ("COUNTERSIGN_REQUEST_SECONDS", "1")];
    let server = Server::start_with(&settings);
    let billing = server.world().billing;
    let open = |text: &str| {
        let mut connection = std::net::TcpStream::connect(server.address).unwrap();
        connection.write_all(text.as_bytes()).unwrap();
        connection
    };
    let head = "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 40\r\n";
    let mut slow: Vec<_> = (0..100)
        .map(|number| match number % 3 {
            0 => open(""),
            1 => open(head),
            _ => open(&format!("{head}\r\ngrant_type=")),
        })
        .collect();
    for _ in 0..5 {
        assert_eq!(server.token(&billing, &[]).status, 200);
    }
    // 98 leaves a remainder of 2: its head came, and half of its body.
    slow[98].set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let mut answer = [0; 12];
    slow[98].read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}
