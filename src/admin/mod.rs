//! What administrators do. Each function is one act: allowed or not, done and
//! recorded in one transaction, the same for console and command line.
pub mod actor;
pub mod administrators;
pub mod application_owners;
pub mod applications;
pub mod approvals;
pub mod audit;
pub mod break_glass;
pub mod deletions;
pub mod factors;
pub mod grants;
pub mod guard;
pub mod identities;
pub mod imports;
pub mod introspectors;
pub mod limits;
pub mod links;
pub mod nudges;
pub mod passkeys;
pub mod redaction;
pub mod resources;
pub mod retention;
pub mod revocations;
pub mod routes;
pub mod secrets;
pub mod sessions;
pub mod setup;
pub mod signing_keys;
pub mod streams;
pub mod teams;

pub use actor::Actor;

use crate::model::approval::Proposal;
use crate::model::role::Right;
use crate::model::text::FieldError;
use crate::oauth::UnixTime;
use crate::store;

/// Why an act did not happen. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was read before is another by now, or the act contradicts what is
    /// there. The sentence is for the person.
    #[error("{0}")]
    Conflict(String),
    #[error("this needs the right to {}", .0.as_str())]
    Forbidden(Right),
    #[error("{}", .0.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join(" "))]
    Invalid(Vec<FieldError>),
    #[error("not found")]
    NotFound,
    /// It takes two persons: this is to be asked for, with [`approvals::ask`].
    #[error("this takes two persons: somebody else has to approve it")]
    SecondPerson(Box<Proposal>),
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Verifiers may not have fetched the next key yet.
    #[error("the next key may not be known everywhere yet; it can sign from {}", utc(*.earliest))]
    TooSoon { earliest: UnixTime },
}

impl Error {
    /// One field that cannot be taken.
    pub fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field, message: message.into() }])
    }
}

fn utc(time: UnixTime) -> String {
    jiff::Timestamp::from_second(time.seconds())
        .map_or_else(|_| "never".to_owned(), |t| t.to_string())
}
