//! Appending to a chain of the audit log, and walking it.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{audit_batches, audit_chain_heads, audit_events};
use super::statement::{Statement, Value};
use super::{Conn, Error};
use crate::model::audit_chain::{Batch, GENESIS, Hash, Leaf, root};
use crate::model::audit_event::Event;

/// The end of a chain.
struct Head {
    batch: i64,
    position: i64,
    hash: Hash,
}

/// The end of a chain as whoever appended last knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    pub batch: i64,
    /// Of its last event.
    pub position: i64,
    pub hash: Hash,
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
    body: &'a str,
    salt: &'a [u8],
}

/// Appends `events` as one batch, and returns the position of the last. Call it
/// inside a transaction; nothing that was appended exists before the commit.
///
/// Events are written once and in this order: the head is locked first, so
/// whoever else appends to this chain waits for the transaction.
pub fn append(conn: &mut Conn, chain: &str, events: &[Event]) -> Result<i64, Error> {
    if events.is_empty() {
        return position(conn, chain);
    }
    let leaves: Vec<Leaf> = events.iter().cloned().map(Leaf::from).collect();
    Ok(append_to(conn, chain, &leaves)?.position)
}

/// [`append`] of one event or more, as they are written; returns where the chain
/// ends by it.
pub fn append_to(conn: &mut Conn, chain: &str, leaves: &[Leaf]) -> Result<Tip, Error> {
    let head = lock_head(conn, chain)?;
    let number = head.batch + 1;
    let rows: Vec<Row<'_>> = (head.position + 1..)
        .zip(leaves)
        .map(|(position, leaf)| row(chain, number, position, leaf))
        .collect();
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf.hash).collect();
    let times = || leaves.iter().map(|leaf| leaf.event.at);
    let batch = Batch {
        chain: chain.to_owned(),
        number,
        first_position: head.position + 1,
        events: i64::try_from(leaves.len()).unwrap_or(i64::MAX),
        first_at: times().min().unwrap_or_default(),
        last_at: times().max().unwrap_or_default(),
        root: root(&hashes),
        previous: head.hash,
    };
    let hash = batch.hash();
    insert_rows(conn, &rows)?;
    insert_batch(conn, &batch, &hash)?;
    let last = head.position + batch.events;
    move_head(conn, chain, &Head { batch: number, position: last, hash })?;
    Ok(Tip { batch: number, position: last, hash })
}

/// Whether the batch that `tip` is of is there, as it was.
pub fn has(conn: &mut Conn, chain: &str, tip: &Tip) -> Result<bool, Error> {
    let found: Option<Vec<u8>> = on!(conn, |c| audit_batches::table
        .find((chain, tip.batch))
        .select(audit_batches::hash)
        .first(c)
        .optional())?;
    Ok(found.is_some_and(|hash| hash == tip.hash))
}

/// The position of the last event of a chain; 0 when there is none.
pub fn position(conn: &mut Conn, chain: &str) -> Result<i64, Error> {
    let found: Option<i64> = on!(conn, |c| audit_chain_heads::table
        .find(chain)
        .select(audit_chain_heads::position)
        .first(c)
        .optional())?;
    Ok(found.unwrap_or(0))
}

fn row<'a>(chain: &'a str, batch: i64, position: i64, leaf: &'a Leaf) -> Row<'a> {
    let event = &leaf.event;
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
        body: &leaf.body,
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

fn insert_batch(conn: &mut Conn, batch: &Batch, hash: &Hash) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(audit_batches::table)
        .values((
            audit_batches::chain.eq(&batch.chain),
            audit_batches::batch.eq(batch.number),
            audit_batches::first_position.eq(batch.first_position),
            audit_batches::events.eq(batch.events),
            audit_batches::first_at.eq(batch.first_at),
            audit_batches::last_at.eq(batch.last_at),
            audit_batches::root.eq(batch.root.as_slice()),
            audit_batches::previous.eq(batch.previous.as_slice()),
            audit_batches::hash.eq(hash.as_slice()),
        ))
        .execute(c))?;
    Ok(())
}

fn move_head(conn: &mut Conn, chain: &str, head: &Head) -> Result<(), Error> {
    let update = Statement {
        sql: "UPDATE audit_chain_heads SET batch = ?, position = ?, hash = ? WHERE chain = ?",
        values: [
            Value::Integer(head.batch),
            Value::Integer(head.position),
            Value::Binary(&head.hash),
            Value::Text(chain),
        ],
    };
    on!(conn, |c| update.execute(c))?;
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
