//! What revocations are of, by the names that people know.
use std::collections::HashMap;

use crate::model::revocation::Revocation;
use crate::oauth::revocation::Kind;
use crate::store::{Conn, Error, applications, resources, secrets};
use crate::text;
use crate::texts::{Text, en};

/// What one revocation is of.
#[derive(Clone, Debug)]
pub struct What {
    /// The word of its kind, for its picture too.
    pub kind: Kind,
    /// `Application`, `Secret` …
    pub title: &'static str,
    pub name: Text,
    /// The page of it, when there is one.
    pub href: Option<String>,
    /// Whether the name is for machines.
    pub is_code: bool,
    /// Of a token or secret: the application, by name and id, while there is one.
    pub application: Option<(String, String)>,
}

#[derive(Default)]
pub struct Names {
    applications: HashMap<String, String>,
    secrets: HashMap<String, String>,
    /// Id and name by identifier.
    resources: HashMap<String, (String, String)>,
}

impl Names {
    /// The names of what `revocations` are of: one query a table.
    pub fn read<'r>(
        conn: &mut Conn,
        revocations: impl Iterator<Item = &'r Revocation>,
    ) -> Result<Self, Error> {
        let (mut clients, mut credentials, mut identifiers) = (Vec::new(), Vec::new(), Vec::new());
        for revocation in revocations {
            clients.extend(revocation.client_id.clone());
            match revocation.kind {
                Kind::Application => clients.push(revocation.subject.clone()),
                Kind::Secret => credentials.push(revocation.subject.clone()),
                Kind::Resource => identifiers.push(revocation.subject.clone()),
                Kind::Token | Kind::Key | Kind::Everything => {}
            }
        }
        for ids in [&mut clients, &mut credentials, &mut identifiers] {
            ids.sort_unstable();
            ids.dedup();
        }
        let resources = resources::of_identifiers(conn, &identifiers)?.into_iter();
        Ok(Self {
            applications: applications::names(conn, &clients)?.into_iter().collect(),
            secrets: secrets::names(conn, &credentials)?.into_iter().collect(),
            resources: resources.map(|api| (api.identifier, (api.id, api.name))).collect(),
        })
    }

    pub fn what(&self, revocation: &Revocation) -> What {
        let subject = &revocation.subject;
        let application = revocation.client_id.as_ref().and_then(|client_id| {
            Some((self.applications.get(client_id)?.clone(), client_id.clone()))
        });
        let page_of = |(_, client_id): &(String, String)| format!("/applications/{client_id}");
        let (name, href) = match revocation.kind {
            Kind::Token => (None, Some(format!("/log/{subject}"))),
            Kind::Application => {
                (self.applications.get(subject).cloned(), application.as_ref().map(page_of))
            }
            Kind::Secret => (self.secrets.get(subject).cloned(), application.as_ref().map(page_of)),
            Kind::Resource => match self.resources.get(subject) {
                Some((id, name)) => (Some(name.clone()), Some(format!("/apis/{id}"))),
                None => (None, None),
            },
            Kind::Key => (None, Some("/keys".to_owned())),
            Kind::Everything => (None, None),
        };
        What {
            kind: revocation.kind,
            title: title(revocation.kind),
            is_code: name.is_none() && revocation.kind != Kind::Everything,
            name: match revocation.kind {
                Kind::Everything => text!("Everything"),
                _ => Text::data(name.unwrap_or_else(|| subject.clone())),
            },
            href,
            application: application
                .filter(|_| matches!(revocation.kind, Kind::Token | Kind::Secret)),
        }
    }
}

/// The kind of a thing, as it stands before its name.
pub const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => en("Token"),
        Kind::Application => en("Application"),
        Kind::Secret => en("Secret"),
        Kind::Resource => en("API"),
        Kind::Key => en("Signing key"),
        Kind::Everything => "",
    }
}

impl What {
    /// What is dead by it, at the start of a sentence.
    pub fn tokens(&self) -> Text {
        let name = self.name.clone();
        match self.kind {
            Kind::Token => text!("One token"),
            Kind::Application => text!("The tokens of {name}", name),
            Kind::Secret => text!("The tokens of secret {name}", name),
            Kind::Resource => text!("The tokens for {name}", name),
            Kind::Key => text!("A signing key"),
            Kind::Everything => text!("Every token"),
        }
    }

    /// The same within a sentence.
    pub fn tokens_within(&self) -> Text {
        let name = self.name.clone();
        match self.kind {
            Kind::Token => text!("one token"),
            Kind::Application => text!("the tokens of {name}", name),
            Kind::Secret => text!("the tokens of secret {name}", name),
            Kind::Resource => text!("the tokens for {name}", name),
            Kind::Key => text!("a signing key"),
            Kind::Everything => text!("every token"),
        }
    }

    /// Whether it is a single token.
    pub const fn is_one(&self) -> bool {
        matches!(self.kind, Kind::Token)
    }

    pub const fn is_key(&self) -> bool {
        matches!(self.kind, Kind::Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::UnixTime;

    #[test]
    fn what_is_gone_is_told_by_its_id_and_leads_nowhere() {
        let now = UnixTime::from_seconds(1_795_442_400);
        let of = |kind, subject| {
            let made = Revocation::of_the_past("rev_1".into(), kind, subject, now);
            let what = Names::default().what(&made);
            (what.name.to_string(), what.href, what.is_code)
        };
        assert_eq!(of(Kind::Application, "m2m_1"), ("m2m_1".into(), None, true));
        assert_eq!(of(Kind::Resource, "urn:a"), ("urn:a".into(), None, true));
        assert_eq!(of(Kind::Token, "01K"), ("01K".into(), Some("/log/01K".into()), true));
        assert_eq!(of(Kind::Everything, ""), ("Everything".into(), None, false));
    }
}
