//! Signing keys: sealed in the database, parsed once, used from memory; or in a
//! PKCS#11 token, and used there.
pub mod checkpoints;
pub mod flawed;
pub mod hsm;
pub mod import;
mod making;
pub mod master;
pub mod pair;
pub mod provider;
pub mod public;
pub mod ring;
pub mod sealed_text;
pub mod tagged;

pub use hsm::Hsm;
pub use master::MasterKey;
pub use ring::KeyRing;
pub use tagged::Tagged;

/// Why nothing was signed, sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A private key from elsewhere that cannot be taken.
    #[error("{0}")]
    Import(String),
    /// The master key cannot be had, or is not 32 bytes.
    #[error("{0}")]
    MasterKey(String),
    /// There is no current key of this algorithm yet.
    #[error("no current {0} key")]
    NoKey(crate::oauth::algorithm::Algorithm),
    /// The PKCS#11 token makes no keys of this algorithm.
    #[error("the PKCS#11 token makes no {0} keys")]
    NotInHsm(crate::oauth::algorithm::Algorithm),
    /// The PKCS#11 token cannot be used, or a key is not in it.
    #[error("{0}")]
    Hsm(String),
    /// The cryptographic library refused; it does not say why.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
    /// A stored private key does not open: another master key sealed it, or it
    /// was changed.
    #[error("signing key {0} does not open under this master key")]
    Sealed(String),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// Whether the keys in memory are still the ones has not been looked up for
    /// too long.
    #[error("the signing keys were not confirmed for too long")]
    Unconfirmed,
}
