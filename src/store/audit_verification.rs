//! Walking a chain of the audit log and hashing every row.
use diesel::prelude::*;

use super::audit_rows::{self, Hashed};
use super::connection::on;
use super::schema::{audit_batches as batches, audit_chain_heads, audit_events};
use super::{Conn, Error, audit_batches, audit_redactions, audit_retention};
use crate::model::audit_chain::{Batch, GENESIS, Hash, root};
use crate::oauth::UnixTime;

/// What is wrong, as somebody who has to act on it tells it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something is not what it was when it was written.
    Tampered,
    /// Something is not there any more.
    Gap,
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub kind: Kind,
    pub chain: String,
    pub batch: i64,
    /// From when to when the batch is, if that can be said.
    pub span: Option<(UnixTime, UnixTime)>,
    pub why: &'static str,
}

/// What was found whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub batches: i64,
    pub events: i64,
    /// How many of the batches have no rows any more: they were pruned.
    pub pruned: i64,
    /// How many of the rows have no text any more: they were redacted.
    pub redacted: i64,
}

/// How many batches and about how many rows are read at a time.
const BATCHES: i64 = 512;
const ROWS: i64 = 8_192;

/// Walks a chain from its first batch to its head, hashing every row; or from
/// the first batch that is of `since` or later. Others may append meanwhile:
/// what they append is walked too.
pub fn verify(
    conn: &mut Conn,
    chain: &str,
    since: Option<UnixTime>,
) -> Result<Result<Verified, Broken>, Error> {
    let mut walk = Walk::begin(conn, chain, since)?;
    loop {
        let page = audit_batches::after(conn, chain, walk.number, BATCHES)?;
        if page.is_empty() {
            match walk.end(conn, chain)? {
                End::Grew => continue,
                End::Broken(kind, why) => {
                    return Ok(Err(Broken {
                        kind,
                        chain: chain.to_owned(),
                        batch: walk.number + 1,
                        span: None,
                        why,
                    }));
                }
                End::Whole => return Ok(Ok(walk.verified)),
            }
        }
        for group in grouped(&page) {
            if let Err(broken) = walk.step(conn, chain, group)? {
                return Ok(Err(broken));
            }
        }
    }
}

/// As many batches at a time as have about [`ROWS`] rows.
fn grouped(page: &[(Batch, Hash)]) -> impl Iterator<Item = &[(Batch, Hash)]> {
    let mut rows = 0_i64;
    page.chunk_by(move |(before, _), _| {
        rows = rows.saturating_add(before.events);
        let fits = rows < ROWS;
        if !fits {
            rows = 0;
        }
        fits
    })
}

/// Where the walk stands: behind what was found whole.
struct Walk {
    number: i64,
    position: i64,
    previous: Hash,
    /// The last batch whose rows may be gone.
    pruned: i64,
    verified: Verified,
}

enum End {
    Whole,
    /// Somebody appended in between.
    Grew,
    Broken(Kind, &'static str),
}

impl Walk {
    fn begin(conn: &mut Conn, chain: &str, since: Option<UnixTime>) -> Result<Self, Error> {
        let first = match since {
            None => None,
            Some(since) => on!(conn, |c| batches::table
                .filter(batches::chain.eq(chain))
                .filter(batches::last_at.ge(since.0))
                .order(batches::batch)
                .select(batches::batch)
                .first::<i64>(c)
                .optional())?,
        };
        let before = match first {
            Some(number) => audit_batches::find(conn, chain, number - 1)?,
            None => None,
        };
        let (verified, pruned) = (Verified::default(), audit_retention::pruned(conn, chain)?);
        Ok(match before {
            None => Self { number: 0, position: 0, previous: GENESIS, pruned, verified },
            Some((batch, _)) => Self {
                number: batch.number,
                position: batch.first_position + batch.events - 1,
                previous: batch.hash(),
                pruned,
                verified,
            },
        })
    }

    fn step(
        &mut self,
        conn: &mut Conn,
        chain: &str,
        group: &[(Batch, Hash)],
    ) -> Result<Result<(), Broken>, Error> {
        let mut linked = 0;
        let mut broken = None;
        let (mut number, mut position, mut previous) = (self.number, self.position, self.previous);
        for (batch, stored) in group {
            if let Some((kind, why)) = unlinked((batch, stored), (number, position, &previous)) {
                broken = Some(found(kind, batch, number + 1, why));
                break;
            }
            (number, previous) = (batch.number, *stored);
            position = batch.first_position + batch.events - 1;
            linked += 1;
        }
        let whole = group.get(..linked).unwrap_or_default();
        if let Some((first, last)) = whole.first().zip(whole.last()) {
            let end = last.0.first_position + last.0.events;
            let rows = audit_rows::hashed(conn, chain, (first.0.first_position, end))?;
            let mut rows = rows.into_iter().peekable();
            for (batch, _) in whole {
                self.verified.batches += 1;
                if batch.number > self.pruned {
                    let mut redacted = Vec::new();
                    let fault = match fault(batch, &mut rows, &mut redacted) {
                        None => unrecorded(conn, &redacted)?,
                        found => found,
                    };
                    let Some((kind, why)) = fault else {
                        self.verified.events += batch.events;
                        self.verified.redacted += i64::try_from(redacted.len()).unwrap_or(i64::MAX);
                        continue;
                    };
                    // Pruned since the walk began?
                    self.pruned = audit_retention::pruned(conn, chain)?;
                    if batch.number > self.pruned {
                        return Ok(Err(found(kind, batch, batch.number, why)));
                    }
                }
                self.verified.pruned += 1;
                let end = batch.first_position + batch.events;
                while rows.next_if(|row| row.position < end).is_some() {}
            }
            // Two months may have rows of one position each.
            if rows.next().is_some() {
                return Ok(Err(found(
                    Kind::Tampered,
                    &last.0,
                    last.0.number,
                    "a row is there twice",
                )));
            }
        }
        (self.number, self.position, self.previous) = (number, position, previous);
        Ok(broken.map_or(Ok(()), Err))
    }

    fn end(&self, conn: &mut Conn, chain: &str) -> Result<End, Error> {
        let end = Some((self.number, self.position, self.previous.to_vec()));
        let head: Option<(i64, i64, Vec<u8>)> = on!(conn, |c| audit_chain_heads::table
            .find(chain)
            .select((
                audit_chain_heads::batch,
                audit_chain_heads::position,
                audit_chain_heads::hash
            ))
            .first(c)
            .optional())?;
        if head != end {
            // A batch and the head that counts it appear together, so one that
            // came between the two looks is there at a third.
            if !audit_batches::after(conn, chain, self.number, 1)?.is_empty() {
                return Ok(End::Grew);
            }
            return Ok(End::Broken(Kind::Gap, "the chain ends before its head"));
        }
        if has_rows_outside(conn, chain)? {
            return Ok(End::Broken(Kind::Tampered, "a row stands in no batch"));
        }
        Ok(End::Whole)
    }
}

fn found(kind: Kind, batch: &Batch, number: i64, why: &'static str) -> Broken {
    let span = Some((UnixTime(batch.first_at), UnixTime(batch.last_at)));
    Broken { kind, chain: batch.chain.clone(), batch: number, span, why }
}

/// Why a batch does not follow what was walked: number, position and hash.
fn unlinked(
    (batch, stored): (&Batch, &Hash),
    (number, position, previous): (i64, i64, &Hash),
) -> Option<(Kind, &'static str)> {
    if batch.number != number + 1 {
        return Some((Kind::Gap, "a batch is missing"));
    }
    if batch.previous != *previous {
        return Some((Kind::Tampered, "it does not follow the batch before it"));
    }
    let is_bounded = batch.first_position.checked_add(batch.events).is_some();
    if batch.first_position != position + 1 || batch.events < 1 || !is_bounded {
        return Some((Kind::Tampered, "positions have a gap"));
    }
    (*stored != batch.hash()).then_some((Kind::Tampered, "its own hash is wrong"))
}

/// Why a batch does not stand for its rows, which are the next in `rows`.
fn fault(
    batch: &Batch,
    rows: &mut std::iter::Peekable<impl Iterator<Item = Hashed>>,
    redacted: &mut Vec<(Box<str>, Hash)>,
) -> Option<(Kind, &'static str)> {
    let end = batch.first_position + batch.events;
    let mut leaves = Vec::new();
    for position in batch.first_position..end {
        let Some(row) = rows.next_if(|row| row.position == position) else {
            return Some((Kind::Gap, "rows are missing"));
        };
        let Some(leaf) = row.leaf.filter(|_| row.batch == batch.number) else {
            return Some((Kind::Tampered, "a column differs from the row's body"));
        };
        redacted.extend(row.redacted.map(|id| (id, leaf)));
        leaves.push(leaf);
    }
    (root(&leaves) != batch.root).then_some((Kind::Tampered, "a row was changed"))
}

/// Why rows whose text is gone are not redacted.
fn unrecorded(
    conn: &mut Conn,
    redacted: &[(Box<str>, Hash)],
) -> Result<Option<(Kind, &'static str)>, Error> {
    for (id, hash) in redacted {
        if !audit_redactions::is_recorded(conn, id, hash)? {
            return Ok(Some((Kind::Tampered, "a row was redacted, and no record says so")));
        }
    }
    Ok(None)
}

/// Whether a row of the chain lies before its first position or after its
/// head. One statement sees rows and head at one moment.
fn has_rows_outside(conn: &mut Conn, chain: &str) -> Result<bool, Error> {
    let head = audit_chain_heads::table
        .filter(audit_chain_heads::chain.eq(chain))
        .select(audit_chain_heads::position)
        .single_value();
    let row: Option<i64> = on!(conn, |c| audit_events::table
        .filter(audit_events::chain.eq(chain))
        .filter(
            audit_events::position
                .nullable()
                .gt(head)
                .or(audit_events::position.nullable().lt(Some(1)))
        )
        .select(audit_events::position)
        .first(c)
        .optional())?;
    Ok(row.is_some())
}
