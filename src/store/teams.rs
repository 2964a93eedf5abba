//! The `teams`, `team_members` and `application_teams` tables: who cares for
//! applications together.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{administrators, application_teams, applications, team_members, teams};
use super::{Conn, Error};
use crate::model::team::Team;
use crate::oauth::UnixTime;

type Row = (String, String, i64, i64);

fn team((id, name, created_at, version): Row) -> Team {
    Team { id, name, created_at: UnixTime(created_at), version }
}

/// All of them, by name.
pub fn all(conn: &mut Conn) -> Result<Vec<Team>, Error> {
    let rows: Vec<Row> = on!(conn, |c| teams::table
        .order((teams::name_key, teams::id))
        .select((teams::id, teams::name, teams::created_at, teams::version))
        .load(c))?;
    Ok(rows.into_iter().map(team).collect())
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Team>, Error> {
    let row: Option<Row> = on!(conn, |c| teams::table
        .find(id)
        .select((teams::id, teams::name, teams::created_at, teams::version))
        .first(c)
        .optional())?;
    Ok(row.map(team))
}

/// The one of this name, however it is written.
pub fn find_by_name(conn: &mut Conn, name: &str) -> Result<Option<Team>, Error> {
    let row: Option<Row> = on!(conn, |c| teams::table
        .filter(teams::name_key.eq(name.to_lowercase()))
        .select((teams::id, teams::name, teams::created_at, teams::version))
        .first(c)
        .optional())?;
    Ok(row.map(team))
}

/// # Errors
/// `Conflict`: another has this name.
pub fn insert(conn: &mut Conn, team: &Team) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(teams::table)
        .values((
            teams::id.eq(&team.id),
            teams::name.eq(&team.name),
            teams::name_key.eq(team.name.to_lowercase()),
            teams::created_at.eq(team.created_at.0),
            teams::version.eq(team.version),
        ))
        .execute(c))?;
    Ok(())
}

/// Writes `name` over version `version`; `false` when it is another by now.
///
/// # Errors
/// `Conflict`: another has this name.
pub fn rename(conn: &mut Conn, id: &str, version: i64, name: &str) -> Result<bool, Error> {
    let changed =
        on!(conn, |c| diesel::update(teams::table.find(id).filter(teams::version.eq(version)))
            .set((
                teams::name.eq(name),
                teams::name_key.eq(name.to_lowercase()),
                teams::version.eq(version + 1),
            ))
            .execute(c))?;
    Ok(changed == 1)
}

/// Deletes it; its applications have one team less.
pub fn delete(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(teams::table.find(id)).execute(c))? == 1)
}

/// The ids of its people, in their order.
pub fn members(conn: &mut Conn, id: &str) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| team_members::table
        .filter(team_members::team_id.eq(id))
        .order(team_members::administrator_id)
        .select(team_members::administrator_id)
        .load(c))?)
}

/// Of every team: its id, and the name of each of its people who may sign in.
pub fn active_members(conn: &mut Conn) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| team_members::table
        .inner_join(administrators::table.on(administrators::id.eq(team_members::administrator_id)))
        .filter(administrators::active.eq(true))
        .order((team_members::team_id, administrators::name))
        .select((team_members::team_id, administrators::name))
        .load(c))?)
}

/// Puts these people in the place of those there were.
///
/// # Errors
/// `Conflict`: one of them, or the team, is not there.
pub fn set_members(conn: &mut Conn, id: &str, people: &[String]) -> Result<(), Error> {
    let old = team_members::table.filter(team_members::team_id.eq(id));
    on!(conn, |c| diesel::delete(old).execute(c))?;
    for person in people {
        on!(conn, |c| diesel::insert_into(team_members::table)
            .values((team_members::team_id.eq(id), team_members::administrator_id.eq(person),))
            .execute(c))?;
    }
    Ok(())
}

/// The teams that a person is in.
pub fn of_administrator(conn: &mut Conn, administrator_id: &str) -> Result<Vec<Team>, Error> {
    let rows: Vec<Row> = on!(conn, |c| teams::table
        .inner_join(team_members::table.on(team_members::team_id.eq(teams::id)))
        .filter(team_members::administrator_id.eq(administrator_id))
        .order((teams::name_key, teams::id))
        .select((teams::id, teams::name, teams::created_at, teams::version))
        .load(c))?;
    Ok(rows.into_iter().map(team).collect())
}

/// The teams that own an application.
pub fn of_application(conn: &mut Conn, client_id: &str) -> Result<Vec<Team>, Error> {
    let rows: Vec<Row> = on!(conn, |c| teams::table
        .inner_join(application_teams::table.on(application_teams::team_id.eq(teams::id)))
        .filter(application_teams::client_id.eq(client_id))
        .order((teams::name_key, teams::id))
        .select((teams::id, teams::name, teams::created_at, teams::version))
        .load(c))?;
    Ok(rows.into_iter().map(team).collect())
}

/// The teams that own these applications: client id, and id and name of the team.
pub fn of_applications(
    conn: &mut Conn,
    client_ids: &[String],
) -> Result<Vec<(String, String, String)>, Error> {
    Ok(on!(conn, |c| application_teams::table
        .inner_join(teams::table.on(teams::id.eq(application_teams::team_id)))
        .filter(application_teams::client_id.eq_any(client_ids))
        .order((application_teams::client_id, teams::name_key))
        .select((application_teams::client_id, teams::id, teams::name))
        .load(c))?)
}

/// Puts these teams in the place of those that owned an application.
///
/// # Errors
/// `Conflict`: one of them, or the application, is not there.
pub fn set_of_application(conn: &mut Conn, client_id: &str, ids: &[String]) -> Result<(), Error> {
    let old = application_teams::table.filter(application_teams::client_id.eq(client_id));
    on!(conn, |c| diesel::delete(old).execute(c))?;
    for id in ids {
        on!(conn, |c| diesel::insert_into(application_teams::table)
            .values(
                (application_teams::client_id.eq(client_id), application_teams::team_id.eq(id),)
            )
            .execute(c))?;
    }
    Ok(())
}

/// The applications of a team, by name: client ids and names.
pub fn applications(conn: &mut Conn, id: &str, limit: i64) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| application_teams::table
        .inner_join(
            applications::table.on(applications::client_id.eq(application_teams::client_id))
        )
        .filter(application_teams::team_id.eq(id))
        .order((applications::name_key, applications::client_id))
        .limit(limit)
        .select((applications::client_id, applications::name))
        .load(c))?)
}

/// How many people and applications each team has.
pub fn counts(conn: &mut Conn) -> Result<Vec<(String, i64, i64)>, Error> {
    let people: Vec<(String, i64)> = on!(conn, |c| team_members::table
        .group_by(team_members::team_id)
        .select((team_members::team_id, diesel::dsl::count_star()))
        .load(c))?;
    let owned: Vec<(String, i64)> = on!(conn, |c| application_teams::table
        .group_by(application_teams::team_id)
        .select((application_teams::team_id, diesel::dsl::count_star()))
        .load(c))?;
    let of = |rows: &[(String, i64)], id: &str| {
        rows.iter().find(|(known, _)| known == id).map_or(0, |(_, count)| *count)
    };
    let ids = all(conn)?.into_iter().map(|team| team.id);
    Ok(ids.map(|id| (id.clone(), of(&people, &id), of(&owned, &id))).collect())
}
