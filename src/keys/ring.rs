//! The keys in memory: what signs now, and what is published.
use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::Serialize;
use serde_json::{Value, json};

use super::pair::Pair;
use super::{Error, MasterKey, provider};
use crate::host::Clock;
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::oauth::access_token::{Claims, TYPE, Verified};
use crate::oauth::algorithm::Algorithm;
use crate::store::{Conn, Store, resources, signing_keys};

/// The keys of this server. Cheap to clone; reading takes no lock.
#[derive(Clone)]
pub struct KeyRing {
    keys: Arc<ArcSwap<Keys>>,
    master: MasterKey,
}

/// A signed token and the key that signed it.
#[derive(Clone)]
pub struct Signed {
    pub token: String,
    pub kid: String,
}

/// The published keys as they are sent.
pub struct Jwks {
    pub body: String,
    /// Quoted, as in an `ETag` header.
    pub etag: String,
}

/// What the signatures of the revocation feed and the status lists are made
/// with, whatever the tokens are signed with.
const STATUS_ALGORITHM: Algorithm = Algorithm::Es256;

/// The most tokens whose signature is remembered to be ours.
const REMEMBERED: u64 = 100_000;

struct Keys {
    /// What was opened, as it was stored.
    stored: Vec<(String, State)>,
    current: HashMap<(Purpose, Algorithm), Current>,
    /// By `kid`; those that sign access tokens.
    verifying: HashMap<String, (Algorithm, DecodingKey)>,
    jwks: Arc<Jwks>,
    /// Tokens that were verified with these keys, by their SHA-256: a signature
    /// is looked at once. What can change is not remembered.
    verified: Cache<[u8; 32], Arc<Verified>>,
}

struct Current {
    kid: String,
    key: EncodingKey,
    header: Header,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            stored: Vec::new(),
            current: HashMap::new(),
            verifying: HashMap::new(),
            jwks: Arc::default(),
            verified: Cache::new(REMEMBERED),
        }
    }
}

impl Default for Jwks {
    fn default() -> Self {
        Self { body: r#"{"keys":[]}"#.to_owned(), etag: "\"\"".to_owned() }
    }
}

impl KeyRing {
    /// Opens every stored key, after making those that are missing.
    ///
    /// # Errors
    /// `Sealed`: the master key is not the one that sealed them. Nothing was
    /// changed then.
    pub fn open(store: &Store, master: MasterKey, clock: &Clock) -> Result<Self, Error> {
        provider::install();
        let ring = Self { keys: Arc::default(), master };
        ring.reconcile(store, clock)?;
        Ok(ring)
    }

    /// Makes a current key for each algorithm that a resource signs with and
    /// that has none, and one for the status of tokens, then takes all stored
    /// keys into memory. Blocks.
    pub fn reconcile(&self, store: &Store, clock: &Clock) -> Result<(), Error> {
        let (stored, mut wanted) = store.read_blocking(|conn| -> Result<_, Error> {
            Ok((signing_keys::all(conn)?, resources::algorithms(conn)?))
        })?;
        // Opened first: with the wrong master key nothing may be added.
        let opened = self.open_all(&stored)?;
        wanted.push(Algorithm::default());
        wanted.sort_unstable();
        wanted.dedup();
        let wanted = wanted.into_iter().map(|algorithm| (Purpose::AccessTokens, algorithm));
        let has = |(purpose, algorithm): &(Purpose, Algorithm)| {
            let same = |key: &&SigningKey| (key.purpose, key.algorithm) == (*purpose, *algorithm);
            stored.iter().filter(same).any(|key| key.state == State::Current)
        };
        let missing: Vec<_> = wanted
            .chain([(Purpose::TokenStatus, STATUS_ALGORITHM)])
            .filter(|wanted| !has(wanted))
            .collect();
        if missing.is_empty() {
            self.keys.store(opened);
            return Ok(());
        }
        for (purpose, algorithm) in missing {
            self.create(store, purpose, algorithm, clock)?;
        }
        let stored = store.read_blocking(signing_keys::all)?;
        self.keys.store(self.open_all(&stored)?);
        Ok(())
    }

    /// Makes a current key of `algorithm` for tokens when there is none. Blocks.
    pub fn ensure(&self, store: &Store, algorithm: Algorithm, clock: &Clock) -> Result<(), Error> {
        if !self.can_sign(algorithm) {
            self.create(store, Purpose::AccessTokens, algorithm, clock)?;
            self.reconcile(store, clock)?;
        }
        Ok(())
    }

    /// Whether there is a key that signs tokens with `algorithm`.
    pub fn can_sign(&self, algorithm: Algorithm) -> bool {
        self.keys.load().current.contains_key(&(Purpose::AccessTokens, algorithm))
    }

    /// The key that would sign a token with `algorithm` now.
    ///
    /// # Errors
    /// `NoKey`: no current key has this algorithm.
    pub fn current_kid(&self, algorithm: Algorithm) -> Result<String, Error> {
        self.kid(Purpose::AccessTokens, algorithm)
    }

    /// The key that would sign a statement on the status of tokens now.
    ///
    /// # Errors
    /// `NoKey`: there is no current key for it.
    pub fn status_kid(&self) -> Result<String, Error> {
        self.kid(Purpose::TokenStatus, STATUS_ALGORITHM)
    }

    fn kid(&self, purpose: Purpose, algorithm: Algorithm) -> Result<String, Error> {
        let keys = self.keys.load();
        let current = keys.current.get(&(purpose, algorithm)).ok_or(Error::NoKey(algorithm))?;
        Ok(current.kid.clone())
    }

    /// The key that encrypts the console's cookies: the same in every process
    /// under one master key.
    pub fn cookie_key(&self) -> Result<[u8; 64], Error> {
        Ok(*self.master.derive("console cookie v1")?)
    }

    /// Signs an access token.
    ///
    /// # Errors
    /// `NoKey`: no current key has this algorithm.
    pub fn sign(&self, algorithm: Algorithm, claims: &Claims) -> Result<Signed, Error> {
        let keys = self.keys.load();
        let current =
            keys.current.get(&(Purpose::AccessTokens, algorithm)).ok_or(Error::NoKey(algorithm))?;
        let token = jsonwebtoken::encode(&current.header, claims, &current.key)
            .map_err(|_| Error::Crypto("signing"))?;
        Ok(Signed { token, kid: current.kid.clone() })
    }

    /// Signs a statement on the status of tokens, as a JWT of type `typ`.
    ///
    /// # Errors
    /// `NoKey`: there is no current key for it.
    pub fn sign_status(&self, typ: &str, statement: &impl Serialize) -> Result<String, Error> {
        let keys = self.keys.load();
        let current = keys
            .current
            .get(&(Purpose::TokenStatus, STATUS_ALGORITHM))
            .ok_or(Error::NoKey(STATUS_ALGORITHM))?;
        let header = Header { typ: Some(typ.to_owned()), ..current.header.clone() };
        jsonwebtoken::encode(&header, statement, &current.key).map_err(|_| Error::Crypto("signing"))
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
    pub fn jwks(&self) -> Arc<Jwks> {
        self.keys.load().jwks.clone()
    }

    /// The keys as `stored` has them. What is in memory stays when it is the
    /// same, with the tokens it verified.
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
        for key in stored.iter().filter(|key| key.state != State::Revoked) {
            let pkcs8 = self.master.open(&key.kid, &key.sealed_private_key)?;
            let pair = Arc::new(Pair::parse(key.algorithm, &pkcs8)?);
            let (kid, jwk) = pair.public_jwk()?;
            if kid != key.kid {
                return Err(Error::Sealed(key.kid.clone()));
            }
            let parsed: Jwk = serde_json::from_value(jwk.clone())
                .map_err(|_| Error::Crypto("reading a public key"))?;
            let decoding = DecodingKey::from_jwk(&parsed)
                .map_err(|_| Error::Crypto("reading a public key"))?;
            published.push(jwk);
            if key.state == State::Current {
                let encoding = provider::keep(&kid, &pair);
                let mut header = Header::new(provider::jwa(key.algorithm));
                header.typ = Some(TYPE.to_owned());
                header.kid = Some(kid.clone());
                let current = Current { kid: kid.clone(), header, key: encoding };
                keys.current.insert((key.purpose, key.algorithm), current);
            }
            if key.purpose == Purpose::AccessTokens {
                keys.verifying.insert(kid, (key.algorithm, decoding));
            }
        }
        keys.jwks = Arc::new(jwks(&published));
        Ok(Arc::new(keys))
    }

    fn create(
        &self,
        store: &Store,
        purpose: Purpose,
        algorithm: Algorithm,
        clock: &Clock,
    ) -> Result<(), Error> {
        let pkcs8 = Pair::generate(algorithm)?;
        let (kid, jwk) = Pair::parse(algorithm, &pkcs8)?.public_jwk()?;
        let key = SigningKey {
            sealed_private_key: self.master.seal(&kid, &pkcs8)?,
            public_jwk: jwk.to_string(),
            state: State::Current,
            created_at: clock.now(),
            algorithm,
            purpose,
            kid,
        };
        let insert = |conn: &mut Conn| signing_keys::insert(conn, &key);
        match store.write_blocking(insert) {
            Ok(()) => {
                tracing::info!(kid = key.kid, alg = %algorithm, "signing_key.created");
                Ok(())
            }
            // Another process was first; its key is the one.
            Err(crate::store::Error::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
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

fn jwks(published: &[Value]) -> Jwks {
    let body = json!({ "keys": published }).to_string();
    let hash = digest::digest(&digest::SHA256, body.as_bytes());
    let short = hash.as_ref().get(..12).unwrap_or_default();
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(short));
    Jwks { body, etag }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::access_token::Audience;
    use crate::store::Database;

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

    fn store(folder: &tempfile::TempDir) -> Store {
        let path = folder.path().join("k.db").display().to_string();
        Store::open(Database::Sqlite { path }, 2).unwrap()
    }

    #[test]
    fn a_ring_signs_what_it_publishes_and_another_master_key_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        let clock = Clock::System;
        let ring = KeyRing::open(&store, MasterKey::from_bytes([1; 32]), &clock).unwrap();

        let signed = ring.sign(Algorithm::Es256, &claims()).unwrap();
        assert_eq!(ring.verify(&signed.token).unwrap().claims, claims());
        assert!(ring.jwks().body.contains(&signed.kid));
        assert!(!ring.jwks().body.contains("\"d\""));
        assert!(matches!(ring.sign(Algorithm::Rs256, &claims()), Err(Error::NoKey(_))));

        let again = KeyRing::open(&store, MasterKey::from_bytes([1; 32]), &clock).unwrap();
        assert_eq!(again.jwks().body, ring.jwks().body);
        let wrong = KeyRing::open(&store, MasterKey::from_bytes([2; 32]), &clock);
        assert!(matches!(wrong, Err(Error::Sealed(_))));
        assert_eq!(store.read_blocking(signing_keys::all).unwrap().len(), 2, "tokens, status");
    }

    #[test]
    fn each_algorithm_signs_what_the_library_verifies() {
        let folder = tempfile::tempdir().unwrap();
        let ring =
            KeyRing::open(&store(&folder), MasterKey::from_bytes([1; 32]), &Clock::System).unwrap();
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let pkcs8 = Pair::generate(algorithm).unwrap();
            let (kid, jwk) = Pair::parse(algorithm, &pkcs8).unwrap().public_jwk().unwrap();
            let key = SigningKey {
                sealed_private_key: ring.master.seal(&kid, &pkcs8).unwrap(),
                public_jwk: jwk.to_string(),
                state: State::Current,
                created_at: Clock::System.now(),
                algorithm,
                purpose: Purpose::AccessTokens,
                kid,
            };
            ring.keys.store(ring.open_all(&[key]).unwrap());
            let signed = ring.sign(algorithm, &claims()).unwrap();
            assert_eq!(ring.verify(&signed.token).unwrap().claims, claims(), "{algorithm}");
        }
    }

    #[test]
    fn a_token_that_was_touched_or_is_of_another_type_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let ring =
            KeyRing::open(&store(&folder), MasterKey::from_bytes([1; 32]), &Clock::System).unwrap();
        let token = ring.sign(Algorithm::Es256, &claims()).unwrap().token;
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
}
