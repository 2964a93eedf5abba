//! Acts on the audit log. Nobody changes it; to take a copy of it is an act.
use super::actor::Who;
use super::{Actor, Error};
use crate::model::audit_event::{Change, Outcome, Target, printable};
use crate::model::checkpoint::origin;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, ActFilter, Filter, StoredEvent};
use crate::store::{self, Conn, audit_chains, audit_tree};

/// Begins the log anew under another name, after what is stored was found not
/// to go on from what was signed. Returns the name.
///
/// # Errors
/// `Forbidden`.
pub fn acknowledge_fork(
    conn: &mut Conn,
    actor: &Actor,
    issuer: &str,
    (found, reason): (&str, &str),
) -> Result<String, Error> {
    actor.must(Right::ManageRegistry)?;
    let state = audit_tree::lock(conn)?;
    let generation = state.generation + 1;
    let name = origin(issuer, generation);
    audit_tree::begin_anew(conn, &name, generation)?;
    let mut event = actor.event("audit.fork_acknowledged", Outcome::Success);
    event.target =
        Some(Target { kind: "log".into(), id: name.clone(), name: "the audit log".into() });
    event.changes = vec![
        Change { field: "name".into(), before: state.origin, after: name.clone() },
        Change {
            field: "sealed_batches".into(),
            before: String::new(),
            after: state.size.to_string(),
        },
    ];
    event.detail = Some(format!("{reason} ({found})"));
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(name)
}

/// Records that the actor takes a copy of the log: `format`, and what it is
/// narrowed to. Call it before the first row leaves, so that a copy of
/// everything tells of itself.
///
/// # Errors
/// `Forbidden`.
pub fn export(conn: &mut Conn, actor: &Actor, format: &str, narrowed: &str) -> Result<(), Error> {
    actor.must(Right::Read)?;
    let mut event = actor.event("audit.exported", Outcome::Success);
    event.detail = Some(printable(format!("{format} {narrowed}").trim_end(), MOST));
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

/// Records how many rows the copy had, once the last was sent. An export
/// without it was cut off.
///
/// # Errors
/// `Store`.
pub fn end_export(conn: &mut Conn, actor: &Actor, format: &str, rows: u64) -> Result<(), Error> {
    let mut event = actor.event("audit.export_ended", Outcome::Success);
    event.detail = Some(format!("{format}, {rows} rows"));
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

/// Whether it is recorded that this administrator read this part of the log in
/// this hour.
///
/// # Errors
/// `Store`.
pub fn is_reading_known(conn: &mut Conn, actor: &Actor, what: &str) -> Result<bool, store::Error> {
    let Who::Administrator { id, .. } = &actor.who else { return Ok(true) };
    let hour = Seconds::HOUR.0 * 1_000_000;
    let filter = Filter {
        act: ActFilter { code: Some(READ.to_owned()), ..ActFilter::default() },
        from: Some(UnixTime(actor.now.0 - actor.now.0.rem_euclid(hour))),
        ..Filter::default()
    };
    let what = printable(what, MOST);
    let known = audit_log::page(conn, &filter, None, READINGS)?.rows;
    Ok(known.iter().filter_map(StoredEvent::event).any(|event| {
        event.actor.id.as_ref() == Some(id) && event.detail.as_deref().unwrap_or("") == what
    }))
}

/// Records that the actor reads the log: `what` they narrowed it to.
///
/// # Errors
/// `Forbidden`.
pub fn read(conn: &mut Conn, actor: &Actor, what: &str) -> Result<(), Error> {
    actor.must(Right::Read)?;
    if is_reading_known(conn, actor, what)? {
        return Ok(());
    }
    let mut event = actor.event(READ, Outcome::Success);
    event.detail = Some(printable(what, MOST)).filter(|what| !what.is_empty());
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

const READ: &str = "audit.read";

/// The most readings of an hour that are looked through.
const READINGS: usize = 1_000;

/// Records that the actor takes a report with them, before it leaves. `what`
/// says which and of what.
///
/// # Errors
/// `Forbidden`.
pub fn report(conn: &mut Conn, actor: &Actor, what: &str) -> Result<(), Error> {
    actor.must(Right::Read)?;
    let mut event = actor.event("report.exported", Outcome::Success);
    event.detail = Some(printable(what, MOST));
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

/// The most characters of a query that are recorded.
const MOST: usize = 500;
