//! For those who own an API: checks access tokens where they are used.
//!
//! [`Verifier::start`] fetches the issuer's keys in the background and keeps
//! them; [`Verifier::verify`] decides on one token; [`actix::Protect`] does so
//! for every request of an actix-web service. Uses nothing of the server but
//! the protocol.
pub mod actix;
mod bell;
mod configuration;
pub mod http;
mod introspection;
mod issuer;
mod jwks;
mod jws;
mod machine;
mod refusal;
mod revocations;
mod server_sent;
mod status_list;
mod verifier;

pub use configuration::{Configuration, Revocation, Timing, WhenStale};
pub use machine::Machine;
pub use refusal::{Challenge, Refusal, What};
pub use verifier::{Accepted, State, Verifier};

/// Why a verifier does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    Configuration(String),
    #[error("a thread does not start: {0}")]
    Thread(#[from] std::io::Error),
}
