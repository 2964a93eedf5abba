//! Accounts for when the OpenID provider is away: owners who sign in without it
//! though nobody else may. Every use is an event of its own.
use super::actor::{Done, Who};
use super::{Actor, Error};
use crate::model::administrator::Administrator;
use crate::model::role::{Right, Role};
use crate::store::{Conn, administrators, break_glass};

/// Makes somebody's account one.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: they are no owner who may sign in, or it is one already.
pub fn make(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    must_be_operator(actor)?;
    let person = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    if person.role != Role::Owner || !person.active {
        return Err(Error::Conflict("Only an owner who may sign in breaks the glass.".into()));
    }
    if break_glass::is_one(conn, id)? {
        return Err(Error::Conflict("This is a break-glass account already.".to_owned()));
    }
    break_glass::insert(conn, id, actor.now)?;
    record(conn, actor, "break_glass.made", &person)
}

/// Makes it an account like others.
///
/// # Errors
/// `Forbidden`; `NotFound`: there is no such person, or it is none.
pub fn end(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    must_be_operator(actor)?;
    let person = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    if !break_glass::delete(conn, id)? {
        return Err(Error::NotFound);
    }
    record(conn, actor, "break_glass.ended", &person)
}

/// Counts a sign-in that the provider had no part in, if the account is one.
pub(super) fn note(conn: &mut Conn, actor: &Actor, person: &Administrator) -> Result<(), Error> {
    if !break_glass::is_one(conn, &person.id)? {
        return Ok(());
    }
    break_glass::note_use(conn, &person.id, actor.now)?;
    record(conn, actor, "break_glass.used", person)
}

/// Whoever owns the machine, and nobody who came through the console.
fn must_be_operator(actor: &Actor) -> Result<(), Error> {
    match actor.who {
        Who::Operator { .. } => Ok(()),
        _ => Err(Error::Forbidden(Right::ManageAdministrators)),
    }
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    person: &Administrator,
) -> Result<(), Error> {
    let target = ("administrator", person.id.as_str(), person.name.as_str());
    actor.record(conn, Done { code, target, client_id: None, changes: Vec::new(), touched: None })
}
