//! Acts on streams of the audit log.
use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::role::Right;
use crate::store::{Conn, audit_tree, streams};

/// Sets a stream back to its beginning, or ahead to the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everything is sent again.
    Beginning,
    /// What was not sent by now is not sent.
    End,
    /// The next is what comes after this sealed batch.
    After(i64),
}

/// Says what is to be delivered next. What is being sent right now may still
/// arrive.
///
/// # Errors
/// * `Forbidden`; `NotFound`: no stream of this name was ever seen.
/// * `Invalid`: there is no such place.
pub fn rewind(conn: &mut Conn, actor: &Actor, name: &str, place: Place) -> Result<i64, Error> {
    actor.must(Right::ManageRegistry)?;
    let before = streams::find(conn, name)?.ok_or(Error::NotFound)?;
    let tree = audit_tree::find(conn)?;
    let entry = match place {
        Place::Beginning => -1,
        Place::End => tree.size - 1,
        Place::After(entry) => entry,
    };
    if entry < -1 || entry >= tree.size {
        let last = tree.size - 1;
        return Err(Error::Conflict(format!("The log has sealed batches 0 to {last}.")));
    }
    streams::rewind(conn, name, tree.generation, entry)?;
    actor.record(
        conn,
        Done {
            code: "stream.rewound",
            target: ("stream", name, name),
            client_id: None,
            changes: differences(&[("entry", before.entry.to_string(), entry.to_string())]),
            touched: None,
        },
    )?;
    Ok(entry)
}
