//! Tokens that whoever checks tokens must refuse, for examining APIs.
//!
//! Each flaw is made here, so that no caller can ask for a token without one.
//! What our own endpoints refuse as well: all of them.
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::pair::Pair;
use super::{Error, KeyRing};
use crate::model::signing_key::Purpose;
use crate::oauth::access_token::{Claims, TYPE};
use crate::oauth::algorithm::Algorithm;

/// What is wrong with a token whose claims may be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Signed by our key, but of type `JWT`: no access token (RFC 9068 §4).
    Type,
    /// Signed by a key that nobody has, under its own `kid`.
    UnknownKey,
    /// The same, with that key in the header (CVE-2018-0114).
    EmbeddedKey,
    /// Not signed: `alg` is `none`.
    Unsigned,
    /// HS256, with the public key in PEM as the secret (CVE-2015-9235).
    HmacWithPem,
    /// HS256, with the public key's JWK as the secret.
    HmacWithJwk,
}

impl KeyRing {
    /// Writes `claims` into a token with `flaw`.
    ///
    /// # Errors
    /// `NoKey`: no current key has this algorithm.
    pub fn forge(
        &self,
        flaw: Flaw,
        algorithm: Algorithm,
        claims: &Claims,
    ) -> Result<String, Error> {
        let ours = self.current_pair(Purpose::AccessTokens, algorithm)?;
        let (kid, jwk) = ours.public_jwk()?;
        let alg = algorithm.as_str();
        let header = |alg: &str| json!({ "alg": alg, "typ": TYPE, "kid": kid });
        match flaw {
            Flaw::Type => sign(&ours, &json!({ "alg": alg, "typ": "JWT", "kid": kid }), claims),
            Flaw::UnknownKey | Flaw::EmbeddedKey => {
                let pair = Pair::parse(algorithm, &Pair::generate(algorithm)?)?;
                let (kid, jwk) = pair.public_jwk()?;
                let header = match flaw {
                    Flaw::EmbeddedKey => json!({ "alg": alg, "typ": TYPE, "kid": kid, "jwk": jwk }),
                    _ => json!({ "alg": alg, "typ": TYPE, "kid": kid }),
                };
                sign(&pair, &header, claims)
            }
            Flaw::Unsigned => Ok(format!("{}.", signed_part(&header("none"), claims)?)),
            Flaw::HmacWithPem => hs256(ours.public_pem()?.as_bytes(), &header("HS256"), claims),
            Flaw::HmacWithJwk => hs256(jwk.to_string().as_bytes(), &header("HS256"), claims),
        }
    }
}

fn signed_part(header: &Value, claims: &Claims) -> Result<String, Error> {
    let claims = serde_json::to_vec(claims).map_err(|_| Error::Crypto("writing claims"))?;
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    Ok(format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims)))
}

fn sign(pair: &Pair, header: &Value, claims: &Claims) -> Result<String, Error> {
    let signed = signed_part(header, claims)?;
    let signature = pair.sign(signed.as_bytes())?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn hs256(secret: &[u8], header: &Value, claims: &Claims) -> Result<String, Error> {
    let signed = signed_part(header, claims)?;
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::MasterKey;
    use crate::model::signing_key::State;
    use crate::oauth::UnixTime;
    use crate::oauth::access_token::Audience;

    #[test]
    fn our_own_check_takes_none_of_them() {
        let ring = KeyRing::new(MasterKey::from_bytes([1; 32]));
        let now = UnixTime::from_seconds(1_700_000_000);
        let wanted = (Purpose::AccessTokens, Algorithm::Es256, State::Current);
        ring.load(&[ring.make(wanted, now).unwrap()]).unwrap();
        ring.confirm(now);
        let claims = Claims {
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
        };
        assert!(ring.verify(&ring.sign(Algorithm::Es256, &claims, now).unwrap().token).is_some());
        for flaw in [
            Flaw::Type,
            Flaw::UnknownKey,
            Flaw::EmbeddedKey,
            Flaw::Unsigned,
            Flaw::HmacWithPem,
            Flaw::HmacWithJwk,
        ] {
            let token = ring.forge(flaw, Algorithm::Es256, &claims).unwrap();
            assert_eq!(ring.verify(&token), None, "{flaw:?}");
            assert_eq!(token.split('.').count(), 3, "{flaw:?}");
        }
    }

    #[test]
    fn a_public_key_is_written_as_others_write_it() {
        let pair = |algorithm| Pair::parse(algorithm, &Pair::generate(algorithm).unwrap()).unwrap();
        for (algorithm, start) in [
            (Algorithm::Es256, "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"),
            (Algorithm::EdDsa, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA"),
        ] {
            let pem = pair(algorithm).public_pem().unwrap();
            assert!(pem.starts_with(start), "{pem}");
            assert!(pem.ends_with("\n-----END PUBLIC KEY-----\n"), "{pem}");
            assert!(pem.lines().all(|line| line.len() <= 64), "{pem}");
        }
    }
}
