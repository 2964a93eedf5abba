//! The `recovery_codes` table: what was not used yet.
use diesel::prelude::*;

use super::connection::on;
use super::schema::recovery_codes;
use super::{Conn, Error};
use crate::model::recovery_code::Digest;

/// Puts these in the place of all others of the person.
pub fn replace(conn: &mut Conn, administrator_id: &str, digests: &[Digest]) -> Result<(), Error> {
    delete_of(conn, administrator_id)?;
    for digest in digests {
        on!(conn, |c| diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::administrator_id.eq(administrator_id),
                recovery_codes::digest.eq(digest.as_slice()),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Uses a code up; `false` when it is none, or was used.
pub fn spend(conn: &mut Conn, administrator_id: &str, digest: &Digest) -> Result<bool, Error> {
    let key = (administrator_id, digest.as_slice());
    Ok(on!(conn, |c| diesel::delete(recovery_codes::table.find(key)).execute(c))? == 1)
}

/// How many are left.
pub fn count(conn: &mut Conn, administrator_id: &str) -> Result<i64, Error> {
    Ok(on!(conn, |c| recovery_codes::table
        .filter(recovery_codes::administrator_id.eq(administrator_id))
        .count()
        .get_result(c))?)
}

pub fn delete_of(conn: &mut Conn, administrator_id: &str) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(
        recovery_codes::table.filter(recovery_codes::administrator_id.eq(administrator_id))
    )
    .execute(c))?)
}
