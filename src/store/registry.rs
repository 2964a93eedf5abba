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
}

/// How many changes are kept. Who is further behind starts afresh.
const KEPT: i64 = 10_000;

/// The version now. Read it before the rows it is to vouch for.
pub fn version(conn: &mut Conn) -> Result<i64, Error> {
    Ok(on!(conn, |c| registry_version::table.find(1).select(registry_version::version).first(c))?)
}

/// Notes a change, in the transaction that makes it. Counting up locks the row
/// until the commit, so versions become visible in their order.
pub fn note(conn: &mut Conn, touched: &Touched) -> Result<(), Error> {
    on!(conn, |c| diesel::update(registry_version::table.find(1))
        .set(registry_version::version.eq(registry_version::version + 1))
        .execute(c))?;
    let version = version(conn)?;
    let client_id = match touched {
        Touched::Client(client_id) => Some(client_id.as_str()),
        Touched::Everything => None,
    };
    on!(conn, |c| diesel::insert_into(registry_changes::table)
        .values((registry_changes::version.eq(version), registry_changes::client_id.eq(client_id)))
        .execute(c))?;
    on!(conn, |c| diesel::delete(
        registry_changes::table.filter(registry_changes::version.lt(version - KEPT))
    )
    .execute(c))?;
    Ok(())
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
    let touched = |client: Option<String>| client.map_or(Touched::Everything, Touched::Client);
    Ok(Some(rows.into_iter().map(|(version, client)| (version, touched(client))).collect()))
}
