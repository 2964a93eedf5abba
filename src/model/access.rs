//! One access to an API, and whether it may be.
use super::route_table::Demand;
use crate::oauth::access_token::Claims;
use crate::oauth::revocation::Kind;

/// What was decided of an access. A closed list: its words are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    Allowed,
    /// The request has no bearer token.
    NoToken,
    /// `Bearer` without one well-formed token after it.
    MalformedToken,
    /// Not signed by a published key of ours, or of another issuer.
    NotOurs,
    Expired,
    Revoked(Kind),
    /// Its application is suspended or deleted.
    ClientInactive,
    /// For another API.
    WrongAudience,
    /// It lacks a scope that the route needs.
    ScopeMissing,
    /// The API has routes, and the request is for none of them.
    RouteNotListed,
    /// The path could be read in two ways.
    PathAmbiguous,
    /// The gateway does not say what the request is for, or says it twice.
    Misconfigured,
    /// There is no such API.
    UnknownResource,
}

impl Decision {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NoToken => "no_token",
            Self::MalformedToken => "malformed_token",
            Self::NotOurs => "not_ours",
            Self::Expired => "expired",
            Self::Revoked(_) => "revoked",
            Self::ClientInactive => "client_inactive",
            Self::WrongAudience => "wrong_audience",
            Self::ScopeMissing => "scope_missing",
            Self::RouteNotListed => "route_not_listed",
            Self::PathAmbiguous => "path_ambiguous",
            Self::Misconfigured => "gateway_misconfigured",
            Self::UnknownResource => "unknown_resource",
        }
    }

    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// Whether a token in force opens the API `identifier` to a request that needs
/// `demand`.
pub fn decide(claims: &Claims, identifier: &str, demand: Demand<'_>) -> Decision {
    if !claims.aud.resources().iter().any(|uri| uri == identifier) {
        return Decision::WrongAudience;
    }
    match demand {
        Demand::Nothing => Decision::Allowed,
        Demand::NotListed => Decision::RouteNotListed,
        Demand::Route(route) => {
            let holds = |scope: &String| claims.scope.split(' ').any(|held| held == scope);
            if route.scopes.iter().all(holds) { Decision::Allowed } else { Decision::ScopeMissing }
        }
    }
}
