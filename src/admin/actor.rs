//! Who acts, from where, when.
use std::borrow::Cow;
use std::sync::Arc;

use super::Error;
use crate::host::Entropy;
use crate::model::administrator::Administrator;
use crate::model::approval;
use crate::model::audit_event::{self, Approval, Change, Event, Outcome, Source, Target};
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
    pub consent: Consent,
}

/// Whose word besides the actor's stands for an act. Only acts on approvals give
/// it.
#[derive(Clone, Debug, Default)]
pub struct Consent(Option<Approval>);

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
            consent: Consent::default(),
        }
    }

    /// Whoever sits at the machine does alone what takes two persons, and says
    /// why. It counts for what takes power away and for roles, never for what
    /// is marked sensitive.
    ///
    /// # Errors
    /// * `Forbidden`: they do not sit at the machine.
    /// * `Invalid`: they say no reason.
    pub fn alone(self, why: &str) -> Result<Self, Error> {
        if !matches!(self.who, Who::Operator { .. }) {
            return Err(Error::Forbidden(Right::ManageRegistry));
        }
        let why = approval::read_reason(why).map_err(|why| Error::field("alone", why))?;
        let waived = Approval { waived: Some(why), ..Approval::default() };
        Ok(Self { consent: Consent(Some(waived)), ..self })
    }

    /// This actor with the word of `by`, for what `request` asked.
    pub(super) fn approved(&self, request: &str, (by, by_name): (&str, &str)) -> Self {
        let approval = Approval {
            by: Some(by.to_owned()),
            by_name: Some(by_name.to_owned()),
            request: Some(request.to_owned()),
            waived: None,
        };
        Self { consent: Consent(Some(approval)), ..self.clone() }
    }

    /// Whether they do alone what takes two.
    pub(super) fn is_alone(&self) -> bool {
        self.consent.0.as_ref().is_some_and(|approval| approval.waived.is_some())
    }

    /// The id and name of somebody who has an account.
    pub(super) fn person(&self) -> Option<(&str, &str)> {
        match &self.who {
            Who::Administrator { id, name, .. } => Some((id, name)),
            _ => None,
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
                // Who has no request is at the command line.
                method: Some(if self.request_id.is_some() { "session" } else { "cli" }.into()),
                credential_id: None,
            },
            Who::Anonymous => simple("anonymous", None, None),
            Who::Operator { name } => simple("operator", Some(name.clone()), Some("cli")),
            Who::System => simple("system", None, None),
        };
        event.source = self.source.clone();
        event.request_id.clone_from(&self.request_id);
        event.because = self.because.as_ref().map(|because| because.as_str().to_owned());
        event.approval.clone_from(&self.consent.0);
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
