//! What else the master key keeps from who reads the database.
use zeroize::Zeroizing;

use super::{Error, KeyRing, MasterKey};

impl KeyRing {
    /// Seals `plain`; it opens only for the same `purpose`.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn seal_text(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.master.seal(purpose, plain)
    }

    /// # Errors
    /// `Sealed`: the bytes, the purpose or the master key is another.
    pub fn open_text(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.master.open(purpose, sealed)
    }

    /// The same bytes under the seal of another master key.
    ///
    /// # Errors
    /// `Sealed`: as for [`KeyRing::open_text`].
    pub fn reseal_text(
        &self,
        purpose: &str,
        sealed: &[u8],
        other: &MasterKey,
    ) -> Result<Vec<u8>, Error> {
        other.seal(purpose, &self.open_text(purpose, sealed)?)
    }
}

/// What the secret of a person's authenticator app is sealed for.
pub fn of_app(administrator_id: &str) -> String {
    format!("authenticator app of {administrator_id}")
}
