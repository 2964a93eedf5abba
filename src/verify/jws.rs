//! Compact JWS with public keys, RFC 7515 and RFC 7517; as much as is needed,
//! and nothing that a caller could switch off.
use std::collections::HashMap;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Refusal;
use crate::oauth::algorithm::Algorithm;

/// Which JWS is meant.
pub struct Expected<'a> {
    pub typ: &'a str,
    pub algorithms: &'a [Algorithm],
}

/// A JWS whose form and header are as expected. Its signature was not looked at.
pub struct Jws<'t> {
    pub kid: String,
    algorithm: Algorithm,
    signed: &'t [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

impl<'t> Jws<'t> {
    pub fn parse(token: &'t str, expected: &Expected<'_>) -> Result<Self, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed);
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| Refusal::Malformed)?;
        if header.crit.is_some() {
            return Err(Refusal::Critical);
        }
        if !header.typ.is_some_and(|typ| is_type(&typ, expected.typ)) {
            return Err(Refusal::WrongType);
        }
        let algorithm = Algorithm::parse(&header.alg)
            .filter(|algorithm| expected.algorithms.contains(algorithm))
            .ok_or(Refusal::WrongAlgorithm)?;
        Ok(Self {
            kid: header.kid.ok_or(Refusal::UnknownKey)?,
            algorithm,
            signed: signed.as_bytes(),
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The payload, when `key` is for this algorithm and signed it.
    pub fn open(self, key: &PublicKey) -> Result<Vec<u8>, Refusal> {
        if key.algorithm != self.algorithm {
            return Err(Refusal::WrongAlgorithm);
        }
        if !key.verifies(self.signed, &self.signature) {
            return Err(Refusal::BadSignature);
        }
        Ok(self.payload)
    }
}

/// RFC 7515 §4.1.9: media types are compared in any case, and `application/`
/// may be left out.
fn is_type(typ: &str, expected: &str) -> bool {
    let long = typ.get(..12).filter(|start| start.eq_ignore_ascii_case("application/"));
    let short = if long.is_some() { typ.get(12..).unwrap_or_default() } else { typ };
    short.eq_ignore_ascii_case(expected)
}

/// A key for one algorithm.
pub struct PublicKey {
    algorithm: Algorithm,
    material: Material,
}

#[derive(PartialEq, Eq)]
enum Material {
    /// An uncompressed point, or the 32 bytes of Ed25519.
    Bytes(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl PublicKey {
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Bytes(bytes) if self.algorithm == Algorithm::EdDsa => {
                UnparsedPublicKey::new(&ED25519, bytes).verify(message, signature)
            }
            Material::Bytes(bytes) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes).verify(message, signature)
            }
            Material::Rsa { n, e } => {
                let padding = match self.algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(padding, message, signature)
            }
        }
        .is_ok()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.material == other.material
    }
}

/// The most keys of a set.
const MOST: usize = 50;

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// Every member is optional: another's key is passed over, not an error.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    alg: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

/// Reads a JWK Set. Keys without `kid` or `alg`, for other uses or of other
/// kinds are passed over.
///
/// # Errors
/// It is no JWK Set, or has more than 50 keys.
pub fn read_set(text: &[u8]) -> Result<HashMap<String, PublicKey>, String> {
    let set: Set = serde_json::from_slice(text).map_err(|_| "no JWK Set".to_owned())?;
    if set.keys.len() > MOST {
        return Err(format!("more than {MOST} keys"));
    }
    let mut keys = HashMap::new();
    for value in set.keys {
        let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
        if let Some(key) = public_key(&jwk) {
            keys.entry(jwk.kid).or_insert(key);
        }
    }
    Ok(keys)
}

fn public_key(jwk: &Jwk) -> Option<PublicKey> {
    if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let decode = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    let algorithm = Algorithm::parse(&jwk.alg)?;
    let material = match (algorithm, jwk.kty.as_str(), jwk.crv.as_deref()) {
        (Algorithm::Es256, "EC", Some("P-256")) => {
            let (x, y) = (decode(&jwk.x)?, decode(&jwk.y)?);
            if x.len() != 32 || y.len() != 32 {
                return None;
            }
            Material::Bytes([&[4][..], &x, &y].concat())
        }
        (Algorithm::EdDsa, "OKP", Some("Ed25519")) => Material::Bytes(decode(&jwk.x)?),
        (Algorithm::Ps256 | Algorithm::Rs256, "RSA", _) => {
            Material::Rsa { n: decode(&jwk.n)?, e: decode(&jwk.e)? }
        }
        _ => return None,
    };
    Some(PublicKey { algorithm, material })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    const EXPECTED: Expected<'_> = Expected { typ: "at+jwt", algorithms: &Algorithm::ALL };

    fn encode(part: &serde_json::Value) -> String {
        URL_SAFE_NO_PAD.encode(part.to_string())
    }

    fn refusal(header: &serde_json::Value) -> Option<Refusal> {
        let token = format!("{}.{}.c2ln", encode(header), encode(&json!({})));
        Jws::parse(&token, &EXPECTED).err()
    }

    #[test]
    fn a_header_says_exactly_what_is_expected() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert_eq!(refusal(&json!({"alg": "ES256", "typ": typ, "kid": "k"})), None, "{typ}");
        }
        for typ in [json!("JWT"), json!(null), json!("application/"), json!("text/at+jwt")] {
            let header = json!({"alg": "ES256", "typ": typ, "kid": "k"});
            assert_eq!(refusal(&header), Some(Refusal::WrongType), "{typ}");
        }
        for alg in ["none", "None", "HS256", "es256", "ES384", ""] {
            let header = json!({"alg": alg, "typ": "at+jwt", "kid": "k"});
            assert_eq!(refusal(&header), Some(Refusal::WrongAlgorithm), "{alg}");
        }
        let crit = json!({"alg": "ES256", "typ": "at+jwt", "kid": "k", "crit": ["b64"]});
        assert_eq!(refusal(&crit), Some(Refusal::Critical));
        assert_eq!(refusal(&json!({"alg": "ES256", "typ": "at+jwt"})), Some(Refusal::UnknownKey));
    }

    #[test]
    fn only_the_compact_form_is_read() {
        for text in ["", "a.b", "a.b.c.d", "{}", "..", "e30=.e30.c2ln"] {
            assert_eq!(Jws::parse(text, &EXPECTED).err(), Some(Refusal::Malformed), "{text}");
        }
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"ES256","typ":"at+jwt"}"#);
        let token = format!("{twice}.e30.c2ln");
        assert_eq!(Jws::parse(&token, &EXPECTED).err(), Some(Refusal::Malformed));
    }

    #[test]
    fn a_key_verifies_with_its_own_algorithm_alone() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let jwk = |alg: &str| {
            let (x, y) = (&point[1..33], &point[33..]);
            let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            json!({"kty": "EC", "crv": "P-256", "kid": "k", "alg": alg, "use": "sig",
                   "x": text(x), "y": text(y)})
        };
        let signed =
            format!("{}.e30", encode(&json!({"alg": "ES256", "typ": "at+jwt", "kid": "k"})));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));

        let keys = read_set(json!({"keys": [jwk("ES256")]}).to_string().as_bytes()).unwrap();
        let opened = Jws::parse(&token, &EXPECTED).unwrap().open(&keys["k"]);
        assert_eq!(opened, Ok(b"{}".to_vec()));
        let other = PublicKey {
            algorithm: Algorithm::EdDsa,
            material: Material::Bytes(point[1..33].to_vec()),
        };
        let opened = Jws::parse(&token, &EXPECTED).unwrap().open(&other);
        assert_eq!(opened, Err(Refusal::WrongAlgorithm));
        for alg in ["RS256", "HS256", "none"] {
            let set = json!({"keys": [jwk(alg)]}).to_string();
            assert!(read_set(set.as_bytes()).unwrap().is_empty(), "{alg}");
        }
    }

    #[test]
    fn a_set_is_bounded_and_keys_of_others_are_passed_over() {
        let many = json!({"keys": vec![json!({}); 51]}).to_string();
        assert!(read_set(many.as_bytes()).is_err());
        let others = json!({"keys": [
            {"kty": "oct", "k": "AA", "kid": "a", "alg": "HS256"},
            {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "b", "alg": "ES256"},
            {"kty": "EC", "crv": "P-256", "kid": "c", "alg": "ES256", "use": "enc"},
            "nonsense",
        ]});
        assert!(read_set(others.to_string().as_bytes()).unwrap().is_empty());
        assert!(read_set(b"[]").is_err());
    }
}
