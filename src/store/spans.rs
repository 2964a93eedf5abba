//! What began and ended in a period, from the tables of the past.
use diesel::prelude::*;

use super::connection::on;
use super::holdings::{GrantRow, KnownApplication, StateRow, grant_span, state_span};
use super::schema::{application_spans, grant_spans, known_applications};
use super::{Conn, Error};
use crate::model::history::{GrantSpan, StateSpan};
use crate::oauth::UnixTime;

/// What was begun from `from` to before `to`, the newest first.
pub fn grants_begun(
    conn: &mut Conn,
    (from, to): (UnixTime, UnixTime),
    limit: i64,
) -> Result<Vec<GrantSpan>, Error> {
    let rows: Vec<GrantRow> = on!(conn, |c| grant_spans::table
        .filter(grant_spans::valid_from.ge(from.0).and(grant_spans::valid_from.lt(to.0)))
        .order((grant_spans::valid_from.desc(), grant_spans::client_id, grant_spans::scope))
        .limit(limit)
        .load(c))?;
    rows.into_iter().map(grant_span).collect()
}

/// What was ended from `from` to before `to`, the newest first.
pub fn grants_ended(
    conn: &mut Conn,
    (from, to): (UnixTime, UnixTime),
    limit: i64,
) -> Result<Vec<GrantSpan>, Error> {
    let rows: Vec<GrantRow> = on!(conn, |c| grant_spans::table
        .filter(grant_spans::valid_until.ge(from.0).and(grant_spans::valid_until.lt(to.0)))
        .order((grant_spans::valid_until.desc(), grant_spans::client_id, grant_spans::scope))
        .limit(limit)
        .load(c))?;
    rows.into_iter().map(grant_span).collect()
}

/// Everything that these applications ever held.
pub fn grants_of(conn: &mut Conn, client_ids: &[String]) -> Result<Vec<GrantSpan>, Error> {
    let rows: Vec<GrantRow> = on!(conn, |c| grant_spans::table
        .filter(grant_spans::client_id.eq_any(client_ids))
        .load(c))?;
    rows.into_iter().map(grant_span).collect()
}

/// The suspensions that overlap a period, the newest first.
pub fn suspensions(
    conn: &mut Conn,
    (from, to): (UnixTime, UnixTime),
    limit: i64,
) -> Result<Vec<StateSpan>, Error> {
    let rows: Vec<StateRow> = on!(conn, |c| application_spans::table
        // As its index has it.
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("state = 'suspended'"))
        .filter(application_spans::valid_from.lt(to.0))
        .filter(
            application_spans::valid_until.is_null().or(application_spans::valid_until.gt(from.0))
        )
        .order(application_spans::valid_from.desc())
        .limit(limit)
        .load(c))?;
    Ok(rows.into_iter().map(state_span).collect())
}

/// The applications that were deleted in a period, the newest first.
pub fn deletions(
    conn: &mut Conn,
    (from, to): (UnixTime, UnixTime),
    limit: i64,
) -> Result<Vec<KnownApplication>, Error> {
    Ok(on!(conn, |c| known_applications::table
        .filter(known_applications::deleted_at.ge(from.0))
        .filter(known_applications::deleted_at.lt(to.0))
        .order(known_applications::deleted_at.desc())
        .limit(limit)
        .load(c))?)
}
