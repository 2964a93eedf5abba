//! How far each stream of the audit log was delivered, and who delivers it.
use diesel::prelude::*;

use super::connection::on;
use super::schema::streams;
use super::{Conn, Error, audit_retention, audit_tree};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = streams)]
pub struct Progress {
    pub name: String,
    /// How often the log was begun when `entry` was written.
    pub generation: i64,
    /// The last sealed batch that was delivered; -1: none.
    pub entry: i64,
    /// How many events were delivered since the stream was first seen. What was
    /// sent twice counts twice.
    pub events: i64,
    delivered_at: i64,
    /// Why the last try failed; empty: it did not.
    pub failure: String,
    failed_at: i64,
    /// Who delivers.
    pub holder: String,
    /// Each holder has an epoch of its own.
    pub epoch: i64,
    leased_until: i64,
}

impl Progress {
    /// `None`: nothing was delivered yet.
    pub fn delivered_at(&self) -> Option<UnixTime> {
        (self.delivered_at > 0).then_some(UnixTime(self.delivered_at))
    }

    /// The entry after which it goes on in the log as it is now. One that was begun
    /// anew has other entries: all of it is sent again, rather than some of it
    /// never. What was pruned is passed over.
    pub fn place(&self, generation: i64, minimum: i64) -> i64 {
        let place = if self.generation == generation { self.entry } else { -1 };
        place.max(minimum - 1)
    }

    /// Until when nobody else may deliver it.
    pub const fn leased_until(&self) -> UnixTime {
        UnixTime(self.leased_until)
    }

    pub const fn failed_at(&self) -> UnixTime {
        UnixTime(self.failed_at)
    }
}

pub fn all(conn: &mut Conn) -> Result<Vec<Progress>, Error> {
    Ok(on!(conn, |c| streams::table.order(streams::name).select(Progress::as_select()).load(c))?)
}

/// Each stream, and how many sealed batches it is behind.
pub fn with_backlog(conn: &mut Conn) -> Result<Vec<(Progress, i64)>, Error> {
    let (tree, minimum) = (audit_tree::find(conn)?, audit_retention::find(conn)?.minimum);
    let behind = |known: &Progress| (tree.size - 1 - known.place(tree.generation, minimum)).max(0);
    let all = all(conn)?.into_iter();
    Ok(all.map(|known| (behind(&known), known)).map(|(behind, known)| (known, behind)).collect())
}

/// Of the streams that were ever seen the one that is furthest behind, and the
/// first entry that it may still want.
pub fn slowest(conn: &mut Conn, generation: i64) -> Result<Option<(String, i64)>, Error> {
    let all = all(conn)?.into_iter();
    let wanted = all.map(|known| (known.place(generation, 0) + 1, known.name));
    Ok(wanted.min().map(|(entry, name)| (name, entry)))
}

/// As if it had never been seen. `false`: it was not.
pub fn delete(conn: &mut Conn, name: &str) -> Result<bool, Error> {
    let deleted = on!(conn, |c| diesel::delete(streams::table.find(name)).execute(c))?;
    Ok(deleted == 1)
}

pub fn find(conn: &mut Conn, name: &str) -> Result<Option<Progress>, Error> {
    Ok(on!(conn, |c| streams::table.find(name).select(Progress::as_select()).first(c).optional())?)
}

/// [`find`], and nobody else changes it before the commit.
pub fn lock(conn: &mut Conn, name: &str) -> Result<Option<Progress>, Error> {
    let row = streams::table.find(name);
    Ok(match conn {
        Conn::Postgres(c) => row.for_update().select(Progress::as_select()).first(c).optional(),
        Conn::Sqlite(c) => row.select(Progress::as_select()).first(c).optional(),
    }?)
}

/// A stream that was never seen begins after `entry`. Whoever comes second finds
/// what the first wrote.
pub fn begin(conn: &mut Conn, name: &str, generation: i64, entry: i64) -> Result<(), Error> {
    let row = (
        streams::name.eq(name),
        streams::generation.eq(generation),
        streams::entry.eq(entry),
        streams::events.eq(0),
        streams::delivered_at.eq(0),
        streams::failure.eq(""),
        streams::failed_at.eq(0),
        streams::holder.eq(""),
        streams::epoch.eq(0),
        streams::leased_until.eq(0),
    );
    on!(conn, |c| diesel::insert_into(streams::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Gives `holder` the stream for `length`, or prolongs that; `None`: another has
/// it, or there is none of this name.
pub fn lease(
    conn: &mut Conn,
    name: &str,
    holder: &str,
    now: UnixTime,
    length: Seconds,
) -> Result<Option<Progress>, Error> {
    let Some(mut progress) = lock(conn, name)? else { return Ok(None) };
    let until = UnixTime(progress.leased_until);
    if progress.holder != holder {
        // A lease that long was made by a clock that is wrong.
        if until > now && until <= now + Seconds(3_600) {
            return Ok(None);
        }
        holder.clone_into(&mut progress.holder);
        progress.epoch += 1;
    }
    progress.leased_until = (now + length).0;
    on!(conn, |c| diesel::update(streams::table.find(name))
        .set((
            streams::holder.eq(holder),
            streams::epoch.eq(progress.epoch),
            streams::leased_until.eq(progress.leased_until),
        ))
        .execute(c))?;
    Ok(Some(progress))
}

/// Gives it back, so that another need not wait for its end.
pub fn release(conn: &mut Conn, name: &str, holder: &str) -> Result<(), Error> {
    let held = streams::table.find(name).filter(streams::holder.eq(holder));
    on!(conn, |c| diesel::update(held).set(streams::leased_until.eq(0)).execute(c))?;
    Ok(())
}

/// Everything up to `entry` was delivered, `events` more. `false`: the stream
/// went to another in between, or was set back.
pub fn advance(
    conn: &mut Conn,
    from: &Progress,
    (generation, entry): (i64, i64),
    events: i64,
    now: UnixTime,
) -> Result<bool, Error> {
    let row = streams::table
        .find(&from.name)
        .filter(streams::epoch.eq(from.epoch).and(streams::entry.eq(from.entry)));
    let changed = on!(conn, |c| diesel::update(row)
        .set((
            streams::generation.eq(generation),
            streams::entry.eq(entry),
            streams::events.eq(streams::events + events),
            streams::delivered_at.eq(now.0),
            streams::failure.eq(""),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// Keeps why a try failed.
pub fn fail(
    conn: &mut Conn,
    name: &str,
    epoch: i64,
    why: &str,
    now: UnixTime,
) -> Result<(), Error> {
    let row = streams::table.find(name).filter(streams::epoch.eq(epoch));
    on!(conn, |c| diesel::update(row)
        .set((streams::failure.eq(why), streams::failed_at.eq(now.0)))
        .execute(c))?;
    Ok(())
}

/// Sets a stream back, or ahead: the next to be delivered is what comes after
/// `entry`. Whoever delivers finds out before its next step. `false`: there is
/// none of this name.
pub fn rewind(conn: &mut Conn, name: &str, generation: i64, entry: i64) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(streams::table.find(name))
        .set((
            streams::generation.eq(generation),
            streams::entry.eq(entry),
            streams::epoch.eq(streams::epoch + 1),
            streams::holder.eq(""),
            streams::leased_until.eq(0),
        ))
        .execute(c))?;
    Ok(changed == 1)
}
