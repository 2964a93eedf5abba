//! The answer that carries a token, RFC 6749 §5.1.
use serde::Serialize;

use super::client_credentials::Issuance;

/// `scope` is always there, even when it is what was asked for. There is no
/// refresh token, RFC 6749 §4.4.3.
#[derive(Debug, Serialize)]
pub struct TokenResponse<'a> {
    pub access_token: &'a str,
    pub token_type: &'static str,
    /// Seconds from now.
    pub expires_in: i64,
    pub scope: String,
}

impl<'a> TokenResponse<'a> {
    pub fn new(issuance: &Issuance, access_token: &'a str) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: issuance.expires_at.since(issuance.issued_at).0,
            scope: issuance.scope.to_string(),
        }
    }
}
