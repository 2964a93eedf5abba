//! What an OpenID provider says of a person, and what follows from it. Pure.
use serde_json::{Map, Value};

use super::role::Role;
use crate::oauth::time::Seconds;

/// How long somebody may take at the provider.
pub const PATIENCE: Seconds = Seconds(10 * 60);

/// How far the provider's clock may be from ours.
pub const LEEWAY: Seconds = Seconds(60);

/// What somebody went to the provider for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody signed in says again who they are.
    Confirmation,
    /// Somebody signed in adds the provider to their account.
    Link,
    SignIn,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Confirmation, Self::Link, Self::SignIn];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::Link => "link",
            Self::SignIn => "sign_in",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// What the provider said, once all of it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub issuer: String,
    /// Never given to another person (OpenID Connect Core 1.0 §5.7).
    pub subject: String,
    pub email: Option<String>,
    /// `None`: the provider does not say.
    pub email_verified: Option<bool>,
    pub name: Option<String>,
    /// The values of the claim that roles are read from.
    pub groups: Vec<String>,
    /// How they proved who they are, `amr` and `acr` together.
    pub methods: Vec<String>,
}

impl Claims {
    /// Whether a mailbox of this address is theirs for certain.
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified == Some(true))
    }

    /// Whether they proved themselves in one of `accepted`.
    pub fn proved_by(&self, accepted: &[String]) -> bool {
        self.methods.iter().any(|method| accepted.contains(method))
    }
}

/// The value that everybody has who has none of the others.
const ANYBODY: &str = "*";

/// Which role goes with which value of the claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoleMap(Vec<(String, Role)>);

impl RoleMap {
    /// Reads `value=role` by commas. What stands before the last `=` is the value.
    ///
    /// # Errors
    /// The sentence for the operator.
    pub fn read(text: &str) -> Result<Self, String> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (value, role) = pair
                .rsplit_once('=')
                .ok_or_else(|| format!("{pair:?} is not a value, =, and a role"))?;
            let role = Role::parse(role.trim()).ok_or_else(|| {
                format!("{:?} is none of owner, admin, developer, auditor", role.trim())
            })?;
            Ok((value.trim().to_owned(), role))
        });
        pairs.collect::<Result<_, String>>().map(Self)
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The highest role that one of the values stands for.
    pub fn role(&self, values: &[String]) -> Option<Role> {
        let named = self.0.iter().filter(|(value, _)| values.contains(value));
        let anybody = || self.0.iter().find(|(value, _)| value == ANYBODY);
        named.map(|(_, role)| *role).max().or_else(|| anybody().map(|(_, role)| *role))
    }
}

/// The texts of the claim `name`; where there is none of this name, what dots
/// lead to, as in `realm_access.roles`.
pub fn texts(claims: &Map<String, Value>, name: &str) -> Vec<String> {
    let found = claims.get(name).or_else(|| {
        let mut parts = name.split('.');
        let first = claims.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    });
    match found {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Why somebody who came back from the provider, or wanted to go there, is not
/// signed in. They are told none of it; the audit log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An owner blocked the address.
    AddressBlocked,
    /// `alg` is none, one that shares a secret, or one nobody knows.
    BadAlgorithm,
    /// Not what the specification says an answer is.
    BadAnswer,
    BadSignature,
    /// The token endpoint took the code for used, old, or another's.
    CodeRefused,
    /// Another account has the address, and the two may not be joined.
    EmailTaken,
    /// The identity is another account's.
    IdentityTaken,
    /// There would be no owner left.
    LastOwner,
    /// They have no account, and none is made.
    NoAccount,
    /// An account needs an address.
    NoEmail,
    /// The claim stands for no role.
    NoRole,
    /// They were not asked again, though that was wanted.
    NotNow,
    /// The state is of another browser.
    OtherBrowser,
    /// Somebody else came back than had gone.
    OtherPerson,
    /// The provider said no: `error`.
    ProviderRefused,
    Suspended,
    TokenExpired,
    Unavailable,
    UnknownKey,
    /// Never made, used already, or too old.
    UnknownState,
    UnverifiedEmail,
    WrongAudience,
    /// `at_hash` is of another access token.
    WrongHash,
    WrongIssuer,
    WrongNonce,
}

impl Refusal {
    pub const ALL: [Self; 25] = [
        Self::AddressBlocked,
        Self::BadAlgorithm,
        Self::BadAnswer,
        Self::BadSignature,
        Self::CodeRefused,
        Self::EmailTaken,
        Self::IdentityTaken,
        Self::LastOwner,
        Self::NoAccount,
        Self::NoEmail,
        Self::NoRole,
        Self::NotNow,
        Self::OtherBrowser,
        Self::OtherPerson,
        Self::ProviderRefused,
        Self::Suspended,
        Self::TokenExpired,
        Self::Unavailable,
        Self::UnknownKey,
        Self::UnknownState,
        Self::UnverifiedEmail,
        Self::WrongAudience,
        Self::WrongHash,
        Self::WrongIssuer,
        Self::WrongNonce,
    ];

    /// As it stands in the log and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddressBlocked => "address_blocked",
            Self::BadAlgorithm => "openid_bad_algorithm",
            Self::BadAnswer => "openid_bad_answer",
            Self::BadSignature => "openid_bad_signature",
            Self::CodeRefused => "openid_code_refused",
            Self::EmailTaken => "openid_email_taken",
            Self::IdentityTaken => "openid_identity_taken",
            Self::LastOwner => "openid_last_owner",
            Self::NoAccount => "openid_no_account",
            Self::NoEmail => "openid_no_email",
            Self::NoRole => "openid_no_role",
            Self::NotNow => "openid_not_now",
            Self::OtherBrowser => "openid_other_browser",
            Self::OtherPerson => "openid_other_person",
            Self::ProviderRefused => "openid_provider_refused",
            Self::Suspended => "administrator_suspended",
            Self::TokenExpired => "openid_token_expired",
            Self::Unavailable => "openid_unavailable",
            Self::UnknownKey => "openid_unknown_key",
            Self::UnknownState => "openid_unknown_state",
            Self::UnverifiedEmail => "openid_unverified_email",
            Self::WrongAudience => "openid_wrong_audience",
            Self::WrongHash => "openid_wrong_hash",
            Self::WrongIssuer => "openid_wrong_issuer",
            Self::WrongNonce => "openid_wrong_nonce",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn the_highest_role_counts_and_anybody_is_who_has_no_other() {
        let map = RoleMap::read("staff=auditor, cn=ops=admin,boss=owner").unwrap();
        assert_eq!(map.role(&values(&["staff", "cn=ops"])), Some(Role::Admin));
        assert_eq!(map.role(&values(&["boss", "staff"])), Some(Role::Owner));
        assert_eq!(map.role(&values(&["*", "Staff"])), None, "to the letter");
        let open = RoleMap::read("*=auditor, dev=developer").unwrap();
        assert_eq!(open.role(&[]), Some(Role::Auditor));
        assert_eq!(open.role(&values(&["dev"])), Some(Role::Developer));
        assert!(RoleMap::read("staff").is_err());
        assert!(RoleMap::read("staff=root").unwrap_err().contains("root"));
    }

    #[test]
    fn a_claim_is_found_by_its_name_and_else_by_its_path() {
        let claims = json!({
            "groups": ["a", 1, "b"],
            "role": "c",
            "realm_access": {"roles": ["d"]},
            "https://example.com/roles": ["e"],
        });
        let claims = claims.as_object().unwrap();
        assert_eq!(texts(claims, "groups"), ["a", "b"]);
        assert_eq!(texts(claims, "role"), ["c"]);
        assert_eq!(texts(claims, "realm_access.roles"), ["d"]);
        assert_eq!(texts(claims, "https://example.com/roles"), ["e"]);
        for name in ["none", "realm_access", "realm_access.none", "groups.roles", ""] {
            assert!(texts(claims, name).is_empty(), "{name}");
        }
    }

    #[test]
    fn each_refusal_has_a_name_of_its_own() {
        let mut names: Vec<_> = Refusal::ALL.map(Refusal::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Refusal::ALL.len());
    }

    #[test]
    fn a_purpose_is_read_as_it_is_written() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(Purpose::parse("other"), None);
    }
}
