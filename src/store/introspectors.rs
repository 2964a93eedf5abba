//! The `introspectors` table: who may introspect the tokens of an API.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{applications, introspectors};
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// The applications that may, by name: client ids and names.
pub fn all(conn: &mut Conn, resource_id: &str) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| introspectors::table
        .inner_join(applications::table.on(applications::client_id.eq(introspectors::client_id)))
        .filter(introspectors::resource_id.eq(resource_id))
        .order((applications::name_key, applications::client_id))
        .select((applications::client_id, applications::name))
        .load(c))?)
}

/// What an application may introspect: whether any token, and for which APIs.
pub fn of_application(conn: &mut Conn, client_id: &str) -> Result<(bool, Vec<String>), Error> {
    let any: Option<bool> = on!(conn, |c| applications::table
        .find(client_id)
        .select(applications::introspects_any)
        .first(c)
        .optional())?;
    let apis = on!(conn, |c| introspectors::table
        .filter(introspectors::client_id.eq(client_id))
        .order(introspectors::resource_id)
        .select(introspectors::resource_id)
        .load(c))?;
    Ok((any.unwrap_or_default(), apis))
}

/// # Errors
/// `Conflict`: it may already.
pub fn insert(
    conn: &mut Conn,
    resource_id: &str,
    client_id: &str,
    now: UnixTime,
) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(introspectors::table)
        .values((
            introspectors::resource_id.eq(resource_id),
            introspectors::client_id.eq(client_id),
            introspectors::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(())
}

/// `false` when it may not anyway.
pub fn delete(conn: &mut Conn, resource_id: &str, client_id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(introspectors::table.find((resource_id, client_id)))
        .execute(c))?
        == 1)
}

/// The applications that may introspect any token: client ids and names.
pub fn of_any(conn: &mut Conn) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| applications::table
        // As its index has it.
        .filter(applications::introspects_any)
        .order((applications::name_key, applications::client_id))
        .select((applications::client_id, applications::name))
        .load(c))?)
}

/// Lets an application introspect any token, or not; `false` when it is so
/// already.
pub fn set_any(conn: &mut Conn, client_id: &str, any: bool) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        applications::table.find(client_id).filter(applications::introspects_any.eq(!any))
    )
    .set(applications::introspects_any.eq(any))
    .execute(c))?;
    Ok(changed == 1)
}
