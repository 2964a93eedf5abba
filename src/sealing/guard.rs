//! Nothing is signed that does not go on from what was signed before.
use super::Error;
use crate::keys::checkpoints::verifier_keys;
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::signing_key::SigningKey;
use crate::store::audit_tree::State;
use crate::store::{Conn, audit_seals};

/// Whether the tree as it is stored goes on from `known`, the last checkpoint
/// that this process signed or saw.
///
/// # Errors
/// * `Fork`: it does not, and why.
/// * `Store`: nobody can say.
pub fn check(
    conn: &mut Conn,
    state: &State,
    known: &SignedCheckpoint,
    keys: &[SigningKey],
) -> Result<(), Error> {
    let seen = &known.checkpoint;
    if !state.origin.is_empty() && seen.origin != state.origin {
        return begun_anew(state, &seen.origin, keys);
    }
    let stored = u64::try_from(state.size).unwrap_or(0);
    if seen.size > stored {
        return Err(Error::Fork(format!(
            "a checkpoint was signed for {} batches, and {stored} are in the database: an older \
             database was put in its place",
            seen.size
        )));
    }
    match audit_seals::tree(conn, state.size).root_at(seen.size).map_err(audit_seals::fault) {
        Ok(root) if root == seen.root => Ok(()),
        Ok(_) => Err(Error::Fork(format!(
            "a checkpoint was signed for {} batches, and others are in the database",
            seen.size
        ))),
        Err(crate::store::Error::Corrupt { .. }) => Err(Error::Fork(format!(
            "a checkpoint was signed for {} batches, and some of them are gone",
            seen.size
        ))),
        Err(error) => Err(error.into()),
    }
}

/// A log of another name is believed when one of our keys signed its last
/// checkpoint: no process does that before an operator acknowledged the fork.
fn begun_anew(state: &State, known: &str, keys: &[SigningKey]) -> Result<(), Error> {
    let keys: Vec<_> = verifier_keys(keys, &state.origin).map(|(_, key)| key).collect();
    let signed = SignedCheckpoint::parse(&state.note).is_ok_and(|note| {
        note.checkpoint.origin == state.origin && matches!(note.signer(&keys), Ok(Some(_)))
    });
    if signed {
        return Ok(());
    }
    Err(Error::Fork(format!(
        "checkpoints were signed for the log {known}, and the database has the log {}",
        state.origin
    )))
}
