//! Writing how much applications are used: `usage_hours`, `usage_days`,
//! `traffic_hours`, and how far the log is counted, `usage_marks`.
use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::connection::on;
use super::schema::{traffic_hours, usage_days, usage_hours, usage_marks};
use super::{Conn, Error};
use crate::model::usage::Sorted;
use crate::model::usage_key::{RequestKey, Requests, ScopeKey, ScopeUse, TrafficKey};

/// The most rows in one statement.
const ROWS: usize = 500;

/// About how many rows of a table are deleted at a time.
const FORGOTTEN: i64 = 500;

/// How far a chain is counted: every event up to `done`, and of those up to
/// `next` the ones of the first `parts` parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    pub done: i64,
    pub next: i64,
    pub parts: i64,
}

#[derive(Insertable)]
#[diesel(table_name = usage_hours, treat_none_as_default_value = false)]
struct HourRow<'a> {
    hour: i64,
    client_id: &'a str,
    resource: &'a str,
    secret_id: &'a str,
    address: &'a str,
    reason: &'a str,
    requests: i64,
    last_at: i64,
}

#[derive(Insertable)]
#[diesel(table_name = usage_days, treat_none_as_default_value = false)]
struct DayRow<'a> {
    day: i64,
    client_id: &'a str,
    resource: &'a str,
    scope: &'a str,
    granted: i64,
    refused: i64,
    last_at: i64,
}

#[derive(Insertable)]
#[diesel(table_name = traffic_hours, treat_none_as_default_value = false)]
struct TrafficRow<'a> {
    hour: i64,
    resource: &'a str,
    reason: &'a str,
    requests: i64,
}

pub fn mark(conn: &mut Conn, chain: &str) -> Result<Mark, Error> {
    Ok(mark_if_any(conn, chain)?.unwrap_or_default())
}

/// [`mark`]; `None`: nobody counts this chain.
pub fn mark_if_any(conn: &mut Conn, chain: &str) -> Result<Option<Mark>, Error> {
    let found: Option<(i64, i64, i64)> = on!(conn, |c| usage_marks::table
        .find(chain)
        .select((usage_marks::done, usage_marks::next, usage_marks::parts))
        .first(c)
        .optional())?;
    Ok(found.map(|(done, next, parts)| Mark { done, next, parts }))
}

/// Adds counts to those there are, and moves the mark. Call it inside a
/// transaction.
pub fn add(conn: &mut Conn, counts: &Sorted, chain: &str, mark: Mark) -> Result<(), Error> {
    let hours: Vec<HourRow<'_>> = counts.requests.iter().map(HourRow::from).collect();
    for rows in hours.chunks(ROWS) {
        add_hours(conn, rows)?;
    }
    let days: Vec<DayRow<'_>> = counts.scopes.iter().map(DayRow::from).collect();
    for rows in days.chunks(ROWS) {
        add_days(conn, rows)?;
    }
    let traffic: Vec<TrafficRow<'_>> = counts.traffic.iter().map(TrafficRow::from).collect();
    for rows in traffic.chunks(ROWS) {
        add_traffic(conn, rows)?;
    }
    move_mark(conn, chain, mark)
}

/// Inserts rows, or adds them to those of the same key. PostgreSQL takes them
/// all at once, SQLite one by one with a statement that is prepared once.
macro_rules! add_rows {
    ($conn:expr, $rows:expr, $table:ident, $key:expr, $set:expr) => {
        match $conn {
            Conn::Postgres(c) => {
                let insert = diesel::insert_into($table::table).values($rows);
                insert.on_conflict($key).do_update().set($set).execute(c)?;
            }
            Conn::Sqlite(c) => {
                for row in $rows {
                    let insert = diesel::insert_into($table::table).values(row);
                    insert.on_conflict($key).do_update().set($set).execute(c)?;
                }
            }
        }
    };
}

fn add_hours(conn: &mut Conn, rows: &[HourRow<'_>]) -> Result<(), Error> {
    use usage_hours::{address, client_id, hour, last_at, reason, requests, resource, secret_id};
    add_rows!(
        conn,
        rows,
        usage_hours,
        (hour, client_id, resource, secret_id, address, reason),
        (
            requests.eq(requests + excluded(requests)),
            last_at
                .eq(case_when(excluded(last_at).gt(last_at), excluded(last_at)).otherwise(last_at)),
        )
    );
    Ok(())
}

fn add_days(conn: &mut Conn, rows: &[DayRow<'_>]) -> Result<(), Error> {
    use usage_days::{client_id, day, granted, last_at, refused, resource, scope};
    add_rows!(
        conn,
        rows,
        usage_days,
        (day, client_id, resource, scope),
        (
            granted.eq(granted + excluded(granted)),
            refused.eq(refused + excluded(refused)),
            last_at
                .eq(case_when(excluded(last_at).gt(last_at), excluded(last_at)).otherwise(last_at)),
        )
    );
    Ok(())
}

fn add_traffic(conn: &mut Conn, rows: &[TrafficRow<'_>]) -> Result<(), Error> {
    use traffic_hours::{hour, reason, requests, resource};
    add_rows!(
        conn,
        rows,
        traffic_hours,
        (hour, resource, reason),
        requests.eq(requests + excluded(requests))
    );
    Ok(())
}

fn move_mark(conn: &mut Conn, chain: &str, mark: Mark) -> Result<(), Error> {
    let values = (
        usage_marks::done.eq(mark.done),
        usage_marks::next.eq(mark.next),
        usage_marks::parts.eq(mark.parts),
    );
    on!(conn, |c| diesel::insert_into(usage_marks::table)
        .values((usage_marks::chain.eq(chain), values))
        .on_conflict(usage_marks::chain)
        .do_update()
        .set(values)
        .execute(c))?;
    Ok(())
}

/// Deletes the oldest rows that ended before `hour` and `day`, some at a time:
/// nobody may wait long for it. How many.
pub fn forget(conn: &mut Conn, hour: i64, day: i64) -> Result<usize, Error> {
    Ok(forget_hours(conn, hour)? + forget_days(conn, day)? + forget_traffic(conn, day * 24)?)
}

fn forget_hours(conn: &mut Conn, before: i64) -> Result<usize, Error> {
    let end: Option<(i64, String)> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::hour.lt(before))
        .order((usage_hours::hour, usage_hours::client_id))
        .select((usage_hours::hour, usage_hours::client_id))
        .offset(FORGOTTEN)
        .first(c)
        .optional())?;
    Ok(match end {
        None => on!(conn, |c| diesel::delete(usage_hours::table)
            .filter(usage_hours::hour.lt(before))
            .execute(c))?,
        Some((hour, client_id)) => on!(conn, |c| diesel::delete(usage_hours::table)
            .filter(
                usage_hours::hour
                    .lt(hour)
                    .or(usage_hours::hour.eq(hour).and(usage_hours::client_id.le(client_id)))
            )
            .execute(c))?,
    })
}

fn forget_days(conn: &mut Conn, before: i64) -> Result<usize, Error> {
    let end: Option<(i64, String)> = on!(conn, |c| usage_days::table
        .filter(usage_days::day.lt(before))
        .order((usage_days::day, usage_days::client_id))
        .select((usage_days::day, usage_days::client_id))
        .offset(FORGOTTEN)
        .first(c)
        .optional())?;
    Ok(match end {
        None => on!(conn, |c| diesel::delete(usage_days::table)
            .filter(usage_days::day.lt(before))
            .execute(c))?,
        Some((day, client_id)) => on!(conn, |c| diesel::delete(usage_days::table)
            .filter(
                usage_days::day
                    .lt(day)
                    .or(usage_days::day.eq(day).and(usage_days::client_id.le(client_id)))
            )
            .execute(c))?,
    })
}

fn forget_traffic(conn: &mut Conn, before: i64) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(traffic_hours::table)
        .filter(traffic_hours::hour.lt(before))
        .execute(c))?)
}

impl<'a> From<&'a (RequestKey, Requests)> for HourRow<'a> {
    fn from((key, counted): &'a (RequestKey, Requests)) -> Self {
        Self {
            hour: key.hour,
            client_id: &key.client_id,
            resource: &key.resource,
            secret_id: &key.secret_id,
            address: &key.address,
            reason: &key.reason,
            requests: counted.count,
            last_at: counted.last_at,
        }
    }
}

impl<'a> From<&'a (ScopeKey, ScopeUse)> for DayRow<'a> {
    fn from((key, used): &'a (ScopeKey, ScopeUse)) -> Self {
        Self {
            day: key.day,
            client_id: &key.client_id,
            resource: &key.resource,
            scope: &key.scope,
            granted: used.granted,
            refused: used.refused,
            last_at: used.last_at,
        }
    }
}

impl<'a> From<&'a (TrafficKey, i64)> for TrafficRow<'a> {
    fn from((key, requests): &'a (TrafficKey, i64)) -> Self {
        Self { hour: key.hour, resource: &key.resource, reason: &key.reason, requests: *requests }
    }
}
