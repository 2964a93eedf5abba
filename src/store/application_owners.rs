//! The `application_owners` table: which people care for which application.
use diesel::prelude::*;

use super::connection::on;
use super::schema::application_owners;
use super::{Conn, Error};

/// The ids of the people who own an application.
pub fn of_application(conn: &mut Conn, client_id: &str) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| application_owners::table
        .filter(application_owners::client_id.eq(client_id))
        .order(application_owners::administrator_id)
        .select(application_owners::administrator_id)
        .load(c))?)
}

/// The client ids of the applications that a person owns.
pub fn of_administrator(conn: &mut Conn, administrator_id: &str) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| application_owners::table
        .filter(application_owners::administrator_id.eq(administrator_id))
        .select(application_owners::client_id)
        .load(c))?)
}

pub fn owns(conn: &mut Conn, client_id: &str, administrator_id: &str) -> Result<bool, Error> {
    let found: Option<String> = on!(conn, |c| application_owners::table
        .find((client_id, administrator_id))
        .select(application_owners::client_id)
        .first(c)
        .optional())?;
    Ok(found.is_some())
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
