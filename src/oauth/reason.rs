//! Why a token request was refused, in words that may be stored, counted and
//! translated, and at which check.

/// The checks of a token request, in the order they are made. A refused
/// request passed every check before the one it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The request can be read and presents one credential.
    Request,
    /// The application is known and may ask.
    Client,
    /// The credential is its own and in force.
    Credential,
    /// It may call the API it asks for.
    Resource,
    /// It holds the scopes it asks for there.
    Scope,
    /// The token is signed and recorded.
    Token,
}

impl Check {
    pub const ALL: [Self; 6] =
        [Self::Request, Self::Client, Self::Credential, Self::Resource, Self::Scope, Self::Token];

    /// Its place in [`Check::ALL`], as the audit log stores it.
    pub const fn index(self) -> u8 {
        self as u8
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal at $check:ident,)*) => {
        /// A closed list: a new refusal must find or make its word here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word stored in the audit log; it never changes.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The check that refused.
            pub const fn check(self) -> Check {
                match self { $(Self::$name => Check::$check,)* }
            }
        }
    };
}

reasons! {
    /// The body, its type or a parameter cannot be read.
    RequestMalformed = "request_malformed" at Request,
    /// A parameter or credential came in the URI query, RFC 6749 §2.3.1.
    ParametersInQuery = "parameters_in_query" at Request,
    /// Two ways of authenticating in one request, RFC 6749 §2.3.
    SeveralCredentials = "several_credentials" at Request,
    /// No credential at all.
    NoCredential = "no_credential" at Request,
    /// The address presented too many bad secrets for this client id.
    RateLimited = "rate_limited" at Request,
    UnknownClient = "unknown_client" at Client,
    ClientSuspended = "client_suspended" at Client,
    /// The secret was right for an application that is no more.
    ClientDeleted = "client_deleted" at Client,
    BadSecret = "bad_secret" at Credential,
    SecretExpired = "secret_expired" at Credential,
    SecretRevoked = "secret_revoked" at Credential,
    /// `client_id` in the body names another client than the credential.
    ClientMismatch = "client_mismatch" at Credential,
    GrantTypeMissing = "grant_type_missing" at Resource,
    GrantTypeNotSupported = "grant_type_not_supported" at Resource,
    ResourceMissing = "resource_missing" at Resource,
    ResourceMalformed = "resource_malformed" at Resource,
    ResourceNotGranted = "resource_not_granted" at Resource,
    ResourcesNotTogether = "resources_not_together" at Resource,
    ScopeMalformed = "scope_malformed" at Scope,
    ScopeNotGranted = "scope_not_granted" at Scope,
    /// Introspection or revocation without a `token`.
    TokenMissing = "token_missing" at Request,
    /// A client asked to revoke a token of another, RFC 7009 §2.1.
    TokenOfAnother = "token_of_another_client" at Token,
    /// The application has had as many tokens as it may have in this time.
    ApplicationLimit = "application_limit" at Token,
    /// As many tokens were issued for the resource as may be in this time.
    ResourceLimit = "resource_limit" at Token,
    /// The audit log is behind or the server is stopping.
    Overloaded = "overloaded" at Token,
}

impl Reason {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == text)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_by_its_word() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        }
    }

    #[test]
    fn the_index_of_a_check_is_its_place_in_the_ladder() {
        for (place, check) in Check::ALL.iter().enumerate() {
            assert_eq!(usize::from(check.index()), place);
        }
    }
}
