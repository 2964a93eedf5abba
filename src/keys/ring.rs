//! The keys in memory: what signs now, and what is published.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation, crypto};
use moka::sync::Cache;
use serde::Serialize;
use serde_json::{Value, json};

use super::pair::Pair;
use super::{Error, Hsm, MasterKey, Tagged, provider};
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::model::timetable::UNAWARE;
use crate::oauth::UnixTime;
use crate::oauth::access_token::{Claims, TYPE, Verified};
use crate::oauth::algorithm::Algorithm;

/// The keys of this server. Cheap to clone; reading takes no lock.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<ArcSwap<Keys>>,
    /// When they were last known to be the stored ones.
    as_of: Arc<AtomicI64>,
    pub(super) master: MasterKey,
    /// Where new keys are made instead.
    pub(super) hsm: Option<Arc<Hsm>>,
}

/// A signed token and the key that signed it.
#[derive(Clone)]
pub struct Signed {
    pub token: String,
    pub kid: String,
}

/// What the signatures of the revocation feed and the status lists are made
/// with, whatever the tokens are signed with.
pub const STATUS_ALGORITHM: Algorithm = Algorithm::Es256;

/// The one that the formats of checkpoints have.
pub const CHECKPOINT_ALGORITHM: Algorithm = Algorithm::EdDsa;

/// The most tokens whose signature is remembered to be ours.
const REMEMBERED: u64 = 100_000;

struct Keys {
    /// What was opened, as it was stored.
    stored: Vec<(String, State)>,
    current: HashMap<(Purpose, Algorithm), Current>,
    /// By `kid`; those that sign access tokens.
    verifying: HashMap<String, (Algorithm, DecodingKey)>,
    jwks: Arc<Tagged>,
    /// Tokens that were verified with these keys, by their SHA-256: a signature
    /// is looked at once. What can change is not remembered.
    verified: Cache<[u8; 32], Arc<Verified>>,
}

struct Current {
    kid: String,
    key: EncodingKey,
    header: Header,
    /// What every token begins with: the header, encoded, and the dot.
    prefix: String,
}

impl Current {
    fn new(kid: String, key: EncodingKey, algorithm: Algorithm) -> Result<Self, Error> {
        let mut header = Header::new(provider::jwa(algorithm));
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid.clone());
        let text = serde_json::to_vec(&header).map_err(|_| Error::Crypto("signing"))?;
        Ok(Self { kid, key, header, prefix: URL_SAFE_NO_PAD.encode(text) + "." })
    }

    /// RFC 7515 §7.1. As `jsonwebtoken::encode`, which encodes the header anew
    /// each time.
    fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let claims = serde_json::to_vec(claims).map_err(|_| Error::Crypto("signing"))?;
        // With room for a signature of ES256 or EdDSA.
        let mut token = String::with_capacity(self.prefix.len() + claims.len() * 4 / 3 + 128);
        token.push_str(&self.prefix);
        URL_SAFE_NO_PAD.encode_string(&claims, &mut token);
        let signature = crypto::sign(token.as_bytes(), &self.key, self.header.alg)
            .map_err(|_| Error::Crypto("signing"))?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }
}

impl Keys {
    fn signing(&self, purpose: Purpose, algorithm: Algorithm) -> Result<&Current, Error> {
        self.current.get(&(purpose, algorithm)).ok_or(Error::NoKey(algorithm))
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            stored: Vec::new(),
            current: HashMap::new(),
            verifying: HashMap::new(),
            jwks: Arc::new(Tagged::new(r#"{"keys":[]}"#.to_owned())),
            verified: Cache::new(REMEMBERED),
        }
    }
}

impl KeyRing {
    /// A ring without keys.
    pub fn new(master: MasterKey) -> Self {
        provider::install();
        Self { keys: Arc::default(), as_of: Arc::new(AtomicI64::new(i64::MIN)), master, hsm: None }
    }

    /// With new keys made in a PKCS#11 token, if there is one.
    #[must_use]
    pub fn with_hsm(self, hsm: Option<Arc<Hsm>>) -> Self {
        Self { hsm, ..self }
    }

    /// Takes the keys as they are stored into memory. What is there stays when
    /// it is the same, with the tokens it verified.
    ///
    /// # Errors
    /// * `Sealed`: the master key is not the one that sealed them.
    /// * `Hsm`: one is in a PKCS#11 token that is not to be had.
    pub fn load(&self, stored: &[SigningKey]) -> Result<(), Error> {
        self.keys.store(self.open_all(stored)?);
        Ok(())
    }

    /// Says that the keys in memory were the stored ones at `now`.
    pub fn confirm(&self, now: UnixTime) {
        self.as_of.fetch_max(now.0, Ordering::Relaxed);
    }

    /// Whether there is a key that signs tokens with `algorithm`.
    pub fn can_sign(&self, algorithm: Algorithm) -> bool {
        self.keys.load().current.contains_key(&(Purpose::AccessTokens, algorithm))
    }

    /// The key that would sign for `purpose` now.
    ///
    /// # Errors
    /// `NoKey`: there is no current key for it.
    pub fn current_kid(&self, purpose: Purpose, algorithm: Algorithm) -> Result<String, Error> {
        Ok(self.keys.load().signing(purpose, algorithm)?.kid.clone())
    }

    /// The key that encrypts the console's cookies: the same in every process
    /// under one master key.
    pub fn cookie_key(&self) -> Result<[u8; 64], Error> {
        Ok(*self.master.derive("console cookie v1")?)
    }

    /// Signs an access token at `now`.
    ///
    /// # Errors
    /// * `NoKey`: no current key has this algorithm.
    /// * `Unconfirmed`: the keys may have been changed meanwhile; a process that
    ///   slept must not sign with one that is not published any more.
    pub fn sign(
        &self,
        algorithm: Algorithm,
        claims: &Claims,
        now: UnixTime,
    ) -> Result<Signed, Error> {
        if now > UnixTime(self.as_of.load(Ordering::Relaxed)) + UNAWARE {
            return Err(Error::Unconfirmed);
        }
        let keys = self.keys.load();
        let current = keys.signing(Purpose::AccessTokens, algorithm)?;
        Ok(Signed { token: current.sign(claims)?, kid: current.kid.clone() })
    }

    /// Signs a statement on the status of tokens, as a JWT of type `typ`.
    ///
    /// # Errors
    /// `NoKey`: there is no current key for it.
    pub fn sign_status(&self, typ: &str, statement: &impl Serialize) -> Result<String, Error> {
        let keys = self.keys.load();
        let current = keys.signing(Purpose::TokenStatus, STATUS_ALGORITHM)?;
        let header = Header { typ: Some(typ.to_owned()), ..current.header.clone() };
        jsonwebtoken::encode(&header, statement, &current.key).map_err(|_| Error::Crypto("signing"))
    }

    /// The pair that signs for `purpose` with `algorithm`.
    pub(super) fn current_pair(
        &self,
        purpose: Purpose,
        algorithm: Algorithm,
    ) -> Result<Arc<Pair>, Error> {
        let keys = self.keys.load();
        let current = keys.current.get(&(purpose, algorithm));
        current.and_then(|current| provider::kept(&current.kid)).ok_or(Error::NoKey(algorithm))
    }

    /// `token`'s claims and key when one of our published keys signed it as an
    /// access token. Says nothing of time, audience or revocation.
    pub fn verify(&self, token: &str) -> Option<Arc<Verified>> {
        let keys = self.keys.load();
        let mut digest = [0; 32];
        digest.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        if let Some(verified) = keys.verified.get(&digest) {
            return Some(verified);
        }
        let verified = Arc::new(verify(&keys, token)?);
        keys.verified.insert(digest, verified.clone());
        Some(verified)
    }

    /// The public keys as a JWK Set, RFC 7517 §5.
    pub fn jwks(&self) -> Arc<Tagged> {
        self.keys.load().jwks.clone()
    }

    fn open_all(&self, stored: &[SigningKey]) -> Result<Arc<Keys>, Error> {
        let mut keys = Keys {
            stored: stored.iter().map(|key| (key.kid.clone(), key.state)).collect(),
            ..Keys::default()
        };
        let known = self.keys.load_full();
        if known.stored == keys.stored {
            return Ok(known);
        }
        let mut published: Vec<Value> = Vec::new();
        for key in stored.iter().filter(|key| key.state.is_published()) {
            let pair = Arc::new(self.open(key)?);
            let (kid, jwk) = pair.public_jwk()?;
            if kid != key.kid {
                return Err(Error::Sealed(key.kid.clone()));
            }
            let parsed: Jwk = serde_json::from_value(jwk.clone())
                .map_err(|_| Error::Crypto("reading a public key"))?;
            let decoding = DecodingKey::from_jwk(&parsed)
                .map_err(|_| Error::Crypto("reading a public key"))?;
            if key.purpose.is_in_jwks() {
                published.push(jwk);
            }
            if key.state == State::Current {
                let encoding = provider::keep(&kid, &pair);
                let current = Current::new(kid.clone(), encoding, key.algorithm)?;
                keys.current.insert((key.purpose, key.algorithm), current);
            }
            if key.purpose == Purpose::AccessTokens {
                keys.verifying.insert(kid, (key.algorithm, decoding));
            }
        }
        keys.jwks = Arc::new(Tagged::new(json!({ "keys": published }).to_string()));
        Ok(Arc::new(keys))
    }
}

fn verify(keys: &Keys, token: &str) -> Option<Verified> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    if header.typ.as_deref() != Some(TYPE) {
        return None;
    }
    let kid = header.kid?;
    let (algorithm, key) = keys.verifying.get(&kid)?;
    let mut validation = Validation::new(provider::jwa(*algorithm));
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
    Some(Verified { claims, kid })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::access_token::Audience;
    use crate::oauth::time::Seconds;

    fn claims() -> Claims {
        Claims {
            iss: "https://issuer.example".into(),
            sub: "m2m_1".into(),
            aud: Audience::One("https://api.example".into()),
            exp: 2_000_000_000,
            iat: 1_700_000_000,
            jti: "1".into(),
            client_id: "m2m_1".into(),
            scope: "a".into(),
            credential_id: String::new(),
            status: None,
        }
    }

    const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn ring(master: u8) -> KeyRing {
        let ring = KeyRing::new(MasterKey::from_bytes([master; 32]));
        ring.confirm(NOW);
        ring
    }

    /// A key of each purpose, current.
    fn keys(ring: &KeyRing) -> Vec<SigningKey> {
        Purpose::ALL
            .map(|purpose| ring.make((purpose, Algorithm::Es256, State::Current), NOW).unwrap())
            .to_vec()
    }

    #[test]
    fn a_ring_signs_what_it_publishes_and_another_master_key_opens_nothing() {
        let first = ring(1);
        let stored = keys(&first);
        first.load(&stored).unwrap();
        let signed = first.sign(Algorithm::Es256, &claims(), NOW).unwrap();
        assert_eq!(first.verify(&signed.token).unwrap().claims, claims());
        assert!(first.jwks().body.contains(&signed.kid));
        assert!(!first.jwks().body.contains("\"d\""));
        let other = first.sign(Algorithm::Rs256, &claims(), NOW);
        assert!(matches!(other, Err(Error::NoKey(_))));

        let again = ring(1);
        again.load(&stored).unwrap();
        assert_eq!(again.jwks().body, first.jwks().body);
        assert!(matches!(ring(2).load(&stored), Err(Error::Sealed(_))));
    }

    #[test]
    fn each_algorithm_signs_what_the_library_verifies() {
        let ring = ring(1);
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let key = ring.make((Purpose::AccessTokens, algorithm, State::Current), NOW).unwrap();
            ring.load(&[key]).unwrap();
            let signed = ring.sign(algorithm, &claims(), NOW).unwrap();
            assert_eq!(ring.verify(&signed.token).unwrap().claims, claims(), "{algorithm}");
        }
    }

    #[test]
    fn a_token_that_was_touched_or_is_of_another_type_is_not_ours() {
        let ring = ring(1);
        ring.load(&keys(&ring)).unwrap();
        let token = ring.sign(Algorithm::Es256, &claims(), NOW).unwrap().token;
        for at in [0, token.len() / 2, token.len() - 2] {
            let mut touched = token.clone().into_bytes();
            touched[at] = if touched[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(ring.verify(&String::from_utf8(touched).unwrap()), None, "{at}");
        }
        let keys = ring.keys.load();
        let current = &keys.current[&(Purpose::AccessTokens, Algorithm::Es256)];
        let mut header = current.header.clone();
        header.typ = Some("JWT".into());
        let other = jsonwebtoken::encode(&header, &claims(), &current.key).unwrap();
        assert_eq!(ring.verify(&other), None);
        let status = ring.sign_status(TYPE, &claims()).unwrap();
        assert_eq!(ring.verify(&status), None, "the key of another purpose");
    }

    /// Whoever slept does not know what happened meanwhile.
    #[test]
    fn keys_that_nobody_confirmed_for_long_sign_nothing() {
        let ring = ring(1);
        ring.load(&keys(&ring)).unwrap();
        let later = NOW + UNAWARE;
        assert!(ring.sign(Algorithm::Es256, &claims(), later).is_ok());
        let too_late = ring.sign(Algorithm::Es256, &claims(), later + Seconds(1));
        assert!(matches!(too_late, Err(Error::Unconfirmed)));
        ring.confirm(later + Seconds(1));
        assert!(ring.sign(Algorithm::Es256, &claims(), later + Seconds(1)).is_ok());
    }

    #[test]
    fn a_key_under_another_seal_is_the_same_key() {
        let (old, new) = (ring(1), ring(2));
        let mut stored = keys(&old);
        for key in &mut stored {
            key.sealed_private_key = old.reseal(key, &MasterKey::from_bytes([2; 32])).unwrap();
        }
        new.load(&stored).unwrap();
        assert!(new.sign(Algorithm::Es256, &claims(), NOW).is_ok());
        assert!(matches!(ring(1).load(&stored), Err(Error::Sealed(_))));
    }
}
