//! The discovery document, RFC 8414 §2.
use serde::Serialize;

use super::client_auth::Method;

/// Says exactly what works: each member is made from what is switched on.
#[derive(Debug, Serialize)]
pub struct Metadata {
    pub issuer: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    /// Which status lists there are, draft-ietf-oauth-status-list-21 §9.1.
    pub status_list_aggregation_endpoint: String,
    /// Answers every request with `unsupported_response_type`; there for
    /// libraries that refuse a document without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Required by RFC 8414 §2 and empty: there is no authorization endpoint
    /// that would answer one.
    pub response_types_supported: [&'static str; 0],
    pub grant_types_supported: [&'static str; 1],
    pub token_endpoint_auth_methods_supported: [&'static str; 2],
    pub introspection_endpoint_auth_methods_supported: [&'static str; 2],
    pub revocation_endpoint_auth_methods_supported: [&'static str; 2],
    /// Ours: signed statements of what was revoked, see `revocation_feed`.
    pub revocations_uri: String,
}

impl Metadata {
    pub fn new(issuer: &str, with_authorization_endpoint: bool) -> Self {
        let base = issuer.trim_end_matches('/');
        let methods = Method::ALL.map(Method::as_str);
        Self {
            issuer: issuer.to_owned(),
            token_endpoint: format!("{base}/oauth/token"),
            jwks_uri: format!("{base}/oauth/jwks.json"),
            introspection_endpoint: format!("{base}/oauth/introspect"),
            revocation_endpoint: format!("{base}/oauth/revoke"),
            status_list_aggregation_endpoint: format!("{base}/oauth/status-lists"),
            authorization_endpoint: with_authorization_endpoint
                .then(|| format!("{base}/oauth/authorize")),
            response_types_supported: [],
            grant_types_supported: ["client_credentials"],
            token_endpoint_auth_methods_supported: methods,
            introspection_endpoint_auth_methods_supported: methods,
            revocation_endpoint_auth_methods_supported: methods,
            revocations_uri: format!("{base}/oauth/revocations"),
        }
    }
}
