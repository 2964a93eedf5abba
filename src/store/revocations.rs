//! The `revocations` table.
use diesel::prelude::*;

use super::connection::on;
use super::registry::{self, Touched};
use super::schema::revocations;
use super::{Conn, Error};
use crate::model::page::Page;
use crate::model::revocation::{Exposure, Recorded, Revocation};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = revocations, treat_none_as_default_value = false)]
struct Row {
    position: i64,
    id: String,
    kind: String,
    subject: String,
    client_id: Option<String>,
    not_before: i64,
    expires_at: i64,
    reason: String,
    created_by: String,
    created_at: i64,
    live_tokens: Option<i64>,
    accepted_until: Option<i64>,
}

/// Writes `revocations`, and tells those who keep a view of them.
pub fn insert(conn: &mut Conn, revocations: &[Revocation]) -> Result<(), Error> {
    let last = registry::note_all(conn, &vec![Touched::Tokens; revocations.len()])?;
    let before = last - i64::try_from(revocations.len()).unwrap_or(0);
    let rows: Vec<Row> = (before + 1..)
        .zip(revocations)
        .map(|(position, revocation)| row(position, revocation))
        .collect();
    on!(conn, |c| diesel::insert_into(revocations::table).values(&rows).execute(c))?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Recorded>, Error> {
    let row: Option<Row> = on!(conn, |c| revocations::table
        .filter(revocations::id.eq(id))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Recorded::try_from).transpose()
}

/// The newest of a subject.
pub fn find_by_subject(
    conn: &mut Conn,
    kind: Kind,
    subject: &str,
) -> Result<Option<Recorded>, Error> {
    let row: Option<Row> = on!(conn, |c| revocations::table
        .filter(revocations::kind.eq(kind.as_str()))
        .filter(revocations::subject.eq(subject))
        .order(revocations::position.desc())
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Recorded::try_from).transpose()
}

/// The one of a subject that was made at that moment.
pub fn find_made_at(
    conn: &mut Conn,
    (kind, subject): (Kind, &str),
    created_at: UnixTime,
) -> Result<Option<Recorded>, Error> {
    let row: Option<Row> = on!(conn, |c| revocations::table
        .filter(revocations::kind.eq(kind.as_str()))
        .filter(revocations::subject.eq(subject))
        .filter(revocations::created_at.eq(created_at.0))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Recorded::try_from).transpose()
}

/// A page, newest first. `before` is the id of the row before.
pub fn page(
    conn: &mut Conn,
    client_id: Option<&str>,
    before: Option<&str>,
    limit: usize,
) -> Result<Page<Recorded>, Error> {
    let before = before.map(|id| find(conn, id)).transpose()?.flatten();
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows: Vec<Row> = on!(conn, |c| {
        let mut query = revocations::table
            .select(Row::as_select())
            .order(revocations::position.desc())
            .limit(read)
            .into_boxed();
        if let Some(client_id) = client_id {
            query = query.filter(revocations::client_id.eq(client_id));
        }
        if let Some(before) = before {
            query = query.filter(revocations::position.lt(before.position));
        }
        query.load(c)
    })?;
    let rows = rows.into_iter().map(Recorded::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |recorded: &Recorded| recorded.revocation.id.clone()))
}

/// Those made by somebody else than the client itself whose tokens may still be
/// accepted somewhere at `now`, or of which that is not known yet; newest first.
pub fn running(conn: &mut Conn, now: UnixTime, limit: usize) -> Result<Page<Recorded>, Error> {
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let by_another = || {
        revocations::client_id
            .is_null()
            .or(revocations::client_id.assume_not_null().ne(revocations::created_by))
    };
    let rows: Vec<Row> = on!(conn, |c| revocations::table
        .filter(revocations::expires_at.gt(now.0))
        .filter(revocations::live_tokens.is_null().or(revocations::accepted_until.gt(now.0)))
        .filter(by_another())
        .order(revocations::position.desc())
        .limit(read)
        .select(Row::as_select())
        .load(c))?;
    let rows = rows.into_iter().map(Recorded::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(rows, limit, |recorded: &Recorded| recorded.revocation.id.clone()))
}

/// The first that a token of these `subjects` was dead by, when it was issued at
/// `issued_at`.
pub fn first_covering(
    conn: &mut Conn,
    subjects: &[(Kind, &str)],
    issued_at: UnixTime,
) -> Result<Option<Recorded>, Error> {
    let mut first: Option<Recorded> = None;
    for (kind, subject) in subjects {
        let row: Option<Row> = on!(conn, |c| revocations::table
            .filter(revocations::kind.eq(kind.as_str()))
            .filter(revocations::subject.eq(subject))
            .filter(revocations::not_before.gt(issued_at.0))
            .order(revocations::position)
            .select(Row::as_select())
            .first(c)
            .optional())?;
        if let Some(found) = row.map(Recorded::try_from).transpose()?
            && first.as_ref().is_none_or(|first| found.position < first.position)
        {
            first = Some(found);
        }
    }
    Ok(first)
}

/// Those after `position` that still matter at `now`, in their order.
pub fn after(
    conn: &mut Conn,
    position: i64,
    now: UnixTime,
    limit: i64,
) -> Result<Vec<Recorded>, Error> {
    let rows: Vec<Row> = on!(conn, |c| revocations::table
        .filter(revocations::position.gt(position))
        .filter(revocations::expires_at.gt(now.0))
        .order(revocations::position)
        .limit(limit)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Recorded::try_from).collect()
}

/// Those whose exposure is not known yet, oldest first.
pub fn unexplored(conn: &mut Conn, limit: i64) -> Result<Vec<Recorded>, Error> {
    let rows: Vec<Row> = on!(conn, |c| revocations::table
        .filter(revocations::live_tokens.is_null())
        .order(revocations::position)
        .limit(limit)
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Recorded::try_from).collect()
}

/// Notes what a revocation hit.
pub fn set_exposure(conn: &mut Conn, id: &str, exposure: Exposure) -> Result<(), Error> {
    on!(conn, |c| diesel::update(revocations::table.filter(revocations::id.eq(id)))
        .set((
            revocations::live_tokens.eq(i64::try_from(exposure.live_tokens).unwrap_or(i64::MAX)),
            revocations::accepted_until.eq(exposure.accepted_until.map(|time| time.0)),
        ))
        .execute(c))?;
    Ok(())
}

fn row(position: i64, revocation: &Revocation) -> Row {
    Row {
        position,
        id: revocation.id.clone(),
        kind: revocation.kind.as_str().to_owned(),
        subject: revocation.subject.clone(),
        client_id: revocation.client_id.clone(),
        not_before: revocation.not_before.0,
        expires_at: revocation.expires_at.0,
        reason: revocation.reason.clone(),
        created_by: revocation.created_by.clone(),
        created_at: revocation.created_at.0,
        live_tokens: None,
        accepted_until: None,
    }
}

impl TryFrom<Row> for Recorded {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let kind = Kind::parse(&row.kind).ok_or_else(|| Error::Corrupt {
            table: "revocations",
            column: "kind",
            id: row.id.clone(),
        })?;
        let exposure = row.live_tokens.map(|count| Exposure {
            live_tokens: u64::try_from(count).unwrap_or(0),
            accepted_until: row.accepted_until.map(UnixTime),
        });
        let revocation = Revocation {
            id: row.id,
            kind,
            subject: row.subject,
            client_id: row.client_id,
            not_before: UnixTime(row.not_before),
            expires_at: UnixTime(row.expires_at),
            reason: row.reason,
            created_by: row.created_by,
            created_at: UnixTime(row.created_at),
        };
        Ok(Self { position: row.position, revocation, exposure })
    }
}
