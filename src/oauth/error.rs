//! What a client is told when its request is refused.
use std::borrow::Cow;

use super::reason::Reason;
use super::scope::ScopeSet;

/// A refusal, as the client sees it and as we record it.
///
/// `description` is for the client's developer and goes on the wire, in the
/// characters of RFC 6749 §5.2 only. `reason` and `detail` are for the audit
/// log: they may name what exists.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Error {
    pub code: Code,
    pub reason: Reason,
    pub description: Cow<'static, str>,
    pub detail: Option<String>,
    /// The scopes that were asked for and are not granted.
    pub scope_refused: Option<String>,
    /// The secret that was presented, when it is known and no longer works.
    pub secret_id: Option<String>,
}

/// The error codes of the token endpoint, RFC 6749 §5.2 and RFC 8707 §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    /// Ours; borrowed from RFC 6749 §4.1.2.1, since §5.2 has none for it.
    TemporarilyUnavailable,
    UnsupportedGrantType,
}

impl Error {
    /// # Panics
    /// In debug builds, when `description` has a character that RFC 6749 §5.2
    /// forbids: it must never carry what a caller typed.
    pub fn new(code: Code, reason: Reason, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        debug_assert!(is_describable(&description), "not for the wire: {description:?}");
        Self { code, reason, description, detail: None, scope_refused: None, secret_id: None }
    }

    /// `invalid_client`. It says the same whatever the reason: what exists is
    /// not for someone who has not proved who they are.
    pub fn unauthenticated(reason: Reason) -> Self {
        Self::new(Code::InvalidClient, reason, "client authentication failed")
    }

    /// Adds what only the audit log may know.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl Error {
    /// Names the secret that was presented.
    #[must_use]
    pub fn presenting(mut self, secret_id: impl Into<String>) -> Self {
        self.secret_id = Some(secret_id.into());
        self
    }

    /// Names the scopes that were the reason.
    #[must_use]
    pub fn refusing(mut self, scopes: &ScopeSet) -> Self {
        self.scope_refused = Some(scopes.to_string());
        self
    }
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidClient => "invalid_client",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }

    /// The HTTP status: 401 for `invalid_client`, 503 for ours, 400 for
    /// everything else, RFC 6749 §5.2.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// Whether `text` may stand in `error_description`:
/// `%x20-21 / %x23-5B / %x5D-7E`, RFC 6749 §5.2.
pub fn is_describable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}
