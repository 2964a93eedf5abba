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
