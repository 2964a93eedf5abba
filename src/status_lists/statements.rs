//! What is published of a list: signed once, answered from memory.
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::statuses::Key;
use crate::keys::ring::STATUS_ALGORITHM;
use crate::keys::{self, KeyRing};
use crate::model::signing_key::Purpose;
use crate::oauth::UnixTime;
use crate::oauth::status_list::{Claims, Encoded, TYPE};
use crate::oauth::time::Seconds;

/// A status list token as it is sent.
pub struct Statement {
    pub token: String,
    /// The same, compressed. The statuses stand in base64url of base64url:
    /// what that takes, this gives back.
    pub gzip: Vec<u8>,
    /// Without quotes.
    pub tag: String,
    pub list_expires_at: UnixTime,
    pub encoded: Encoded,
    pub key: Key,
    kid: String,
    renew_at: UnixTime,
}

/// The shortest time that a statement may be relied upon.
const VALID_FOR: Seconds = Seconds(300);

/// What a statement is made of.
pub struct Draft {
    pub uri: String,
    pub list_expires_at: UnixTime,
    pub encoded: Encoded,
    pub key: Key,
}

impl Statement {
    /// Signs what is true at `now`. Good for five minutes, or twice the `ttl`
    /// where that is longer: a verifier that fetches it before it is renewed,
    /// and keeps it for its `ttl`, never holds one that has expired.
    pub fn sign(
        keys: &KeyRing,
        issuer: &str,
        ttl: Seconds,
        draft: Draft,
        now: UnixTime,
    ) -> Result<Self, keys::Error> {
        let valid_for = Seconds(VALID_FOR.0.max(ttl.0.saturating_mul(2)));
        let claims = Claims {
            iss: Some(issuer.to_owned()),
            sub: draft.uri,
            iat: now.seconds(),
            exp: Some((now + valid_for).seconds()),
            ttl: Some(ttl.0),
            status_list: draft.encoded,
        };
        // First: when the key changes in between, the next look signs again.
        let kid = keys.current_kid(Purpose::TokenStatus, STATUS_ALGORITHM)?;
        let token = keys.sign_status(TYPE, &claims)?;
        let signature = token.rsplit('.').next().unwrap_or_default();
        Ok(Self {
            gzip: gzip(token.as_bytes()),
            tag: signature.chars().take(22).collect(),
            token,
            list_expires_at: draft.list_expires_at,
            encoded: claims.status_list,
            key: draft.key,
            kid,
            renew_at: now + Seconds(valid_for.0 / 2),
        })
    }

    /// Whether another is due, statuses aside: half its time is over, or the
    /// key that signed it signs no more.
    pub fn is_old(&self, kid: &str, now: UnixTime) -> bool {
        now >= self.renew_at || self.kid != kid
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to a Vec cannot fail.
    gzip.write_all(bytes).and_then(|()| gzip.finish()).unwrap_or_default()
}
