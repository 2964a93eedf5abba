//! The parts of the audit log on PostgreSQL, one for each month. SQLite has none.
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::{Conn, Error};
use crate::oauth::UnixTime;

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Nullable<BigInt>)]
    number: Option<i64>,
}

/// Whoever writes to the log waits behind us for as long as we wait for others.
const NO_LONGER: &str = "SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '5min';";

/// What came of making parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// So many: 0 when all were there.
    Parts(i64),
    /// Rows of a time far ahead lie where the next part would have to be.
    InTheWay,
}

/// Makes the parts of the month of `now` and of the `months` after it that are not
/// there. Call it inside a transaction.
///
/// # Errors
/// `Unavailable`: this role may not, or somebody reads for long; later, then.
pub fn make(conn: &mut Conn, now: UnixTime, months: i64) -> Result<Made, Error> {
    let Conn::Postgres(conn) = conn else { return Ok(Made::Parts(0)) };
    conn.batch_execute(NO_LONGER)?;
    let query = "SELECT audit_make_parts($1, $2::INTEGER)::BIGINT AS number";
    let query = diesel::sql_query(query).bind::<BigInt, _>(now.milliseconds());
    let made: Answer = query.bind::<BigInt, _>(months).get_result(conn)?;
    Ok(match made.number {
        Some(made) if made >= 0 => Made::Parts(made),
        _ => Made::InTheWay,
    })
}

/// Drops the oldest part when all of it was given up and nothing is held. Returns
/// how many rows went with it; `None`: it stays. Call it inside a transaction.
///
/// # Errors
/// As [`make`].
pub fn drop_oldest(conn: &mut Conn) -> Result<Option<i64>, Error> {
    let Conn::Postgres(conn) = conn else { return Ok(None) };
    conn.batch_execute(NO_LONGER)?;
    let query = diesel::sql_query("SELECT audit_drop_part() AS number");
    Ok(query.get_result::<Answer>(conn)?.number)
}

/// How many months after that of `now` have a part. `None`: there are no parts.
pub fn ahead(conn: &mut Conn, now: UnixTime) -> Result<Option<i64>, Error> {
    let Conn::Postgres(conn) = conn else { return Ok(None) };
    let query = "SELECT count(*) AS number FROM audit_parts WHERE until > audit_first_id($1)";
    let query = diesel::sql_query(query).bind::<BigInt, _>(now.milliseconds());
    let found: Answer = query.get_result(conn)?;
    Ok(found.number.map(|parts| (parts - 1).max(0)))
}
