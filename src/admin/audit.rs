//! Acts on the audit log. Nobody changes it; to take a copy of it is an act.
use super::{Actor, Error};
use crate::model::audit_event::{Outcome, printable};
use crate::model::role::Right;
use crate::store::{Conn, audit_chains};

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
