//! The tables `token_limits` and `limit_hours`.
use std::num::NonZeroU32;

use diesel::prelude::*;
use diesel::upsert::excluded;

use super::connection::on;
use super::schema::{limit_hours, token_limits, traffic_hours, usage_days};
use super::{Conn, Error};
use crate::model::limit::{Hits, Met};
use crate::oauth::limit::{Limit, Subject};

type Row = (Option<i64>, Option<i64>, bool);

/// How many hours of who met a limit go at a time.
const FORGOTTEN: i64 = 500;

pub fn find(conn: &mut Conn, subject: &Subject) -> Result<Option<Limit>, Error> {
    let row: Option<Row> = on!(conn, |c| token_limits::table
        .find((subject.kind(), subject.name()))
        .select((token_limits::per_minute, token_limits::per_day, token_limits::watched))
        .first(c)
        .optional())?;
    row.map(|row| limit(row, subject.name())).transpose()
}

/// All that there are, in the order of their subjects, after `after`.
pub fn page(
    conn: &mut Conn,
    after: Option<&Subject>,
    limit_to: i64,
) -> Result<Vec<(Subject, Limit)>, Error> {
    let (kind, name) = after.map_or(("", ""), |subject| (subject.kind(), subject.name()));
    let rows: Vec<(String, String, Row)> = on!(conn, |c| token_limits::table
        .filter(
            token_limits::kind
                .gt(kind)
                .or(token_limits::kind.eq(kind).and(token_limits::subject.gt(name)))
        )
        .order((token_limits::kind, token_limits::subject))
        .select((
            token_limits::kind,
            token_limits::subject,
            (token_limits::per_minute, token_limits::per_day, token_limits::watched),
        ))
        .limit(limit_to)
        .load(c))?;
    rows.into_iter()
        .map(|(kind, name, row)| {
            let limit = limit(row, &name)?;
            Ok((subject(&kind, name), limit))
        })
        .collect()
}

/// Sets the limit of `subject`, or takes it away.
pub fn set(conn: &mut Conn, subject: &Subject, limit: Option<&Limit>) -> Result<(), Error> {
    let Some(limit) = limit else {
        on!(conn, |c| diesel::delete(token_limits::table.find((subject.kind(), subject.name())))
            .execute(c))?;
        return Ok(());
    };
    let number = |number: Option<NonZeroU32>| number.map(|number| i64::from(number.get()));
    let values = (
        token_limits::per_minute.eq(number(limit.per_minute)),
        token_limits::per_day.eq(number(limit.per_day)),
        token_limits::watched.eq(limit.watched),
    );
    on!(conn, |c| diesel::insert_into(token_limits::table)
        .values((
            token_limits::kind.eq(subject.kind()),
            token_limits::subject.eq(subject.name()),
            values
        ))
        .on_conflict((token_limits::kind, token_limits::subject))
        .do_update()
        .set(values)
        .execute(c))?;
    Ok(())
}

/// How many tokens were counted for `subject` in the day since 1970.
pub fn issued(conn: &mut Conn, subject: &Subject, day: i64) -> Result<i64, Error> {
    let counts: Vec<i64> = match subject {
        Subject::Application(client_id) => on!(conn, |c| usage_days::table
            .filter(usage_days::day.eq(day).and(usage_days::client_id.eq(client_id)))
            .filter(usage_days::scope.eq(""))
            .select(usage_days::granted)
            .load(c))?,
        Subject::Resource(identifier) => on!(conn, |c| traffic_hours::table
            .filter(traffic_hours::hour.ge(day * 24).and(traffic_hours::hour.lt(day * 24 + 24)))
            .filter(traffic_hours::resource.eq(identifier).and(traffic_hours::reason.eq("")))
            .select(traffic_hours::requests)
            .load(c))?,
    };
    Ok(counts.iter().sum())
}

/// Adds what was met since it was last written.
pub fn add(conn: &mut Conn, met: &[(Met, Hits)]) -> Result<(), Error> {
    for (key, hits) in met {
        on!(conn, |c| diesel::insert_into(limit_hours::table)
            .values((
                limit_hours::kind.eq(key.subject.kind()),
                limit_hours::subject.eq(key.subject.name()),
                limit_hours::hour.eq(key.hour),
                limit_hours::client_id.eq(&key.client_id),
                limit_hours::refused.eq(hits.refused),
                limit_hours::watched.eq(hits.watched),
            ))
            .on_conflict((
                limit_hours::kind,
                limit_hours::subject,
                limit_hours::hour,
                limit_hours::client_id
            ))
            .do_update()
            .set((
                limit_hours::refused.eq(limit_hours::refused + excluded(limit_hours::refused)),
                limit_hours::watched.eq(limit_hours::watched + excluded(limit_hours::watched)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Who met the limit of `subject` since an hour, the most first.
pub fn met(
    conn: &mut Conn,
    subject: &Subject,
    since: i64,
    limit: usize,
) -> Result<Vec<(String, Hits)>, Error> {
    let rows: Vec<(String, i64, i64)> = on!(conn, |c| limit_hours::table
        .filter(limit_hours::kind.eq(subject.kind()).and(limit_hours::subject.eq(subject.name())))
        .filter(limit_hours::hour.ge(since))
        .select((limit_hours::client_id, limit_hours::refused, limit_hours::watched))
        .load(c))?;
    let mut by_client = std::collections::BTreeMap::<String, Hits>::new();
    for (client_id, refused, watched) in rows {
        let hits = by_client.entry(client_id).or_default();
        hits.refused += refused;
        hits.watched += watched;
    }
    let mut rows: Vec<_> = by_client.into_iter().collect();
    rows.sort_by_key(|(_, hits)| std::cmp::Reverse(hits.refused + hits.watched));
    rows.truncate(limit);
    Ok(rows)
}

/// The subjects whose limits were met since an hour, the most first, with how
/// often.
pub fn most_met(conn: &mut Conn, since: i64, limit: i64) -> Result<Vec<(Subject, Hits)>, Error> {
    use diesel::dsl::sql;
    use diesel::sql_types::BigInt;
    type Sums = (String, String, i64, i64);
    let rows: Vec<Sums> = on!(conn, |c| limit_hours::table
        .filter(limit_hours::hour.ge(since))
        .group_by((limit_hours::kind, limit_hours::subject))
        .select((
            limit_hours::kind,
            limit_hours::subject,
            sql::<BigInt>("CAST(SUM(refused) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(watched) AS BIGINT)"),
        ))
        .order((sql::<BigInt>("SUM(refused) + SUM(watched) DESC"), limit_hours::subject))
        .limit(limit)
        .load(c))?;
    Ok(rows
        .into_iter()
        .map(|(kind, name, refused, watched)| (subject(&kind, name), Hits { refused, watched }))
        .collect())
}

/// Deletes some of what was met before an hour.
pub fn forget(conn: &mut Conn, before: i64) -> Result<usize, Error> {
    let end: Option<i64> = on!(conn, |c| limit_hours::table
        .filter(limit_hours::hour.lt(before))
        .order(limit_hours::hour)
        .select(limit_hours::hour)
        .offset(FORGOTTEN)
        .first(c)
        .optional())?;
    let until = end.map_or(before, |hour| hour + 1);
    Ok(on!(conn, |c| diesel::delete(limit_hours::table)
        .filter(limit_hours::hour.lt(until))
        .execute(c))?)
}

fn subject(kind: &str, name: String) -> Subject {
    if kind == "resource" { Subject::Resource(name) } else { Subject::Application(name) }
}

fn limit((per_minute, per_day, watched): Row, id: &str) -> Result<Limit, Error> {
    let number =
        |number: Option<i64>, column| {
            number
                .map(|number| {
                    u32::try_from(number).ok().and_then(NonZeroU32::new).ok_or_else(|| {
                        Error::Corrupt { table: "token_limits", column, id: id.to_owned() }
                    })
                })
                .transpose()
        };
    Ok(Limit {
        per_minute: number(per_minute, "per_minute")?,
        per_day: number(per_day, "per_day")?,
        watched,
    })
}
