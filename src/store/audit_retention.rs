//! What is kept of the audit log: from which entry of the tree on, and whether
//! anything may go at all.
use std::collections::BTreeMap;

use diesel::prelude::*;

use super::connection::on;
use super::schema::{audit_events, audit_pruned_chains, audit_retention};
use super::{Conn, Error, audit_seals, audit_tree, streams, tallies};
use crate::oauth::UnixTime;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_retention)]
pub struct Retention {
    /// Rows of batches below this entry of the tree may go.
    pub minimum: i64,
    /// Those below this one are gone.
    pub deleted: i64,
    pruned_until: i64,
    pruned_at: i64,
    /// Why nothing may go; empty: nothing is in the way.
    pub hold: String,
    pub held_by: String,
    held_at: i64,
}

impl Retention {
    /// The time of the last row that went.
    pub const fn pruned_until(&self) -> UnixTime {
        UnixTime(self.pruned_until)
    }

    /// When it was last looked what may go.
    pub const fn pruned_at(&self) -> UnixTime {
        UnixTime(self.pruned_at)
    }

    pub const fn held_at(&self) -> UnixTime {
        UnixTime(self.held_at)
    }
}

/// What would go: the rows of a whole piece of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// From this entry …
    pub first: i64,
    /// … to before this one.
    pub end: i64,
    pub rows: i64,
    /// The least and the greatest time of them, microseconds.
    pub from: i64,
    pub until: i64,
    /// The stream that has not delivered what is to go next.
    pub waits_for: Option<String>,
    /// The last batch of each chain that is in it.
    chains: BTreeMap<String, i64>,
}

impl Cut {
    pub const fn is_empty(&self) -> bool {
        self.first == self.end
    }
}

const ROW: i32 = 1;

/// How many entries are read at a time.
const ENTRIES: i64 = 4_096;

pub fn find(conn: &mut Conn) -> Result<Retention, Error> {
    let row = audit_retention::table.find(ROW);
    Ok(on!(conn, |c| row.select(Retention::as_select()).first(c))?)
}

/// [`find`], and nobody else changes it before the commit. On SQLite the
/// transaction holds the write lock already.
pub fn lock(conn: &mut Conn) -> Result<Retention, Error> {
    let row = audit_retention::table.find(ROW);
    Ok(match conn {
        Conn::Postgres(c) => row.for_update().select(Retention::as_select()).first(c),
        Conn::Sqlite(c) => row.select(Retention::as_select()).first(c),
    }?)
}

/// The last batch of a chain whose rows may be gone, or 0.
pub fn pruned(conn: &mut Conn, chain: &str) -> Result<i64, Error> {
    let found: Option<i64> = on!(conn, |c| audit_pruned_chains::table
        .find(chain)
        .select(audit_pruned_chains::batch)
        .first(c)
        .optional())?;
    Ok(found.unwrap_or(0))
}

/// [`pruned`] of all chains that have any.
pub fn pruned_chains(conn: &mut Conn) -> Result<BTreeMap<String, i64>, Error> {
    let rows: Vec<(String, i64)> = on!(conn, |c| audit_pruned_chains::table.load(c))?;
    Ok(rows.into_iter().collect())
}

/// What of the first `size` entries is older than `before`: those from the
/// beginning of the tree up to the first that has a row that is not, one that
/// is still to be counted, or one that a stream has not delivered.
pub fn plan(conn: &mut Conn, before: UnixTime, size: i64) -> Result<Cut, Error> {
    let first = find(conn)?.minimum;
    let slowest = slowest_stream(conn)?;
    let mut cut = Cut { first, end: first, from: i64::MAX, until: i64::MIN, ..Cut::default() };
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    while cut.end < size {
        let limit = ENTRIES.min(size - cut.end);
        let page = audit_seals::entries_after(conn, cut.end - 1, limit)?;
        if page.is_empty() {
            break;
        }
        for (sealed, _, batch) in page {
            // What is not whole is not cut off: it is evidence.
            let Some(batch) = batch.filter(|_| sealed.entry == cut.end) else { return Ok(cut) };
            let done = if let Some(done) = counted.get(&sealed.chain) {
                *done
            } else {
                let mark = tallies::mark_if_any(conn, &sealed.chain)?;
                let done = mark.map_or(i64::MAX, |mark| mark.done);
                counted.insert(sealed.chain.clone(), done);
                done
            };
            if batch.last_at >= before.0 || batch.first_position + batch.events - 1 > done {
                return Ok(cut);
            }
            if let Some((name, _)) = slowest.as_ref().filter(|(_, wanted)| *wanted <= cut.end) {
                cut.waits_for = Some(name.clone());
                return Ok(cut);
            }
            cut.end += 1;
            cut.rows += batch.events;
            cut.from = cut.from.min(batch.first_at);
            cut.until = cut.until.max(batch.last_at);
            cut.chains.insert(sealed.chain, sealed.batch);
        }
    }
    Ok(cut)
}

/// The stream that is furthest behind, and the first entry that must be kept for
/// it. Streams are what was ever delivered, until somebody has it forgotten.
pub fn slowest_stream(conn: &mut Conn) -> Result<Option<(String, i64)>, Error> {
    let generation = audit_tree::find(conn)?.generation;
    streams::slowest(conn, generation)
}

/// The stream that keeps rows of before `before` from going, if there is one.
pub fn waits_for(conn: &mut Conn, before: UnixTime) -> Result<Option<String>, Error> {
    let Some((name, wanted)) = slowest_stream(conn)? else { return Ok(None) };
    let wanted = wanted.max(find(conn)?.minimum);
    let next = audit_seals::entries_after(conn, wanted - 1, 1)?.into_iter().next();
    let is_old = next.and_then(|(_, _, batch)| batch).is_some_and(|b| b.last_at < before.0);
    Ok(is_old.then_some(name))
}

/// From now on the rows of `cut` may go. Call it inside a transaction that
/// holds the [`lock`] and records it.
pub fn give_up(conn: &mut Conn, cut: &Cut, now: UnixTime) -> Result<(), Error> {
    for (chain, batch) in &cut.chains {
        on!(conn, |c| diesel::insert_into(audit_pruned_chains::table)
            .values((audit_pruned_chains::chain.eq(chain), audit_pruned_chains::batch.eq(batch)))
            .on_conflict(audit_pruned_chains::chain)
            .do_update()
            .set(audit_pruned_chains::batch.eq(batch))
            .execute(c))?;
    }
    on!(conn, |c| diesel::update(audit_retention::table.find(ROW))
        .set((
            audit_retention::minimum.eq(cut.end),
            audit_retention::pruned_until.eq(cut.until),
            audit_retention::pruned_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(())
}

/// It was looked, and nothing was to go.
pub fn note_look(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_retention::table.find(ROW))
        .set(audit_retention::pruned_at.eq(now.0))
        .execute(c))?;
    Ok(())
}

/// Nothing may go any more, for this reason; or, when it is empty, again.
pub fn hold(conn: &mut Conn, reason: &str, by: &str, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::update(audit_retention::table.find(ROW))
        .set((
            audit_retention::hold.eq(reason),
            audit_retention::held_by.eq(by),
            audit_retention::held_at.eq(now.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Deletes about `rows` rows of those that may go. Returns how many went;
/// `None`: all are gone. Call it inside a transaction.
pub fn delete_some(conn: &mut Conn, rows: i64) -> Result<Option<usize>, Error> {
    let state = lock(conn)?;
    let left = state.minimum - state.deleted;
    if left <= 0 || !state.hold.is_empty() {
        return Ok(None);
    }
    let page = audit_seals::entries_after(conn, state.deleted - 1, left.min(rows))?;
    // Counted by what went: of what was dropped with its month there is nothing.
    let (mut went, mut deleted) = (0, state.deleted);
    for (sealed, _, batch) in page {
        if let Some(batch) = batch {
            let so_far = i64::try_from(went).unwrap_or(i64::MAX);
            if went > 0 && so_far + batch.events > rows {
                break;
            }
            let end = batch.first_position + batch.events;
            went += on!(conn, |c| diesel::delete(
                audit_events::table
                    .filter(audit_events::chain.eq(&sealed.chain))
                    .filter(audit_events::position.ge(batch.first_position))
                    .filter(audit_events::position.lt(end))
            )
            .execute(c))?;
        }
        deleted = sealed.entry + 1;
    }
    if deleted == state.deleted {
        // The tree lost entries: `audit verify` says so.
        return Ok(None);
    }
    on!(conn, |c| diesel::update(audit_retention::table.find(ROW))
        .set(audit_retention::deleted.eq(deleted))
        .execute(c))?;
    Ok(Some(went))
}
