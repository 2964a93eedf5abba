//! Acts that end tokens before they expire.
use super::actor::{Done, differences};
use super::approvals::gate;
use super::{Actor, Error};
use crate::model::approval::{Proposal, Rule};
use crate::model::audit_event::{Outcome, Target};
use crate::model::revocation::{LONGEST, Late, Revocation, holds_token};
use crate::model::role::Right;
use crate::model::signing_key::State;
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::store::{
    Conn, applications, audit_chains, audit_log, revocations, secrets, signing_keys,
};

/// What is to be revoked, as it is stored.
#[derive(Clone, Debug)]
pub struct Subject {
    pub kind: Kind,
    pub text: String,
    pub name: String,
    pub client_id: Option<String>,
    /// Of a token: when it expires.
    pub expires_at: Option<UnixTime>,
}

impl Subject {
    /// Its revocation, were it made at `now`.
    pub fn revocation(&self, id: String, now: UnixTime) -> Revocation {
        let made = match (self.kind, self.expires_at) {
            (Kind::Token, Some(end)) => Revocation::of_token(id, &self.text, end, now),
            (Kind::Key, _) => Revocation::of_key(id, &self.text, now),
            (kind, _) => Revocation::of_the_past(id, kind, &self.text, now),
        };
        Revocation { client_id: self.client_id.clone(), ..made }
    }
}

/// Revokes the tokens of `subject` that were issued before now: one by its
/// `jti`, those of an application by its client id, of a secret by its id, of an
/// API by its id or identifier, of a signing key by its `kid`, or everything
/// (`subject` is empty then). A key that is revoked signs nothing any more and
/// is not published; the server makes another.
///
/// # Errors
/// * `Forbidden`: the actor may not manage the registry.
/// * `NotFound`: there is no such subject.
/// * `Conflict`: the token has expired, or the key is revoked already.
/// * `SecondPerson`: of everything or of a key, where the policy asks for one.
pub fn revoke(
    conn: &mut Conn,
    actor: &Actor,
    kind: Kind,
    subject: &str,
    reason: &str,
) -> Result<Revocation, Error> {
    actor.must(Right::ManageRegistry)?;
    let reason_given = || reason.to_owned();
    match kind {
        Kind::Everything => gate::rule(conn, actor, Rule::KillAll, || {
            Proposal::RevokeEverything { reason: reason_given() }
        })?,
        Kind::Key => {
            let key = signing_keys::find(conn, subject)?.ok_or(Error::NotFound)?;
            gate::rule(conn, actor, Rule::KeyRetirement, || Proposal::RevokeKey {
                kid: key.kid.clone(),
                state: key.state.as_str().to_owned(),
                reason: reason_given(),
            })?;
        }
        _ => {}
    }
    put(conn, actor, kind, subject, reason)
}

/// [`revoke`], once it is decided that it may be.
pub(super) fn put(
    conn: &mut Conn,
    actor: &Actor,
    kind: Kind,
    subject: &str,
    reason: &str,
) -> Result<Revocation, Error> {
    actor.must(Right::ManageRegistry)?;
    let found = find(conn, kind, subject)?;
    if kind == Kind::Token && found.expires_at.is_none_or(|end| end <= actor.now) {
        return Err(Error::Conflict("This token has expired; nothing accepts it.".to_owned()));
    }
    if kind == Kind::Key {
        super::signing_keys::revoke(conn, actor, &found.text)?;
    }
    let revocation = Revocation {
        reason: reason.to_owned(),
        created_by: actor.name(),
        ..found.revocation(actor.entropy.id("rev_", actor.now), actor.now)
    };
    revocations::insert(conn, std::slice::from_ref(&revocation))?;
    actor.record(
        conn,
        Done {
            code: "tokens.revoked",
            target: (kind.as_str(), &found.text, &found.name),
            client_id: revocation.client_id.as_deref(),
            changes: differences(&[
                ("reason", String::new(), reason.to_owned()),
                ("revocation", String::new(), revocation.id.clone()),
            ]),
            touched: None,
        },
    )?;
    Ok(revocation)
}

/// [`revoke`] for when the database cannot be asked or written: whether there is
/// such a subject is not looked at. What comes out is to be kept in the journal.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: this cannot be the name of one.
pub fn unasked(actor: &Actor, kind: Kind, text: &str, reason: &str) -> Result<Late, Error> {
    actor.must(Right::ManageRegistry)?;
    let is_name = |c: char| c.is_ascii_graphic();
    let fits = text.chars().all(is_name) && text.len() <= 512 && !holds_token(text);
    if !fits || text.is_empty() != (kind == Kind::Everything) {
        return Err(Error::field("subject", "This is no name of what is to be revoked."));
    }
    let subject = Subject {
        kind,
        text: text.to_owned(),
        name: text.to_owned(),
        client_id: (kind == Kind::Application).then(|| text.to_owned()),
        // Of a token nobody knows here: the latest that there may be.
        expires_at: (kind == Kind::Token).then(|| actor.now + LONGEST),
    };
    let id = actor.entropy.id("rev_", actor.now);
    let revocation = Revocation {
        reason: reason.to_owned(),
        created_by: actor.name(),
        ..subject.revocation(id, actor.now)
    };
    let mut event = actor.event("tokens.revoked", Outcome::Success);
    event.target =
        Some(Target { kind: kind.as_str().into(), id: subject.text.clone(), name: subject.name });
    event.client_id.clone_from(&revocation.client_id);
    event.changes = differences(&[
        ("reason", String::new(), reason.to_owned()),
        ("revocation", String::new(), revocation.id.clone()),
    ]);
    Ok(Late { revocation, event })
}

/// Writes what was kept in the journal, with its rows of the log, marked late.
/// What is there already, because the database took it after all, is left.
/// Returns how many were written.
///
/// # Errors
/// `Store`.
pub fn replay(conn: &mut Conn, actor: &Actor, waiting: &[Late]) -> Result<usize, Error> {
    let mut events = Vec::new();
    for late in waiting {
        let revocation = &late.revocation;
        if revocations::find(conn, &revocation.id)?.is_some() {
            continue;
        }
        let key = if revocation.kind == Kind::Key {
            signing_keys::find(conn, &revocation.subject)?
        } else {
            None
        };
        if key.is_some_and(|key| key.state != State::Revoked) {
            super::signing_keys::revoke(conn, actor, &revocation.subject)?;
        }
        revocations::insert(conn, std::slice::from_ref(revocation))?;
        let mut event = late.event.clone();
        event.detail = Some("late: kept in the journal while the database was away".to_owned());
        events.push(event);
    }
    audit_chains::append(conn, &actor.chain, &events)?;
    Ok(events.len())
}

/// Revokes what `subject` may have got so far, as part of an act that ends it.
/// The act's own record says so.
pub(super) fn end(
    conn: &mut Conn,
    actor: &Actor,
    (kind, subject): (Kind, &str),
    client_id: Option<&str>,
    reason: &str,
) -> Result<(), Error> {
    let id = actor.entropy.id("rev_", actor.now);
    let revocation = Revocation {
        client_id: client_id.map(str::to_owned),
        reason: reason.to_owned(),
        created_by: actor.name(),
        ..Revocation::of_an_end(id, kind, subject, actor.now)
    };
    Ok(revocations::insert(conn, &[revocation])?)
}

/// What a revocation of this would be of: see [`revoke`] for how it is named.
///
/// # Errors
/// `NotFound`: there is no such subject.
pub fn find(conn: &mut Conn, kind: Kind, text: &str) -> Result<Subject, Error> {
    let plain = |name: String, client_id| {
        Ok(Subject { kind, text: text.to_owned(), name, client_id, expires_at: None })
    };
    match kind {
        Kind::Token => token(conn, text),
        Kind::Application => {
            let found = applications::find(conn, text)?.ok_or(Error::NotFound)?;
            plain(found.details.name, Some(found.client_id))
        }
        Kind::Secret => {
            let found = secrets::find(conn, text)?.ok_or(Error::NotFound)?;
            plain(found.name, Some(found.client_id))
        }
        Kind::Resource => {
            let found = super::resources::resolve(conn, text)?;
            Ok(Subject { text: found.identifier, ..plain(found.name, None)? })
        }
        Kind::Key => {
            let found = signing_keys::find(conn, text)?.ok_or(Error::NotFound)?;
            plain(format!("{} key", found.algorithm), None)
        }
        Kind::Everything => {
            Ok(Subject { text: String::new(), ..plain("every token".to_owned(), None)? })
        }
    }
}

/// The log knows every token that was issued.
fn token(conn: &mut Conn, jti: &str) -> Result<Subject, Error> {
    let row = audit_log::find(conn, jti)?.filter(|row| row.code == "token.issued");
    let event = row.and_then(|row| row.event()).ok_or(Error::NotFound)?;
    let exp = event.token.as_ref().and_then(|token| token.exp);
    Ok(Subject {
        kind: Kind::Token,
        text: event.id.clone(),
        name: event.id,
        client_id: event.client_id,
        expires_at: Some(UnixTime::from_seconds(exp.unwrap_or(0))),
    })
}
