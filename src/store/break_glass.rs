//! The `break_glass_accounts` table: owners who sign in without the provider.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{administrators, break_glass_accounts};
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// An account that was used.
#[derive(Clone, Debug)]
pub struct Used {
    pub administrator_id: String,
    pub name: String,
    pub at: UnixTime,
}

pub fn is_one(conn: &mut Conn, administrator_id: &str) -> Result<bool, Error> {
    let found: Option<String> = on!(conn, |c| break_glass_accounts::table
        .find(administrator_id)
        .select(break_glass_accounts::administrator_id)
        .first(c)
        .optional())?;
    Ok(found.is_some())
}

/// # Errors
/// `Conflict`: it is one already.
pub fn insert(conn: &mut Conn, administrator_id: &str, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(break_glass_accounts::table)
        .values((
            break_glass_accounts::administrator_id.eq(administrator_id),
            break_glass_accounts::created_at.eq(now.0),
            break_glass_accounts::uses.eq(0),
        ))
        .execute(c))?;
    Ok(())
}

/// Counts a sign-in.
pub fn note_use(conn: &mut Conn, administrator_id: &str, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::update(break_glass_accounts::table.find(administrator_id))
        .set((
            break_glass_accounts::last_used_at.eq(now.0),
            break_glass_accounts::uses.eq(break_glass_accounts::uses + 1),
        ))
        .execute(c))?;
    Ok(())
}

/// `false`: it is none.
pub fn delete(conn: &mut Conn, administrator_id: &str) -> Result<bool, Error> {
    let gone = on!(conn, |c| diesel::delete(break_glass_accounts::table.find(administrator_id))
        .execute(c))?;
    Ok(gone == 1)
}

/// Those that were used since, the last first.
pub fn used_since(conn: &mut Conn, since: UnixTime) -> Result<Vec<Used>, Error> {
    let rows: Vec<(String, String, Option<i64>)> = on!(conn, |c| break_glass_accounts::table
        .inner_join(administrators::table)
        .filter(break_glass_accounts::last_used_at.ge(since.0))
        .order(break_glass_accounts::last_used_at.desc())
        .select((
            break_glass_accounts::administrator_id,
            administrators::name,
            break_glass_accounts::last_used_at,
        ))
        .load(c))?;
    let used = |(administrator_id, name, at): (String, String, Option<i64>)| {
        Some(Used { administrator_id, name, at: UnixTime(at?) })
    };
    Ok(rows.into_iter().filter_map(used).collect())
}

/// How often there was a sign-in with any of them, ever.
pub fn uses(conn: &mut Conn) -> Result<i64, Error> {
    let uses: Vec<i64> =
        on!(conn, |c| break_glass_accounts::table.select(break_glass_accounts::uses).load(c))?;
    Ok(uses.iter().sum())
}
