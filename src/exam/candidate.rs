//! The tokens of an exam.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::check::Check;
use crate::keys::flawed::Flaw;
use crate::keys::{Error, KeyRing};
use crate::oauth::access_token::{Audience, Claims};
use crate::oauth::client_credentials::Issuance;
use crate::oauth::time::Seconds;

/// Stands in bad tokens for the application. No application has this id, since
/// all begin with `m2m_`: whoever asks us about such a token hears no.
pub const NOBODY: &str = "countersign_exam";

/// An audience and an issuer that are nobody's.
const OTHER_AUDIENCE: &str = "urn:countersign:exam:other";
const OTHER_ISSUER: &str = "https://exam.invalid";

pub struct Candidates {
    pub issuance: Issuance,
    pub good: Issued,
    /// Good too, until it is revoked.
    pub revoked: Issued,
    pub bad: Vec<(Check, String)>,
}

pub struct Issued {
    pub token: String,
    pub jti: String,
    pub kid: String,
}

/// Makes them all from what the application may have. `ids`: of the exam, and
/// of the events that record the good token and the one to be revoked.
pub fn make(
    keys: &KeyRing,
    issuer: &str,
    issuance: Issuance,
    ids: [&str; 3],
) -> Result<Candidates, Error> {
    let [exam, good, revoked] = ids;
    let (algorithm, now) = (issuance.algorithm, issuance.issued_at);
    let issue = |jti: &str| -> Result<Issued, Error> {
        let claims = Claims::new(issuer, jti, &issuance, String::new());
        let signed = keys.sign(algorithm, &claims, now)?;
        Ok(Issued { token: signed.token, jti: jti.to_owned(), kid: signed.kid })
    };
    let (good, revoked) = (issue(good)?, issue(revoked)?);
    let claims = |check: Check| Claims {
        sub: NOBODY.to_owned(),
        client_id: NOBODY.to_owned(),
        ..Claims::new(issuer, &format!("{exam}.{}", check.as_str()), &issuance, String::new())
    };
    let mut bad = vec![(Check::TamperedSignature, tampered(&good.token))];
    for (check, flaw) in [
        (Check::WrongType, Flaw::Type),
        (Check::UnknownKey, Flaw::UnknownKey),
        (Check::EmbeddedKey, Flaw::EmbeddedKey),
        (Check::AlgNone, Flaw::Unsigned),
        (Check::HmacWithPem, Flaw::HmacWithPem),
        (Check::HmacWithJwk, Flaw::HmacWithJwk),
    ] {
        bad.push((check, keys.forge(flaw, algorithm, &claims(check))?));
    }
    // An hour: more than any leeway.
    let (then, ended) = (issuance.issued_at - Seconds::HOUR, issuance.expires_at - Seconds::HOUR);
    let expired = Claims { iat: then.seconds(), exp: ended.seconds(), ..claims(Check::Expired) };
    let audience =
        Claims { aud: Audience::One(OTHER_AUDIENCE.to_owned()), ..claims(Check::WrongAudience) };
    let foreign = Claims { iss: OTHER_ISSUER.to_owned(), ..claims(Check::WrongIssuer) };
    let mut signed = vec![
        (Check::Expired, expired),
        (Check::WrongAudience, audience),
        (Check::WrongIssuer, foreign),
    ];
    if !issuance.scope.is_empty() {
        let bare = Claims { scope: String::new(), ..claims(Check::MissingScope) };
        signed.push((Check::MissingScope, bare));
    }
    for (check, claims) in signed {
        bad.push((check, keys.sign(algorithm, &claims, now)?.token));
    }
    Ok(Candidates { issuance, good, revoked, bad })
}

/// With one bit of the signature the other way.
fn tampered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}
