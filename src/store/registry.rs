//! What changed in the registry, for those who keep a view of it in memory.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{registry_changes, registry_version};
use super::{Conn, Error};

/// Whose view a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    Client(String),
    /// A resource or its scopes: any client may hold a grant there.
    Everything,
    /// Tokens that are out, and no client.
    Tokens,
}

/// What stands for [`Touched::Tokens`] where a client id would: nobody's.
const TOKENS: &str = "";

/// How many changes are kept. Who is further behind starts afresh.
const KEPT: i64 = 10_000;

/// The version now. Read it before the rows it is to vouch for.
pub fn version(conn: &mut Conn) -> Result<i64, Error> {
    Ok(on!(conn, |c| registry_version::table.find(1).select(registry_version::version).first(c))?)
}

/// Waits for whoever changes the registry, and keeps others waiting until the
/// commit: what is read from now on is what is changed.
pub fn lock(conn: &mut Conn) -> Result<(), Error> {
    on!(conn, |c| diesel::update(registry_version::table.find(1))
        .set(registry_version::version.eq(registry_version::version))
        .execute(c))?;
    Ok(())
}

/// Notes a change, in the transaction that makes it.
pub fn note(conn: &mut Conn, touched: &Touched) -> Result<(), Error> {
    note_all(conn, std::slice::from_ref(touched)).map(|_| ())
}

/// Notes changes, each with a version of its own, and returns the last.
/// Counting up locks the row until the commit, so versions become visible in
/// their order.
pub fn note_all(conn: &mut Conn, touched: &[Touched]) -> Result<i64, Error> {
    let count = i64::try_from(touched.len()).unwrap_or(0);
    on!(conn, |c| diesel::update(registry_version::table.find(1))
        .set(registry_version::version.eq(registry_version::version + count))
        .execute(c))?;
    let last = version(conn)?;
    let rows: Vec<_> = (last - count + 1..)
        .zip(touched)
        .map(|(version, touched)| {
            let client_id = match touched {
                Touched::Client(client_id) => Some(client_id.as_str()),
                Touched::Everything => None,
                Touched::Tokens => Some(TOKENS),
            };
            (registry_changes::version.eq(version), registry_changes::client_id.eq(client_id))
        })
        .collect();
    on!(conn, |c| diesel::insert_into(registry_changes::table).values(&rows).execute(c))?;
    on!(conn, |c| diesel::delete(
        registry_changes::table.filter(registry_changes::version.lt(last - KEPT))
    )
    .execute(c))?;
    Ok(last)
}

/// The changes after version `since`, oldest first. `None` when some of them
/// are no longer kept.
pub fn changes_since(conn: &mut Conn, since: i64) -> Result<Option<Vec<(i64, Touched)>>, Error> {
    let rows: Vec<(i64, Option<String>)> = on!(conn, |c| registry_changes::table
        .filter(registry_changes::version.gt(since))
        .order(registry_changes::version)
        .limit(KEPT)
        .load(c))?;
    if rows.first().is_some_and(|(first, _)| *first != since + 1) {
        return Ok(None);
    }
    let touched = |client_id: Option<String>| match client_id {
        None => Touched::Everything,
        Some(client_id) if client_id == TOKENS => Touched::Tokens,
        Some(client_id) => Touched::Client(client_id),
    };
    Ok(Some(rows.into_iter().map(|(version, client)| (version, touched(client))).collect()))
}
