//! What leads from a row to a signed checkpoint.
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::proof::Proof;
use crate::model::tree_proof::path;
use crate::store::{Conn, Error, audit_batches, audit_log, audit_seals, audit_tree};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    #[error("there is no such row")]
    NotThere,
    /// Its text is gone, and with it what a proof is of.
    #[error("the row was redacted: its hash stands in the log, its text nowhere")]
    Redacted,
    /// A running server seals within seconds.
    #[error("the row is in no signed tree yet")]
    NotSealed,
    #[error(transparent)]
    Store(#[from] Error),
}

/// A proof that the row `id` is in the log: under a checkpoint that witnesses
/// signed too, if one has the row, else under the last.
pub fn prove(conn: &mut Conn, id: &str) -> Result<Proof, Unproved> {
    let row = audit_log::find(conn, id)?.ok_or(Unproved::NotThere)?;
    if row.is_redacted() {
        return Err(Unproved::Redacted);
    }
    let (batch, _) = audit_batches::find(conn, &row.chain, row.batch)?.ok_or(Unproved::NotThere)?;
    let (entry, _) =
        audit_seals::entry_of(conn, &row.chain, row.batch)?.ok_or(Unproved::NotSealed)?;
    let state = audit_tree::find(conn)?;
    let entry = u64::try_from(entry).unwrap_or(0);
    let checkpoint = [&state.cosigned, &state.note]
        .into_iter()
        .filter_map(|note| SignedCheckpoint::parse(note).ok())
        .find(|signed| signed.checkpoint.size > entry)
        .ok_or(Unproved::NotSealed)?;
    let rows = audit_log::of_batch(conn, &row.chain, row.batch)?;
    let unreadable = || {
        Unproved::Store(Error::Corrupt {
            table: "audit_events",
            column: "salt",
            id: row.id.clone(),
        })
    };
    let mut leaves = Vec::with_capacity(rows.len());
    for row in &rows {
        leaves.push(row.leaf().ok_or_else(unreadable)?);
    }
    let number = usize::try_from(row.position - batch.first_position).map_err(|_| unreadable())?;
    let size = checkpoint.checkpoint.size;
    let stored = i64::try_from(size).unwrap_or(i64::MAX);
    let entry_path =
        audit_seals::tree(conn, stored).inclusion(entry, size).map_err(audit_seals::fault)?;
    Ok(Proof {
        salt: row.salt.as_slice().try_into().map_err(|_| unreadable())?,
        row: number as u64,
        row_path: path(&leaves, number).ok_or_else(unreadable)?,
        record: batch.record(),
        entry,
        entry_path,
        checkpoint,
        body: row.body,
    })
}
