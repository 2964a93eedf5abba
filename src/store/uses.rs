//! When grants were last used, from the counts by day.
use diesel::prelude::*;

use super::connection::on;
use super::schema::usage_days;
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

/// A client id, the identifier of an API and a scope.
pub type Used = (String, String, String);

/// Which scopes of these APIs these applications got tokens with, from one day
/// to another, both inclusive.
pub fn used(
    conn: &mut Conn,
    client_ids: &[String],
    resources: &[String],
    days: (i64, i64),
) -> Result<Vec<Used>, Error> {
    Ok(on!(conn, |c| usage_days::table
        .filter(usage_days::client_id.eq_any(client_ids))
        .filter(usage_days::resource.eq_any(resources))
        .filter(usage_days::day.ge(days.0).and(usage_days::day.le(days.1)))
        .filter(usage_days::granted.gt(0))
        .select((usage_days::client_id, usage_days::resource, usage_days::scope))
        .distinct()
        .load(c))?)
}
