//! Where each chain of the audit log begins and ends.
use diesel::prelude::*;

use super::connection::on;
use super::schema::{audit_batches, audit_chain_heads};
use super::{Conn, Error};
use crate::oauth::UnixTime;

/// The ends of a chain.
#[derive(Clone, Debug)]
pub struct ChainHead {
    pub chain: String,
    pub batches: i64,
    /// How many events it has, or had.
    pub events: i64,
    pub first_at: Option<UnixTime>,
    pub last_at: Option<UnixTime>,
    /// The hash of the last batch.
    pub hash: Vec<u8>,
}

/// All of them, by name.
pub fn all(conn: &mut Conn) -> Result<Vec<ChainHead>, Error> {
    type Row = (String, i64, i64, Vec<u8>);
    let rows: Vec<Row> = on!(conn, |c| audit_chain_heads::table
        .order(audit_chain_heads::chain)
        .select((
            audit_chain_heads::chain,
            audit_chain_heads::batch,
            audit_chain_heads::position,
            audit_chain_heads::hash,
        ))
        .load(c))?;
    let mut heads = Vec::new();
    for (chain, batches, events, hash) in rows {
        let first: Option<i64> = on!(conn, |c| audit_batches::table
            .filter(audit_batches::chain.eq(&chain))
            .order(audit_batches::batch)
            .select(audit_batches::first_at)
            .first(c)
            .optional())?;
        let last: Option<i64> = on!(conn, |c| audit_batches::table
            .filter(audit_batches::chain.eq(&chain))
            .order(audit_batches::batch.desc())
            .select(audit_batches::last_at)
            .first(c)
            .optional())?;
        heads.push(ChainHead {
            chain,
            batches,
            events,
            first_at: first.map(UnixTime),
            last_at: last.map(UnixTime),
            hash,
        });
    }
    Ok(heads)
}
