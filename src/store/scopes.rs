//! The `scopes` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{grant_scopes, scopes};
use super::{Conn, Error, escaped};
use crate::model::resource::Scope;
use crate::oauth::UnixTime;

/// All of a resource, in alphabetical order.
pub fn all(conn: &mut Conn, resource_id: &str) -> Result<Vec<Scope>, Error> {
    let rows: Vec<(String, String)> = on!(conn, |c| scopes::table
        .filter(scopes::resource_id.eq(resource_id))
        .order(scopes::name)
        .select((scopes::name, scopes::description))
        .load(c))?;
    Ok(rows.into_iter().map(|(name, description)| Scope { name, description }).collect())
}

/// Those of these resources, by resource and in alphabetical order.
pub fn of_resources(
    conn: &mut Conn,
    resource_ids: &[String],
) -> Result<Vec<(String, Scope)>, Error> {
    let rows: Vec<(String, String, String)> = on!(conn, |c| scopes::table
        .filter(scopes::resource_id.eq_any(resource_ids))
        .order((scopes::resource_id, scopes::name))
        .select((scopes::resource_id, scopes::name, scopes::description))
        .load(c))?;
    let scope = |(id, name, description)| (id, Scope { name, description });
    Ok(rows.into_iter().map(scope).collect())
}

/// Those of these resources that were there at `time` and are still: resource
/// and name.
pub fn since(
    conn: &mut Conn,
    resource_ids: &[String],
    time: UnixTime,
) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| scopes::table
        .filter(scopes::resource_id.eq_any(resource_ids))
        .filter(scopes::created_at.le(time.0))
        .select((scopes::resource_id, scopes::name))
        .load(c))?)
}

/// Those that are marked as sensitive, of these resources.
pub fn sensitive(conn: &mut Conn, resource_ids: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| scopes::table
        .filter(scopes::resource_id.eq_any(resource_ids))
        .filter(scopes::sensitive.eq(true))
        .order((scopes::resource_id, scopes::name))
        .select((scopes::resource_id, scopes::name))
        .load(c))?)
}

/// Marks a scope as sensitive, or takes the mark away; `false` when it is so
/// already, or gone.
pub fn set_sensitive(
    conn: &mut Conn,
    resource_id: &str,
    name: &str,
    sensitive: bool,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        scopes::table.find((resource_id, name)).filter(scopes::sensitive.eq(!sensitive))
    )
    .set(scopes::sensitive.eq(sensitive))
    .execute(c))?;
    Ok(changed == 1)
}

/// Those whose name begins with `start`, with the id of their resource.
pub fn named(conn: &mut Conn, start: &str, limit: i64) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| scopes::table
        .filter(scopes::name.like(format!("{}%", escaped(start))).escape('\\'))
        .order((scopes::name, scopes::resource_id))
        .limit(limit)
        .select((scopes::resource_id, scopes::name))
        .load(c))?)
}

/// How many scopes each of these resources has.
pub fn counts(conn: &mut Conn, resource_ids: &[String]) -> Result<Vec<(String, i64)>, Error> {
    Ok(on!(conn, |c| scopes::table
        .filter(scopes::resource_id.eq_any(resource_ids))
        .group_by(scopes::resource_id)
        .select((scopes::resource_id, diesel::dsl::count_star()))
        .load(c))?)
}

/// # Errors
/// `Conflict`: the resource has it already.
pub fn insert(
    conn: &mut Conn,
    resource_id: &str,
    scope: &Scope,
    now: UnixTime,
) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(scopes::table)
        .values((
            scopes::resource_id.eq(resource_id),
            scopes::name.eq(&scope.name),
            scopes::description.eq(&scope.description),
            scopes::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Deletes a scope and takes it from every grant that names it.
pub fn delete(conn: &mut Conn, resource_id: &str, name: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(scopes::table.find((resource_id, name))).execute(c))? == 1)
}

/// How many grants name each scope of a resource.
pub fn holders(conn: &mut Conn, resource_id: &str) -> Result<Vec<(String, i64)>, Error> {
    Ok(on!(conn, |c| grant_scopes::table
        .filter(grant_scopes::resource_id.eq(resource_id))
        .group_by(grant_scopes::scope)
        .select((grant_scopes::scope, diesel::dsl::count_star()))
        .load(c))?)
}
