//! Why a token is not accepted, and how that is said, RFC 6750 §3.
use crate::oauth::scope::ScopeSet;

/// Every reason there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("no token was sent")]
    NoToken,
    #[error("the request does not carry one bearer token in its Authorization header")]
    MalformedRequest,
    #[error("the token is longer than 8 KiB")]
    TooLong,
    #[error("the token is no compact JWS with the claims of an access token")]
    Malformed,
    #[error("the token is not of type at+jwt")]
    WrongType,
    #[error("the token is signed with an algorithm that is not accepted")]
    WrongAlgorithm,
    #[error("the token demands extensions that are not known here")]
    Critical,
    #[error("the token names no key of the issuer")]
    UnknownKey,
    #[error("the signature is wrong")]
    BadSignature,
    #[error("the token is of another issuer")]
    WrongIssuer,
    #[error("the token is for another API")]
    WrongAudience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token names no status list, or no place in it")]
    NoStatus,
    #[error("the token was revoked")]
    Revoked,
    #[error("the token lacks a scope")]
    InsufficientScope { required: ScopeSet },
    /// It cannot be told whether the token is good.
    #[error("{0} cannot be had from the issuer")]
    Unavailable(What),
}

/// What an issuer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Keys,
    Revocations,
    StatusList,
    Introspection,
}

/// The answer to a request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub status: u16,
    pub www_authenticate: Option<String>,
}

impl Refusal {
    /// RFC 6750 §3.1: no error code for who sent no token.
    pub fn challenge(&self) -> Challenge {
        let (status, error) = match self {
            Self::NoToken => (401, None),
            Self::MalformedRequest => (400, Some("invalid_request")),
            Self::InsufficientScope { .. } => (403, Some("insufficient_scope")),
            Self::Unavailable(_) => return Challenge { status: 503, www_authenticate: None },
            _ => (401, Some("invalid_token")),
        };
        let mut text = "Bearer".to_owned();
        if let Some(error) = error {
            text = format!(r#"Bearer error="{error}", error_description="{self}""#);
        }
        if let Self::InsufficientScope { required } = self {
            text = format!(r#"{text}, scope="{required}""#);
        }
        Challenge { status, www_authenticate: Some(text) }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Keys => "keys",
            Self::Revocations => "fresh revocations",
            Self::StatusList => "the status list",
            Self::Introspection => "the state of the token",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_refusal_has_its_status_and_challenge() {
        let challenge = |refusal: Refusal| {
            let challenge = refusal.challenge();
            (challenge.status, challenge.www_authenticate.unwrap_or_default())
        };
        assert_eq!(challenge(Refusal::NoToken), (401, "Bearer".to_owned()));
        assert_eq!(
            challenge(Refusal::Expired),
            (
                401,
                r#"Bearer error="invalid_token", error_description="the token has expired""#
                    .to_owned()
            )
        );
        let required = ScopeSet::parse("b a").unwrap();
        assert_eq!(
            challenge(Refusal::InsufficientScope { required }),
            (
                403,
                r#"Bearer error="insufficient_scope", error_description="the token lacks a scope", scope="a b""#
                    .to_owned()
            )
        );
        assert_eq!(challenge(Refusal::MalformedRequest).0, 400);
        assert_eq!(challenge(Refusal::Unavailable(What::Keys)), (503, String::new()));
    }
}
