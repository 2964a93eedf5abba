//! Acts that need two persons: what they are, and what becomes of one that
//! waits for the second.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::administrator::AdministratorDetails;
use super::audit_event::{Change, Source};
use super::grant::Access;
use super::role::{Right, Role};
use super::text;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// Acts that belong to no API, and may be said to need two persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// To revoke every token there is.
    KillAll,
    /// To rotate, replace or revoke a signing key by hand.
    KeyRetirement,
    /// To make somebody an admin or an owner.
    Roles,
}

impl Rule {
    pub const ALL: [Self; 3] = [Self::KillAll, Self::KeyRetirement, Self::Roles];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KillAll => "kill_all",
            Self::KeyRetirement => "key_retirement",
            Self::Roles => "roles",
        }
    }

    /// Reads words that are separated by commas; each counts once.
    ///
    /// # Errors
    /// The sentence for the operator.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let rule = |word: &str| {
            let known = Self::ALL.into_iter().find(|rule| rule.as_str() == word);
            known.ok_or_else(|| format!("{word:?} is none of kill_all, key_retirement, roles"))
        };
        let mut rules = words.map(rule).collect::<Result<Vec<_>, _>>()?;
        rules.sort_unstable();
        rules.dedup();
        Ok(rules)
    }

    /// What [`Rule::parse_all`] reads.
    pub fn text(rules: &[Self]) -> String {
        rules.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(",")
    }
}

/// What needs two persons besides what is marked sensitive, and for how long
/// one may wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub rules: Vec<Rule>,
    pub lifetime: Seconds,
}

/// What an application may ask for, by the id of the API.
pub type Holdings = BTreeMap<String, Access>;

/// An act that waits, whole: the same text for the same act, with the versions
/// it was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Proposal {
    /// Put `wanted` in the place of `held`, all that the application holds.
    SetAccess {
        client_id: String,
        held: Holdings,
        wanted: Holdings,
    },
    /// Remove a sensitive scope, and its mark with it.
    RemoveScope {
        resource_id: String,
        scope: String,
    },
    /// Delete an API with a mark.
    DeleteResource {
        resource_id: String,
        version: i64,
    },
    /// Take the mark from an API, or from one of its scopes.
    Unmark {
        resource_id: String,
        scope: Option<String>,
    },
    RevokeEverything {
        reason: String,
    },
    RevokeKey {
        kid: String,
        state: String,
        reason: String,
    },
    RotateKey {
        purpose: String,
        algorithm: String,
        current: Option<String>,
        next: String,
    },
    ChangeRole {
        administrator_id: String,
        version: i64,
        email: String,
        name: String,
        role: String,
    },
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Application,
    Resource,
    Administrator,
    SigningKey,
}

impl Subject {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Resource => "resource",
            Self::Administrator => "administrator",
            Self::SigningKey => "signing_key",
        }
    }
}

impl Proposal {
    /// What doing it needs, and deciding on it too.
    pub const fn right(&self) -> Right {
        match self {
            Self::ChangeRole { .. } => Right::ManageAdministrators,
            _ => Right::ManageRegistry,
        }
    }

    /// As it stands in a record, before the name of what it is done to.
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::SetAccess { .. } => "set the access of application",
            Self::RemoveScope { .. } => "remove a sensitive scope from API",
            Self::DeleteResource { .. } => "delete API",
            Self::Unmark { scope: None, .. } => "take the mark from API",
            Self::Unmark { .. } => "take the mark from a scope of API",
            Self::RevokeEverything { .. } => "revoke",
            Self::RevokeKey { .. } => "revoke the",
            Self::RotateKey { .. } => "rotate the",
            Self::ChangeRole { .. } => "change the role of",
        }
    }

    /// From where it is to be found.
    pub fn subjects(&self) -> Vec<(Subject, &str)> {
        match self {
            Self::SetAccess { client_id, held, wanted } => {
                let differs = |id: &&String| held.get(*id) != wanted.get(*id);
                let mut ids: Vec<&String> =
                    held.keys().chain(wanted.keys()).filter(differs).collect();
                ids.sort_unstable();
                ids.dedup();
                let apis = ids.into_iter().map(|id| (Subject::Resource, id.as_str()));
                std::iter::once((Subject::Application, client_id.as_str())).chain(apis).collect()
            }
            Self::RemoveScope { resource_id, .. }
            | Self::DeleteResource { resource_id, .. }
            | Self::Unmark { resource_id, .. } => vec![(Subject::Resource, resource_id)],
            Self::RevokeEverything { .. } => Vec::new(),
            Self::RevokeKey { kid, .. } | Self::RotateKey { next: kid, .. } => {
                vec![(Subject::SigningKey, kid)]
            }
            Self::ChangeRole { administrator_id, .. } => {
                vec![(Subject::Administrator, administrator_id)]
            }
        }
    }

    /// The text that is stored.
    pub fn text(&self) -> String {
        // Every member is text, a number or a list of them: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What [`Proposal::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    Approved,
    Refused,
    Withdrawn,
    Expired,
}

impl State {
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Approved, Self::Refused, Self::Withdrawn, Self::Expired];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// An act that waits for a second person, or did.
#[derive(Clone, Debug)]
pub struct Request {
    /// `apr_` and a ULID.
    pub id: String,
    pub state: State,
    pub proposal: Proposal,
    /// Its fields before and after, as they were when it was asked for.
    pub changes: Vec<Change>,
    /// The name of what it is done to.
    pub target_name: String,
    /// Why, in the words of who asked; may be empty.
    pub reason: String,
    /// An administrator.
    pub asked_by: String,
    pub asked_by_name: String,
    pub asked_at: UnixTime,
    /// Where they were.
    pub source: Source,
    pub expires_at: UnixTime,
    pub decision: Option<Decision>,
}

/// Who ended the waiting.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The id of an administrator; empty: it expired.
    pub by: String,
    pub by_name: String,
    pub at: UnixTime,
    pub reason: String,
}

impl Request {
    /// Whether somebody may still decide on it.
    pub fn waits(&self, now: UnixTime) -> bool {
        self.state == State::Open && now < self.expires_at
    }
}

/// Whether a change of role gives power that two persons give.
pub fn raises(before: Option<Role>, after: Role) -> bool {
    let is_high = |role: Role| matches!(role, Role::Admin | Role::Owner);
    is_high(after) && before.is_none_or(|before| before < after)
}

/// A change of role as it was asked for; `None`: of another version of us.
pub fn details(email: &str, name: &str, role: &str) -> Option<AdministratorDetails> {
    let role = Role::parse(role)?;
    Some(AdministratorDetails { email: email.to_owned(), name: name.to_owned(), role })
}

/// Reads why somebody refuses, or does alone what needs two.
///
/// # Errors
/// The sentence for the person who typed it.
pub fn read_reason(text: &str) -> Result<String, String> {
    if super::revocation::holds_token(text) {
        return Err("Leave the token out of the reason; reasons are kept.".to_owned());
    }
    text::required_line(text, 300, "a reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Access {
        Access::Scopes(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_proposal_is_read_as_it_was_written() {
        let held = Holdings::from([("res_1".to_owned(), scopes(&["a"]))]);
        let wanted = Holdings::from([("res_1".to_owned(), Access::All)]);
        let proposal = Proposal::SetAccess { client_id: "m2m_1".into(), held, wanted };
        assert_eq!(
            proposal.text(),
            r#"{"act":"set_access","client_id":"m2m_1","held":{"res_1":{"scopes":["a"]}},"wanted":{"res_1":"all"}}"#
        );
        assert_eq!(Proposal::parse(&proposal.text()), Some(proposal));
        assert_eq!(Proposal::parse(r#"{"act":"revoke_everything","reason":"x","more":1}"#), None);
    }

    #[test]
    fn rules_are_read_once_each_and_unknown_ones_are_errors() {
        let read = Rule::parse_all("roles, kill_all,roles").unwrap();
        assert_eq!(read, [Rule::KillAll, Rule::Roles]);
        assert_eq!(Rule::parse_all(&Rule::text(&read)), Ok(read));
        assert!(Rule::parse_all("kill").unwrap_err().contains("kill_all"));
    }

    #[test]
    fn power_is_raised_to_admin_and_owner_only() {
        assert!(raises(Some(Role::Auditor), Role::Admin) && raises(None, Role::Owner));
        assert!(raises(Some(Role::Admin), Role::Owner));
        assert!(!raises(Some(Role::Owner), Role::Admin) && !raises(None, Role::Developer));
        assert!(!raises(Some(Role::Admin), Role::Admin));
    }
}
