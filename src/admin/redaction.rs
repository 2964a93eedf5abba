//! Acts that take what is personal, or secret, out of the audit log. The hash of
//! a row stays, so that batch, tree and the proofs of all others hold.
use super::{Actor, Error};
use crate::model::audit_event::{Change, Event, Outcome, Target, printable};
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::store::audit_log::{self, Filter, StoredEvent};
use crate::store::{Conn, audit_chains, audit_redactions, audit_retention, audit_tree};

/// The most rows of one act: each is named in its record.
pub const MOST: usize = 200;

/// How many rows are looked through at a time.
const PAGE: usize = 1_000;

/// What is to be taken away.
#[derive(Clone, Debug)]
pub enum Redaction {
    /// One row, by its id.
    Row(String),
    /// What a person did and what was done to their account, before a moment:
    /// by the id of the administrator.
    Person { id: String, before: UnixTime },
}

/// Why, in the words of whoever answers for it.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Such as `GDPR Art. 17`.
    pub basis: String,
    pub why: String,
}

/// Rows that would be redacted: at most [`MOST`], from the oldest on, and
/// whether there may be more.
///
/// # Errors
/// * `NotFound`: there is no such row.
/// * `Conflict`: it cannot be redacted, and why.
pub fn plan(conn: &mut Conn, what: &Redaction) -> Result<(Vec<StoredEvent>, bool), Error> {
    let (id, before) = match what {
        Redaction::Row(id) => {
            let row = audit_log::find(conn, id)?.ok_or(Error::NotFound)?;
            if let Some(why) = kept(&row) {
                return Err(Error::Conflict(why.to_owned()));
            }
            return Ok((vec![row], false));
        }
        Redaction::Person { id, before } => (id, *before),
    };
    let filter = Filter { acts_only: true, to: Some(before), ..Filter::default() };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = audit_log::page_onward(conn, &filter, after.as_deref(), PAGE)?;
        for row in page.rows {
            if kept(&row).is_none() && row.event().is_some_and(|event| names(&event, id)) {
                found.push(row);
            }
            if found.len() == MOST {
                return Ok((found, true));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok((found, false));
        }
    }
}

/// Whether the event is of what this person did, or was done to them.
fn names(event: &Event, id: &str) -> bool {
    event.actor.id.as_deref() == Some(id)
        || event.target.as_ref().is_some_and(|target| target.id == id)
}

/// Why a row stays as it is.
fn kept(row: &StoredEvent) -> Option<&'static str> {
    if row.is_redacted() {
        return Some("this row was redacted already");
    }
    match row.code.as_str() {
        "token.issued" => {
            Some("a token that was issued stays in the log: it names an application, no person")
        }
        "audit.redacted"
        | "audit.pruned"
        | "audit.held"
        | "audit.released"
        | "audit.fork_found"
        | "audit.fork_acknowledged" => {
            Some("what was done to the log itself stays in it: verification goes by it")
        }
        _ => None,
    }
}

/// Takes text and salt of `rows` away, which were planned before, and records
/// which and why.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: there is no basis or no reason.
/// * `Conflict`: the log is held, or one of the rows was redacted in between.
pub fn redact(
    conn: &mut Conn,
    actor: &Actor,
    rows: &[StoredEvent],
    reason: &Reason,
) -> Result<(), Error> {
    actor.must(Right::RetainLog)?;
    let (basis, why) = (printable(reason.basis.trim(), 100), printable(reason.why.trim(), 200));
    if basis.is_empty() {
        return Err(Error::field("basis", "Name the legal basis, such as GDPR Art. 17."));
    }
    if why.is_empty() {
        return Err(Error::field("reason", "Say why: a request, a case, what was typed there."));
    }
    if rows.is_empty() || rows.len() > MOST {
        return Err(Error::Conflict(format!("one to {MOST} rows are redacted at a time")));
    }
    let held = audit_retention::lock(conn)?;
    if !held.hold.is_empty() {
        let (by, why) = (held.held_by, held.hold);
        return Err(Error::Conflict(format!("nothing may be removed: {by} holds the log: {why}")));
    }
    let mut event = actor.event("audit.redacted", Outcome::Success);
    let origin = audit_tree::find(conn)?.origin;
    event.target = Some(Target { kind: "log".into(), id: origin, name: "the audit log".into() });
    event.detail = Some(format!("{basis}: {why}"));
    for row in rows {
        let now = audit_log::find(conn, &row.id)?.filter(|now| kept(now).is_none());
        let Some(hash) = now.filter(|now| now.body == row.body).and_then(|now| now.leaf()) else {
            return Err(Error::Conflict("one of the rows is another by now: try again".to_owned()));
        };
        event.changes.push(Change {
            field: row.id.clone().into(),
            before: audit_redactions::hex(&hash),
            after: row.code.clone(),
        });
    }
    audit_redactions::redact(conn, rows, &event.id)?;
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}
