//! Acts on the people who may sign in.
use super::actor::{Done, differences};
use super::approvals::gate;
use super::{Actor, Error};
use crate::model::administrator::{Administrator, AdministratorDetails};
use crate::model::approval::{Proposal, Rule, raises};
use crate::model::audit_event::Change;
use crate::model::role::{Right, Role};
use crate::store::{Conn, administrators, password_resets, registry, sessions};

/// Makes an administrator. `password_hash` was made beforehand: hashing holds
/// no connection.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: somebody else signs in with this address.
/// * `Conflict`: they would be an admin or an owner, and the policy asks for two
///   persons: a password cannot wait.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    details: AdministratorDetails,
    password_hash: &str,
) -> Result<Administrator, Error> {
    actor.must(Right::ManageAdministrators)?;
    if raises(None, details.role) {
        let instead = "Two persons make an admin or an owner. Make them an auditor or a developer \
                       and change their role then; or, in an emergency, do it with --alone and \
                       say why, which stands in the audit log.";
        gate::rule_at_once(conn, actor, Rule::Roles, instead)?;
    }
    insert(conn, actor, details, password_hash)
}

/// [`create`] for the first one, whom no administrator can make.
pub(super) fn insert(
    conn: &mut Conn,
    actor: &Actor,
    details: AdministratorDetails,
    password_hash: &str,
) -> Result<Administrator, Error> {
    if administrators::find_by_email(conn, &details.email)?.is_some() {
        return Err(taken());
    }
    let administrator = Administrator {
        id: actor.entropy.id("adm_", actor.now),
        email: details.email,
        name: details.name,
        role: details.role,
        active: true,
        created_at: actor.now,
        last_signed_in_at: None,
        version: 1,
    };
    administrators::insert(conn, &administrator, password_hash)?;
    let changes = differences(&[
        ("email", String::new(), administrator.email.clone()),
        ("name", String::new(), administrator.name.clone()),
        ("role", String::new(), administrator.role.to_string()),
    ]);
    actor.record(conn, done("administrator.created", &administrator, changes))?;
    Ok(administrator)
}

/// Changes address, name or role. A change of role ends the sessions.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Invalid`: somebody else signs in with this address.
/// * `Conflict`: changed after version `version`, or the last owner would be
///   none.
/// * `SecondPerson`: they become an admin or an owner, and the policy asks for
///   one.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    version: i64,
    details: &AdministratorDetails,
) -> Result<(), Error> {
    actor.must(Right::ManageAdministrators)?;
    let before = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    if raises(Some(before.role), details.role) {
        gate::rule(conn, actor, Rule::Roles, || Proposal::ChangeRole {
            administrator_id: id.to_owned(),
            version,
            email: details.email.clone(),
            name: details.name.clone(),
            role: details.role.to_string(),
        })?;
    }
    write(conn, actor, id, version, details)
}

/// [`update`], once it is decided that it may be.
pub(super) fn write(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    version: i64,
    details: &AdministratorDetails,
) -> Result<(), Error> {
    actor.must(Right::ManageAdministrators)?;
    keep_owners(conn)?;
    let before = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    let other = administrators::find_by_email(conn, &details.email)?;
    if other.is_some_and(|(other, _)| other.id != id) {
        return Err(taken());
    }
    if !administrators::update(conn, id, version, details)? {
        return Err(Error::Conflict(
            "Somebody changed this administrator after you opened the page.".to_owned(),
        ));
    }
    if before.role != details.role {
        must_leave_an_owner(conn)?;
        sessions::delete_of(conn, id)?;
    }
    let changes = differences(&[
        ("email", before.email.clone(), details.email.clone()),
        ("name", before.name.clone(), details.name.clone()),
        ("role", before.role.to_string(), details.role.to_string()),
    ]);
    actor.record(conn, done("administrator.updated", &before, changes))
}

/// Gives the role that the OpenID provider's claim stands for, and ends the
/// sessions.
///
/// # Errors
/// `Conflict`: changed meanwhile, or the last owner would be none.
pub(super) fn follow_claim(
    conn: &mut Conn,
    actor: &Actor,
    person: &Administrator,
    role: Role,
) -> Result<Administrator, Error> {
    keep_owners(conn)?;
    let Administrator { email, name, .. } = person.clone();
    let details = AdministratorDetails { email, name, role };
    let owners = administrators::count_active(conn, Role::Owner)?;
    if person.role == Role::Owner && owners == 1 {
        return Err(Error::Conflict("There must be an owner who can sign in.".to_owned()));
    }
    if !administrators::update(conn, &person.id, person.version, &details)? {
        return Err(Error::Conflict("Somebody changed this administrator meanwhile.".to_owned()));
    }
    sessions::delete_of(conn, &person.id)?;
    let changes = differences(&[("role", person.role.to_string(), role.to_string())]);
    let server = super::identities::system(actor);
    server.record(conn, done("administrator.updated", person, changes))?;
    Ok(Administrator { role, version: person.version + 1, ..person.clone() })
}

/// Suspends an administrator and ends their sessions.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: suspended already, or the last owner.
pub fn suspend(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    set_active(conn, actor, id, false)
}

/// Lets a suspended administrator sign in again.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: active already.
pub fn resume(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    set_active(conn, actor, id, true)
}

/// Gives a password and ends the sessions. People may do so for themselves;
/// that they know the old one is seen to before.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub fn set_password(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    password_hash: &str,
) -> Result<(), Error> {
    let own = matches!(&actor.who, super::actor::Who::Administrator { id: own, .. } if own == id);
    if !own {
        actor.must(Right::ManageAdministrators)?;
    }
    let before = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    administrators::set_password(conn, id, password_hash)?;
    password_resets::delete_of(conn, id)?;
    sessions::delete_of(conn, id)?;
    actor.record(conn, done("administrator.password_set", &before, Vec::new()))
}

fn set_active(conn: &mut Conn, actor: &Actor, id: &str, active: bool) -> Result<(), Error> {
    actor.must(Right::ManageAdministrators)?;
    keep_owners(conn)?;
    let before = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    let (code, state, other) = if active {
        ("administrator.resumed", "active", "suspended")
    } else {
        ("administrator.suspended", "suspended", "active")
    };
    if !administrators::set_active(conn, id, active)? {
        return Err(Error::Conflict(format!("This administrator is {state} already.")));
    }
    if !active {
        must_leave_an_owner(conn)?;
        sessions::delete_of(conn, id)?;
        password_resets::delete_of(conn, id)?;
    }
    let changes = differences(&[("state", other.to_owned(), state.to_owned())]);
    actor.record(conn, done(code, &before, changes))
}

/// Whoever makes an owner less waits here for another who does: of two at once,
/// each would still see the other's owner.
fn keep_owners(conn: &mut Conn) -> Result<(), Error> {
    Ok(registry::lock(conn)?)
}

/// Asked after the change, inside its transaction, which an error undoes.
fn must_leave_an_owner(conn: &mut Conn) -> Result<(), Error> {
    if administrators::count_active(conn, Role::Owner)? > 0 {
        return Ok(());
    }
    Err(Error::Conflict("There must be an owner who can sign in.".to_owned()))
}

pub(super) fn taken() -> Error {
    Error::field("email", "Another administrator signs in with this address.")
}

pub(super) fn done<'a>(
    code: &'static str,
    administrator: &'a Administrator,
    changes: Vec<Change>,
) -> Done<'a> {
    Done {
        code,
        target: ("administrator", &administrator.id, &administrator.name),
        client_id: None,
        changes,
        touched: None,
    }
}
