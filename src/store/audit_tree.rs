//! The state of the tree over all batches, in one row; who may seal, and what
//! was published.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{audit_checkpoints, audit_tree};
use super::{Conn, Error};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_tree)]
pub struct State {
    /// The name of the log; empty before anything was sealed.
    pub origin: String,
    /// How often the log was begun.
    pub generation: i64,
    /// How many entries are sealed.
    pub size: i64,
    /// How many the last checkpoint tells of.
    pub published_size: i64,
    published_at: i64,
    /// The last checkpoint; empty: none.
    pub note: String,
    /// The last checkpoint that witnesses signed too; empty: none.
    pub cosigned: String,
    /// Why nothing is sealed; empty: nothing is in the way.
    pub fork: String,
    /// Who seals.
    pub holder: String,
    pub epoch: i64,
    leased_until: i64,
}

impl State {
    pub const fn published_at(&self) -> UnixTime {
        UnixTime(self.published_at)
    }

    pub const fn leased_until(&self) -> UnixTime {
        UnixTime(self.leased_until)
    }
}

const ROW: i32 = 1;

pub fn find(conn: &mut Conn) -> Result<State, Error> {
    Ok(on!(conn, |c| audit_tree::table.find(ROW).select(State::as_select()).first(c))?)
}

/// [`find`], and nobody else changes it before the commit. On SQLite the
/// transaction holds the write lock already.
pub fn lock(conn: &mut Conn) -> Result<State, Error> {
    let row = audit_tree::table.find(ROW);
    Ok(match conn {
        Conn::Postgres(c) => row.for_update().select(State::as_select()).first(c),
        Conn::Sqlite(c) => row.select(State::as_select()).first(c),
    }?)
}

/// Gives `holder` the lease for `length`, or prolongs it. Returns its epoch;
/// `None`: another holds it. Each holder has an epoch of its own.
pub fn lease(
    conn: &mut Conn,
    holder: &str,
    now: UnixTime,
    length: Seconds,
) -> Result<Option<i64>, Error> {
    let state = lock(conn)?;
    let epoch = if state.holder == holder {
        state.epoch
    } else if state.leased_until() <= now || state.leased_until() > now + Seconds(3_600) {
        // A lease that long was made by a clock that is wrong.
        state.epoch + 1
    } else {
        return Ok(None);
    };
    on!(conn, |c| diesel::update(audit_tree::table.find(ROW))
        .set((
            audit_tree::holder.eq(holder),
            audit_tree::epoch.eq(epoch),
            audit_tree::leased_until.eq((now + length).0),
        ))
        .execute(c))?;
    Ok(Some(epoch))
}

/// Gives the lease back, so that another need not wait for its end.
pub fn release(conn: &mut Conn, holder: &str) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_tree::table.filter(audit_tree::holder.eq(holder)))
        .set(audit_tree::leased_until.eq(0))
        .execute(c))?;
    Ok(())
}

/// [`lock`] for who sealed under `epoch`; `None`: the lease went to another in
/// between, and nothing may be written. This is what keeps a process that
/// slept from sealing, whatever its clock says.
pub fn lock_under(conn: &mut Conn, epoch: i64) -> Result<Option<State>, Error> {
    let state = lock(conn)?;
    Ok((state.epoch == epoch).then_some(state))
}

/// The tree has `size` entries now.
pub fn grow(conn: &mut Conn, origin: &str, size: i64) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_tree::table.find(ROW))
        .set((audit_tree::origin.eq(origin), audit_tree::size.eq(size)))
        .execute(c))?;
    Ok(())
}

/// A checkpoint, to be published or as it was recorded.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_checkpoints)]
pub struct Recorded {
    /// From 1, without gaps.
    pub number: i64,
    pub origin: String,
    pub size: i64,
    /// When it was signed, microseconds.
    pub at: i64,
    /// The key that signed it.
    pub kid: String,
    pub note: String,
}

/// Makes `checkpoint` the one that everybody is told.
pub fn publish(conn: &mut Conn, checkpoint: &Recorded) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_tree::table.find(ROW))
        .set((
            audit_tree::note.eq(&checkpoint.note),
            audit_tree::published_size.eq(checkpoint.size),
            audit_tree::published_at.eq(checkpoint.at),
        ))
        .execute(c))?;
    Ok(())
}

/// Keeps a checkpoint for good.
pub fn record(conn: &mut Conn, checkpoint: &Recorded) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(audit_checkpoints::table).values(checkpoint).execute(c))?;
    Ok(())
}

/// The checkpoint that was recorded last.
pub fn last_recorded(conn: &mut Conn) -> Result<Option<Recorded>, Error> {
    Ok(on!(conn, |c| audit_checkpoints::table
        .order(audit_checkpoints::number.desc())
        .select(Recorded::as_select())
        .first(c)
        .optional())?)
}

/// The last of the recorded checkpoints that were signed before `at`.
pub fn recorded_before(conn: &mut Conn, at: UnixTime) -> Result<Option<Recorded>, Error> {
    Ok(on!(conn, |c| audit_checkpoints::table
        .filter(audit_checkpoints::at.lt(at.0))
        .order(audit_checkpoints::number.desc())
        .select(Recorded::as_select())
        .first(c)
        .optional())?)
}

/// The recorded checkpoints after `number`, in their order.
pub fn recorded_after(conn: &mut Conn, number: i64, limit: i64) -> Result<Vec<Recorded>, Error> {
    Ok(on!(conn, |c| audit_checkpoints::table
        .filter(audit_checkpoints::number.gt(number))
        .order(audit_checkpoints::number)
        .limit(limit)
        .select(Recorded::as_select())
        .load(c))?)
}

/// Keeps what witnesses signed.
pub fn cosign(conn: &mut Conn, cosigned: &str) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_tree::table.find(ROW))
        .set(audit_tree::cosigned.eq(cosigned))
        .execute(c))?;
    Ok(())
}

/// Nothing is sealed any more, until somebody says that the log begins anew.
pub fn halt(conn: &mut Conn, why: &str) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_tree::table.find(ROW))
        .set(audit_tree::fork.eq(why))
        .execute(c))?;
    Ok(())
}

/// The log begins anew under another name, with the entries that it has.
pub fn begin_anew(conn: &mut Conn, origin: &str, generation: i64) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_tree::table.find(ROW))
        .set((
            audit_tree::origin.eq(origin),
            audit_tree::generation.eq(generation),
            audit_tree::fork.eq(""),
            audit_tree::note.eq(""),
            audit_tree::cosigned.eq(""),
            audit_tree::published_size.eq(0),
        ))
        .execute(c))?;
    Ok(())
}
