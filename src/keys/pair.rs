//! One key pair, parsed once.
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::Value;
use zeroize::Zeroizing;

use super::Error;
use super::hsm::HsmKey;
use super::public::Public;
use crate::oauth::algorithm::Algorithm;

/// A private key in the library's own form, or the name of one elsewhere.
pub enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, Algorithm),
    Hsm(HsmKey),
}

impl Pair {
    /// Makes a new key of `algorithm`, as PKCS#8. The library draws its own
    /// randomness; an RSA key of 3,072 bits takes up to seconds.
    pub fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, Error> {
        let failed = |_| Error::Crypto("making a key");
        let der = match algorithm {
            Algorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Algorithm::EdDsa => Ed25519KeyPair::generate()
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            Algorithm::Ps256 | Algorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa3072).map_err(failed)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(der))
    }

    pub fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, Error> {
        let failed = |_| Error::Crypto("reading a key");
        Ok(match algorithm {
            Algorithm::Es256 => Self::Ecdsa(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map_err(failed)?,
            ),
            Algorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(failed)?),
            Algorithm::Ps256 | Algorithm::Rs256 => {
                Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8).map_err(failed)?, algorithm)
            }
        })
    }

    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ecdsa(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::Rsa(_, algorithm) => *algorithm,
            Self::Hsm(key) => key.algorithm,
        }
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::Crypto("signing");
        let random = SystemRandom::new();
        match self {
            Self::Ecdsa(pair) => Ok(pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rsa(pair, algorithm) => {
                let padding: &dyn RsaEncoding = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::Hsm(key) => key.sign(message),
        }
    }

    /// The public half in PEM, as `openssl pkey -pubout` writes it.
    pub fn public_pem(&self) -> Result<String, Error> {
        self.public()?.pem()
    }

    /// The public half as a JWK, and its RFC 7638 thumbprint as `kid`.
    pub fn public_jwk(&self) -> Result<(String, Value), Error> {
        self.public()?.jwk(self.algorithm())
    }

    fn public(&self) -> Result<Public, Error> {
        let failed = |_| Error::Crypto("reading a public key");
        Ok(match self {
            Self::Ecdsa(pair) => {
                Public::Ecdsa(pair.public_key().as_ref().try_into().map_err(failed)?)
            }
            Self::Ed25519(pair) => {
                Public::Ed25519(pair.public_key().as_ref().try_into().map_err(failed)?)
            }
            Self::Rsa(pair, _) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                Public::Rsa { n: parts.n, e: parts.e }
            }
            Self::Hsm(key) => key.public.clone(),
        })
    }
}
