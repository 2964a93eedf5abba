//! The `application_owners` table, and teams beside it: who cares for which
//! application.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{administrators, application_owners, application_teams, team_members};
use super::{Conn, Error};

/// The ids of the people who own an application.
pub fn of_application(conn: &mut Conn, client_id: &str) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| application_owners::table
        .filter(application_owners::client_id.eq(client_id))
        .order(application_owners::administrator_id)
        .select(application_owners::administrator_id)
        .load(c))?)
}

/// The client ids of the applications that a person or a team of theirs owns.
pub fn of_administrator(conn: &mut Conn, administrator_id: &str) -> Result<Vec<String>, Error> {
    let mut owned: Vec<String> = on!(conn, |c| application_owners::table
        .filter(application_owners::administrator_id.eq(administrator_id))
        .select(application_owners::client_id)
        .load(c))?;
    let of_teams: Vec<String> = on!(conn, |c| application_teams::table
        .inner_join(team_members::table.on(team_members::team_id.eq(application_teams::team_id)))
        .filter(team_members::administrator_id.eq(administrator_id))
        .select(application_teams::client_id)
        .load(c))?;
    owned.extend(of_teams);
    owned.sort_unstable();
    owned.dedup();
    Ok(owned)
}

/// The names of the people who own these applications and may sign in, by client
/// id.
pub fn names(conn: &mut Conn, client_ids: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| application_owners::table
        .inner_join(
            administrators::table.on(administrators::id.eq(application_owners::administrator_id))
        )
        .filter(application_owners::client_id.eq_any(client_ids))
        .filter(administrators::active.eq(true))
        .order((application_owners::client_id, administrators::name))
        .select((application_owners::client_id, administrators::name))
        .load(c))?)
}

/// Whether a person or a team of theirs owns an application.
pub fn owns(conn: &mut Conn, client_id: &str, administrator_id: &str) -> Result<bool, Error> {
    let found: Option<String> = on!(conn, |c| application_owners::table
        .find((client_id, administrator_id))
        .select(application_owners::client_id)
        .first(c)
        .optional())?;
    if found.is_some() {
        return Ok(true);
    }
    let of_team: Option<String> = on!(conn, |c| application_teams::table
        .inner_join(team_members::table.on(team_members::team_id.eq(application_teams::team_id)))
        .filter(application_teams::client_id.eq(client_id))
        .filter(team_members::administrator_id.eq(administrator_id))
        .select(application_teams::client_id)
        .first(c)
        .optional())?;
    Ok(of_team.is_some())
}

/// Puts these people in the place of those there were.
///
/// # Errors
/// `Conflict`: one of them, or the application, is not there.
pub fn set(conn: &mut Conn, client_id: &str, people: &[String]) -> Result<(), Error> {
    let old = application_owners::table.filter(application_owners::client_id.eq(client_id));
    on!(conn, |c| diesel::delete(old).execute(c))?;
    for id in people {
        on!(conn, |c| diesel::insert_into(application_owners::table)
            .values((
                application_owners::client_id.eq(client_id),
                application_owners::administrator_id.eq(id),
            ))
            .execute(c))?;
    }
    Ok(())
}
