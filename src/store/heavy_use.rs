//! Hours in which many tokens were fetched, from the counts by hour.
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::connection::on;
use super::schema::usage_hours;
use super::{Conn, Error};

/// One secret, one API, one address, one hour: at least sixty tokens.
#[derive(Clone, Debug, Queryable)]
pub struct Busy {
    pub hour: i64,
    pub client_id: String,
    pub resource: String,
    /// Empty: unknown.
    pub address: String,
    pub tokens: i64,
    pub last_at: i64,
}

/// The busy hours from `from` to before `until`, those with the most tokens
/// first.
pub fn hours(
    conn: &mut Conn,
    (from, until): (i64, i64),
    client_id: Option<&str>,
    most: i64,
) -> Result<Vec<Busy>, Error> {
    Ok(on!(conn, |c| {
        let mut query = usage_hours::table
            .filter(usage_hours::hour.ge(from).and(usage_hours::hour.lt(until)))
            // As its index has it.
            .filter(sql::<Bool>("reason = '' AND requests >= 60"))
            .order((usage_hours::requests.desc(), usage_hours::client_id))
            .limit(most)
            .select((
                usage_hours::hour,
                usage_hours::client_id,
                usage_hours::resource,
                usage_hours::address,
                usage_hours::requests,
                usage_hours::last_at,
            ))
            .into_boxed();
        if let Some(client_id) = client_id {
            query = query.filter(usage_hours::client_id.eq(client_id));
        }
        query.load(c)
    })?)
}
