//! Private keys that come from elsewhere: PEM or JWK, to PKCS#8.
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Error;
use crate::oauth::algorithm::Algorithm;

/// Reads an unencrypted private key: PEM (PKCS#8, SEC 1 or PKCS#1) or a JWK
/// (RFC 7517). Returns PKCS#8.
///
/// # Errors
/// `Import`: it is none of these, or none for `algorithm`. The sentence says
/// nothing of the key.
pub fn read(text: &str, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, Error> {
    let text = text.trim();
    let der = if text.starts_with('{') { jwk(text, algorithm)? } else { pem(text, algorithm)? };
    Ok(Zeroizing::new(der))
}

fn pem(text: &str, algorithm: Algorithm) -> Result<Vec<u8>, Error> {
    let pem = pem::parse(text).map_err(|_| refused("this is neither PEM nor a JWK"))?;
    if pem.tag() == "ENCRYPTED PRIVATE KEY" {
        return Err(refused("the key is encrypted: decrypt it first, with openssl pkey"));
    }
    if !["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"].contains(&pem.tag()) {
        return Err(refused("the PEM holds no private key"));
    }
    let der = pem.contents();
    let other = |_| not_for(algorithm);
    match algorithm {
        Algorithm::Es256 => {
            ec(&EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                .map_err(other)?)
        }
        Algorithm::EdDsa => ed(&Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(other)?),
        Algorithm::Ps256 | Algorithm::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der));
            rsa(&pair.map_err(other)?)
        }
    }
}

/// The members of a private JWK, RFC 7518 §6 and RFC 8037 §2.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default)]
    d: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    p: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    dp: String,
    #[serde(default)]
    dq: String,
    #[serde(default)]
    qi: String,
}

fn jwk(text: &str, algorithm: Algorithm) -> Result<Vec<u8>, Error> {
    let jwk: Jwk = serde_json::from_str(text).map_err(|_| refused("this is no JWK"))?;
    if jwk.alg.as_deref().is_some_and(|alg| alg != algorithm.as_str()) {
        return Err(not_for(algorithm));
    }
    let other = |_| not_for(algorithm);
    match (algorithm, jwk.kty.as_str(), jwk.crv.as_str()) {
        (Algorithm::Es256, "EC", "P-256") => {
            let (x, y) = (bytes(&jwk.x)?, bytes(&jwk.y)?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            let pair = EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &bytes(&jwk.d)?,
                &point,
            );
            ec(&pair.map_err(other)?)
        }
        (Algorithm::EdDsa, "OKP", "Ed25519") => {
            let (d, x) = (bytes(&jwk.d)?, bytes(&jwk.x)?);
            ed(&Ed25519KeyPair::from_seed_and_public_key(&d, &x).map_err(other)?)
        }
        (Algorithm::Ps256 | Algorithm::Rs256, "RSA", _) => {
            let parts = KeyPairComponents {
                public_key: PublicKeyComponents { n: bytes(&jwk.n)?, e: bytes(&jwk.e)? },
                d: bytes(&jwk.d)?,
                p: bytes(&jwk.p)?,
                q: bytes(&jwk.q)?,
                dP: bytes(&jwk.dp)?,
                dQ: bytes(&jwk.dq)?,
                qInv: bytes(&jwk.qi)?,
            };
            rsa(&RsaPair::from_components(&parts).map_err(other)?)
        }
        _ => Err(not_for(algorithm)),
    }
}

fn ec(pair: &EcdsaKeyPair) -> Result<Vec<u8>, Error> {
    let der = pair.to_pkcs8v1().map_err(|_| Error::Crypto("writing a key"))?;
    Ok(der.as_ref().to_vec())
}

fn ed(pair: &Ed25519KeyPair) -> Result<Vec<u8>, Error> {
    let der = pair.to_pkcs8v1().map_err(|_| Error::Crypto("writing a key"))?;
    Ok(der.as_ref().to_vec())
}

fn rsa(pair: &RsaPair) -> Result<Vec<u8>, Error> {
    if pair.public_modulus_len() < 256 {
        return Err(refused("an RSA key needs 2048 bits or more"));
    }
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Crypto("writing a key"))?;
    Ok(der.as_ref().to_vec())
}

fn bytes(text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
    let decoded = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| !bytes.is_empty());
    decoded.map(Zeroizing::new).ok_or_else(|| refused("the JWK lacks members of a private key"))
}

fn not_for(algorithm: Algorithm) -> Error {
    Error::Import(format!("this is no private key for {algorithm}"))
}

fn refused(why: &str) -> Error {
    Error::Import(why.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::pair::Pair;

    fn pem_of(tag: &str, der: &[u8]) -> String {
        pem::encode(&pem::Pem::new(tag, der.to_vec()))
    }

    #[test]
    fn what_was_exported_is_the_same_key_again() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256] {
            let pkcs8 = Pair::generate(algorithm).unwrap();
            let kid = |der: &[u8]| Pair::parse(algorithm, der).unwrap().public_jwk().unwrap().0;
            let read = read(&pem_of("PRIVATE KEY", &pkcs8), algorithm).unwrap();
            assert_eq!(kid(&read), kid(&pkcs8), "{algorithm}");
        }
    }

    /// RFC 8037 Appendix A.1 and RFC 7517 Appendix A.2.
    #[test]
    fn keys_of_the_specifications_are_read() {
        let ed = json!({
            "kty": "OKP", "crv": "Ed25519",
            "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        });
        let der = read(&ed.to_string(), Algorithm::EdDsa).unwrap();
        let (kid, _) = Pair::parse(Algorithm::EdDsa, &der).unwrap().public_jwk().unwrap();
        assert_eq!(kid, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "RFC 8037 Appendix A.3");
        let ec = json!({
            "kty": "EC", "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
            "d": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
        });
        let der = read(&ec.to_string(), Algorithm::Es256).unwrap();
        let (_, jwk) = Pair::parse(Algorithm::Es256, &der).unwrap().public_jwk().unwrap();
        assert_eq!(jwk["x"], ec["x"]);
    }

    #[test]
    fn what_is_no_key_for_the_algorithm_is_refused_without_a_word_of_it() {
        let ed = Pair::generate(Algorithm::EdDsa).unwrap();
        let cases = [
            ("nonsense".to_owned(), Algorithm::Es256),
            ("{\"kty\":\"EC\"}".to_owned(), Algorithm::Es256),
            (pem_of("PRIVATE KEY", &ed), Algorithm::Es256),
            (pem_of("PUBLIC KEY", &ed), Algorithm::EdDsa),
            (pem_of("ENCRYPTED PRIVATE KEY", &ed), Algorithm::EdDsa),
            ("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}".to_owned(), Algorithm::Rs256),
        ];
        for (text, algorithm) in cases {
            let error = read(&text, algorithm).unwrap_err().to_string();
            assert!(!error.contains("c2VjcmV0"), "{error}");
        }
    }
}
