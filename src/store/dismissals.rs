//! The `dismissals` table: things to look at that somebody set aside.
use diesel::prelude::*;

use super::connection::on;
use super::schema::dismissals;
use super::{Conn, Error};
use crate::model::nudge::{Dismissal, Kind, Matter, Urgency};
use crate::oauth::UnixTime;

type Row = (String, String, String, i64, String, String, i64, i64);

/// Those that are in force, the last first; at most `most`.
pub fn in_force(conn: &mut Conn, now: UnixTime, most: i64) -> Result<Vec<Dismissal>, Error> {
    let rows: Vec<Row> = on!(conn, |c| dismissals::table
        .filter(dismissals::ends_at.gt(now.0))
        .order((dismissals::dismissed_at.desc(), dismissals::kind, dismissals::subject))
        .limit(most)
        .load(c))?;
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Those of an application, in force or not.
pub fn of_application(conn: &mut Conn, client_id: &str) -> Result<Vec<Dismissal>, Error> {
    let rows: Vec<Row> =
        on!(conn, |c| dismissals::table.filter(dismissals::client_id.eq(client_id)).load(c))?;
    Ok(rows.into_iter().filter_map(read).collect())
}

pub fn find(conn: &mut Conn, matter: &Matter) -> Result<Option<Dismissal>, Error> {
    let key = (matter.kind.as_str(), &matter.client_id, &matter.subject);
    let row: Option<Row> = on!(conn, |c| dismissals::table.find(key).first(c).optional())?;
    Ok(row.and_then(read))
}

/// Writes it, over an earlier one of the same thing.
pub fn set(conn: &mut Conn, dismissal: &Dismissal) -> Result<(), Error> {
    let values = (
        dismissals::urgency.eq(dismissal.urgency.number()),
        dismissals::said.eq(&dismissal.said),
        dismissals::dismissed_by.eq(&dismissal.by),
        dismissals::dismissed_at.eq(dismissal.at.0),
        dismissals::ends_at.eq(dismissal.until.0),
    );
    on!(conn, |c| diesel::insert_into(dismissals::table)
        .values((
            dismissals::kind.eq(dismissal.matter.kind.as_str()),
            dismissals::client_id.eq(&dismissal.matter.client_id),
            dismissals::subject.eq(&dismissal.matter.subject),
            values
        ))
        .on_conflict((dismissals::kind, dismissals::client_id, dismissals::subject))
        .do_update()
        .set(values)
        .execute(c))?;
    Ok(())
}

/// `false` when there was none.
pub fn delete(conn: &mut Conn, matter: &Matter) -> Result<bool, Error> {
    let key = (matter.kind.as_str(), &matter.client_id, &matter.subject);
    Ok(on!(conn, |c| diesel::delete(dismissals::table.find(key)).execute(c))? == 1)
}

/// Deletes those of an application.
pub fn delete_of(conn: &mut Conn, client_id: &str) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(
        dismissals::table.filter(dismissals::client_id.eq(client_id))
    )
    .execute(c))?)
}

/// Deletes what is over.
pub fn delete_expired(conn: &mut Conn, now: UnixTime) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(dismissals::table.filter(dismissals::ends_at.le(now.0)))
        .execute(c))?)
}

/// `None`: a kind that another version of ours knows.
fn read((kind, client_id, subject, urgency, said, by, at, until): Row) -> Option<Dismissal> {
    Some(Dismissal {
        matter: Matter { kind: Kind::parse(&kind)?, client_id, subject },
        urgency: Urgency::from_number(urgency)?,
        said,
        by,
        at: UnixTime(at),
        until: UnixTime(until),
    })
}
