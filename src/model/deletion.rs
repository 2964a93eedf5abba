//! Deleted applications that can still be restored, and what of them can.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::application::{Application, ApplicationDetails};
use super::approval::Holdings;
use super::grant::Access;
use super::mark::Marks;
use crate::oauth::UnixTime;
use crate::oauth::limit::Limit;
use crate::oauth::time::Seconds;

/// How long a deletion can be undone.
pub const RESTORABLE_FOR: Seconds = Seconds::DAY;

/// An application that was deleted, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    pub client_id: String,
    /// The name that it had.
    pub name: String,
    pub at: UnixTime,
    /// Who did it, by name.
    pub by: String,
    pub until: UnixTime,
    /// The act in the audit log.
    pub event_id: String,
}

/// What an application had besides its name and its secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    pub description: String,
    pub owner: String,
    pub contact: String,
    pub token_lifetime_seconds: Option<i64>,
    pub active: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
    pub version: i64,
    pub grants: Holdings,
    /// What was marked as sensitive at those APIs.
    pub marks: BTreeMap<String, Marks>,
    /// Who owned it, by id, with their names.
    pub people: BTreeMap<String, String>,
    pub teams: BTreeMap<String, String>,
    /// It may introspect any token.
    pub introspects_any: bool,
    /// The ids of the APIs whose tokens it may introspect.
    pub introspects: BTreeSet<String>,
    pub limit: Option<Limit>,
    pub external: Option<External>,
}

/// Under what it was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct External {
    pub external_id: String,
    pub import_id: String,
}

/// What there is now of all that was kept.
#[derive(Clone, Debug, Default)]
pub struct Present {
    /// The APIs, by id, with their names.
    pub apis: BTreeMap<String, String>,
    /// The names of those that are gone.
    pub gone: BTreeMap<String, String>,
    /// The scopes that these APIs have had since before the deletion.
    pub scopes: BTreeSet<(String, String)>,
    pub marks: BTreeMap<String, Marks>,
    pub people: BTreeSet<String>,
    pub teams: BTreeSet<String>,
    /// Another application has the external id.
    pub external_id_is_taken: bool,
}

/// What does not come back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// The API is gone.
    Access {
        api: String,
    },
    ExternalId(String),
    /// The API is gone.
    Introspection {
        api: String,
    },
    /// It was marked as sensitive after the deletion.
    Marked {
        api: String,
    },
    Owner(String),
    /// The scope was removed; another of its name is another scope.
    Scope {
        api: String,
        scope: String,
    },
}

impl Kept {
    /// The application as it was.
    pub fn application(&self, client_id: &str, name: &str) -> Application {
        Application {
            client_id: client_id.to_owned(),
            details: ApplicationDetails {
                name: name.to_owned(),
                description: self.description.clone(),
                owner: self.owner.clone(),
                contact: self.contact.clone(),
                token_lifetime: self.token_lifetime_seconds.map(Seconds),
            },
            active: self.active,
            created_at: UnixTime(self.created_at),
            version: self.version,
        }
    }

    /// What of it there can be again, and what there cannot.
    pub fn fit(mut self, present: &Present) -> (Self, Vec<Loss>) {
        let mut lost = Vec::new();
        let grants = std::mem::take(&mut self.grants);
        for (id, access) in grants {
            let then = self.marks.get(&id).cloned().unwrap_or_default();
            if let Some(access) = present.access(&id, access, &then, &mut lost) {
                self.grants.insert(id, access);
            }
        }
        for id in self.introspects.extract_if(.., |id| !present.apis.contains_key(id)) {
            lost.push(Loss::Introspection { api: present.name(&id) });
        }
        for (owners, known) in
            [(&mut self.people, &present.people), (&mut self.teams, &present.teams)]
        {
            for (_, name) in owners.extract_if(.., |id, _| !known.contains(id)) {
                lost.push(Loss::Owner(name));
            }
        }
        if let Some(external) = self.external.take_if(|_| present.external_id_is_taken) {
            lost.push(Loss::ExternalId(external.external_id));
        }
        lost.sort_unstable();
        (self, lost)
    }
}

impl Present {
    fn name(&self, id: &str) -> String {
        let known = self.apis.get(id).or_else(|| self.gone.get(id));
        known.cloned().unwrap_or_else(|| id.to_owned())
    }

    /// What can be held again at an API of which `then` was marked.
    fn access(
        &self,
        id: &str,
        access: Access,
        then: &Marks,
        lost: &mut Vec<Loss>,
    ) -> Option<Access> {
        let api = self.name(id);
        if !self.apis.contains_key(id) {
            lost.push(Loss::Access { api });
            return None;
        }
        let access = match access {
            Access::All => Access::All,
            Access::Scopes(names) => {
                let is_there = |name: &String| self.scopes.contains(&(id.to_owned(), name.clone()));
                let (left, gone): (Vec<_>, Vec<_>) = names.into_iter().partition(is_there);
                let loss = |scope| Loss::Scope { api: api.clone(), scope };
                lost.extend(gone.into_iter().map(loss));
                Access::Scopes(left)
            }
        };
        let new = self.marks.get(id).map(|now| now.since(then)).unwrap_or_default();
        if new.are_given(None, Some(&access)) {
            lost.push(Loss::Marked { api });
            return None;
        }
        Some(access)
    }
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Access { api } => write!(f, "Its access to {api}: that API was deleted."),
            Self::ExternalId(id) => {
                write!(f, "Its external ID {id}: another application has it by now.")
            }
            Self::Introspection { api } => {
                write!(f, "That it introspects the tokens of {api}: that API was deleted.")
            }
            Self::Marked { api } => write!(
                f,
                "Its access to {api}: some of it was marked as sensitive since, and takes two \
                 persons. Ask for it once the application is back."
            ),
            Self::Owner(name) => write!(f, "Its owner {name}, who is not there any more."),
            Self::Scope { api, scope } => write!(f, "{scope} of {api}: that scope was removed."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Access {
        Access::Scopes(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn named(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
    }

    fn kept() -> Kept {
        Kept {
            grants: Holdings::from([
                ("a".to_owned(), scopes(&["read", "write"])),
                ("b".to_owned(), Access::All),
            ]),
            people: named(&[("adm_1", "Ada")]),
            teams: named(&[("team_1", "Payments")]),
            introspects: ["a".to_owned(), "b".to_owned()].into(),
            external: Some(External { external_id: "x".into(), import_id: "i".into() }),
            ..Kept::default()
        }
    }

    /// Everything as it was.
    fn present() -> Present {
        let scope = |api: &str, name: &str| (api.to_owned(), name.to_owned());
        Present {
            apis: named(&[("a", "API A"), ("b", "API B")]),
            scopes: [scope("a", "read"), scope("a", "write"), scope("b", "any")].into(),
            people: ["adm_1".to_owned()].into(),
            teams: ["team_1".to_owned()].into(),
            ..Present::default()
        }
    }

    #[test]
    fn what_is_still_there_comes_back_whole() {
        assert_eq!(kept().fit(&present()), (kept(), Vec::new()));
        let text = serde_json::to_string(&kept()).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), kept());
    }

    #[test]
    fn what_is_gone_does_not_and_is_named() {
        let mut now = present();
        now.apis.remove("b");
        now.gone = named(&[("b", "API B")]);
        now.scopes.remove(&("a".to_owned(), "write".to_owned()));
        now.teams.clear();
        now.external_id_is_taken = true;
        let (fits, lost) = kept().fit(&now);
        assert_eq!(fits.grants, Holdings::from([("a".to_owned(), scopes(&["read"]))]));
        assert_eq!((fits.introspects.len(), fits.people.len(), fits.teams.len()), (1, 1, 0));
        assert_eq!(fits.external, None);
        let api = || "API B".to_owned();
        assert_eq!(
            lost,
            [
                Loss::Access { api: api() },
                Loss::ExternalId("x".into()),
                Loss::Introspection { api: api() },
                Loss::Owner("Payments".into()),
                Loss::Scope { api: "API A".into(), scope: "write".into() },
            ]
        );
    }

    /// Who marked a scope saw that nobody held it.
    #[test]
    fn what_was_marked_since_is_not_given_back_by_one_person() {
        let marks = |names: &[&str]| Marks {
            resource: false,
            scopes: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let marked = |then: &[&str], now: &[&str]| {
            let kept = Kept { marks: [("a".to_owned(), marks(then))].into(), ..kept() };
            let present = Present { marks: [("a".to_owned(), marks(now))].into(), ..present() };
            kept.fit(&present).1
        };
        let loss = Loss::Marked { api: "API A".into() };
        assert_eq!(marked(&[], &["write"]), std::slice::from_ref(&loss));
        assert_eq!(marked(&["write"], &["write"]), []);
        assert_eq!(marked(&["write"], &["read", "write"]), std::slice::from_ref(&loss));
        assert_eq!(marked(&[], &["other"]), []);
    }
}
