//! Acts on what the gate demands.
use super::actor::differences;
use super::resources::done;
use super::{Actor, Error};
use crate::model::role::Right;
use crate::model::route::{MOST, Route};
use crate::model::route_table::RouteTable;
use crate::store::{Conn, resources, routes, scopes};

/// Adds a route to an API.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Invalid`: the API has not one of the scopes, or a request could not be
///   told apart from one for another route.
pub fn add(conn: &mut Conn, actor: &Actor, resource_id: &str, route: &Route) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let resource = resources::find(conn, resource_id)?.ok_or(Error::NotFound)?;
    let known = scopes::all(conn, resource_id)?;
    let unknown = route.scopes.iter().find(|name| !known.iter().any(|scope| scope.name == **name));
    if let Some(name) = unknown {
        return Err(Error::field("scopes", format!("This API has no scope {name}.")));
    }
    let mut table = routes::all(conn, resource_id)?;
    if table.len() >= MOST {
        return Err(Error::field("path", format!("An API has at most {MOST} routes.")));
    }
    table.push(route.clone());
    RouteTable::new(table).map_err(|why| Error::field("path", why))?;
    routes::insert(conn, resource_id, route, actor.now)?;
    let changes = differences(&[("route", String::new(), line(route))]);
    actor.record(conn, done("route.added", &resource, changes))
}

/// # Errors
/// `Forbidden`; `NotFound`: no such API, or no such route of it.
pub fn remove(
    conn: &mut Conn,
    actor: &Actor,
    resource_id: &str,
    (method, path): (&str, &str),
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let resource = resources::find(conn, resource_id)?.ok_or(Error::NotFound)?;
    let table = routes::all(conn, resource_id)?;
    let route = table.iter().find(|route| route.method == method && route.path == path);
    let route = route.ok_or(Error::NotFound)?;
    routes::delete(conn, resource_id, method, path)?;
    let changes = differences(&[("route", line(route), String::new())]);
    actor.record(conn, done("route.removed", &resource, changes))
}

fn line(route: &Route) -> String {
    format!("{} {} {}", route.method, route.path, route.scopes.join(" ")).trim_end().to_owned()
}
