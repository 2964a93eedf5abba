//! How keys come, are sealed and opened, and go.
use super::pair::Pair;
use super::{Error, KeyRing, MasterKey};
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;

/// What is sealed for a key in a PKCS#11 token: this, and its `CKA_ID` there. No
/// private key begins so: PKCS#8 begins with 0x30.
const REFERENCE: &[u8] = b"pkcs11:";

impl KeyRing {
    /// Makes a key, in the PKCS#11 token if there is one. An RSA key takes up to
    /// seconds.
    ///
    /// # Errors
    /// `NotInHsm`: the token has not this algorithm.
    pub fn make(
        &self,
        (purpose, algorithm, state): (Purpose, Algorithm, State),
        now: UnixTime,
    ) -> Result<SigningKey, Error> {
        let in_token = match &self.hsm {
            // Checkpoints have one algorithm only, and not every token has it.
            Some(hsm) => match hsm.make(algorithm) {
                Err(Error::NotInHsm(_)) if purpose == Purpose::Checkpoints => None,
                made => Some(made?),
            },
            None => None,
        };
        let made = match in_token {
            Some(key) => {
                let reference = [REFERENCE, &key.id].concat();
                self.seal(&Pair::Hsm(key), &reference, purpose, now)?
            }
            None => self.adopt(&Pair::generate(algorithm)?, (purpose, algorithm), now)?,
        };
        let current_from = (state == State::Current).then_some(now);
        Ok(SigningKey { state, current_from, ..made })
    }

    /// Seals a private key, PKCS#8, that is to sign next. It never goes into a
    /// token.
    ///
    /// # Errors
    /// `Crypto`: it is none of this algorithm.
    pub fn adopt(
        &self,
        pkcs8: &[u8],
        (purpose, algorithm): (Purpose, Algorithm),
        now: UnixTime,
    ) -> Result<SigningKey, Error> {
        self.seal(&Pair::parse(algorithm, pkcs8)?, pkcs8, purpose, now)
    }

    /// The private key of `key`, or what names it in the token, under the seal
    /// of another master key.
    pub fn reseal(&self, key: &SigningKey, other: &MasterKey) -> Result<Vec<u8>, Error> {
        other.seal(&key.kid, &self.master.open(&key.kid, &key.sealed_private_key)?)
    }

    /// Destroys in the token what is out of use for good. What cannot be
    /// destroyed now is logged, and tried again at the next call.
    pub fn forget(&self, stored: &[SigningKey]) {
        let Some(hsm) = &self.hsm else { return };
        for key in stored.iter().filter(|key| !key.state.is_published()) {
            if let Err(error) = hsm.destroy(&key.kid) {
                tracing::warn!(kid = key.kid, %error, "signing_key.not_destroyed");
            }
        }
    }

    /// Takes back a key that was made and not published.
    pub fn discard(&self, key: &SigningKey) {
        self.forget(&[SigningKey { state: State::Removed, ..key.clone() }]);
    }

    pub(super) fn open(&self, key: &SigningKey) -> Result<Pair, Error> {
        let plain = self.master.open(&key.kid, &key.sealed_private_key)?;
        match (plain.strip_prefix(REFERENCE), &self.hsm) {
            (None, _) => Pair::parse(key.algorithm, &plain),
            (Some(id), Some(hsm)) => Ok(Pair::Hsm(hsm.find(id, key.algorithm)?)),
            (Some(_), None) => Err(Error::Hsm(format!(
                "signing key {} is in a PKCS#11 token: set COUNTERSIGN_PKCS11_MODULE",
                key.kid
            ))),
        }
    }

    fn seal(
        &self,
        pair: &Pair,
        plain: &[u8],
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<SigningKey, Error> {
        let (kid, jwk) = pair.public_jwk()?;
        Ok(SigningKey {
            sealed_private_key: self.master.seal(&kid, plain)?,
            public_jwk: jwk.to_string(),
            state: State::Next,
            created_at: now,
            current_from: None,
            ended_at: None,
            algorithm: pair.algorithm(),
            purpose,
            kid,
        })
    }
}
