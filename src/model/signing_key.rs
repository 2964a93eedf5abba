//! A key we sign access tokens with.
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;

/// One key, one algorithm. The private half is sealed.
#[derive(Clone)]
pub struct SigningKey {
    /// The RFC 7638 thumbprint of its public half.
    pub kid: String,
    pub algorithm: Algorithm,
    pub state: State,
    /// The public half as a JSON Web Key.
    pub public_jwk: String,
    pub sealed_private_key: Vec<u8>,
    pub created_at: UnixTime,
}

/// Where a key stands in its life. All three are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Next,
    Current,
    Retired,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Current, Self::Retired].into_iter().find(|s| s.as_str() == text)
    }
}
