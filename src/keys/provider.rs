//! Signs with keys that were parsed once.
//!
//! `jsonwebtoken` parses the private key at every signature: 25 µs instead of
//! 13 for ES256, three times as long as the signature itself for RS256. Here
//! an `EncodingKey` carries nothing but a `kid`, and the parsed pair of that
//! name signs. Every other key goes the library's own way.
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, aws_lc};
use jsonwebtoken::errors::Result;
use jsonwebtoken::{Algorithm as Jwa, EncodingKey};
use signature::Signer;

use super::pair::Pair;
use crate::oauth::algorithm::Algorithm;

/// Parsed pairs by `kid`. A `kid` is a thumbprint, so two servers in one
/// process cannot mean different keys by one.
static PAIRS: LazyLock<ArcSwap<HashMap<String, Arc<Pair>>>> = LazyLock::new(ArcSwap::default);

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    signer_factory: signer,
    verifier_factory: aws_lc::DEFAULT_PROVIDER.verifier_factory,
    key_utils: aws_lc::DEFAULT_PROVIDER.key_utils.clone(),
});

/// Makes `jsonwebtoken` sign through this file. Needed once; more do no harm.
pub fn install() {
    let _ = PROVIDER.install_default();
}

/// Keeps `pair` under `kid`, and returns the key to sign with.
pub fn keep(kid: &str, pair: &Arc<Pair>) -> EncodingKey {
    let family = match pair.algorithm() {
        Algorithm::Es256 => EncodingKey::from_ec_der,
        Algorithm::EdDsa => EncodingKey::from_ed_der,
        Algorithm::Ps256 | Algorithm::Rs256 => EncodingKey::from_rsa_der,
    };
    PAIRS.rcu(|pairs| {
        let mut pairs = HashMap::clone(pairs);
        pairs.insert(kid.to_owned(), pair.clone());
        pairs
    });
    family(kid.as_bytes())
}

pub(super) fn kept(kid: &str) -> Option<Arc<Pair>> {
    PAIRS.load().get(kid).cloned()
}

/// The name that the library has for one of our algorithms.
pub const fn jwa(algorithm: Algorithm) -> Jwa {
    match algorithm {
        Algorithm::Es256 => Jwa::ES256,
        Algorithm::EdDsa => Jwa::EdDSA,
        Algorithm::Ps256 => Jwa::PS256,
        Algorithm::Rs256 => Jwa::RS256,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is the library's")]
fn signer(algorithm: &Jwa, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let kept = std::str::from_utf8(key.as_bytes()).ok().and_then(kept);
    match kept {
        // `encode` compares the signer's algorithm with the header's.
        Some(pair) => Ok(Box::new(Kept(pair))),
        None => (aws_lc::DEFAULT_PROVIDER.signer_factory)(algorithm, key),
    }
}

struct Kept(Arc<Pair>);

impl Signer<Vec<u8>> for Kept {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        self.0.sign(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Kept {
    fn algorithm(&self) -> Jwa {
        jwa(self.0.algorithm())
    }
}
