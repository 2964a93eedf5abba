//! Rows of the log whose text and salt were taken away. What is left of a row is
//! the hash that its batch has of it, in the place of its salt; which act took
//! the rest is noted beside, and says so itself.
use diesel::prelude::*;

use super::audit_log::{self, StoredEvent};
use super::connection::on;
use super::schema::{audit_events, audit_redactions};
use super::{Conn, Error};
use crate::model::audit_chain::Hash;

/// Takes the text and the salt of `rows` away, because of the event `act`, which
/// names each with its hash. Call it inside a transaction that appends that.
pub fn redact(conn: &mut Conn, rows: &[StoredEvent], act: &str) -> Result<(), Error> {
    if let Conn::Sqlite(c) = conn {
        use diesel::connection::SimpleConnection as _;
        // What was there is overwritten, not only forgotten.
        c.batch_execute("PRAGMA secure_delete=ON")?;
    }
    for row in rows {
        let corrupt =
            || Error::Corrupt { table: "audit_events", column: "salt", id: row.id.clone() };
        let (hash, stub) = row.leaf().zip(row.stub()).ok_or_else(corrupt)?;
        on!(conn, |c| diesel::insert_into(audit_redactions::table)
            .values((audit_redactions::id.eq(&row.id), audit_redactions::act.eq(act)))
            .execute(c))?;
        let none = None::<String>;
        on!(conn, |c| diesel::update(
            audit_events::table
                .filter(audit_events::chain.eq(&row.chain))
                .filter(audit_events::position.eq(row.position))
        )
        .set((
            audit_events::body.eq(stub.body()),
            audit_events::salt.eq(hash.as_slice()),
            audit_events::reason.eq(&none),
            audit_events::client_id.eq(&none),
            audit_events::resource.eq(&none),
        ))
        .execute(c))?;
    }
    Ok(())
}

/// The event that says why the row `id` was redacted.
pub fn act_of(conn: &mut Conn, id: &str) -> Result<Option<String>, Error> {
    Ok(on!(conn, |c| audit_redactions::table
        .find(id)
        .select(audit_redactions::act)
        .first(c)
        .optional())?)
}

/// Whether an event says that the row `id` was redacted, and that its hash was
/// `hash`.
pub fn is_recorded(conn: &mut Conn, id: &str, hash: &Hash) -> Result<bool, Error> {
    let Some(act) = act_of(conn, id)? else { return Ok(false) };
    let event = audit_log::find(conn, &act)?.and_then(|row| row.event());
    let hash = hex(hash);
    Ok(event.is_some_and(|event| {
        event.code == "audit.redacted"
            && event.changes.iter().any(|change| change.field == *id && change.before == hash)
    }))
}

pub fn count(conn: &mut Conn) -> Result<i64, Error> {
    Ok(on!(conn, |c| audit_redactions::table.count().get_result(c))?)
}

/// A hash as the record of a redaction has it.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
