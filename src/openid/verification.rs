//! What an ID token has to hold (OpenID Connect Core 1.0 §3.1.3.7).
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreGenderClaim, CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError as Wrong, ClientId, IdTokenClaims, Nonce,
    OAuth2TokenResponse as _, SignatureVerificationError as Signature, TokenResponse as _,
};

use super::tokens::{Metadata, Others, Tokens};
use super::{Refused, Sent};
use crate::config::openid::OpenId;
use crate::model::audit_event::printable;
use crate::model::openid::{Claims, LEEWAY, PATIENCE, Refusal, texts};
use crate::oauth::UnixTime;

/// Nothing that shares a secret, and not none.
const ALGORITHMS: [Alg; 9] = [
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
];

/// # Errors
/// Each check has a reason of its own.
pub fn verify(
    config: &OpenId,
    metadata: &Metadata,
    tokens: &Tokens,
    sent: &Sent,
    now: UnixTime,
) -> Result<Claims, Refused> {
    let token = tokens.id_token().ok_or((Refusal::BadAnswer, "no ID token".to_owned()))?;
    let client_id = ClientId::new(config.client_id.clone());
    // As of a public client: with the secret it would take HS256.
    let verifier = CoreIdTokenVerifier::new_public_client(
        client_id,
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_time_fn(move || moment(now - LEEWAY))
    .set_issue_time_verifier_fn(move |issued| {
        let at = UnixTime(issued.timestamp_micros());
        if at <= now + LEEWAY && now <= at + PATIENCE {
            Ok(())
        } else {
            Err("it was issued at another time".to_owned())
        }
    });
    let nonce = Nonce::new(sent.nonce.clone());
    let claims = token.claims(&verifier, &nonce).map_err(|error| reason(&error))?;
    authorized_party(claims, &config.client_id)?;
    if let Some(expected) = claims.access_token_hash() {
        let told = |error: &dyn std::fmt::Display| (Refusal::WrongHash, error.to_string());
        let key = token.signing_key(&verifier).map_err(|error| told(&error))?;
        let algorithm = token.signing_alg().map_err(|error| told(&error))?;
        let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key);
        if hash.map_err(|error| told(&error))? != *expected {
            return Err((Refusal::WrongHash, "at_hash is of another access token".to_owned()));
        }
    }
    if let Some(not_before) = sent.not_before {
        asked_again(claims, not_before)?;
    }
    Ok(read(claims, config))
}

/// §3.1.3.7, 4 and 5. Who else the token is for is refused before.
fn authorized_party(
    claims: &IdTokenClaims<Others, CoreGenderClaim>,
    client_id: &str,
) -> Result<(), Refused> {
    match claims.authorized_party() {
        Some(party) if party.as_str() != client_id => {
            let why = format!("azp is {}", printable(party, 100));
            Err((Refusal::WrongAudience, why))
        }
        _ => Ok(()),
    }
}

/// §3.1.3.7, 13: they proved themselves after they were sent, whatever session
/// they had there.
fn asked_again(
    claims: &IdTokenClaims<Others, CoreGenderClaim>,
    not_before: UnixTime,
) -> Result<(), Refused> {
    let at = claims.auth_time().map(|at| UnixTime(at.timestamp_micros()));
    match at {
        Some(at) if at + LEEWAY >= not_before => Ok(()),
        Some(_) => Err((Refusal::NotNow, "auth_time is before they were sent".to_owned())),
        None => Err((Refusal::NotNow, "there is no auth_time".to_owned())),
    }
}

fn read(claims: &IdTokenClaims<Others, CoreGenderClaim>, config: &OpenId) -> Claims {
    let methods = claims.auth_method_refs().into_iter().flatten();
    let methods = methods.map(|method| method.to_string());
    let class = claims.auth_context_ref().map(|class| class.to_string());
    let name = claims.name().and_then(|names| names.get(None));
    let role_claim = config.role_claim.as_deref();
    Claims {
        issuer: config.issuer.clone(),
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified(),
        name: name.map(|name| name.to_string()),
        groups: role_claim
            .map(|name| texts(&claims.additional_claims().all, name))
            .unwrap_or_default(),
        methods: methods.chain(class).collect(),
    }
}

fn reason(error: &Wrong) -> Refused {
    let refusal = match error {
        Wrong::Expired(_) => Refusal::TokenExpired,
        Wrong::InvalidAudience(_) => Refusal::WrongAudience,
        Wrong::InvalidIssuer(_) => Refusal::WrongIssuer,
        Wrong::InvalidNonce(_) => Refusal::WrongNonce,
        Wrong::SignatureVerification(error) => match error {
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_) => Refusal::UnknownKey,
            Signature::DisallowedAlg(_) | Signature::NoSignature | Signature::UnsupportedAlg(_) => {
                Refusal::BadAlgorithm
            }
            _ => Refusal::BadSignature,
        },
        _ => Refusal::BadAnswer,
    };
    (refusal, printable(&error.to_string(), 200))
}

fn moment(at: UnixTime) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.0).unwrap_or_default()
}
