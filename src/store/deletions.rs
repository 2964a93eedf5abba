//! The `deleted_applications` table: what can still be restored.
use diesel::prelude::*;

use super::connection::on;
use super::schema::deleted_applications;
use super::{Conn, Error};
use crate::model::deletion::{Deletion, Kept};
use crate::model::page::Page;
use crate::oauth::UnixTime;

/// Everything but `kept`, which only a restoration reads.
#[derive(Queryable, Selectable)]
#[diesel(table_name = deleted_applications)]
struct Row {
    client_id: String,
    name: String,
    deleted_at: i64,
    deleted_by: String,
    restorable_until: i64,
    event_id: String,
}

/// The one that can be restored at `now`, with what it had.
pub fn find(
    conn: &mut Conn,
    client_id: &str,
    now: UnixTime,
) -> Result<Option<(Deletion, Kept)>, Error> {
    let row: Option<(Row, String)> = on!(conn, |c| deleted_applications::table
        .find(client_id)
        .filter(deleted_applications::restorable_until.gt(now.0))
        .select((Row::as_select(), deleted_applications::kept))
        .first(c)
        .optional())?;
    let Some((row, kept)) = row else { return Ok(None) };
    let kept = serde_json::from_str(&kept).map_err(|_| Error::Corrupt {
        table: "deleted_applications",
        column: "kept",
        id: client_id.to_owned(),
    })?;
    Ok(Some((row.into(), kept)))
}

/// A page of those that can be restored at `now`, the last deleted first.
/// `after` is the client id of the row before.
pub fn page(
    conn: &mut Conn,
    now: UnixTime,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Deletion>, Error> {
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let from: Option<i64> = match after {
        None => None,
        Some(client_id) => on!(conn, |c| deleted_applications::table
            .find(client_id)
            .select(deleted_applications::restorable_until)
            .first(c)
            .optional())?,
    };
    let rows: Vec<Row> = on!(conn, |c| {
        let mut query = deleted_applications::table
            .filter(deleted_applications::restorable_until.gt(now.0))
            .order((
                deleted_applications::restorable_until.desc(),
                deleted_applications::client_id.desc(),
            ))
            .select(Row::as_select())
            .limit(read)
            .into_boxed();
        if let (Some(until), Some(client_id)) = (from, after) {
            query = query.filter(
                deleted_applications::restorable_until.lt(until).or(
                    deleted_applications::restorable_until
                        .eq(until)
                        .and(deleted_applications::client_id.lt(client_id)),
                ),
            );
        }
        query.load(c)
    })?;
    let rows = rows.into_iter().map(Deletion::from).collect();
    Ok(Page::of(rows, limit, |deletion: &Deletion| deletion.client_id.clone()))
}

/// Whether any can be restored at `now`.
pub fn any(conn: &mut Conn, now: UnixTime) -> Result<bool, Error> {
    let first: Option<String> = on!(conn, |c| deleted_applications::table
        .filter(deleted_applications::restorable_until.gt(now.0))
        .select(deleted_applications::client_id)
        .first(c)
        .optional())?;
    Ok(first.is_some())
}

/// Those that cannot be restored at `now` any more, the oldest first.
pub fn overdue(conn: &mut Conn, now: UnixTime, most: i64) -> Result<Vec<Deletion>, Error> {
    let rows: Vec<Row> = on!(conn, |c| deleted_applications::table
        .filter(deleted_applications::restorable_until.le(now.0))
        .order((deleted_applications::restorable_until, deleted_applications::client_id))
        .select(Row::as_select())
        .limit(most)
        .load(c))?;
    Ok(rows.into_iter().map(Deletion::from).collect())
}

pub fn insert(conn: &mut Conn, deletion: &Deletion, kept: &Kept) -> Result<(), Error> {
    // Every member is text, a number or a list of them: this cannot fail.
    let kept = serde_json::to_string(kept).unwrap_or_default();
    on!(conn, |c| diesel::insert_into(deleted_applications::table)
        .values((
            deleted_applications::client_id.eq(&deletion.client_id),
            deleted_applications::name.eq(&deletion.name),
            deleted_applications::deleted_at.eq(deletion.at.0),
            deleted_applications::deleted_by.eq(&deletion.by),
            deleted_applications::restorable_until.eq(deletion.until.0),
            deleted_applications::event_id.eq(&deletion.event_id),
            deleted_applications::kept.eq(&kept),
        ))
        .execute(c))?;
    Ok(())
}

/// Forgets it; `false` when somebody else was first.
pub fn delete(conn: &mut Conn, client_id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(deleted_applications::table.find(client_id)).execute(c))? == 1)
}

impl From<Row> for Deletion {
    fn from(row: Row) -> Self {
        Self {
            client_id: row.client_id,
            name: row.name,
            at: UnixTime(row.deleted_at),
            by: row.deleted_by,
            until: UnixTime(row.restorable_until),
            event_id: row.event_id,
        }
    }
}
