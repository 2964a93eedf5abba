//! Acts on what applications may ask for.
use super::actor::{Done, differences};
use super::{Actor, Error, resources};
use crate::model::grant::Access;
use crate::model::role::Right;
use crate::store::registry::Touched;
use crate::store::{Conn, applications, grants, history, scopes};

/// Puts `access` in the place of what the application holds at `resource`, an
/// id or identifier.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: there is no such application.
/// * `Invalid`: there is no such API, or it lacks one of the scopes.
pub fn set(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    resource: &str,
    access: &Access,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let resource = resources::resolve(conn, resource)
        .map_err(|_| Error::field("resource", format!("There is no API {resource}.")))?;
    let access = match access {
        Access::All => Access::All,
        Access::Scopes(names) => {
            let mut names = names.clone();
            names.sort_unstable();
            names.dedup();
            let offered = scopes::all(conn, &resource.id)?;
            if let Some(name) = names.iter().find(|n| !offered.iter().any(|s| s.name == **n)) {
                let why = format!("{} has no scope {name}.", resource.name);
                return Err(Error::field("scopes", why));
            }
            Access::Scopes(names)
        }
    };
    let before = held(conn, client_id, &resource.id)?;
    grants::set(conn, client_id, &resource.id, &access, actor.now)?;
    let changes = differences(&[
        ("resource", String::new(), resource.identifier.clone()),
        ("scopes", before.map(|held| held.to_string()).unwrap_or_default(), access.to_string()),
    ]);
    let done = done("grant.set", client_id, &application.details.name, changes);
    let act = actor.recorded(conn, done)?;
    Ok(history::set_grant(conn, client_id, &resource.id, Some(&access), &act)?)
}

/// Takes away everything the application holds at `resource`.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: it holds nothing there.
pub fn remove(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    resource: &str,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let resource = resources::resolve(conn, resource)?;
    let before = held(conn, client_id, &resource.id)?.ok_or(Error::NotFound)?;
    grants::delete(conn, client_id, &resource.id)?;
    let changes = differences(&[
        ("resource", resource.identifier.clone(), String::new()),
        ("scopes", before.to_string(), String::new()),
    ]);
    let done = done("grant.removed", client_id, &application.details.name, changes);
    let act = actor.recorded(conn, done)?;
    Ok(history::set_grant(conn, client_id, &resource.id, None, &act)?)
}

fn held(conn: &mut Conn, client_id: &str, resource_id: &str) -> Result<Option<Access>, Error> {
    let all = grants::all(conn, client_id)?;
    Ok(all.into_iter().find(|grant| grant.resource_id == resource_id).map(|grant| grant.access))
}

fn done<'a>(
    code: &'static str,
    client_id: &'a str,
    name: &'a str,
    changes: Vec<crate::model::audit_event::Change>,
) -> Done<'a> {
    Done {
        code,
        target: ("application", client_id, name),
        client_id: Some(client_id),
        changes,
        touched: Some(Touched::Client(client_id.to_owned())),
    }
}
