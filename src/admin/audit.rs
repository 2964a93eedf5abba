//! Acts on the audit log. Nobody changes it; to take a copy of it is an act.
use super::{Actor, Error};
use crate::model::audit_event::{Change, Outcome, Target, printable};
use crate::model::checkpoint::origin;
use crate::model::role::Right;
use crate::store::{Conn, audit_chains, audit_tree};

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

/// Records that the actor takes a copy of the whole log. Call it before the
/// first row leaves, so that the copy tells of itself.
///
/// # Errors
/// `Forbidden`.
pub fn export(conn: &mut Conn, actor: &Actor) -> Result<(), Error> {
    actor.must(Right::Read)?;
    let event = actor.event("audit.exported", Outcome::Success);
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

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

/// The most characters of a report's query that are recorded.
const MOST: usize = 500;
