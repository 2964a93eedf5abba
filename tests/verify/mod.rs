//! Checking tokens away from the server: the verifier, its middleware, and the
//! exam that finds out what an API lets through.
pub mod exam;
mod feed;
pub mod issuer;
mod keys;
mod lists;
mod middleware;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use countersign::host::Clock;
use countersign::oauth::scope::ScopeSet;
use countersign::oauth::time::Seconds;
use countersign::verify::{Accepted, Configuration, Machine, Refusal, Timing, Verifier};

use crate::support::world::BILLING_API;
use crate::support::{ISSUER, Server};

/// A verifier's configuration for an issuer that is reached on loopback, with
/// the clock of a test and next to no pauses.
pub fn configuration(address: std::net::SocketAddr, clock: &Clock) -> Configuration {
    let clock = clock.clone();
    Configuration {
        reached_at: Some(format!("http://{address}")),
        leeway: Seconds(0),
        timing: Timing {
            first_retry: Duration::from_millis(20),
            longest_retry: Duration::from_millis(100),
            poll: Duration::from_millis(20),
            stream: false,
            ..Timing::default()
        },
        machine: Machine { now: Arc::new(move || clock.now()), chance: Arc::new(|| 0) },
        ..Configuration::new(ISSUER, BILLING_API)
    }
}

pub fn verifier_of(server: &Server) -> Verifier {
    Verifier::start(configuration(server.address, &server.clock)).unwrap()
}

pub fn scopes(text: &str) -> ScopeSet {
    if text.is_empty() { ScopeSet::default() } else { ScopeSet::parse(text).unwrap() }
}

/// What a verifier says of a token from which no scope is demanded.
pub fn decide(verifier: &Verifier, token: &str) -> Result<Arc<Accepted>, Refusal> {
    verifier.verify(token, &ScopeSet::default())
}

/// Waits for what another thread brings about.
#[track_caller]
pub fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..500 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not happen: {what}");
}
