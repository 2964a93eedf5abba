//! Acts on what applications may ask for.
use super::actor::{Done, differences};
use super::approvals::gate;
use super::{Actor, Error, resources};
use crate::model::application::Application;
use crate::model::approval::Holdings;
use crate::model::grant::Access;
use crate::model::resource::Resource;
use crate::model::role::Right;
use crate::store::history::Act;
use crate::store::registry::{self, Touched};
use crate::store::{self, Conn, applications, grants, history, scopes};

/// Puts `access` in the place of what the application holds at `resource`, an
/// id or identifier.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: there is no such application.
/// * `Invalid`: there is no such API, or it lacks one of the scopes.
/// * `SecondPerson`: some of what it gives is marked as sensitive.
pub fn set(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    resource: &str,
    access: &Access,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    registry::lock(conn)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let (resource, access) = judge(conn, resource, access)?;
    let held = holdings(conn, client_id)?;
    let mut wanted = held.clone();
    wanted.insert(resource.id.clone(), access.clone());
    gate::access(conn, client_id, &held, &wanted)?;
    put(conn, actor, &application, (&resource, &access))
}

/// Makes what the application holds what is wanted, one act for each API that
/// differs. Returns how many.
///
/// # Errors
/// As [`set`]; nothing was done then.
pub fn replace(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    wanted: &Holdings,
) -> Result<usize, Error> {
    actor.must(Right::ManageRegistry)?;
    registry::lock(conn)?;
    applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let held = holdings(conn, client_id)?;
    let mut judged = Holdings::new();
    for (resource, access) in wanted {
        let (resource, access) = judge(conn, resource, access)?;
        judged.insert(resource.id, access);
    }
    gate::access(conn, client_id, &held, &judged)?;
    put_all(conn, actor, client_id, &judged)
}

/// [`replace`], once it is decided that it may be.
pub(super) fn put_all(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    wanted: &Holdings,
) -> Result<usize, Error> {
    actor.must(Right::ManageRegistry)?;
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let held = holdings(conn, client_id)?;
    let mut acts = 0;
    for (resource, access) in wanted {
        let (resource, access) = judge(conn, resource, access)?;
        if held.get(&resource.id) != Some(&access) {
            put(conn, actor, &application, (&resource, &access))?;
            acts += 1;
        }
    }
    for resource in held.keys().filter(|resource| !wanted.contains_key(*resource)) {
        remove(conn, actor, client_id, resource)?;
        acts += 1;
    }
    Ok(acts)
}

/// The API that somebody named, and the access as it is stored.
fn judge(conn: &mut Conn, resource: &str, access: &Access) -> Result<(Resource, Access), Error> {
    let resource = resources::resolve(conn, resource)
        .map_err(|_| Error::field("resource", format!("There is no API {resource}.")))?;
    let Access::Scopes(names) = access else { return Ok((resource, Access::All)) };
    let mut names = names.clone();
    names.sort_unstable();
    names.dedup();
    let offered = scopes::all(conn, &resource.id)?;
    if let Some(name) = names.iter().find(|n| !offered.iter().any(|s| s.name == **n)) {
        let why = format!("{} has no scope {name}.", resource.name);
        return Err(Error::field("scopes", why));
    }
    Ok((resource, Access::Scopes(names)))
}

fn put(
    conn: &mut Conn,
    actor: &Actor,
    application: &Application,
    (resource, access): (&Resource, &Access),
) -> Result<(), Error> {
    let client_id = application.client_id.as_str();
    let before = held(conn, client_id, &resource.id)?;
    grants::set(conn, client_id, &resource.id, access, actor.now)?;
    let changes = differences(&[
        ("resource", String::new(), resource.identifier.clone()),
        ("scopes", before.map(|held| held.to_string()).unwrap_or_default(), access.to_string()),
    ]);
    let done = done("grant.set", client_id, &application.details.name, changes);
    let act = actor.recorded(conn, done)?;
    Ok(history::set_grant(conn, client_id, &resource.id, Some(access), &act)?)
}

/// All that the application holds.
pub(super) fn holdings(conn: &mut Conn, client_id: &str) -> Result<Holdings, store::Error> {
    let all = grants::all(conn, client_id)?;
    Ok(all.into_iter().map(|grant| (grant.resource_id, grant.access)).collect())
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

/// Writes again what an application held when it was deleted, and no more: see
/// [`super::deletions`], which leaves out what takes two persons.
pub(super) fn put_back(
    conn: &mut Conn,
    client_id: &str,
    held: &Holdings,
    act: &Act,
) -> Result<(), Error> {
    for (resource_id, access) in held {
        grants::set(conn, client_id, resource_id, access, act.at)?;
        history::set_grant(conn, client_id, resource_id, Some(access), act)?;
    }
    Ok(())
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
