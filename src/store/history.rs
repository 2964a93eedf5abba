//! Writing what is held into the tables of the past, in the transaction of the
//! act and after its event: the lock that the event takes keeps two acts on one
//! grant apart.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{
    application_spans, grant_spans, known_applications, known_resources, scope_spans,
};
use super::{Conn, Error};
use crate::model::application::{Application, ApplicationDetails};
use crate::model::grant::Access;
use crate::model::history::{Held, parts};
use crate::model::resource::Resource;
use crate::oauth::UnixTime;

/// The act that begins or ends something: its event in the audit log.
#[derive(Clone, Debug)]
pub struct Act {
    pub event_id: String,
    pub at: UnixTime,
}

/// An application was registered.
pub fn begin_application(
    conn: &mut Conn,
    application: &Application,
    act: &Act,
) -> Result<(), Error> {
    let details = &application.details;
    on!(conn, |c| diesel::insert_into(known_applications::table)
        .values((
            known_applications::client_id.eq(&application.client_id),
            known_applications::name.eq(&details.name),
            known_applications::name_key.eq(details.name.to_lowercase()),
            known_applications::owner.eq(&details.owner),
            known_applications::created_at.eq(application.created_at.0),
        ))
        .execute(c))?;
    begin_state(conn, &application.client_id, application.active, act)
}

/// An application is called otherwise from now on, or somebody else's.
pub fn rename_application(
    conn: &mut Conn,
    client_id: &str,
    details: &ApplicationDetails,
) -> Result<(), Error> {
    on!(conn, |c| diesel::update(known_applications::table.find(client_id))
        .set((
            known_applications::name.eq(&details.name),
            known_applications::name_key.eq(details.name.to_lowercase()),
            known_applications::owner.eq(&details.owner),
        ))
        .execute(c))?;
    Ok(())
}

/// An application was suspended or resumed.
pub fn set_state(
    conn: &mut Conn,
    client_id: &str,
    is_active: bool,
    act: &Act,
) -> Result<(), Error> {
    end_state(conn, client_id, act)?;
    begin_state(conn, client_id, is_active, act)
}

/// An application that was deleted is there again. What it holds again begins
/// with [`set_grant`].
pub fn revive_application(
    conn: &mut Conn,
    application: &Application,
    act: &Act,
) -> Result<(), Error> {
    let known = known_applications::table.find(&application.client_id);
    on!(conn, |c| diesel::update(known)
        .set(known_applications::deleted_at.eq(None::<i64>))
        .execute(c))?;
    begin_state(conn, &application.client_id, application.active, act)
}

/// An application was deleted, and what it held with it.
pub fn end_application(conn: &mut Conn, client_id: &str, act: &Act) -> Result<(), Error> {
    end_state(conn, client_id, act)?;
    on!(conn, |c| diesel::update(known_applications::table.find(client_id))
        .set(known_applications::deleted_at.eq(act.at.0))
        .execute(c))?;
    on!(conn, |c| diesel::update(
        grant_spans::table
            .filter(grant_spans::client_id.eq(client_id))
            .filter(grant_spans::valid_until.is_null())
    )
    .set((grant_spans::valid_until.eq(act.at.0), grant_spans::ended_by.eq(&act.event_id),))
    .execute(c))?;
    Ok(())
}

/// An API was registered.
pub fn begin_resource(conn: &mut Conn, resource: &Resource) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(known_resources::table)
        .values((
            known_resources::id.eq(&resource.id),
            known_resources::identifier.eq(&resource.identifier),
            known_resources::name.eq(&resource.name),
            known_resources::name_key.eq(resource.name.to_lowercase()),
            known_resources::created_at.eq(resource.created_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// An API is called otherwise from now on.
pub fn rename_resource(conn: &mut Conn, id: &str, name: &str) -> Result<(), Error> {
    on!(conn, |c| diesel::update(known_resources::table.find(id))
        .set((known_resources::name.eq(name), known_resources::name_key.eq(name.to_lowercase()),))
        .execute(c))?;
    Ok(())
}

/// An API was deleted, its scopes and every grant at it.
pub fn end_resource(conn: &mut Conn, id: &str, act: &Act) -> Result<(), Error> {
    on!(conn, |c| diesel::update(known_resources::table.find(id))
        .set(known_resources::deleted_at.eq(act.at.0))
        .execute(c))?;
    on!(conn, |c| diesel::update(
        scope_spans::table
            .filter(scope_spans::resource_id.eq(id))
            .filter(scope_spans::valid_until.is_null())
    )
    .set((scope_spans::valid_until.eq(act.at.0), scope_spans::ended_by.eq(&act.event_id),))
    .execute(c))?;
    on!(conn, |c| diesel::update(
        grant_spans::table
            .filter(grant_spans::resource_id.eq(id))
            .filter(grant_spans::valid_until.is_null())
    )
    .set((grant_spans::valid_until.eq(act.at.0), grant_spans::ended_by.eq(&act.event_id),))
    .execute(c))?;
    Ok(())
}

/// An API got a scope.
pub fn begin_scope(conn: &mut Conn, resource_id: &str, name: &str, act: &Act) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(scope_spans::table)
        .values((
            scope_spans::resource_id.eq(resource_id),
            scope_spans::scope.eq(name),
            scope_spans::valid_from.eq(act.at.0),
            scope_spans::begun_by.eq(&act.event_id),
        ))
        .execute(c))?;
    Ok(())
}

/// A scope was removed, from its API and from every grant.
pub fn end_scope(conn: &mut Conn, resource_id: &str, name: &str, act: &Act) -> Result<(), Error> {
    on!(conn, |c| diesel::update(
        scope_spans::table
            .filter(scope_spans::resource_id.eq(resource_id).and(scope_spans::scope.eq(name)))
            .filter(scope_spans::valid_until.is_null())
    )
    .set((scope_spans::valid_until.eq(act.at.0), scope_spans::ended_by.eq(&act.event_id),))
    .execute(c))?;
    on!(conn, |c| diesel::update(
        grant_spans::table
            .filter(grant_spans::resource_id.eq(resource_id))
            .filter(grant_spans::kind.eq("scope").and(grant_spans::scope.eq(name)))
            .filter(grant_spans::valid_until.is_null())
    )
    .set((grant_spans::valid_until.eq(act.at.0), grant_spans::ended_by.eq(&act.event_id),))
    .execute(c))?;
    Ok(())
}

/// An application holds `access` at an API from now on; `None`: nothing. What it
/// held before and still holds goes on.
pub fn set_grant(
    conn: &mut Conn,
    client_id: &str,
    resource_id: &str,
    access: Option<&Access>,
    act: &Act,
) -> Result<(), Error> {
    let open: Vec<(String, String)> = on!(conn, |c| grant_spans::table
        .filter(grant_spans::client_id.eq(client_id))
        .filter(grant_spans::resource_id.eq(resource_id))
        .filter(grant_spans::valid_until.is_null())
        .select((grant_spans::kind, grant_spans::scope))
        .load(c))?;
    let open: Vec<Held> =
        open.iter().filter_map(|(kind, scope)| Held::parse(kind, scope)).collect();
    let wanted = access.map(parts).unwrap_or_default();
    for held in open.iter().filter(|held| !wanted.contains(held)) {
        on!(conn, |c| diesel::update(
            grant_spans::table
                .filter(grant_spans::client_id.eq(client_id))
                .filter(grant_spans::resource_id.eq(resource_id))
                .filter(grant_spans::kind.eq(held.as_str()))
                .filter(grant_spans::scope.eq(held.scope().unwrap_or_default()))
                .filter(grant_spans::valid_until.is_null())
        )
        .set((grant_spans::valid_until.eq(act.at.0), grant_spans::ended_by.eq(&act.event_id),))
        .execute(c))?;
    }
    for held in wanted.iter().filter(|held| !open.contains(held)) {
        on!(conn, |c| diesel::insert_into(grant_spans::table)
            .values((
                grant_spans::client_id.eq(client_id),
                grant_spans::resource_id.eq(resource_id),
                grant_spans::kind.eq(held.as_str()),
                grant_spans::scope.eq(held.scope().unwrap_or_default()),
                grant_spans::valid_from.eq(act.at.0),
                grant_spans::begun_by.eq(&act.event_id),
            ))
            .execute(c))?;
    }
    Ok(())
}

fn begin_state(conn: &mut Conn, client_id: &str, is_active: bool, act: &Act) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(application_spans::table)
        .values((
            application_spans::client_id.eq(client_id),
            application_spans::state.eq(if is_active { "active" } else { "suspended" }),
            application_spans::valid_from.eq(act.at.0),
            application_spans::begun_by.eq(&act.event_id),
        ))
        .execute(c))?;
    Ok(())
}

fn end_state(conn: &mut Conn, client_id: &str, act: &Act) -> Result<(), Error> {
    on!(conn, |c| diesel::update(
        application_spans::table
            .filter(application_spans::client_id.eq(client_id))
            .filter(application_spans::valid_until.is_null())
    )
    .set((
        application_spans::valid_until.eq(act.at.0),
        application_spans::ended_by.eq(&act.event_id),
    ))
    .execute(c))?;
    Ok(())
}
