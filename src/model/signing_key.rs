//! A key we sign access tokens with.
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;

/// One key, one algorithm, one purpose. The private half is sealed.
#[derive(Clone)]
pub struct SigningKey {
    /// The RFC 7638 thumbprint of its public half.
    pub kid: String,
    pub algorithm: Algorithm,
    pub purpose: Purpose,
    pub state: State,
    /// The public half as a JSON Web Key.
    pub public_jwk: String,
    pub sealed_private_key: Vec<u8>,
    pub created_at: UnixTime,
}

/// What a key signs, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    AccessTokens,
    /// Token status lists and the revocation feed.
    TokenStatus,
}

impl Purpose {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessTokens => "access_tokens",
            Self::TokenStatus => "token_status",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::AccessTokens, Self::TokenStatus].into_iter().find(|p| p.as_str() == text)
    }
}

/// Where a key stands in its life. All but the revoked are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Next,
    Current,
    Retired,
    /// Nothing that it signed is accepted any more.
    Revoked,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Current, Self::Retired, Self::Revoked]
            .into_iter()
            .find(|s| s.as_str() == text)
    }
}
