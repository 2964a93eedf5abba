//! One process seals the batches of all into a Merkle tree, and signs how large
//! it is and what is in it.
//!
//! Which process that is says a lease in the database; that it still is says
//! its epoch, in every transaction. The others look whether what was published
//! goes on from what they knew.
pub mod checkpoint_file;
mod guard;
pub mod proving;
pub mod pruning;
pub mod sequencer;
pub mod verification;
pub mod witnesses;

pub use sequencer::{Sequencer, Sources};

use crate::oauth::UnixTime;
use crate::{keys, store};

/// Why nothing was sealed or signed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The file that keeps the last checkpoint cannot be read or written.
    #[error("{0}")]
    File(String),
    /// What is stored does not go on from what was signed.
    #[error("{0}")]
    Fork(String),
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(String),
}

/// What this process knows of the sealing, for whoever looks after it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Why nothing is sealed until somebody acknowledges it.
    pub fork: Option<String>,
    /// What went wrong at the last try.
    pub failure: Option<String>,
    /// When it was last seen that sealing works, here or elsewhere.
    pub looked_at: Option<UnixTime>,
    /// When the oldest row was written that is not sealed.
    pub unsealed_since: Option<UnixTime>,
    /// Whether it is this process that seals.
    pub seals: bool,
    pub witnesses: Vec<witnesses::Heard>,
}
