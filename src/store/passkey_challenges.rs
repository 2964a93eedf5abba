//! The `passkey_challenges` table: what browsers were asked to sign.
use diesel::prelude::*;

use super::connection::on;
use super::schema::passkey_challenges as challenges;
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// A challenge that nobody has answered.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, PartialEq, Eq)]
#[diesel(table_name = challenges)]
pub struct Challenge {
    /// 128 random bits.
    pub id: String,
    pub purpose: String,
    /// Empty: anybody may answer it.
    pub administrator_id: String,
    /// What the library that verifies wants back.
    pub state: String,
    /// Microseconds.
    pub expires_at: i64,
}

pub fn insert(conn: &mut Conn, challenge: &Challenge) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(challenges::table).values(challenge).execute(c))?;
    Ok(())
}

/// Takes it out, so that it is answered once; `None` when there is none, or
/// another took it.
pub fn take(conn: &mut Conn, id: &str) -> Result<Option<Challenge>, Error> {
    let found: Option<Challenge> = on!(conn, |c| challenges::table
        .find(id)
        .select(Challenge::as_select())
        .first(c)
        .optional())?;
    let gone = on!(conn, |c| diesel::delete(challenges::table.find(id)).execute(c))?;
    Ok(found.filter(|_| gone == 1))
}

pub fn delete_expired(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(challenges::table.filter(challenges::expires_at.le(now.0)))
        .execute(c))?;
    Ok(())
}
