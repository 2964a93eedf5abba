//! Appending to a chain of the audit log, and walking it.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{audit_batches as batches, audit_chain_heads, audit_events};
use super::{Conn, Error, audit_batches};
use crate::model::audit_chain::{Batch, GENESIS, Hash, leaf, root};
use crate::model::audit_event::Event;

/// The end of a chain.
struct Head {
    batch: i64,
    position: i64,
    hash: Hash,
}

#[derive(Insertable)]
#[diesel(table_name = audit_events, treat_none_as_default_value = false)]
struct Row<'a> {
    chain: &'a str,
    position: i64,
    batch: i64,
    id: &'a str,
    at: i64,
    category: &'a str,
    code: &'a str,
    outcome: &'a str,
    reason: Option<&'a str>,
    client_id: Option<&'a str>,
    resource: Option<String>,
    body: String,
    salt: &'a [u8],
}

/// Appends `events` as one batch. Call it inside a transaction; nothing that
/// was appended exists before the commit.
///
/// Events are written once and in this order: the head is locked first, so
/// whoever else appends to this chain waits for the transaction.
pub fn append(conn: &mut Conn, chain: &str, events: &[Event]) -> Result<(), Error> {
    let [first, ..] = events else { return Ok(()) };
    let head = lock_head(conn, chain)?;
    let number = head.batch + 1;
    let rows: Vec<Row<'_>> = (head.position + 1..)
        .zip(events)
        .map(|(position, event)| row(chain, number, position, event))
        .collect();
    let leaves: Vec<Hash> =
        rows.iter().zip(events).map(|(row, event)| leaf(&event.salt, &row.body)).collect();
    let batch = Batch {
        chain: chain.to_owned(),
        number,
        first_position: head.position + 1,
        events: i64::try_from(events.len()).unwrap_or(i64::MAX),
        first_at: events.iter().map(|event| event.at).min().unwrap_or(first.at),
        last_at: events.iter().map(|event| event.at).max().unwrap_or(first.at),
        root: root(&leaves),
        previous: head.hash,
    };
    insert_rows(conn, &rows)?;
    insert_batch(conn, &batch)?;
    on!(conn, |c| diesel::update(audit_chain_heads::table.find(chain))
        .set((
            audit_chain_heads::batch.eq(number),
            audit_chain_heads::position.eq(head.position + batch.events),
            audit_chain_heads::hash.eq(batch.hash().as_slice()),
        ))
        .execute(c))?;
    Ok(())
}

fn row<'a>(chain: &'a str, batch: i64, position: i64, event: &'a Event) -> Row<'a> {
    Row {
        chain,
        position,
        batch,
        id: &event.id,
        at: event.at,
        category: event.category(),
        code: &event.code,
        outcome: event.outcome.as_str(),
        reason: event.reason.as_deref(),
        client_id: event.client_id.as_deref(),
        resource: event.resource(),
        body: event.body(),
        salt: &event.salt,
    }
}

/// One statement for all rows would be built and prepared anew for each group;
/// that of one row is prepared once. PostgreSQL takes them all at once: there a
/// statement costs a round trip.
fn insert_rows(conn: &mut Conn, rows: &[Row<'_>]) -> Result<(), Error> {
    match conn {
        Conn::Postgres(c) => {
            diesel::insert_into(audit_events::table).values(rows).execute(c)?;
        }
        Conn::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(audit_events::table).values(row).execute(c)?;
            }
        }
    }
    Ok(())
}

fn insert_batch(conn: &mut Conn, batch: &Batch) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(batches::table)
        .values((
            batches::chain.eq(&batch.chain),
            batches::batch.eq(batch.number),
            batches::first_position.eq(batch.first_position),
            batches::events.eq(batch.events),
            batches::first_at.eq(batch.first_at),
            batches::last_at.eq(batch.last_at),
            batches::root.eq(batch.root.as_slice()),
            batches::previous.eq(batch.previous.as_slice()),
            batches::hash.eq(batch.hash().as_slice()),
        ))
        .execute(c))?;
    Ok(())
}

/// Reads the end of the chain and keeps others from moving it. On SQLite the
/// transaction holds the write lock already.
fn lock_head(conn: &mut Conn, chain: &str) -> Result<Head, Error> {
    type HeadRow = (i64, i64, Vec<u8>);
    let select = |conn: &mut Conn| -> Result<Option<HeadRow>, Error> {
        let columns =
            (audit_chain_heads::batch, audit_chain_heads::position, audit_chain_heads::hash);
        let query = audit_chain_heads::table.find(chain).select(columns);
        Ok(match conn {
            Conn::Postgres(c) => query.for_update().first(c).optional(),
            Conn::Sqlite(c) => query.first(c).optional(),
        }?)
    };
    let mut found = select(conn)?;
    if found.is_none() {
        on!(conn, |c| diesel::insert_into(audit_chain_heads::table)
            .values((
                audit_chain_heads::chain.eq(chain),
                audit_chain_heads::batch.eq(0),
                audit_chain_heads::position.eq(0),
                audit_chain_heads::hash.eq(GENESIS.as_slice()),
            ))
            .on_conflict_do_nothing()
            .execute(c))?;
        found = select(conn)?;
    }
    let corrupt =
        || Error::Corrupt { table: "audit_chain_heads", column: "hash", id: chain.to_owned() };
    let (batch, position, hash) = found.ok_or_else(corrupt)?;
    Ok(Head { batch, position, hash: hash.try_into().map_err(|_| corrupt())? })
}

/// The names of all chains: those that have a head, and those of rows whose
/// head is gone.
pub fn names(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> =
        on!(conn, |c| audit_chain_heads::table.select(audit_chain_heads::chain).load(c))?;
    let mut last = String::new();
    // From one chain to the next through the index, not through every row.
    while let Some(name) = on!(conn, |c| audit_events::table
        .filter(audit_events::chain.gt(&last))
        .order(audit_events::chain)
        .select(audit_events::chain)
        .first::<String>(c)
        .optional())?
    {
        last.clone_from(&name);
        names.push(name);
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub chain: String,
    pub batch: i64,
    pub why: &'static str,
}

/// What was found whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub batches: i64,
    pub events: i64,
}

/// Walks a chain from its first batch to its head, hashing every row. Others
/// may append meanwhile: what they append is walked too.
pub fn verify(conn: &mut Conn, chain: &str) -> Result<Result<Verified, Broken>, Error> {
    let mut verified = Verified::default();
    let mut previous = GENESIS;
    loop {
        let number = verified.batches + 1;
        let broken = |why| Ok(Err(Broken { chain: chain.to_owned(), batch: number, why }));
        let Some((batch, stored)) = audit_batches::find(conn, chain, number)? else {
            let end = Some((verified.batches, verified.events, previous.to_vec()));
            if head_of(conn, chain)? != end {
                // A batch and the head that counts it appear together, so one
                // that came between the two looks is there at a third.
                if audit_batches::find(conn, chain, number)?.is_some() {
                    continue;
                }
                return broken("the chain ends before its head");
            }
            if has_rows_outside(conn, chain)? {
                return broken("a row stands in no batch");
            }
            return Ok(Ok(verified));
        };
        if let Some(why) = fault(conn, &batch, &stored, &verified, &previous)? {
            return broken(why);
        }
        previous = batch.hash();
        verified.batches += 1;
        verified.events += batch.events;
    }
}

/// Why `batch` does not stand for its rows, or not after what was walked.
fn fault(
    conn: &mut Conn,
    batch: &Batch,
    stored: &Hash,
    before: &Verified,
    previous: &Hash,
) -> Result<Option<&'static str>, Error> {
    if batch.previous != *previous {
        return Ok(Some("it does not follow the batch before it"));
    }
    if batch.first_position != before.events + 1 {
        return Ok(Some("positions have a gap"));
    }
    if *stored != batch.hash() {
        return Ok(Some("its own hash is wrong"));
    }
    Ok(match leaves_of(conn, &batch.chain, batch.number)? {
        Err(why) => Some(why),
        Ok(leaves) if i64::try_from(leaves.len()) != Ok(batch.events) => {
            Some("rows are missing or were added")
        }
        Ok(leaves) if root(&leaves) != batch.root => Some("a row was changed"),
        Ok(_) => None,
    })
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

fn head_of(conn: &mut Conn, chain: &str) -> Result<Option<(i64, i64, Vec<u8>)>, Error> {
    Ok(on!(conn, |c| audit_chain_heads::table
        .find(chain)
        .select((audit_chain_heads::batch, audit_chain_heads::position, audit_chain_heads::hash))
        .first(c)
        .optional())?)
}

/// The leaves of a batch; or why a row does not stand for itself.
fn leaves_of(
    conn: &mut Conn,
    chain: &str,
    number: i64,
) -> Result<Result<Vec<Hash>, &'static str>, Error> {
    let events = super::audit_log::of_batch(conn, chain, number)?;
    let mut leaves = Vec::with_capacity(events.len());
    for stored in events {
        let Some(event) = stored.event() else { return Ok(Err("a row cannot be read")) };
        if stored.batch != number || !stored.columns_match(&event) {
            return Ok(Err("a column differs from the row's body"));
        }
        leaves.push(leaf(&event.salt, &stored.body));
    }
    Ok(Ok(leaves))
}
