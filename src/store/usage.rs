//! Reading how much applications are used. Hours and days are those of
//! `model::usage`.
use std::collections::{BTreeSet, HashMap};

use diesel::dsl::{max, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::connection::on;
use super::schema::{traffic_hours, usage_days, usage_hours};
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// Everybody's requests of an hour.
#[derive(Clone, Debug, Queryable)]
pub struct Traffic {
    pub hour: i64,
    /// Empty: tokens were issued.
    pub reason: String,
    pub requests: i64,
}

/// Requests with one secret from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub secret_id: String,
    /// Empty: unknown.
    pub address: String,
    pub issued: i64,
    pub refused: i64,
    pub last_at: UnixTime,
}

/// What was asked for of a scope, or, when its name is empty, of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub client_id: String,
    pub resource: String,
    pub scope: String,
    pub granted: i64,
    pub refused: i64,
    pub last_at: UnixTime,
}

/// A secret that was presented after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ghost {
    pub client_id: String,
    pub secret_id: String,
    pub reason: String,
    pub requests: i64,
    /// The hour of the first.
    pub first_hour: i64,
    pub last_at: UnixTime,
}

/// Requests of an application that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub client_id: String,
    pub requests: i64,
    pub last_at: UnixTime,
}

/// An address that sent client ids which nobody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    pub address: String,
    /// In its busiest hour.
    pub requests: i64,
    pub last_at: UnixTime,
}

const REQUESTS: &str = "CAST(SUM(requests) AS BIGINT)";
const ISSUED: &str = "CAST(SUM(CASE WHEN reason = '' THEN requests ELSE 0 END) AS BIGINT)";
const REFUSED: &str = "CAST(SUM(CASE WHEN reason = '' THEN 0 ELSE requests END) AS BIGINT)";

/// Everybody's traffic from `from` to before `until`, of one API or of all. Summed by
/// the database: a month of many APIs is some ten thousand rows.
pub fn traffic(
    conn: &mut Conn,
    from: i64,
    until: i64,
    resource: Option<&str>,
) -> Result<Vec<Traffic>, Error> {
    let (any, resource) = (resource.is_none(), resource.unwrap_or_default());
    Ok(on!(conn, |c| traffic_hours::table
        .filter(traffic_hours::hour.ge(from).and(traffic_hours::hour.lt(until)))
        .filter(any.into_sql::<Bool>().or(traffic_hours::resource.eq(resource)))
        .group_by((traffic_hours::hour, traffic_hours::reason))
        .order((traffic_hours::hour, traffic_hours::reason))
        .select((traffic_hours::hour, traffic_hours::reason, sql::<BigInt>(REQUESTS)))
        .load(c))?)
}

/// From which addresses an application asked with which secrets since an hour,
/// the last first.
pub fn presented(
    conn: &mut Conn,
    client_id: &str,
    from: i64,
    most: i64,
) -> Result<Vec<Presented>, Error> {
    type Row = (String, String, i64, i64, Option<i64>);
    let rows: Vec<Row> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::client_id.eq(client_id).and(usage_hours::hour.ge(from)))
        .group_by((usage_hours::secret_id, usage_hours::address))
        .select((
            usage_hours::secret_id,
            usage_hours::address,
            sql::<BigInt>(ISSUED),
            sql::<BigInt>(REFUSED),
            max(usage_hours::last_at),
        ))
        .order((max(usage_hours::last_at).desc(), usage_hours::address))
        .limit(most)
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(secret_id, address, issued, refused, last_at)| Presented {
            secret_id,
            address,
            issued,
            refused,
            last_at: UnixTime(last_at.unwrap_or_default()),
        })
        .collect())
}

/// Who asked from which addresses from an hour to before another: client id and
/// address.
pub fn sources(
    conn: &mut Conn,
    (from, until): (i64, i64),
) -> Result<BTreeSet<(String, String)>, Error> {
    let rows: Vec<(String, String)> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::hour.ge(from).and(usage_hours::hour.lt(until)))
        .filter(usage_hours::client_id.ne("").and(usage_hours::address.ne("")))
        .select((usage_hours::client_id, usage_hours::address))
        .distinct()
        .load(c))?;
    Ok(rows.into_iter().collect())
}

/// How often each secret of an application got a token or was refused since an
/// hour, whatever the address.
pub fn by_secret(conn: &mut Conn, client_id: &str, from: i64) -> Result<Vec<Presented>, Error> {
    type Row = (String, i64, i64, Option<i64>);
    let rows: Vec<Row> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::client_id.eq(client_id).and(usage_hours::hour.ge(from)))
        .group_by(usage_hours::secret_id)
        .select((
            usage_hours::secret_id,
            sql::<BigInt>(ISSUED),
            sql::<BigInt>(REFUSED),
            max(usage_hours::last_at),
        ))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(secret_id, issued, refused, last_at)| Presented {
            secret_id,
            address: String::new(),
            issued,
            refused,
            last_at: UnixTime(last_at.unwrap_or_default()),
        })
        .collect())
}

/// The hours since `from` in which a secret got tokens, with its last use in
/// each, oldest first.
pub fn hours_of_secret(
    conn: &mut Conn,
    client_id: &str,
    secret_id: &str,
    from: i64,
) -> Result<Vec<(i64, UnixTime)>, Error> {
    let rows: Vec<(i64, Option<i64>)> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::client_id.eq(client_id).and(usage_hours::hour.ge(from)))
        .filter(usage_hours::secret_id.eq(secret_id).and(usage_hours::reason.eq("")))
        .group_by(usage_hours::hour)
        .select((usage_hours::hour, max(usage_hours::last_at)))
        .order(usage_hours::hour)
        .load(c))?;
    Ok(rows.into_iter().map(|(hour, at)| (hour, UnixTime(at.unwrap_or_default()))).collect())
}

/// What an application asked for since a day, by API and scope; of each API a
/// row with an empty scope counts the requests.
pub fn asked(conn: &mut Conn, client_id: &str, since: i64) -> Result<Vec<Asked>, Error> {
    type Row = (String, String, i64, i64, Option<i64>);
    let rows: Vec<Row> = on!(conn, |c| usage_days::table
        .filter(usage_days::client_id.eq(client_id).and(usage_days::day.ge(since)))
        .group_by((usage_days::resource, usage_days::scope))
        .select((
            usage_days::resource,
            usage_days::scope,
            sql::<BigInt>("CAST(SUM(granted) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(refused) AS BIGINT)"),
            max(usage_days::last_at),
        ))
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(resource, scope, granted, refused, last_at)| Asked {
            client_id: client_id.to_owned(),
            resource,
            scope,
            granted,
            refused,
            last_at: UnixTime(last_at.unwrap_or_default()),
        })
        .collect())
}

/// What applications got of a scope of an API, or of the API itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The most eager first, `most` of them.
    pub by: Vec<Asked>,
    pub granted: i64,
    pub last_at: Option<UnixTime>,
    /// There may be more than was counted.
    pub is_more: bool,
}

/// The most rows that are read to tell what was taken.
const READ: i64 = 1_000;

/// What was granted of a scope of an API since a day, and to whom, by the newest
/// rows; of the API itself when the scope is empty.
pub fn taken(
    conn: &mut Conn,
    resource: &str,
    scope: &str,
    since: i64,
    most: usize,
) -> Result<Taken, Error> {
    let rows: Vec<(String, i64, i64, i64)> = on!(conn, |c| usage_days::table
        .filter(usage_days::resource.eq(resource).and(usage_days::scope.eq(scope)))
        .filter(usage_days::day.ge(since).and(usage_days::granted.gt(0)))
        .order(usage_days::day.desc())
        .limit(READ)
        .select((
            usage_days::client_id,
            usage_days::granted,
            usage_days::refused,
            usage_days::last_at,
        ))
        .load(c))?;
    let is_more = rows.len() >= usize::try_from(READ).unwrap_or(usize::MAX);
    let mut by: HashMap<String, Asked> = HashMap::new();
    for (client_id, granted, refused, last_at) in rows {
        let asked = by.entry(client_id.clone()).or_insert_with(|| Asked {
            client_id,
            resource: resource.to_owned(),
            scope: scope.to_owned(),
            granted: 0,
            refused: 0,
            last_at: UnixTime(last_at),
        });
        asked.granted += granted;
        asked.refused += refused;
        asked.last_at = asked.last_at.max(UnixTime(last_at));
    }
    let mut by: Vec<Asked> = by.into_values().collect();
    let (granted, last_at) =
        (by.iter().map(|it| it.granted).sum(), by.iter().map(|it| it.last_at).max());
    by.sort_by(|a, b| b.granted.cmp(&a.granted).then_with(|| a.client_id.cmp(&b.client_id)));
    by.truncate(most);
    Ok(Taken { by, granted, last_at, is_more })
}

/// Secrets that were presented after their end since an hour, the last first.
pub fn ghosts(conn: &mut Conn, from: i64, most: i64) -> Result<Vec<Ghost>, Error> {
    type Row = (String, String, String, i64, Option<i64>, Option<i64>);
    let rows: Vec<Row> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::hour.ge(from))
        // As its index has it.
        .filter(sql::<Bool>("reason IN ('secret_expired', 'secret_revoked', 'client_deleted')",))
        .group_by((usage_hours::client_id, usage_hours::secret_id, usage_hours::reason))
        .select((
            usage_hours::client_id,
            usage_hours::secret_id,
            usage_hours::reason,
            sql::<BigInt>(REQUESTS),
            min(usage_hours::hour),
            max(usage_hours::last_at),
        ))
        .order(max(usage_hours::last_at).desc())
        .limit(most)
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(client_id, secret_id, reason, requests, first_hour, last_at)| Ghost {
            client_id,
            secret_id,
            reason,
            requests,
            first_hour: first_hour.unwrap_or_default(),
            last_at: UnixTime(last_at.unwrap_or_default()),
        })
        .collect())
}

/// Whether a token was ever issued, as far as it is counted: a moment later than it is
/// in the log.
pub fn any_issued(conn: &mut Conn) -> Result<bool, Error> {
    let any: Option<i64> = on!(conn, |c| usage_days::table
        .filter(usage_days::granted.gt(0))
        .select(usage_days::day)
        .first(c)
        .optional())?;
    Ok(any.is_some())
}

/// An expression, so that SQLite does not read all hours in the order of an index on
/// the column: of the hours wanted few were refused.
const CLIENT: &str = "client_id || ''";

/// The applications that were refused most since an hour. Requests of strangers
/// are not among them.
pub fn refused(conn: &mut Conn, from: i64, most: i64) -> Result<Vec<Refused>, Error> {
    let rows: Vec<(String, i64, Option<i64>)> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::hour.ge(from).and(usage_hours::client_id.ne("")))
        .filter(sql::<Bool>("reason <> ''"))
        .group_by(sql::<Text>(CLIENT))
        .select((sql::<Text>(CLIENT), sql::<BigInt>(REQUESTS), max(usage_hours::last_at)))
        .order(sql::<BigInt>("SUM(requests)").desc())
        .limit(most)
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(client_id, requests, last_at)| Refused {
            client_id,
            requests,
            last_at: UnixTime(last_at.unwrap_or_default()),
        })
        .collect())
}

/// The addresses that sent client ids which nobody has at least `least` times
/// within an hour since `from`, the busiest first.
pub fn strangers(
    conn: &mut Conn,
    from: i64,
    least: i64,
    most: i64,
) -> Result<Vec<Stranger>, Error> {
    let rows: Vec<(String, Option<i64>, Option<i64>)> = on!(conn, |c| usage_hours::table
        .filter(usage_hours::hour.ge(from).and(usage_hours::client_id.eq("")))
        .filter(usage_hours::reason.eq("unknown_client").and(usage_hours::address.ne("")))
        .filter(usage_hours::requests.ge(least))
        .group_by(usage_hours::address)
        .select((usage_hours::address, max(usage_hours::requests), max(usage_hours::last_at)))
        .order((max(usage_hours::requests).desc(), usage_hours::address))
        .limit(most)
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(address, requests, last_at)| Stranger {
            address,
            requests: requests.unwrap_or_default(),
            last_at: UnixTime(last_at.unwrap_or_default()),
        })
        .collect())
}
