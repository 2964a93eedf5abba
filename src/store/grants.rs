//! The `grants` and `grant_scopes` tables.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{applications, grant_scopes, grants, resources};
use super::{Conn, Error};
use crate::model::grant::{Access, Grant};
use crate::oauth::UnixTime;

/// One application that may call a resource.
#[derive(Clone, Debug)]
pub struct Caller {
    pub client_id: String,
    pub application_name: String,
    pub access: Access,
}

/// All of an application, in the order of the resources' names.
pub fn all(conn: &mut Conn, client_id: &str) -> Result<Vec<Grant>, Error> {
    type Row = (String, String, String, bool);
    let rows: Vec<Row> = on!(conn, |c| grants::table
        .inner_join(resources::table.on(resources::id.eq(grants::resource_id)))
        .filter(grants::client_id.eq(client_id))
        .order((resources::name_key, resources::id))
        .select((resources::id, resources::identifier, resources::name, grants::all_scopes))
        .load(c))?;
    let named: Vec<(String, String)> = on!(conn, |c| grant_scopes::table
        .filter(grant_scopes::client_id.eq(client_id))
        .order(grant_scopes::scope)
        .select((grant_scopes::resource_id, grant_scopes::scope))
        .load(c))?;
    let access = |resource_id: &str, all_scopes| {
        if all_scopes {
            return Access::All;
        }
        let of = named.iter().filter(|(id, _)| id == resource_id);
        Access::Scopes(of.map(|(_, scope)| scope.clone()).collect())
    };
    let grant = |(resource_id, identifier, name, all_scopes): Row| Grant {
        client_id: client_id.to_owned(),
        access: access(&resource_id, all_scopes),
        resource_id,
        resource_identifier: identifier,
        resource_name: name,
    };
    Ok(rows.into_iter().map(grant).collect())
}

/// The most callers of which some are chosen by name.
const CALLERS: usize = 500;

/// The applications that may call a resource, by name, `limit` at most: the first of
/// all by name, or by client id when there are more than 500.
pub fn callers(conn: &mut Conn, resource_id: &str, limit: usize) -> Result<Vec<Caller>, Error> {
    let some = grants::table
        .filter(grants::resource_id.eq(resource_id))
        .order(grants::client_id)
        .limit(i64::try_from(CALLERS).unwrap_or(i64::MAX).saturating_add(1))
        .select(grants::client_id);
    let mut some: Vec<String> = on!(conn, |c| some.load(c))?;
    if some.len() > CALLERS {
        some.truncate(limit);
    }
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<(String, String, bool)> = on!(conn, |c| grants::table
        .inner_join(applications::table.on(applications::client_id.eq(grants::client_id)))
        .filter(grants::resource_id.eq(resource_id))
        .filter(grants::client_id.eq_any(some))
        .order((applications::name_key, applications::client_id))
        .limit(limit)
        .select((applications::client_id, applications::name, grants::all_scopes))
        .load(c))?;
    let ids: Vec<&String> = rows.iter().map(|(client_id, ..)| client_id).collect();
    // All that these hold anywhere: asked for the API as well, SQLite reads all of its.
    let named: Vec<(String, String, String)> = on!(conn, |c| grant_scopes::table
        .filter(grant_scopes::client_id.eq_any(ids))
        .order(grant_scopes::scope)
        .select((grant_scopes::client_id, grant_scopes::resource_id, grant_scopes::scope))
        .load(c))?;
    let access = |client_id: &str, all_scopes| {
        if all_scopes {
            return Access::All;
        }
        let of = named.iter().filter(|(id, at, _)| id == client_id && at == resource_id);
        Access::Scopes(of.map(|(_, _, scope)| scope.clone()).collect())
    };
    let caller = |(client_id, application_name, all_scopes): (String, String, bool)| Caller {
        access: access(&client_id, all_scopes),
        client_id,
        application_name,
    };
    Ok(rows.into_iter().map(caller).collect())
}

/// Which resources each of these applications may call, by name.
pub fn resource_names(
    conn: &mut Conn,
    client_ids: &[String],
) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| grants::table
        .inner_join(resources::table.on(resources::id.eq(grants::resource_id)))
        .filter(grants::client_id.eq_any(client_ids))
        .order((grants::client_id, resources::name_key))
        .select((grants::client_id, resources::name))
        .load(c))?)
}

/// Client id and name, by name, of up to `limit` applications that a grant names the
/// scope for: of all, when there are no more.
pub fn holders(
    conn: &mut Conn,
    resource_id: &str,
    scope: &str,
    limit: usize,
) -> Result<Vec<(String, String)>, Error> {
    let some = grant_scopes::table
        .filter(grant_scopes::resource_id.eq(resource_id))
        .filter(grant_scopes::scope.eq(scope))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(grant_scopes::client_id);
    let some: Vec<String> = on!(conn, |c| some.load(c))?;
    super::applications::names(conn, &some)
}

/// How many applications may call a resource.
pub fn count_callers(conn: &mut Conn, resource_id: &str) -> Result<i64, Error> {
    let callers = grants::table.filter(grants::resource_id.eq(resource_id));
    Ok(on!(conn, |c| callers.count().get_result(c))?)
}

/// How many applications may call a resource; `None`: more than `most`.
pub fn count_callers_to(
    conn: &mut Conn,
    resource_id: &str,
    most: i64,
) -> Result<Option<i64>, Error> {
    let one_more: Option<String> = on!(conn, |c| grants::table
        .filter(grants::resource_id.eq(resource_id))
        .select(grants::client_id)
        .order((grants::all_scopes, grants::client_id))
        .offset(most)
        .first(c)
        .optional())?;
    Ok(if one_more.is_some() { None } else { Some(count_callers(conn, resource_id)?) })
}

/// How many applications may ask for every scope of a resource.
pub fn count_all_scopes(conn: &mut Conn, resource_id: &str) -> Result<i64, Error> {
    Ok(on!(conn, |c| grants::table
        .filter(grants::resource_id.eq(resource_id))
        .filter(grants::all_scopes.eq(true))
        .count()
        .get_result(c))?)
}

/// Puts `access` in the place of what the application held at the resource.
///
/// # Errors
/// `Conflict`: the application, the resource or a scope is gone.
pub fn set(
    conn: &mut Conn,
    client_id: &str,
    resource_id: &str,
    access: &Access,
    now: UnixTime,
) -> Result<(), Error> {
    delete(conn, client_id, resource_id)?;
    on!(conn, |c| diesel::insert_into(grants::table)
        .values((
            grants::client_id.eq(client_id),
            grants::resource_id.eq(resource_id),
            grants::all_scopes.eq(*access == Access::All),
            grants::created_at.eq(now.0),
        ))
        .execute(c))?;
    let Access::Scopes(scopes) = access else { return Ok(()) };
    let rows: Vec<_> = scopes
        .iter()
        .map(|scope| {
            (
                grant_scopes::client_id.eq(client_id),
                grant_scopes::resource_id.eq(resource_id),
                grant_scopes::scope.eq(scope),
            )
        })
        .collect();
    on!(conn, |c| diesel::insert_into(grant_scopes::table).values(rows).execute(c))?;
    Ok(())
}

pub fn delete(conn: &mut Conn, client_id: &str, resource_id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(grants::table.find((client_id, resource_id))).execute(c))? == 1)
}
