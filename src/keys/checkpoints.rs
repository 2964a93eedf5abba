//! Signing checkpoints of the audit log, and the keys to verify them with.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::pair::Pair;
use super::ring::CHECKPOINT_ALGORITHM;
use super::{Error, KeyRing};
use crate::model::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::model::signed_note::{Kind, Note, VerifierKey, timed_message};
use crate::model::signing_key::{Purpose, SigningKey};
use crate::oauth::UnixTime;

impl KeyRing {
    /// Signs `checkpoint`, and that it was so at `now`: two signatures of one
    /// key, since only the second kind has a time, and many know only the first.
    /// Returns the key's `kid` too.
    ///
    /// # Errors
    /// `NoKey`: there is no current key for it.
    pub fn sign_checkpoint(
        &self,
        checkpoint: &Checkpoint,
        now: UnixTime,
    ) -> Result<(SignedCheckpoint, String), Error> {
        let pair = self.current_pair(Purpose::Checkpoints, CHECKPOINT_ALGORITHM)?;
        let (kid, jwk) = pair.public_jwk()?;
        let plain =
            verifier_key(&jwk, &checkpoint.origin).ok_or(Error::Crypto("reading a public key"))?;
        let timed = VerifierKey { kind: Kind::Timed, ..plain.clone() };
        let (text, time) = (checkpoint.text(), u64::try_from(now.seconds()).unwrap_or(0));
        let signatures = vec![
            plain.line(None, &pair.sign(text.as_bytes())?),
            timed.line(Some(time), &pair.sign(&timed_message(time, &text))?),
        ];
        let note = Note { text, signatures };
        Ok((SignedCheckpoint { checkpoint: checkpoint.clone(), note }, kid))
    }
}

/// The key that somebody else's signatures on a checkpoint are verified with.
pub fn cosigner(pair: &Pair, name: &str) -> Result<VerifierKey, Error> {
    let (_, jwk) = pair.public_jwk()?;
    let plain = verifier_key(&jwk, name).ok_or(Error::Crypto("reading a public key"))?;
    Ok(VerifierKey { kind: Kind::Timed, ..plain })
}

/// The keys among `stored` that sign checkpoints or did, as verifiers of the
/// log `origin` take them: newest first, those that are out of use too, since
/// what they signed stays.
pub fn verifier_keys<'a>(
    stored: &'a [SigningKey],
    origin: &'a str,
) -> impl Iterator<Item = (&'a SigningKey, VerifierKey)> {
    let keys = stored.iter().rev().filter(|key| key.purpose == Purpose::Checkpoints);
    keys.filter_map(move |key| {
        let jwk: Value = serde_json::from_str(&key.public_jwk).ok()?;
        Some((key, verifier_key(&jwk, origin)?))
    })
}

fn verifier_key(jwk: &Value, origin: &str) -> Option<VerifierKey> {
    let public = URL_SAFE_NO_PAD.decode(jwk.get("x")?.as_str()?).ok()?.try_into().ok()?;
    Some(VerifierKey { name: origin.to_owned(), kind: Kind::Plain, public })
}
