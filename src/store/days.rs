//! The days on which applications got tokens.
use diesel::prelude::*;

use super::connection::on;
use super::schema::usage_days;
use super::{Conn, Error};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// A day on which an application got tokens.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = usage_days)]
pub struct Day {
    pub day: i64,
    pub client_id: String,
    pub resource: String,
    /// Empty: all tokens for the API.
    pub scope: String,
    pub granted: i64,
    last_at: i64,
}

impl Day {
    pub fn last_at(&self) -> UnixTime {
        UnixTime(self.last_at)
    }
}

/// Who got tokens for an API with a scope from one day to another, both
/// inclusive, the newest first.
pub fn on_days(
    conn: &mut Conn,
    resource: &str,
    scope: &str,
    (from, to): (i64, i64),
    most: i64,
) -> Result<Vec<Day>, Error> {
    Ok(on!(conn, |c| usage_days::table
        .filter(usage_days::resource.eq(resource).and(usage_days::scope.eq(scope)))
        .filter(usage_days::day.ge(from).and(usage_days::day.le(to)))
        .filter(usage_days::granted.gt(0))
        .order((usage_days::day.desc(), usage_days::client_id))
        .select(Day::as_select())
        .limit(most)
        .load(c))?)
}

/// What was granted from one day to another, both inclusive, to applications that
/// held no such thing on that day or within `grace` before it, of the first `looked`
/// days by application and scope. Those whose past is not known as a whole are left
/// out.
pub fn unheld(
    conn: &mut Conn,
    (from, to): (i64, i64),
    grace: Seconds,
    looked: i64,
    most: i64,
) -> Result<Vec<Day>, Error> {
    let (day, grace) = (Seconds::DAY.0 * 1_000_000, grace.0 * 1_000_000);
    // Numbers of ours only: nothing that anybody typed is in this text.
    let query = format!(
        "SELECT d.day, d.client_id, d.resource, d.scope, d.granted, d.last_at FROM ( \
            SELECT day, client_id, resource, scope, granted, last_at FROM usage_days \
            WHERE day >= {from} AND day <= {to} AND granted > 0 \
            ORDER BY day, client_id, resource, scope LIMIT {looked} \
         ) d WHERE NOT EXISTS ( \
            SELECT 1 FROM grant_spans g JOIN known_resources r ON r.id = g.resource_id \
            WHERE g.client_id = d.client_id AND r.identifier = d.resource \
            AND (g.kind = 'all' OR g.kind = 'api' AND d.scope = '' \
                OR g.kind = 'scope' AND g.scope = d.scope) \
            AND g.valid_from < (d.day + 1) * {day} \
            AND (g.valid_until IS NULL OR g.valid_until + {grace} >= d.day * {day}) \
         ) AND NOT EXISTS ( \
            SELECT 1 FROM application_spans s WHERE s.client_id = d.client_id AND s.begun_by = '' \
         ) ORDER BY d.day, d.client_id, d.resource, d.scope LIMIT {most}"
    );
    Ok(on!(conn, |c| diesel::sql_query(query).load(c))?)
}

/// Whether there are more than `most` days of scopes in this time, those on which all
/// was refused among them.
pub fn are_more(conn: &mut Conn, (from, to): (i64, i64), most: i64) -> Result<bool, Error> {
    let found: Option<i64> = on!(conn, |c| usage_days::table
        .filter(usage_days::day.ge(from).and(usage_days::day.le(to)))
        .order(usage_days::day)
        .select(usage_days::day)
        .offset(most)
        .first(c)
        .optional())?;
    Ok(found.is_some())
}

/// The first day that is counted.
pub fn first_day(conn: &mut Conn) -> Result<Option<i64>, Error> {
    Ok(on!(conn, |c| usage_days::table
        .order(usage_days::day)
        .select(usage_days::day)
        .first(c)
        .optional())?)
}
