//! Acts on streams of the audit log.
use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::role::Right;
use crate::store::{Conn, audit_retention, audit_tree, streams};

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
    // Retention looks how far streams are: not while this one is moved.
    audit_retention::lock(conn)?;
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

/// Forgets a stream that is configured nowhere any more, and how far it was:
/// the log need keep nothing for it.
///
/// # Errors
/// * `Forbidden`; `NotFound`: no stream of this name was ever seen.
/// * `Conflict`: a server delivers it.
pub fn forget(conn: &mut Conn, actor: &Actor, name: &str) -> Result<(), Error> {
    actor.must(Right::RetainLog)?;
    let before = streams::lock(conn, name)?.ok_or(Error::NotFound)?;
    if before.leased_until() > actor.now {
        let why = "a server delivers this stream: take it out of its file of streams, and start \
                   it anew; after a kill, wait a minute";
        return Err(Error::Conflict(why.to_owned()));
    }
    streams::delete(conn, name)?;
    let tree = audit_tree::find(conn)?;
    let behind = (tree.size - 1 - before.place(tree.generation, 0)).max(0);
    let changes = [
        ("entry", before.entry.to_string(), String::new()),
        ("batches_behind", behind.to_string(), "0".to_owned()),
    ];
    let target = ("stream", name, name);
    let changes = differences(&changes);
    let done = Done { code: "stream.forgotten", target, client_id: None, changes, touched: None };
    actor.record(conn, done)
}
