//! The `status_lists` table.
use std::ops::Range;

use diesel::prelude::*;

use super::connection::on;
use super::schema::status_lists;
use super::{Conn, Error};
use crate::model::status_list::{Series, StatusList};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = status_lists)]
struct Row {
    id: String,
    resources: String,
    kid: String,
    longest_seconds: i64,
    seed: Vec<u8>,
    capacity: i64,
    leased: i64,
    opened_at: i64,
    closes_at: i64,
    expires_at: i64,
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<StatusList>, Error> {
    let row: Option<Row> =
        on!(conn, |c| status_lists::table.find(id).select(Row::as_select()).first(c).optional())?;
    row.map(StatusList::try_from).transpose()
}

/// Those whose tokens may be living at `now`, oldest first.
pub fn living(conn: &mut Conn, now: UnixTime) -> Result<Vec<StatusList>, Error> {
    let rows: Vec<Row> = on!(conn, |c| status_lists::table
        .filter(status_lists::expires_at.gt(now.0))
        .order(status_lists::id)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(StatusList::try_from).collect()
}

/// What a process may use: a list, and which of its sequence numbers.
pub struct Leased {
    pub list: StatusList,
    pub sequence: Range<u32>,
}

/// Leases up to `count` numbers of an open list of `series`: opened at `since`
/// or later, open at `until`, not full. `None` when there is none. Counting up
/// locks the row, so no two leases share a number.
pub fn lease(
    conn: &mut Conn,
    series: &Series,
    (since, until): (UnixTime, UnixTime),
    count: u32,
) -> Result<Option<Leased>, Error> {
    let open: Option<String> = on!(conn, |c| status_lists::table
        .filter(status_lists::resources.eq(&series.resources))
        .filter(status_lists::kid.eq(&series.kid))
        .filter(status_lists::longest_seconds.eq(series.longest.0))
        .filter(status_lists::opened_at.ge(since.0))
        .filter(status_lists::closes_at.gt(until.0))
        .filter(status_lists::leased.lt(status_lists::capacity))
        .order(status_lists::id)
        .select(status_lists::id)
        .first(c)
        .optional())?;
    let Some(id) = open else { return Ok(None) };
    let counted = on!(conn, |c| diesel::update(
        status_lists::table.find(&id).filter(status_lists::leased.lt(status_lists::capacity))
    )
    .set(status_lists::leased.eq(status_lists::leased + i64::from(count)))
    .execute(c))?;
    if counted == 0 {
        // Another process took the last ones in between.
        return Ok(None);
    }
    let row: Row = on!(conn, |c| status_lists::table.find(&id).select(Row::as_select()).first(c))?;
    let bound = |number: i64| u32::try_from(number.min(row.capacity)).unwrap_or(0);
    let sequence = bound(row.leased - i64::from(count))..bound(row.leased);
    Ok(Some(Leased { list: row.try_into()?, sequence }))
}

/// Writes a new list of which `leased` numbers are taken.
pub fn insert(conn: &mut Conn, list: &StatusList, leased: u32) -> Result<(), Error> {
    let row = Row {
        id: list.id.clone(),
        resources: list.series.resources.clone(),
        kid: list.series.kid.clone(),
        longest_seconds: list.series.longest.0,
        seed: list.seed.to_vec(),
        capacity: i64::from(list.capacity),
        leased: i64::from(leased),
        opened_at: list.opened_at.0,
        closes_at: list.closes_at.0,
        expires_at: list.expires_at.0,
    };
    on!(conn, |c| diesel::insert_into(status_lists::table).values(&row).execute(c))?;
    Ok(())
}

/// Deletes the lists that had expired at `then`; returns how many.
pub fn delete_expired(conn: &mut Conn, then: UnixTime) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(
        status_lists::table.filter(status_lists::expires_at.le(then.0))
    )
    .execute(c))?)
}

impl TryFrom<Row> for StatusList {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt = |column| Error::Corrupt { table: "status_lists", column, id: row.id.clone() };
        Ok(Self {
            seed: row.seed.as_slice().try_into().map_err(|_| corrupt("seed"))?,
            capacity: u32::try_from(row.capacity).map_err(|_| corrupt("capacity"))?,
            id: row.id,
            series: Series {
                resources: row.resources,
                kid: row.kid,
                longest: Seconds(row.longest_seconds),
            },
            opened_at: UnixTime(row.opened_at),
            closes_at: UnixTime(row.closes_at),
            expires_at: UnixTime(row.expires_at),
        })
    }
}
