//! What was sealed: the entries of the tree over all batches, and its nodes.
use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::on;
use super::schema::{audit_chain_heads, audit_sealed_batches, audit_tree_nodes};
use super::{Conn, Error, audit_batches};
use crate::model::audit_chain::{Batch, Hash};
use crate::model::audit_tree::{Fault, TILE_WIDTH, Tile, Tree, entry_leaf, new_nodes};

/// A batch and its place in sealed order.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Sealed {
    /// From 0, without gaps.
    pub entry: i64,
    pub chain: String,
    pub batch: i64,
}

/// The batches that were sealed after entry `entry` (-1: from the first), in
/// sealed order: the only order that all readers of the log see alike, and in
/// which nothing appears later before what was read.
pub fn sealed_batches_after(conn: &mut Conn, entry: i64, limit: i64) -> Result<Vec<Sealed>, Error> {
    Ok(on!(conn, |c| audit_sealed_batches::table
        .filter(audit_sealed_batches::entry.gt(entry))
        .order(audit_sealed_batches::entry)
        .limit(limit)
        .select((
            audit_sealed_batches::entry,
            audit_sealed_batches::chain,
            audit_sealed_batches::batch
        ))
        .load(c))?)
}

/// The entry of a batch, and its leaf; `None`: it is not sealed.
pub fn entry_of(conn: &mut Conn, chain: &str, batch: i64) -> Result<Option<(i64, Hash)>, Error> {
    let row: Option<(i64, Vec<u8>)> = on!(conn, |c| audit_sealed_batches::table
        .filter(audit_sealed_batches::chain.eq(chain))
        .filter(audit_sealed_batches::batch.eq(batch))
        .select((audit_sealed_batches::entry, audit_sealed_batches::leaf))
        .first(c)
        .optional())?;
    row.map(|(entry, leaf)| Ok((entry, hash("audit_sealed_batches", entry, leaf)?))).transpose()
}

/// The number of the last batch of a chain that is sealed, or 0.
pub fn last_sealed(conn: &mut Conn, chain: &str) -> Result<i64, Error> {
    let last: Option<i64> = on!(conn, |c| audit_sealed_batches::table
        .filter(audit_sealed_batches::chain.eq(chain))
        .order(audit_sealed_batches::batch.desc())
        .select(audit_sealed_batches::batch)
        .first(c)
        .optional())?;
    Ok(last.unwrap_or(0))
}

/// How far a chain is sealed.
#[derive(Clone, Debug)]
pub struct Progress {
    pub chain: String,
    /// The last batch there is, by its head.
    pub batch: i64,
    /// The last row.
    pub position: i64,
    /// The last batch that is sealed.
    pub sealed: i64,
    /// When the first row that is not sealed was written.
    pub unsealed_since: Option<i64>,
}

/// Every chain, by name.
pub fn progress(conn: &mut Conn) -> Result<Vec<Progress>, Error> {
    let heads: Vec<(String, i64, i64)> = on!(conn, |c| audit_chain_heads::table
        .order(audit_chain_heads::chain)
        .select((audit_chain_heads::chain, audit_chain_heads::batch, audit_chain_heads::position))
        .load(c))?;
    heads
        .into_iter()
        .map(|(chain, batch, position)| {
            let sealed = last_sealed(conn, &chain)?;
            let next =
                if sealed < batch { audit_batches::find(conn, &chain, sealed + 1)? } else { None };
            let unsealed_since = next.map(|(batch, _)| batch.first_at);
            Ok(Progress { chain, batch, position, sealed, unsealed_since })
        })
        .collect()
}

/// An entry of the tree with the batch that it stands for, if that is there.
pub type Entry = (Sealed, Hash, Option<Batch>);

/// The entries after `entry`, in their order.
pub fn entries_after(conn: &mut Conn, entry: i64, limit: i64) -> Result<Vec<Entry>, Error> {
    let rows: Vec<(Sealed, Vec<u8>)> = on!(conn, |c| audit_sealed_batches::table
        .filter(audit_sealed_batches::entry.gt(entry))
        .order(audit_sealed_batches::entry)
        .limit(limit)
        .select((
            (audit_sealed_batches::entry, audit_sealed_batches::chain, audit_sealed_batches::batch),
            audit_sealed_batches::leaf
        ))
        .load(c))?;
    // The batches of a chain are in one piece: read so, they cost one look.
    let mut batches: HashMap<&str, HashMap<i64, Batch>> = HashMap::new();
    for (sealed, _) in &rows {
        batches.entry(&sealed.chain).or_default();
    }
    for (chain, found) in &mut batches {
        let numbers = rows.iter().filter(|(sealed, _)| sealed.chain == *chain);
        let numbers: Vec<i64> = numbers.map(|(sealed, _)| sealed.batch).collect();
        let least = numbers.iter().min().map_or(0, |least| least.saturating_sub(1));
        let read = audit_batches::after(conn, chain, least, limit)?;
        found.extend(read.into_iter().map(|(batch, _)| (batch.number, batch)));
    }
    let mut batches: HashMap<String, HashMap<i64, Batch>> =
        batches.into_iter().map(|(chain, found)| (chain.to_owned(), found)).collect();
    rows.into_iter()
        .map(|(sealed, leaf)| {
            let of_chain = batches.get_mut(&sealed.chain);
            let batch = of_chain.and_then(|found| found.remove(&sealed.batch));
            let leaf = hash("audit_sealed_batches", sealed.entry, leaf)?;
            Ok((sealed, leaf, batch))
        })
        .collect()
}

/// How many nodes there are above the lowest level.
pub fn count_nodes(conn: &mut Conn) -> Result<i64, Error> {
    Ok(on!(conn, |c| audit_tree_nodes::table.count().get_result(c))?)
}

/// The batches that are to be sealed next, at most `limit`: of each chain from
/// the last sealed one on, the chains merged by time.
///
/// None is left out for good: whoever appends to a chain holds its head locked
/// until the commit, so a chain's batches become visible in the order of their
/// numbers, and what comes after the last sealed one is all that is not sealed.
pub fn unsealed(conn: &mut Conn, limit: i64) -> Result<Vec<Batch>, Error> {
    let mut queues = Vec::new();
    for chain in progress(conn)?.into_iter().filter(|chain| chain.sealed < chain.batch) {
        let batches = audit_batches::after(conn, &chain.chain, chain.sealed, limit)?;
        queues.push(batches.into_iter().map(|(batch, _)| batch).peekable());
    }
    let mut merged = Vec::new();
    while i64::try_from(merged.len()).unwrap_or(i64::MAX) < limit {
        let earliest = queues
            .iter_mut()
            .filter_map(|queue| queue.peek().map(|batch| batch.first_at).map(|at| (at, queue)))
            .min_by_key(|(at, _)| *at);
        match earliest.and_then(|(_, queue)| queue.next()) {
            Some(batch) => merged.push(batch),
            None => break,
        }
    }
    Ok(merged)
}

/// Adds `batches` to a tree of `size` entries, with the nodes that they make
/// complete. Returns the new size. Call it under the lock of the tree.
pub fn append(conn: &mut Conn, size: i64, batches: &[Batch]) -> Result<i64, Error> {
    let rows: Vec<_> = (size..)
        .zip(batches)
        .map(|(entry, batch)| {
            (
                audit_sealed_batches::entry.eq(entry),
                audit_sealed_batches::chain.eq(&batch.chain),
                audit_sealed_batches::batch.eq(batch.number),
                audit_sealed_batches::leaf.eq(entry_leaf(&batch.record()).to_vec()),
            )
        })
        .collect();
    let new = size + i64::try_from(rows.len()).unwrap_or(0);
    match conn {
        Conn::Postgres(c) => {
            diesel::insert_into(audit_sealed_batches::table).values(rows).execute(c)?;
        }
        Conn::Sqlite(c) => {
            for row in rows {
                diesel::insert_into(audit_sealed_batches::table).values(row).execute(c)?;
            }
        }
    }
    for (level, position) in new_nodes(unsigned(size), unsigned(new)) {
        let hash = tree(conn, new).full_node(level, position).map_err(fault)?;
        on!(conn, |c| diesel::insert_into(audit_tree_nodes::table)
            .values((
                audit_tree_nodes::level.eq(i64::from(level)),
                audit_tree_nodes::position.eq(signed(position)),
                audit_tree_nodes::hash.eq(hash.as_slice()),
            ))
            .execute(c))?;
    }
    Ok(new)
}

/// The tree of the first `size` entries.
pub fn tree(
    conn: &mut Conn,
    size: i64,
) -> Tree<impl FnMut(Tile) -> Result<Vec<Hash>, Error> + use<'_>> {
    Tree::new(unsigned(size), move |wanted| tile(conn, wanted))
}

/// The hashes of a tile: as many as are stored, at most its width.
pub fn tile(conn: &mut Conn, tile: Tile) -> Result<Vec<Hash>, Error> {
    let first = signed(tile.number.saturating_mul(TILE_WIDTH));
    let end = first.saturating_add(signed(tile.width));
    let rows: Vec<(i64, Vec<u8>)> = if tile.level == 0 {
        on!(conn, |c| audit_sealed_batches::table
            .filter(audit_sealed_batches::entry.ge(first))
            .filter(audit_sealed_batches::entry.lt(end))
            .order(audit_sealed_batches::entry)
            .select((audit_sealed_batches::entry, audit_sealed_batches::leaf))
            .load(c))?
    } else {
        on!(conn, |c| audit_tree_nodes::table
            .filter(audit_tree_nodes::level.eq(i64::from(tile.level)))
            .filter(audit_tree_nodes::position.ge(first))
            .filter(audit_tree_nodes::position.lt(end))
            .order(audit_tree_nodes::position)
            .select((audit_tree_nodes::position, audit_tree_nodes::hash))
            .load(c))?
    };
    let table = if tile.level == 0 { "audit_sealed_batches" } else { "audit_tree_nodes" };
    // What is missing would move the others into its place.
    let contiguous = rows.iter().zip(first..).take_while(|((at, _), expected)| at == expected);
    contiguous.map(|((at, bytes), _)| hash(table, *at, bytes.clone())).collect()
}

/// The records of the batches of a tile of the lowest level, in their order:
/// `None` for one whose batch is gone.
pub fn records(conn: &mut Conn, number: u64, width: u64) -> Result<Vec<Option<Vec<u8>>>, Error> {
    let first = signed(number.saturating_mul(TILE_WIDTH));
    let sealed = sealed_batches_after(conn, first - 1, signed(width))?;
    sealed
        .iter()
        .map(|sealed| {
            let found = audit_batches::find(conn, &sealed.chain, sealed.batch)?;
            Ok(found.map(|(batch, _)| batch.record()))
        })
        .collect()
}

fn hash(table: &'static str, at: i64, bytes: Vec<u8>) -> Result<Hash, Error> {
    bytes.try_into().map_err(|_| Error::Corrupt { table, column: "hash", id: at.to_string() })
}

/// A tree that lacks hashes is a table that lost rows.
pub fn fault(fault: Fault<Error>) -> Error {
    match fault {
        Fault::Read(error) => error,
        other => {
            Error::Corrupt { table: "audit_tree_nodes", column: "hash", id: other.to_string() }
        }
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
