//! What an API says of itself and of its issuer.
use std::time::Duration;

use zeroize::Zeroizing;

use super::machine::Machine;
use crate::oauth::algorithm::Algorithm;
use crate::oauth::time::Seconds;

#[derive(Clone)]
pub struct Configuration {
    /// Compared with `iss` byte for byte. `https`, or on this machine.
    pub issuer: String,
    /// Scheme, host and port to use instead of the issuer's, for those who
    /// reach it by another way than its public name.
    pub reached_at: Option<String>,
    /// The API's identifier, which must be among `aud`.
    pub resource: String,
    pub algorithms: Vec<Algorithm>,
    /// What clocks may differ by; 60 s at most.
    pub leeway: Seconds,
    pub revocation: Revocation,
    pub timing: Timing,
    pub machine: Machine,
}

/// How the API learns of tokens that were revoked.
#[derive(Clone)]
pub enum Revocation {
    /// Not at all: a token is good until it expires.
    ExpiryOnly,
    /// By the list that the token names. A token that names none is refused.
    StatusList,
    /// By the issuer's feed of revocations.
    Feed {
        /// How old the last word of the issuer may be. Beats come every five
        /// seconds, so less than ten is seldom kept.
        max_stale: Seconds,
        when_stale: WhenStale,
    },
}

#[derive(Clone)]
pub enum WhenStale {
    /// No token is accepted until the feed is back: 503.
    Refuse,
    /// Each token is asked for at the issuer, RFC 7662.
    Introspect { client_id: String, client_secret: Zeroizing<String> },
}

/// When the issuer is asked. The defaults suit a server in production.
#[derive(Clone)]
pub struct Timing {
    /// An unknown `kid` fetches the keys anew, at most this often.
    pub cool_down: Seconds,
    /// The bounds of how long keys are used before they are fetched again;
    /// between them `Cache-Control: max-age` decides.
    pub keys_at_least: Seconds,
    pub keys_at_most: Seconds,
    /// How long keys are used when they can no longer be fetched.
    pub keys_end: Seconds,
    /// How long a request may wait for the issuer.
    pub patience: Duration,
    pub first_retry: Duration,
    pub longest_retry: Duration,
    /// Between two questions to the feed when it is not streamed.
    pub poll: Duration,
    /// Whether the feed is streamed.
    pub stream: bool,
    /// A stream is dead when nothing came for so long.
    pub silence: Duration,
}

impl Configuration {
    /// With expiry alone, a leeway of five seconds and every algorithm that
    /// the server can sign with.
    pub fn new(issuer: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            reached_at: None,
            resource: resource.into(),
            algorithms: Algorithm::ALL.to_vec(),
            leeway: Seconds(5),
            revocation: Revocation::ExpiryOnly,
            timing: Timing::default(),
            machine: Machine::default(),
        }
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            cool_down: Seconds(10),
            keys_at_least: Seconds::MINUTE,
            keys_at_most: Seconds::HOUR,
            keys_end: Seconds::DAY,
            patience: Duration::from_secs(2),
            first_retry: Duration::from_millis(500),
            longest_retry: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            stream: true,
            silence: Duration::from_secs(15),
        }
    }
}
