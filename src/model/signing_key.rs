//! A key we sign with.
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
    /// Empty once the key is removed or revoked.
    pub sealed_private_key: Vec<u8>,
    /// It is published from then on.
    pub created_at: UnixTime,
    /// When it began to sign.
    pub current_from: Option<UnixTime>,
    /// When it was retired or revoked.
    pub ended_at: Option<UnixTime>,
}

/// What a key signs, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    AccessTokens,
    /// Token status lists and the revocation feed.
    TokenStatus,
    /// Checkpoints of the audit log.
    Checkpoints,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::AccessTokens, Self::TokenStatus, Self::Checkpoints];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessTokens => "access_tokens",
            Self::TokenStatus => "token_status",
            Self::Checkpoints => "checkpoints",
        }
    }

    /// Whether its keys change by the timetable. Those of checkpoints do not:
    /// whoever verifies the log was given a key by hand, and would take its
    /// successor for a forger's.
    pub const fn rotates_by_itself(self) -> bool {
        !matches!(self, Self::Checkpoints)
    }

    /// Whether its keys stand in the JWK Set, for whoever verifies tokens.
    pub const fn is_in_jwks(self) -> bool {
        !matches!(self, Self::Checkpoints)
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Published, and signs nothing yet.
    Next,
    Current,
    /// Signs nothing any more; published until all that it signed has expired.
    Retired,
    /// Out of use. Its private half is gone.
    Removed,
    /// Nothing that it signed is accepted. Its private half is gone.
    Revoked,
}

impl State {
    const ALL: [Self; 5] = [Self::Next, Self::Current, Self::Retired, Self::Removed, Self::Revoked];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
            Self::Removed => "removed",
            Self::Revoked => "revoked",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether verifiers find it among our keys.
    pub const fn is_published(self) -> bool {
        matches!(self, Self::Next | Self::Current | Self::Retired)
    }
}
