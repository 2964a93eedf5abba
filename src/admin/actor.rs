//! Who acts, from where, when.
use std::borrow::Cow;
use std::sync::Arc;

use super::Error;
use crate::host::Entropy;
use crate::model::administrator::Administrator;
use crate::model::audit_event::{self, Change, Event, Outcome, Source, Target};
use crate::model::because::Because;
use crate::model::role::{Reach, Right, Role};
use crate::oauth::UnixTime;
use crate::store::history::Act;
use crate::store::registry::{self, Touched};
use crate::store::{Conn, application_owners, audit_chains};

/// Everything about an act that is not the act.
#[derive(Clone, Debug)]
pub struct Actor {
    pub who: Who,
    pub source: Source,
    /// `req_` and a ULID, when a request asked for it.
    pub request_id: Option<String>,
    /// Why they do it, when they say so: it becomes part of the record.
    pub because: Option<Because>,
    pub now: UnixTime,
    /// The chain of the audit log that this process appends to.
    pub chain: Arc<str>,
    pub entropy: Entropy,
}

#[derive(Clone, Debug)]
pub enum Who {
    /// Somebody signed in to the console.
    Administrator { id: String, name: String, role: Role },
    /// Somebody who holds a one-time set-up link, or nothing yet.
    Anonymous,
    /// Somebody with the command line on the server's own machine: they can
    /// open the database, so they may do everything.
    Operator { name: String },
    /// The server itself.
    System,
}

/// What an act did, for its record.
pub(super) struct Done<'a> {
    pub code: &'static str,
    pub target: (&'static str, &'a str, &'a str),
    /// The application concerned.
    pub client_id: Option<&'a str>,
    pub changes: Vec<Change>,
    /// Whose tokens it may change.
    pub touched: Option<Touched>,
}

impl Actor {
    /// The server itself.
    pub fn system(now: UnixTime, chain: &str, entropy: &Entropy) -> Self {
        Self {
            who: Who::System,
            source: Source::default(),
            request_id: None,
            because: None,
            now,
            chain: chain.into(),
            entropy: entropy.clone(),
        }
    }

    /// # Errors
    /// `Forbidden`: the role does not have this right.
    pub fn must(&self, right: Right) -> Result<(), Error> {
        let may = match &self.who {
            Who::Administrator { role, .. } => role.may(right),
            Who::Operator { .. } | Who::System => true,
            Who::Anonymous => false,
        };
        if may { Ok(()) } else { Err(Error::Forbidden(right)) }
    }

    /// The same for what is done to one application: there are roles that may it
    /// where they own it.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn must_for(&self, conn: &mut Conn, right: Right, client_id: &str) -> Result<(), Error> {
        match &self.who {
            Who::Administrator { id, role, .. } if role.reach(right) == Reach::Owned => {
                let owns = application_owners::owns(conn, client_id, id)?;
                if owns { Ok(()) } else { Err(Error::Forbidden(right)) }
            }
            _ => self.must(right),
        }
    }

    /// How the actor is named beside what they made.
    pub fn name(&self) -> String {
        match &self.who {
            Who::Administrator { name, .. } | Who::Operator { name } => name.clone(),
            Who::Anonymous => "nobody".to_owned(),
            Who::System => "countersign".to_owned(),
        }
    }

    /// The same request, now that this person has proved who they are.
    #[must_use]
    pub fn signed_in_as(&self, administrator: &Administrator) -> Self {
        let who = Who::Administrator {
            id: administrator.id.clone(),
            name: administrator.name.clone(),
            role: administrator.role,
        };
        Self { who, ..self.clone() }
    }

    pub fn event(&self, code: &'static str, outcome: Outcome) -> Event {
        let mut event = Event::new(self.entropy.mark(self.now), self.now, code, outcome);
        event.actor = match &self.who {
            Who::Administrator { id, name, role } => audit_event::Actor {
                kind: "administrator".into(),
                id: Some(id.clone()),
                name: Some(name.clone()),
                role: Some(role.as_str().into()),
                method: Some("session".into()),
                credential_id: None,
            },
            Who::Anonymous => simple("anonymous", None, None),
            Who::Operator { name } => simple("operator", Some(name.clone()), Some("cli")),
            Who::System => simple("system", None, None),
        };
        event.source = self.source.clone();
        event.request_id.clone_from(&self.request_id);
        event.because = self.because.as_ref().map(|because| because.as_str().to_owned());
        event
    }

    /// Writes the record of an act in its own transaction, and tells those who
    /// keep a view of the registry.
    pub(super) fn record(&self, conn: &mut Conn, done: Done<'_>) -> Result<(), Error> {
        self.recorded(conn, done).map(drop)
    }

    /// [`Actor::record`] for acts that begin or end what the past is asked for.
    pub(super) fn recorded(&self, conn: &mut Conn, done: Done<'_>) -> Result<Act, Error> {
        if let Some(touched) = &done.touched {
            registry::note(conn, touched)?;
        }
        let mut event = self.event(done.code, Outcome::Success);
        let (kind, id, name) = done.target;
        event.target = Some(Target { kind: kind.into(), id: id.to_owned(), name: name.to_owned() });
        event.client_id = done.client_id.map(str::to_owned);
        event.changes = done.changes;
        audit_chains::append(conn, &self.chain, std::slice::from_ref(&event))?;
        Ok(Act { event_id: event.id, at: self.now })
    }
}

fn simple(
    kind: &'static str,
    name: Option<String>,
    method: Option<&'static str>,
) -> audit_event::Actor {
    let method = method.map(Cow::Borrowed);
    audit_event::Actor { kind: kind.into(), name, method, ..audit_event::Actor::default() }
}

/// The fields among `fields` (name, before, after) that differ.
pub(super) fn differences(fields: &[(&'static str, String, String)]) -> Vec<Change> {
    let changed = fields.iter().filter(|(_, before, after)| before != after);
    changed
        .map(|(field, before, after)| Change {
            field: Cow::Borrowed(field),
            before: before.clone(),
            after: after.clone(),
        })
        .collect()
}
