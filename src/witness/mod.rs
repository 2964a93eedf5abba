//! A witness: signs what a log says of itself, once it has seen that the log
//! only ever grew (C2SP tlog-witness). Runs where the log's operator has no
//! say, and needs no database.
pub mod judgement;
pub mod memory;
pub mod service;

pub use memory::Memory;
pub use service::run;

/// Why a witness does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its folder, key or list of logs cannot be used.
    #[error("{0}")]
    Folder(String),
    #[error(transparent)]
    Keys(#[from] crate::keys::Error),
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}
