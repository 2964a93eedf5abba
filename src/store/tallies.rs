//! Writing how much applications are used: `usage_hours`, `usage_days`,
//! `traffic_hours`, and how far the log is counted, `usage_marks`.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{traffic_hours, usage_days, usage_hours, usage_marks};
use super::statement::{Upsert, Value};
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
    let hours: Vec<_> = counts.requests.iter().map(hour_values).collect();
    let days: Vec<_> = counts.scopes.iter().map(day_values).collect();
    let traffic: Vec<_> = counts.traffic.iter().map(traffic_values).collect();
    for rows in hours.chunks(ROWS) {
        Upsert { into: HOURS, on_conflict: ADD_HOURS, rows }.run(conn)?;
    }
    for rows in days.chunks(ROWS) {
        Upsert { into: DAYS, on_conflict: ADD_DAYS, rows }.run(conn)?;
    }
    for rows in traffic.chunks(ROWS) {
        Upsert { into: TRAFFIC, on_conflict: ADD_TRAFFIC, rows }.run(conn)?;
    }
    move_mark(conn, chain, mark)
}

const HOURS: &str = "INSERT INTO usage_hours \
     (hour, client_id, resource, secret_id, address, reason, requests, last_at)";
const ADD_HOURS: &str = "ON CONFLICT (hour, client_id, resource, secret_id, address, reason) \
     DO UPDATE SET requests = usage_hours.requests + excluded.requests, \
     last_at = CASE WHEN excluded.last_at > usage_hours.last_at \
     THEN excluded.last_at ELSE usage_hours.last_at END";

fn hour_values((key, counted): &(RequestKey, Requests)) -> [Value<'_>; 8] {
    [
        Value::Integer(key.hour),
        Value::Text(&key.client_id),
        Value::Text(&key.resource),
        Value::Text(&key.secret_id),
        Value::Text(&key.address),
        Value::Text(&key.reason),
        Value::Integer(counted.count),
        Value::Integer(counted.last_at),
    ]
}

const DAYS: &str =
    "INSERT INTO usage_days (day, client_id, resource, scope, granted, refused, last_at)";
const ADD_DAYS: &str = "ON CONFLICT (day, client_id, resource, scope) \
     DO UPDATE SET granted = usage_days.granted + excluded.granted, \
     refused = usage_days.refused + excluded.refused, \
     last_at = CASE WHEN excluded.last_at > usage_days.last_at \
     THEN excluded.last_at ELSE usage_days.last_at END";

fn day_values((key, used): &(ScopeKey, ScopeUse)) -> [Value<'_>; 7] {
    [
        Value::Integer(key.day),
        Value::Text(&key.client_id),
        Value::Text(&key.resource),
        Value::Text(&key.scope),
        Value::Integer(used.granted),
        Value::Integer(used.refused),
        Value::Integer(used.last_at),
    ]
}

const TRAFFIC: &str = "INSERT INTO traffic_hours (hour, resource, reason, requests)";
const ADD_TRAFFIC: &str = "ON CONFLICT (hour, reason, resource) \
     DO UPDATE SET requests = traffic_hours.requests + excluded.requests";

fn traffic_values((key, requests): &(TrafficKey, i64)) -> [Value<'_>; 4] {
    [
        Value::Integer(key.hour),
        Value::Text(&key.resource),
        Value::Text(&key.reason),
        Value::Integer(*requests),
    ]
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
