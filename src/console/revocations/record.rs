//! Where the audit log says that a revocation was made.
use crate::model::audit_event::Event;
use crate::model::revocation::{Recorded, Revocation};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::store::audit_log::{self, Filter, StoredEvent};
use crate::store::{Conn, Error, revocations};

/// The most entries of one millisecond that are looked at.
const MOST: usize = 500;

/// The id of the entry of the act that made `revocation`: both have the same
/// time.
pub fn of_revocation(conn: &mut Conn, revocation: &Revocation) -> Result<Option<String>, Error> {
    let filter = Filter {
        client_id: revocation.client_id.clone(),
        acts_only: revocation.client_id.is_none(),
        from: Some(revocation.created_at),
        to: Some(UnixTime(revocation.created_at.0 + 1_000)),
        ..Filter::default()
    };
    let rows = audit_log::page(conn, &filter, None, MOST)?.rows;
    let mut events = rows.iter().filter_map(StoredEvent::event);
    let its = |event: &Event| event.at == revocation.created_at.0 && made(event, revocation);
    Ok(events.find(its).map(|event| event.id))
}

/// The revocation that `event` made.
pub fn of_event(conn: &mut Conn, event: &Event) -> Result<Option<Recorded>, Error> {
    if let Some(id) = named(event) {
        return revocations::find(conn, id);
    }
    let Some(subject) = subject(event) else { return Ok(None) };
    revocations::find_made_at(conn, subject, UnixTime(event.at))
}

fn made(event: &Event, revocation: &Revocation) -> bool {
    named(event) == Some(revocation.id.as_str())
        || subject(event) == Some((revocation.kind, revocation.subject.as_str()))
}

/// The id of its revocation, when the event says it.
pub fn named(event: &Event) -> Option<&str> {
    let changed = event.changes.iter().find(|change| change.field == "revocation");
    changed.map(|change| change.after.as_str())
}

/// What an event ended the tokens of besides.
fn subject(event: &Event) -> Option<(Kind, &str)> {
    let target = event.target.as_ref().map(|target| target.id.as_str());
    let gone = |field: &str| {
        let gone = event.changes.iter().find(|change| change.field == field);
        gone.map(|change| change.before.as_str())
    };
    match event.code.as_ref() {
        "token.revoked" => Some((Kind::Token, event.token.as_ref()?.jti.as_deref()?)),
        "application.suspended" | "application.deleted" => Some((Kind::Application, target?)),
        "secret.revoked" => Some((Kind::Secret, target?)),
        "resource.deleted" => Some((Kind::Resource, gone("identifier")?)),
        _ => None,
    }
}
