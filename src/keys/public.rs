//! The public half of a key, wherever the private half is.
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::signature::RsaPublicKeyComponents;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use serde_json::{Value, json};

use super::{Error, provider};
use crate::oauth::algorithm::Algorithm;

#[derive(Clone, Debug)]
pub enum Public {
    /// A point on P-256, uncompressed.
    Ecdsa([u8; 65]),
    Ed25519([u8; 32]),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// What stands before a point in the DER of a public key, RFC 5480 and RFC 8410.
const P256: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                      \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

impl Public {
    /// As a JWK for `algorithm`, and its RFC 7638 thumbprint as `kid`.
    pub fn jwk(&self, algorithm: Algorithm) -> Result<(String, Value), Error> {
        // A thumbprint takes the process's provider, and the first use decides
        // which that is for good.
        provider::install();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match self {
            Self::Ecdsa([_, point @ ..]) => {
                let (x, y) = point.split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)})
            }
            Self::Ed25519(x) => json!({"kty": "OKP", "crv": "Ed25519", "x": text(x)}),
            Self::Rsa { n, e } => json!({"kty": "RSA", "n": text(n), "e": text(e)}),
        };
        let unreadable = || Error::Crypto("making a thumbprint");
        let parsed: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| unreadable())?;
        let kid = parsed.thumbprint(ThumbprintHash::SHA256).map_err(|_| unreadable())?;
        if let Some(members) = jwk.as_object_mut() {
            members.insert("use".into(), "sig".into());
            members.insert("alg".into(), algorithm.as_str().into());
            members.insert("kid".into(), kid.clone().into());
        }
        Ok((kid, jwk))
    }

    /// In PEM, as `openssl pkey -pubout` writes it.
    pub fn pem(&self) -> Result<String, Error> {
        let der = match self {
            Self::Ecdsa(point) => [P256, point].concat(),
            Self::Ed25519(x) => [ED25519, x].concat(),
            Self::Rsa { n, e } => {
                let parts = RsaPublicKeyComponents { n: n.as_slice(), e: e.as_slice() };
                let der: PublicKeyX509Der<'_> =
                    parts.as_der().map_err(|_| Error::Crypto("writing a public key"))?;
                der.as_ref().to_vec()
            }
        };
        let text = STANDARD.encode(der);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        Ok(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
    }
}
