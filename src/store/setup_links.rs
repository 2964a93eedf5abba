//! The `setup_links` table: digests of the one-time links that make the first
//! administrator.
use diesel::prelude::*;

use super::connection::on;
use super::schema::setup_links;
use super::{Conn, Error};
use crate::oauth::UnixTime;

pub fn find(conn: &mut Conn, digest: &[u8], now: UnixTime) -> Result<bool, Error> {
    let found: Option<i64> = on!(conn, |c| setup_links::table
        .find(digest)
        .filter(setup_links::expires_at.gt(now.0))
        .select(setup_links::expires_at)
        .first(c)
        .optional())?;
    Ok(found.is_some())
}

pub fn insert(conn: &mut Conn, digest: &[u8], expires_at: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(setup_links::table)
        .values((setup_links::digest.eq(digest), setup_links::expires_at.eq(expires_at.0)))
        .execute(c))?;
    Ok(())
}

/// Takes a link that is still good; `false` when another took it first.
pub fn take(conn: &mut Conn, digest: &[u8], now: UnixTime) -> Result<bool, Error> {
    let taken = on!(conn, |c| diesel::delete(
        setup_links::table.find(digest).filter(setup_links::expires_at.gt(now.0))
    )
    .execute(c))?;
    Ok(taken == 1)
}

/// Makes every link worthless.
pub fn delete_all(conn: &mut Conn) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(setup_links::table).execute(c))?;
    Ok(())
}
