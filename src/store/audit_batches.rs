//! Reading batches of the audit log.
use diesel::prelude::*;

use super::connection::on;
use super::schema::audit_batches;
use super::{Conn, Error};
use crate::model::audit_chain::{Batch, Hash};

type Row = (i64, i64, i64, i64, i64, Vec<u8>, Vec<u8>, Vec<u8>);

#[diesel::dsl::auto_type(no_type_alias)]
fn columns() -> _ {
    (
        audit_batches::batch,
        audit_batches::first_position,
        audit_batches::events,
        audit_batches::first_at,
        audit_batches::last_at,
        audit_batches::root,
        audit_batches::previous,
        audit_batches::hash,
    )
}

/// The batches of a chain after `number`, in their order, each with the hash
/// that is stored beside it.
pub fn after(
    conn: &mut Conn,
    chain: &str,
    number: i64,
    limit: i64,
) -> Result<Vec<(Batch, Hash)>, Error> {
    let rows: Vec<Row> = on!(conn, |c| audit_batches::table
        .filter(audit_batches::chain.eq(chain))
        .filter(audit_batches::batch.gt(number))
        .order(audit_batches::batch)
        .limit(limit)
        .select(columns())
        .load(c))?;
    rows.into_iter().map(|row| read(chain, row)).collect()
}

pub fn find(conn: &mut Conn, chain: &str, number: i64) -> Result<Option<(Batch, Hash)>, Error> {
    let row: Option<Row> = on!(conn, |c| audit_batches::table
        .find((chain, number))
        .select(columns())
        .first(c)
        .optional())?;
    row.map(|row| read(chain, row)).transpose()
}

fn read(chain: &str, row: Row) -> Result<(Batch, Hash), Error> {
    let (number, first_position, events, first_at, last_at, root, previous, hash) = row;
    let hash_of = |bytes: Vec<u8>, column| {
        bytes.try_into().map_err(|_| Error::Corrupt {
            table: "audit_batches",
            column,
            id: format!("{chain} {number}"),
        })
    };
    let batch = Batch {
        chain: chain.to_owned(),
        number,
        first_position,
        events,
        first_at,
        last_at,
        root: hash_of(root, "root")?,
        previous: hash_of(previous, "previous")?,
    };
    Ok((batch, hash_of(hash, "hash")?))
}
