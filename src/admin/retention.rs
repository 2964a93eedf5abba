//! Acts on what the audit log keeps. Rows go; batches and the tree stay, so that
//! what is kept can still be verified and proved.
use super::{Actor, Error};
use crate::model::audit_event::{Change, Outcome, Target, printable};
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_retention::{self, Cut};
use crate::store::{Conn, audit_chains, audit_tree};

/// What is younger is kept whatever is asked for: revocations and status lists
/// look tokens up in the log for as long as these live, and nobody covers the
/// tracks of last night.
pub const LEAST_KEPT: Seconds = Seconds::days(7);

/// What of the log is older than `before` and may go: whole batches that a
/// signed checkpoint covers and every stream has delivered.
///
/// # Errors
/// * `Invalid`: `before` is too young, see [`LEAST_KEPT`].
/// * `Conflict`: there is a hold, or the log is not the one that was signed.
pub fn plan(conn: &mut Conn, before: UnixTime, now: UnixTime) -> Result<Cut, Error> {
    if before > now - LEAST_KEPT {
        return Err(Error::field("before", "What is younger than 7 days is kept."));
    }
    let retention = audit_retention::find(conn)?;
    if !retention.hold.is_empty() {
        let (by, why) = (&retention.held_by, &retention.hold);
        return Err(Error::Conflict(format!("nothing may be removed: {by} holds the log: {why}")));
    }
    let state = audit_tree::find(conn)?;
    if !state.fork.is_empty() {
        let why = "the log is not the one that was signed: see countersign audit fork";
        return Err(Error::Conflict(why.to_owned()));
    }
    Ok(audit_retention::plan(conn, before, state.published_size)?)
}

/// Gives up the rows of `cut`, which was planned before: from the commit on
/// they may be deleted, and verification says that they were pruned.
///
/// # Errors
/// * `Forbidden`.
/// * `Conflict`: another pruned or held the log in between, or it forked.
pub fn prune(conn: &mut Conn, actor: &Actor, cut: &Cut) -> Result<(), Error> {
    actor.must(Right::RetainLog)?;
    let retention = audit_retention::lock(conn)?;
    let state = audit_tree::find(conn)?;
    if retention.minimum != cut.first || !retention.hold.is_empty() || !state.fork.is_empty() {
        let why = "somebody pruned or held the log in between: try again";
        return Err(Error::Conflict(why.to_owned()));
    }
    if cut.is_empty() {
        return Ok(audit_retention::note_look(conn, actor.now)?);
    }
    let slowest = audit_retention::slowest_stream(conn)?;
    if let Some((name, _)) = slowest.filter(|(_, wanted)| *wanted < cut.end) {
        return Err(Error::Conflict(format!(
            "the stream {name} was set back in between: try again"
        )));
    }
    audit_retention::give_up(conn, cut, actor.now)?;
    let signed = SignedCheckpoint::parse(&state.note).map_err(Error::Conflict)?.checkpoint;
    let root: String = signed.root.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut event = actor.event("audit.pruned", Outcome::Success);
    event.target = Some(log(&state.origin));
    let change = |field: &'static str, before: String, after: String| Change {
        field: field.into(),
        before,
        after,
    };
    event.changes = vec![
        change("minimum_entry", cut.first.to_string(), cut.end.to_string()),
        change("rows", cut.rows.to_string(), "0".to_owned()),
        change("time", utc(cut.from), utc(cut.until)),
    ];
    event.detail = Some(format!(
        "{} rows of {} batches, under the checkpoint of {} with the root {root}",
        cut.rows,
        cut.end - cut.first,
        signed.size
    ));
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

/// From now on nothing is removed from the log, whatever its retention.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: there is no reason.
/// * `Conflict`: it is held already.
pub fn hold(conn: &mut Conn, actor: &Actor, reason: &str) -> Result<(), Error> {
    actor.must(Right::RetainLog)?;
    let reason = printable(reason.trim(), 200);
    if reason.is_empty() {
        return Err(Error::field("reason", "Say why: a case, a request, a name."));
    }
    if !audit_retention::lock(conn)?.hold.is_empty() {
        return Err(Error::Conflict("the log is held already".to_owned()));
    }
    audit_retention::hold(conn, &reason, &actor.name(), actor.now)?;
    told(conn, actor, "audit.held", reason)
}

/// The hold is over.
///
/// # Errors
/// * `Forbidden`.
/// * `Conflict`: there is none.
pub fn release(conn: &mut Conn, actor: &Actor) -> Result<(), Error> {
    actor.must(Right::RetainLog)?;
    let held = audit_retention::lock(conn)?;
    if held.hold.is_empty() {
        return Err(Error::Conflict("the log is not held".to_owned()));
    }
    audit_retention::hold(conn, "", "", actor.now)?;
    told(conn, actor, "audit.released", format!("held by {}: {}", held.held_by, held.hold))
}

fn told(conn: &mut Conn, actor: &Actor, code: &'static str, detail: String) -> Result<(), Error> {
    let mut event = actor.event(code, Outcome::Success);
    event.target = Some(log(&audit_tree::find(conn)?.origin));
    event.detail = Some(detail);
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

fn log(origin: &str) -> Target {
    Target { kind: "log".into(), id: origin.to_owned(), name: "the audit log".into() }
}

fn utc(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).unwrap_or_default().to_string()
}
