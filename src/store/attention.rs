//! What somebody should look at, over all applications: read from indexes, a
//! few rows each.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{applications, deleted_secrets, secrets};
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// A secret, with the name of its application.
#[derive(Clone, Debug)]
pub struct Noted {
    pub secret_id: String,
    pub name: String,
    pub client_id: String,
    pub application: String,
    /// When it was made, is to end, or was last used, as asked for.
    pub at: UnixTime,
    pub last_used_at: Option<UnixTime>,
}

type Row = (String, String, String, String, Option<i64>, Option<i64>);

/// Reads rows of working secrets; `$at` is the time that is told.
macro_rules! noted {
    ($conn:expr, $filter:expr, $at:expr, $most:expr) => {{
        let rows: Vec<Row> = on!($conn, |c| secrets::table
            .inner_join(applications::table.on(applications::client_id.eq(secrets::client_id)))
            .filter(secrets::revoked_at.is_null())
            .filter($filter)
            .order($at)
            .limit($most)
            .select((
                secrets::id,
                secrets::name,
                secrets::client_id,
                applications::name,
                $at.nullable(),
                secrets::last_used_at,
            ))
            .load(c))?;
        Ok(rows.into_iter().map(Noted::from).collect())
    }};
}

/// Secrets that end between `now` and `until`, the next to end first.
pub fn ending(
    conn: &mut Conn,
    now: UnixTime,
    until: UnixTime,
    most: i64,
) -> Result<Vec<Noted>, Error> {
    let window = secrets::expires_at.gt(now.0).and(secrets::expires_at.le(until.0));
    noted!(conn, window, secrets::expires_at, most)
}

/// Secrets that were made before `before` and never used, the oldest first.
pub fn never_used(
    conn: &mut Conn,
    now: UnixTime,
    before: UnixTime,
    most: i64,
) -> Result<Vec<Noted>, Error> {
    let unused = secrets::last_used_at.is_null().and(secrets::created_at.le(before.0));
    let works = secrets::expires_at.is_null().or(secrets::expires_at.gt(now.0));
    noted!(conn, unused.and(works), secrets::created_at, most)
}

/// Secrets that were last used before `before`, the longest silent first.
pub fn silent(
    conn: &mut Conn,
    now: UnixTime,
    before: UnixTime,
    most: i64,
) -> Result<Vec<Noted>, Error> {
    let silent = secrets::last_used_at.le(before.0);
    let works = secrets::expires_at.is_null().or(secrets::expires_at.gt(now.0));
    noted!(conn, silent.and(works.assume_not_null()), secrets::last_used_at, most)
}

/// What these secrets and their applications are called: id, secret,
/// application. Of deleted ones too.
pub fn names(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, String, String)>, Error> {
    let mut names: Vec<(String, String, String)> = on!(conn, |c| secrets::table
        .inner_join(applications::table.on(applications::client_id.eq(secrets::client_id)))
        .filter(secrets::id.eq_any(ids))
        .select((secrets::id, secrets::name, applications::name))
        .load(c))?;
    if names.len() < ids.len() {
        names.extend(on!(conn, |c| deleted_secrets::table
            .filter(deleted_secrets::id.eq_any(ids))
            .select((deleted_secrets::id, deleted_secrets::name, deleted_secrets::application))
            .load::<(String, String, String)>(c))?);
    }
    Ok(names)
}

/// The applications that were registered last.
pub fn newest(conn: &mut Conn, most: i64) -> Result<Vec<(String, String, UnixTime)>, Error> {
    let rows: Vec<(String, String, i64)> = on!(conn, |c| applications::table
        .order((applications::created_at.desc(), applications::client_id.desc()))
        .select((applications::client_id, applications::name, applications::created_at))
        .limit(most)
        .load(c))?;
    Ok(rows.into_iter().map(|(id, name, at)| (id, name, UnixTime(at))).collect())
}

impl From<Row> for Noted {
    fn from((secret_id, name, client_id, application, at, last_used_at): Row) -> Self {
        Self {
            secret_id,
            name,
            client_id,
            application,
            at: UnixTime(at.unwrap_or_default()),
            last_used_at: last_used_at.map(UnixTime),
        }
    }
}
