//! The `password_resets` table: one link a person at most.
use diesel::prelude::*;

use super::connection::on;
use super::schema::password_resets;
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// Whose password the link sets, if it is good at `now`.
pub fn find(conn: &mut Conn, digest: &[u8], now: UnixTime) -> Result<Option<String>, Error> {
    Ok(on!(conn, |c| password_resets::table
        .filter(password_resets::digest.eq(digest))
        .filter(password_resets::expires_at.gt(now.0))
        .select(password_resets::administrator_id)
        .first(c)
        .optional())?)
}

/// A link that was started.
pub struct NewReset<'a> {
    pub administrator_id: &'a str,
    pub digest: &'a [u8],
    pub created_by: &'a str,
    pub created_at: UnixTime,
    pub expires_at: UnixTime,
}

/// Puts it in the place of any other of the person.
pub fn insert(conn: &mut Conn, reset: &NewReset<'_>) -> Result<(), Error> {
    delete_of(conn, reset.administrator_id)?;
    on!(conn, |c| diesel::insert_into(password_resets::table)
        .values((
            password_resets::administrator_id.eq(reset.administrator_id),
            password_resets::digest.eq(reset.digest),
            password_resets::created_by.eq(reset.created_by),
            password_resets::created_at.eq(reset.created_at.0),
            password_resets::expires_at.eq(reset.expires_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Takes away the link of a person; `false` when there is none.
pub fn delete_of(conn: &mut Conn, administrator_id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(password_resets::table.find(administrator_id)).execute(c))?
        == 1)
}

pub fn delete_expired(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(
        password_resets::table.filter(password_resets::expires_at.le(now.0))
    )
    .execute(c))?;
    Ok(())
}
