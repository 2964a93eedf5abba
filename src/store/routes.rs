//! The `routes` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::routes;
use super::{Conn, Error};
use crate::model::route::Route;
use crate::oauth::UnixTime;

/// The routes of an API, by path and method.
pub fn all(conn: &mut Conn, resource_id: &str) -> Result<Vec<Route>, Error> {
    let rows: Vec<(String, String, String)> = on!(conn, |c| routes::table
        .filter(routes::resource_id.eq(resource_id))
        .order((routes::path, routes::method))
        .select((routes::method, routes::path, routes::scopes))
        .load(c))?;
    let route = |(method, path, scopes): (String, String, String)| Route {
        method,
        path,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
    };
    Ok(rows.into_iter().map(route).collect())
}

/// # Errors
/// `Conflict`: it has one of this method and path.
pub fn insert(
    conn: &mut Conn,
    resource_id: &str,
    route: &Route,
    now: UnixTime,
) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(routes::table)
        .values((
            routes::resource_id.eq(resource_id),
            routes::method.eq(&route.method),
            routes::path.eq(&route.path),
            routes::scopes.eq(route.scopes.join(" ")),
            routes::created_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(())
}

/// `false` when there is none.
pub fn delete(conn: &mut Conn, resource_id: &str, method: &str, path: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(routes::table.find((resource_id, method, path))).execute(c))?
        == 1)
}
