//! The `sessions` table. A row is found by the digest of the key in the
//! cookie: who reads the table cannot sign in with it.
use diesel::prelude::*;

use super::connection::on;
use super::schema::sessions;
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// The state of a session that has not expired at `now`, as JSON text.
pub fn find(conn: &mut Conn, key_digest: &[u8], now: UnixTime) -> Result<Option<String>, Error> {
    Ok(on!(conn, |c| sessions::table
        .find(key_digest)
        .filter(sessions::expires_at.gt(now.0))
        .select(sessions::state)
        .first(c)
        .optional())?)
}

/// A session as it is stored.
pub struct NewSession<'a> {
    pub key_digest: &'a [u8],
    pub state: &'a str,
    pub administrator_id: Option<&'a str>,
    pub created_at: UnixTime,
    pub expires_at: UnixTime,
}

pub fn insert(conn: &mut Conn, session: &NewSession<'_>) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(sessions::table)
        .values((
            sessions::key_digest.eq(session.key_digest),
            sessions::state.eq(session.state),
            sessions::administrator_id.eq(session.administrator_id),
            sessions::created_at.eq(session.created_at.0),
            sessions::expires_at.eq(session.expires_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Writes the state and the end of a session; `false` when it is gone.
pub fn update(
    conn: &mut Conn,
    key_digest: &[u8],
    state: &str,
    expires_at: UnixTime,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(sessions::table.find(key_digest))
        .set((sessions::state.eq(state), sessions::expires_at.eq(expires_at.0)))
        .execute(c))?;
    Ok(changed == 1)
}

pub fn extend(conn: &mut Conn, key_digest: &[u8], expires_at: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::update(sessions::table.find(key_digest))
        .set(sessions::expires_at.eq(expires_at.0))
        .execute(c))?;
    Ok(())
}

pub fn delete(conn: &mut Conn, key_digest: &[u8]) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(sessions::table.find(key_digest)).execute(c))? == 1)
}

/// The sessions of an administrator: the digest of the key, the state, and when
/// it ends.
pub fn of(
    conn: &mut Conn,
    administrator_id: &str,
) -> Result<Vec<(Vec<u8>, String, UnixTime)>, Error> {
    let rows: Vec<(Vec<u8>, String, i64)> = on!(conn, |c| sessions::table
        .filter(sessions::administrator_id.eq(administrator_id))
        .order(sessions::expires_at.desc())
        .select((sessions::key_digest, sessions::state, sessions::expires_at))
        .load(c))?;
    Ok(rows.into_iter().map(|(key, state, end)| (key, state, UnixTime(end))).collect())
}

/// Ends every session of an administrator.
pub fn delete_of(conn: &mut Conn, administrator_id: &str) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(
        sessions::table.filter(sessions::administrator_id.eq(administrator_id))
    )
    .execute(c))?)
}

/// Deletes what has expired.
pub fn delete_expired(conn: &mut Conn, now: UnixTime) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(sessions::table.filter(sessions::expires_at.le(now.0)))
        .execute(c))?)
}
