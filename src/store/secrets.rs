//! The `secrets` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{applications, deleted_secrets, secrets};
use super::statement::{Statement, Value};
use super::{Conn, Error};
use crate::model::secret::Secret;
use crate::oauth::UnixTime;
use crate::oauth::client_secret::Digest;

/// Everything but the digest, which no page and no command may see.
#[derive(Queryable, Selectable)]
#[diesel(table_name = secrets)]
struct Row {
    id: String,
    client_id: String,
    name: String,
    hint: String,
    created_by: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

/// All of an application, newest first.
pub fn all(conn: &mut Conn, client_id: &str) -> Result<Vec<Secret>, Error> {
    let rows: Vec<Row> = on!(conn, |c| secrets::table
        .filter(secrets::client_id.eq(client_id))
        .order(secrets::id.desc())
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Secret::from).collect())
}

/// Those of these applications, for a list of them.
pub fn of_clients(conn: &mut Conn, client_ids: &[String]) -> Result<Vec<Secret>, Error> {
    let rows: Vec<Row> = on!(conn, |c| secrets::table
        .filter(secrets::client_id.eq_any(client_ids))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Secret::from).collect())
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Secret>, Error> {
    let row: Option<Row> =
        on!(conn, |c| secrets::table.find(id).select(Row::as_select()).first(c).optional())?;
    Ok(row.map(Secret::from))
}

/// The names of these secrets.
pub fn names(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| secrets::table
        .filter(secrets::id.eq_any(ids))
        .select((secrets::id, secrets::name))
        .load(c))?)
}

/// # Errors
/// `Conflict`: the application is gone.
pub fn insert(conn: &mut Conn, secret: &Secret, digest: &Digest) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(secrets::table)
        .values((
            secrets::id.eq(&secret.id),
            secrets::client_id.eq(&secret.client_id),
            secrets::name.eq(&secret.name),
            secrets::digest.eq(digest.0.as_slice()),
            secrets::hint.eq(&secret.hint),
            secrets::created_by.eq(&secret.created_by),
            secrets::created_at.eq(secret.created_at.0),
            secrets::expires_at.eq(secret.expires_at.map(|at| at.0)),
        ))
        .execute(c))?;
    Ok(())
}

/// Revokes it; `false` when it was revoked before, or is gone.
pub fn revoke(conn: &mut Conn, id: &str, now: UnixTime) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        secrets::table.find(id).filter(secrets::revoked_at.is_null())
    )
    .set(secrets::revoked_at.eq(now.0))
    .execute(c))?;
    Ok(changed == 1)
}

/// Sets when it stops working; `false` when it is revoked, or gone.
pub fn set_expiry(conn: &mut Conn, id: &str, end: Option<UnixTime>) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        secrets::table.find(id).filter(secrets::revoked_at.is_null())
    )
    .set(secrets::expires_at.eq(end.map(|end| end.0)))
    .execute(c))?;
    Ok(changed == 1)
}

/// Notes when secrets were last used. Give them in the order of their ids, so
/// that two processes never wait for one another in a circle.
pub fn touch(conn: &mut Conn, used: &[(String, UnixTime)]) -> Result<(), Error> {
    for (id, at) in used {
        let touch = Statement {
            sql: "UPDATE secrets SET last_used_at = ? WHERE id = ?",
            values: [Value::Integer(at.0), Value::Text(id)],
        };
        on!(conn, |c| touch.execute(c))?;
    }
    Ok(())
}

/// Keeps an application's secrets, so that it is seen when one is presented
/// after the application was deleted, and that the past can be asked.
pub fn bury(conn: &mut Conn, client_id: &str, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| secrets::table
        .inner_join(applications::table.on(applications::client_id.eq(secrets::client_id)))
        .filter(secrets::client_id.eq(client_id))
        .select((
            secrets::id,
            secrets::client_id,
            secrets::digest,
            secrets::name,
            secrets::hint,
            applications::name,
            now.0.into_sql::<diesel::sql_types::BigInt>(),
            secrets::created_by,
            secrets::created_at,
            secrets::expires_at,
            secrets::revoked_at,
            secrets::last_used_at,
        ))
        .insert_into(deleted_secrets::table)
        .into_columns((
            deleted_secrets::id,
            deleted_secrets::client_id,
            deleted_secrets::digest,
            deleted_secrets::name,
            deleted_secrets::hint,
            deleted_secrets::application,
            deleted_secrets::deleted_at,
            deleted_secrets::created_by,
            deleted_secrets::created_at,
            deleted_secrets::expires_at,
            deleted_secrets::revoked_at,
            deleted_secrets::last_used_at,
        ))
        .execute(c))?;
    Ok(())
}

/// Takes back what [`bury`] kept at `deleted_at`: the application is there again.
pub fn exhume(conn: &mut Conn, client_id: &str, deleted_at: UnixTime) -> Result<(), Error> {
    let buried =
        deleted_secrets::client_id.eq(client_id).and(deleted_secrets::deleted_at.eq(deleted_at.0));
    on!(conn, |c| deleted_secrets::table
        .filter(buried)
        .select((
            deleted_secrets::id,
            deleted_secrets::client_id,
            deleted_secrets::name,
            deleted_secrets::digest,
            deleted_secrets::hint,
            deleted_secrets::created_by,
            deleted_secrets::created_at,
            deleted_secrets::expires_at,
            deleted_secrets::revoked_at,
            deleted_secrets::last_used_at,
        ))
        .insert_into(secrets::table)
        .into_columns((
            secrets::id,
            secrets::client_id,
            secrets::name,
            secrets::digest,
            secrets::hint,
            secrets::created_by,
            secrets::created_at,
            secrets::expires_at,
            secrets::revoked_at,
            secrets::last_used_at,
        ))
        .execute(c))?;
    on!(conn, |c| diesel::delete(deleted_secrets::table.filter(buried)).execute(c))?;
    Ok(())
}

/// The id of the secret of this digest that a deleted application had.
pub fn find_deleted(
    conn: &mut Conn,
    client_id: &str,
    digest: &Digest,
) -> Result<Option<String>, Error> {
    Ok(on!(conn, |c| deleted_secrets::table
        .filter(deleted_secrets::client_id.eq(client_id))
        .filter(deleted_secrets::digest.eq(digest.0.as_slice()))
        .select(deleted_secrets::id)
        .first(c)
        .optional())?)
}

/// Those that were made before `time` and are not revoked, oldest first.
pub fn older_than(conn: &mut Conn, time: UnixTime, limit: i64) -> Result<Vec<Secret>, Error> {
    let rows: Vec<Row> = on!(conn, |c| secrets::table
        .filter(secrets::created_at.lt(time.0).and(secrets::revoked_at.is_null()))
        .order((secrets::created_at, secrets::id))
        .select(Row::as_select())
        .limit(limit)
        .load(c))?;
    Ok(rows.into_iter().map(Secret::from).collect())
}

/// Whose secret that was, of an application that was deleted.
pub fn client_of_deleted(conn: &mut Conn, id: &str) -> Result<Option<String>, Error> {
    Ok(on!(conn, |c| deleted_secrets::table
        .find(id)
        .select(deleted_secrets::client_id)
        .first(c)
        .optional())?)
}

/// What was a secret of a deleted application.
#[derive(Clone, Debug, Queryable)]
pub struct Deleted {
    pub id: String,
    pub name: String,
    pub application: String,
}

pub fn deleted(conn: &mut Conn, ids: &[String]) -> Result<Vec<Deleted>, Error> {
    Ok(on!(conn, |c| deleted_secrets::table
        .filter(deleted_secrets::id.eq_any(ids))
        .select((deleted_secrets::id, deleted_secrets::name, deleted_secrets::application))
        .load(c))?)
}

impl From<Row> for Secret {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            client_id: row.client_id,
            name: row.name,
            hint: row.hint,
            created_by: row.created_by,
            created_at: UnixTime(row.created_at),
            expires_at: row.expires_at.map(UnixTime),
            revoked_at: row.revoked_at.map(UnixTime),
            last_used_at: row.last_used_at.map(UnixTime),
        }
    }
}
