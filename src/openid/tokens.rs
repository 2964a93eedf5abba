//! The kinds of things that travel, and fetching those that travel behind the
//! browser's back.
use std::error::Error;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClaimName, CoreClaimType, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthorizationCode, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, OAuth2TokenResponse as _,
    PkceCodeVerifier, ProviderMetadata, RequestTokenError, StandardErrorResponse,
    StandardTokenResponse, SubjectIdentifier, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Refused;
use super::http::Http;
use crate::config::openid::OpenId;
use crate::model::audit_event::printable;
use crate::model::openid::{Claims, Refusal, texts};

/// RFC 9207 §3.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AboutAnswers {
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for AboutAnswers {}

impl AboutAnswers {
    pub fn names_itself(&self) -> bool {
        self.authorization_response_iss_parameter_supported == Some(true)
    }
}

/// Every claim that the specification does not know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Others {
    #[serde(flatten)]
    pub all: Map<String, Value>,
}

impl AdditionalClaims for Others {}

pub type Metadata = ProviderMetadata<
    AboutAnswers,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

pub type Tokens = StandardTokenResponse<Fields, CoreTokenType>;

pub type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub fn has_basic(methods: &[CoreClientAuthMethod]) -> bool {
    methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
}

/// Fetches the tokens that the code is for.
///
/// # Errors
/// `CodeRefused`, `BadAnswer`, `Unavailable`.
pub fn exchange(
    client: &Client,
    http: &Http,
    code: String,
    verifier: &str,
) -> Result<Tokens, Refused> {
    let request = client.exchange_code(AuthorizationCode::new(code));
    let request = request.map_err(|error| (Refusal::BadAnswer, error.to_string()))?;
    let verifier = PkceCodeVerifier::new(verifier.to_owned());
    request.set_pkce_verifier(verifier).request(http).map_err(|error| match &error {
        RequestTokenError::ServerResponse(said) => {
            (Refusal::CodeRefused, printable(said.error().as_ref(), 60))
        }
        RequestTokenError::Request(_) => (Refusal::Unavailable, printable(&chain(&error), 300)),
        // What came is not repeated: it may hold tokens.
        RequestTokenError::Parse(why, _) => {
            (Refusal::BadAnswer, format!("the token endpoint's answer, at {}", why.path()))
        }
        RequestTokenError::Other(why) => (Refusal::BadAnswer, printable(why, 200)),
    })
}

/// Adds what the provider tells only when it is asked for (OpenID Connect Core 1.0
/// §5.4), if something is missing.
///
/// # Errors
/// `BadAnswer`, `Unavailable`: it could not be asked.
pub fn complete(
    mut claims: Claims,
    config: &OpenId,
    client: &Client,
    http: &Http,
    tokens: &Tokens,
) -> Result<Claims, Refused> {
    let lacks_role = config.role_claim.is_some() && claims.groups.is_empty();
    if claims.email.is_some() && claims.name.is_some() && !lacks_role {
        return Ok(claims);
    }
    let subject = SubjectIdentifier::new(claims.subject.clone());
    let request = client.user_info(tokens.access_token().clone(), Some(subject));
    // Not every provider has it.
    let Ok(request) = request else { return Ok(claims) };
    let told: Result<UserInfoClaims<Others, CoreGenderClaim>, _> = request.request(http);
    let told = told.map_err(|error| match &error {
        openidconnect::UserInfoError::Request(_) => {
            (Refusal::Unavailable, printable(&chain(&error), 300))
        }
        _ => (Refusal::BadAnswer, "what the provider says of the person".to_owned()),
    })?;
    if claims.email.is_none() {
        claims.email = told.email().map(|email| email.to_string());
        claims.email_verified = told.email_verified();
    }
    if claims.name.is_none() {
        let name = told.name().and_then(|names| names.get(None));
        claims.name = name.map(|name| name.to_string());
    }
    if let Some(role_claim) = config.role_claim.as_deref().filter(|_| lacks_role) {
        claims.groups = texts(&told.additional_claims().all, role_claim);
    }
    Ok(claims)
}

/// An error, and what led to it.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
