//! Applications as the token endpoint sees them.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{
    applications, grant_scopes, grants, introspectors, resources, scopes, secrets,
};
use super::{Conn, Error, registry};
use crate::oauth::algorithm::Algorithm;
use crate::oauth::client::{Client, Grant, Introspects, Secret};
use crate::oauth::client_secret::Digest;
use crate::oauth::scope::{ScopeSet, ScopeToken};
use crate::oauth::time::{Seconds, UnixTime};

/// The most secrets of one application that are told apart, newest first.
const SECRETS: i64 = 100;

/// A client as it was at some registry version or later.
pub struct Found {
    pub version: i64,
    pub client: Option<Client>,
}

/// The client with its secrets and grants, or `None` when there is no such
/// application. The version is read first, so what is found is never older
/// than it says.
pub fn find(conn: &mut Conn, client_id: &str) -> Result<Found, Error> {
    let version = registry::version(conn)?;
    let row: Option<(bool, Option<i64>, bool)> = on!(conn, |c| applications::table
        .find(client_id)
        .select((
            applications::active,
            applications::token_lifetime_seconds,
            applications::introspects_any,
        ))
        .first(c)
        .optional())?;
    let Some((active, lifetime, any)) = row else { return Ok(Found { version, client: None }) };
    let client = Client {
        client_id: client_id.to_owned(),
        active,
        token_lifetime: lifetime.map(Seconds),
        secrets: secrets_of(conn, client_id)?.into(),
        grants: grants_of(conn, client_id)?.into(),
        introspects: if any { Introspects::Any } else { introspects(conn, client_id)? },
    };
    Ok(Found { version, client: Some(client) })
}

fn secrets_of(conn: &mut Conn, client_id: &str) -> Result<Vec<Secret>, Error> {
    type Row = (String, Vec<u8>, Option<i64>, Option<i64>);
    let rows: Vec<Row> = on!(conn, |c| secrets::table
        .filter(secrets::client_id.eq(client_id))
        .order(secrets::id.desc())
        .limit(SECRETS)
        .select((secrets::id, secrets::digest, secrets::expires_at, secrets::revoked_at))
        .load(c))?;
    rows.into_iter()
        .map(|(id, digest, expires_at, revoked_at)| {
            let digest = digest.try_into().map_err(|_| Error::Corrupt {
                table: "secrets",
                column: "digest",
                id: id.clone(),
            })?;
            Ok(Secret {
                id,
                digest: Digest(digest),
                expires_at: expires_at.map(UnixTime),
                revoked: revoked_at.is_some(),
            })
        })
        .collect()
}

fn grants_of(conn: &mut Conn, client_id: &str) -> Result<Vec<Grant>, Error> {
    type Row = (String, String, bool, i64, String, bool);
    let rows: Vec<Row> = on!(conn, |c| grants::table
        .inner_join(resources::table.on(resources::id.eq(grants::resource_id)))
        .filter(grants::client_id.eq(client_id))
        .order(resources::identifier)
        .select((
            resources::id,
            resources::identifier,
            grants::all_scopes,
            resources::token_lifetime_seconds,
            resources::algorithm,
            resources::status_lists,
        ))
        .load(c))?;
    let mut found = Vec::with_capacity(rows.len());
    for (resource_id, resource, all_scopes, lifetime, algorithm, status_lists) in rows {
        let names = if all_scopes {
            on!(conn, |c| scopes::table
                .filter(scopes::resource_id.eq(&resource_id))
                .select(scopes::name)
                .load::<String>(c))?
        } else {
            on!(conn, |c| grant_scopes::table
                .filter(grant_scopes::client_id.eq(client_id))
                .filter(grant_scopes::resource_id.eq(&resource_id))
                .select(grant_scopes::scope)
                .load::<String>(c))?
        };
        let corrupt =
            |column| Error::Corrupt { table: "resources", column, id: resource_id.clone() };
        let scopes: Result<ScopeSet, _> =
            names.iter().map(|name| ScopeToken::parse(name)).collect();
        found.push(Grant {
            resource,
            scopes: scopes.map_err(|_| corrupt("scopes"))?,
            token_lifetime: Seconds(lifetime),
            algorithm: Algorithm::parse(&algorithm).ok_or_else(|| corrupt("algorithm"))?,
            status_lists,
        });
    }
    Ok(found)
}

fn introspects(conn: &mut Conn, client_id: &str) -> Result<Introspects, Error> {
    Ok(Introspects::For(on!(conn, |c| introspectors::table
        .inner_join(resources::table.on(resources::id.eq(introspectors::resource_id)))
        .filter(introspectors::client_id.eq(client_id))
        .select(resources::identifier)
        .load(c))?))
}
