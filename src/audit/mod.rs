//! The audit log in the making: who writes, in groups; what is counted instead
//! of written when refusals come in floods; and what is counted besides.
pub mod access;
pub mod condition;
pub mod flood;
pub mod last_use;
pub mod recorder;
mod scribe;
pub mod tail;
pub mod tally;
pub mod writer;

pub use recorder::Recorder;

/// The event is not on disk, and what it records must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRecorded {
    /// The queue is full; nothing was tried.
    #[error("the audit log is behind")]
    Behind,
    /// It would not be written now, and was not tried.
    #[error("{}", .0.caption())]
    Unwritable(condition::State),
    /// The database refused, or was too slow.
    #[error("the audit log could not be written")]
    Failed,
}
