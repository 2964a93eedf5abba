//! Acts on teams: named sets of people who care for applications together.
use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::audit_event::Change;
use crate::model::role::Right;
use crate::model::team::{Team, read_name};
use crate::store::{Conn, administrators, teams};

/// Makes a team of these people, by id.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: another has this name, or one of the people is nobody.
pub fn create(
    conn: &mut Conn,
    actor: &Actor,
    name: &str,
    people: &[String],
) -> Result<Team, Error> {
    actor.must(Right::ManageRegistry)?;
    let name = free_name(conn, name, None)?;
    let (people, names) = known(conn, people)?;
    let id = actor.entropy.id("team_", actor.now);
    let team = Team { id, name, created_at: actor.now, version: 1 };
    teams::insert(conn, &team)?;
    teams::set_members(conn, &team.id, &people)?;
    let changes = differences(&[
        ("name", String::new(), team.name.clone()),
        ("members", String::new(), names),
    ]);
    actor.record(conn, done("team.created", &team, changes))?;
    Ok(team)
}

/// Changes its name and its people. Who is not among them any more has no right
/// from it with their next request.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Invalid`: as [`create`].
/// * `Conflict`: changed after version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    version: i64,
    (name, people): (&str, &[String]),
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let before = teams::find(conn, id)?.ok_or(Error::NotFound)?;
    let name = free_name(conn, name, Some(id))?;
    let (people, names) = known(conn, people)?;
    let members = teams::members(conn, id)?;
    let (_, before_names) = known(conn, &members)?;
    if !teams::rename(conn, id, version, &name)? {
        return Err(Error::Conflict("Somebody changed this team after you opened it.".to_owned()));
    }
    teams::set_members(conn, id, &people)?;
    let changes =
        differences(&[("name", before.name.clone(), name), ("members", before_names, names)]);
    actor.record(conn, done("team.updated", &before, changes))
}

/// Deletes a team; its applications have one owner less.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub fn delete(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let before = teams::find(conn, id)?.ok_or(Error::NotFound)?;
    let members = teams::members(conn, id)?;
    let (_, names) = known(conn, &members)?;
    teams::delete(conn, id)?;
    let changes = differences(&[
        ("name", before.name.clone(), String::new()),
        ("members", names, String::new()),
    ]);
    actor.record(conn, done("team.deleted", &before, changes))
}

fn free_name(conn: &mut Conn, name: &str, own: Option<&str>) -> Result<String, Error> {
    let name = read_name(name).map_err(|why| Error::field("name", why))?;
    match teams::find_by_name(conn, &name)? {
        Some(other) if Some(other.id.as_str()) != own => {
            Err(Error::field("name", "Another team has this name."))
        }
        _ => Ok(name),
    }
}

/// Each of them once, and their names.
fn known(conn: &mut Conn, people: &[String]) -> Result<(Vec<String>, String), Error> {
    let mut people = people.to_vec();
    people.sort_unstable();
    people.dedup();
    let mut names = Vec::new();
    for id in &people {
        names.extend(administrators::find(conn, id)?.map(|person| person.name));
    }
    if names.len() != people.len() {
        return Err(Error::field("member", "One of these people is not there any more."));
    }
    Ok((people, names.join(", ")))
}

fn done<'a>(code: &'static str, team: &'a Team, changes: Vec<Change>) -> Done<'a> {
    Done { code, target: ("team", &team.id, &team.name), client_id: None, changes, touched: None }
}
