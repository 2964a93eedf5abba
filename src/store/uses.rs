//! When grants were last used, from the counts by day.
use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::connection::DefaultLoadingMode;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::connection::on;
use super::schema::{usage_days, usage_hours};
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// What an application got from one API, or of one scope of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastUse {
    pub at: Option<UnixTime>,
    /// How many tokens on the day that was asked for.
    pub that_day: i64,
}

/// When an application last got a token for `resource` with `scope` on `day` or
/// before; with any scope or none when that is empty.
pub fn last(
    conn: &mut Conn,
    client_id: &str,
    resource: &str,
    scope: &str,
    day: i64,
) -> Result<LastUse, Error> {
    let row: Option<(i64, i64, i64)> = on!(conn, |c| usage_days::table
        .filter(usage_days::client_id.eq(client_id))
        .filter(usage_days::resource.eq(resource).and(usage_days::scope.eq(scope)))
        .filter(usage_days::day.le(day).and(usage_days::granted.gt(0)))
        .order(usage_days::day.desc())
        .select((usage_days::day, usage_days::granted, usage_days::last_at))
        .first(c)
        .optional())?;
    Ok(row.map_or_else(LastUse::default, |(on, granted, last_at)| LastUse {
        at: Some(UnixTime(last_at)),
        that_day: if on == day { granted } else { 0 },
    }))
}

/// A client id, the identifier of an API and a scope; empty: any or none.
pub type Use = (String, String, String);

/// Which of these were: tokens were got so from one day to another, both inclusive.
/// Looks for one day of each, newest or not, however many there are.
pub fn used(conn: &mut Conn, asked: &[Use], (from, to): (i64, i64)) -> Result<HashSet<Use>, Error> {
    let (all, place) = match conn {
        Conn::Sqlite(_) => ("(SELECT key AS position, value FROM json_each(", ")) a WHERE EXISTS"),
        Conn::Postgres(_) => (
            "(SELECT position - 1 AS position, value FROM jsonb_array_elements(",
            "::JSONB) WITH ORDINALITY e (value, position)) a WHERE EXISTS",
        ),
    };
    // Numbers of ours only: nothing that anybody typed is in this text.
    let of = format!(
        "{place} (SELECT 1 FROM usage_days u WHERE u.client_id = a.value ->> 0 \
         AND u.resource = a.value ->> 1 AND u.scope = a.value ->> 2 \
         AND u.day >= {from} AND u.day <= {to} AND u.granted > 0)"
    );
    let keys =
        serde_json::to_string(asked).map_err(|error| Error::Unavailable(error.to_string()))?;
    let query = sql::<BigInt>("SELECT a.position FROM ").sql(all).bind::<Text, _>(keys).sql(&of);
    let found: Vec<i64> = on!(conn, |c| query.load(c))?;
    let of = |position: i64| asked.get(usize::try_from(position).ok()?).cloned();
    Ok(found.into_iter().filter_map(of).collect())
}

/// How a scope was used of late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeUse {
    /// Applications that got tokens with it.
    pub users: usize,
    /// Applications that only asked in vain.
    pub askers: usize,
    /// When the last token with it was issued.
    pub last_at: Option<UnixTime>,
    /// There may be more than were counted.
    pub is_more: bool,
}

/// The most rows that are read to tell how a scope was used.
const READ: i64 = 200;

/// How a scope of an API was used since a day, from its newest rows.
pub fn of_scope(
    conn: &mut Conn,
    resource: &str,
    scope: &str,
    since: i64,
) -> Result<ScopeUse, Error> {
    let rows: Vec<(String, i64, i64)> = on!(conn, |c| usage_days::table
        .filter(usage_days::resource.eq(resource).and(usage_days::scope.eq(scope)))
        .filter(usage_days::day.ge(since))
        .order(usage_days::day.desc())
        .limit(READ)
        .select((usage_days::client_id, usage_days::granted, usage_days::last_at))
        .load(c))?;
    let is_used = |(_, granted, _): &&(String, i64, i64)| *granted > 0;
    let ids = |row: &(String, i64, i64)| row.0.clone();
    let users: BTreeSet<String> = rows.iter().filter(is_used).map(ids).collect();
    let all: BTreeSet<String> = rows.iter().map(ids).collect();
    Ok(ScopeUse {
        users: users.len(),
        askers: all.len() - users.len(),
        last_at: rows.iter().filter(is_used).map(|row| UnixTime(row.2)).max(),
        is_more: rows.len() >= usize::try_from(READ).unwrap_or(usize::MAX),
    })
}

/// Requests that are alike, whatever the hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The day since 1970; zero where days are not told apart.
    pub day: i64,
    /// Empty: none that exists.
    pub client_id: String,
    /// Empty: unknown, or one of too many.
    pub address: String,
    /// Empty: a token was issued.
    pub reason: String,
    pub requests: i64,
    pub first_hour: i64,
    pub last_at: UnixTime,
}

#[derive(QueryableByName)]
struct AlikeRow {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = Text)]
    client_id: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    requests: i64,
    #[diesel(sql_type = BigInt)]
    first_hour: i64,
    #[diesel(sql_type = BigInt)]
    last_at: i64,
}

/// Requests from one hour to before another, by application, address and
/// reason, and by day when `by_day`. The most frequent first.
pub fn by_address(
    conn: &mut Conn,
    (from, until): (i64, i64),
    refused_only: bool,
    by_day: bool,
    most: i64,
) -> Result<Vec<Alike>, Error> {
    let day = if by_day { "hour / 24" } else { "CAST(0 AS BIGINT)" };
    let refused = if refused_only { "AND reason <> ''" } else { "" };
    // Numbers of ours only: nothing that anybody typed is in this text.
    let query = format!(
        "SELECT {day} AS day, client_id, address, reason, \
         CAST(SUM(requests) AS BIGINT) AS requests, MIN(hour) AS first_hour, \
         MAX(last_at) AS last_at FROM usage_hours \
         WHERE hour >= {from} AND hour < {until} {refused} GROUP BY 1, 2, 3, 4 \
         ORDER BY 1 DESC, SUM(requests) DESC, 2, 3, 4 LIMIT {most}"
    );
    let rows: Vec<AlikeRow> = on!(conn, |c| diesel::sql_query(query).load(c))?;
    let alike = |row: AlikeRow| Alike {
        day: row.day,
        client_id: row.client_id,
        address: row.address,
        reason: row.reason,
        requests: row.requests,
        first_hour: row.first_hour,
        last_at: UnixTime(row.last_at),
    };
    Ok(rows.into_iter().map(alike).collect())
}

/// The tokens that an application fetched from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub tokens: i64,
    pub first_hour: i64,
    pub last_at: UnixTime,
}

/// By application and address.
pub type ByAddress = HashMap<(String, String), Fetched>;

type Count = (String, String, i64, i64, i64);

/// What was fetched before an hour, from the first `most` counts; whether there
/// are more. Summed up here: SQLite sorts counts to make groups of them, and took
/// four seconds for half a million.
pub fn fetched(conn: &mut Conn, until: i64, most: i64) -> Result<(ByAddress, bool), Error> {
    let (mut all, mut read) = (HashMap::new(), 0);
    on!(conn, |c| {
        let rows = usage_hours::table
            .filter(usage_hours::hour.lt(until).and(usage_hours::reason.eq("")))
            .filter(usage_hours::client_id.ne("").and(usage_hours::address.ne("")))
            .order(usage_hours::hour)
            .limit(most + 1)
            .select(COUNT)
            .load_iter::<Count, DefaultLoadingMode>(c)?;
        for row in rows {
            read += 1;
            if read <= most {
                add(&mut all, row?);
            }
        }
    });
    Ok((all, read > most))
}

/// The same of these applications alone, all of it.
pub fn fetched_by(conn: &mut Conn, ids: &[String], until: i64) -> Result<ByAddress, Error> {
    let rows: Vec<Count> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::client_id.eq_any(ids).and(usage_hours::hour.lt(until)))
        .filter(usage_hours::reason.eq("").and(usage_hours::address.ne("")))
        .select(COUNT)
        .load(c))?;
    let mut all = HashMap::new();
    for row in rows {
        add(&mut all, row);
    }
    Ok(all)
}

const COUNT: (
    usage_hours::client_id,
    usage_hours::address,
    usage_hours::requests,
    usage_hours::hour,
    usage_hours::last_at,
) = (
    usage_hours::client_id,
    usage_hours::address,
    usage_hours::requests,
    usage_hours::hour,
    usage_hours::last_at,
);

fn add(all: &mut ByAddress, (client_id, address, requests, hour, last_at): Count) {
    let none = Fetched { tokens: 0, first_hour: hour, last_at: UnixTime(last_at) };
    let of = all.entry((client_id, address)).or_insert(none);
    of.tokens += requests;
    of.first_hour = of.first_hour.min(hour);
    of.last_at = of.last_at.max(UnixTime(last_at));
}

/// The hours in which a secret got tokens from more than one address: hour,
/// client id, id of the secret. The newest first.
pub fn shared_hours(
    conn: &mut Conn,
    (from, until): (i64, i64),
    most: i64,
) -> Result<Vec<(i64, String, String)>, Error> {
    Ok(on!(conn, |c| usage_hours::table
        .filter(usage_hours::hour.ge(from).and(usage_hours::hour.lt(until)))
        .filter(usage_hours::reason.eq("").and(usage_hours::secret_id.ne("")))
        .group_by((usage_hours::hour, usage_hours::client_id, usage_hours::secret_id))
        .having(sql::<Bool>("COUNT(DISTINCT address) > 1"))
        .order((usage_hours::hour.desc(), usage_hours::client_id, usage_hours::secret_id))
        .select((usage_hours::hour, usage_hours::client_id, usage_hours::secret_id))
        .limit(most)
        .load(c))?)
}

/// How often everybody was refused on a day for a reason.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Denied {
    #[diesel(sql_type = BigInt)]
    pub day: i64,
    #[diesel(sql_type = Text)]
    pub reason: String,
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
}

/// How often everybody was refused, by day and reason, the newest first.
pub fn denials(
    conn: &mut Conn,
    (from, until): (i64, i64),
    most: i64,
) -> Result<Vec<Denied>, Error> {
    let query = format!(
        "SELECT hour / 24 AS day, reason, CAST(SUM(requests) AS BIGINT) AS requests \
         FROM traffic_hours WHERE hour >= {from} AND hour < {until} AND reason <> '' \
         GROUP BY 1, 2 ORDER BY 1 DESC, 3 DESC, 2 LIMIT {most}"
    );
    Ok(on!(conn, |c| diesel::sql_query(query).load(c))?)
}
