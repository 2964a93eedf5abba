//! The claims of an access token, RFC 9068 §2.2.
use serde::{Deserialize, Serialize};

use super::client_credentials::Issuance;

/// The `typ` of its header, RFC 9068 §2.1.
pub const TYPE: &str = "at+jwt";

/// `sub` is the client itself: no person stands behind the token (RFC 9068
/// §2.2), and no person's id begins with `m2m_`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Claims {
    pub iss: String,
    pub sub: String,
    pub aud: Audience,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub client_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Ours: the id of the secret that the client authenticated with, so that
    /// the tokens of one secret can be revoked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub credential_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

/// Where the token's status is published, draft-ietf-oauth-status-list-21 §6.2.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Status {
    pub status_list: StatusReference,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct StatusReference {
    pub idx: u32,
    pub uri: String,
}

/// A token whose signature is ours: its claims, and the key it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub claims: Claims,
    pub kid: String,
}

/// One resource as a string, several as an array, RFC 7519 §4.1.3.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    /// `None` for no resource at all: every token is for something.
    pub fn of(mut resources: Vec<String>) -> Option<Self> {
        match resources.len() {
            0 => None,
            1 => resources.pop().map(Self::One),
            _ => Some(Self::Several(resources)),
        }
    }

    pub fn resources(&self) -> &[String] {
        match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Several(several) => several,
        }
    }
}

impl Claims {
    pub fn new(issuer: &str, jti: &str, issuance: &Issuance, credential_id: String) -> Self {
        let aud = match issuance.resources.as_slice() {
            [only] => Audience::One(only.clone()),
            several => Audience::Several(several.to_vec()),
        };
        Self {
            iss: issuer.to_owned(),
            sub: issuance.client_id.clone(),
            aud,
            exp: issuance.expires_at.seconds(),
            iat: issuance.issued_at.seconds(),
            jti: jti.to_owned(),
            client_id: issuance.client_id.clone(),
            scope: issuance.scope.to_string(),
            credential_id,
            status: None,
        }
    }
}
