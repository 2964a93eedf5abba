//! The `passkeys` table: several a person.
use diesel::prelude::*;

use super::connection::on;
use super::schema::passkeys;
use super::{Conn, Error};
use crate::model::passkey::Passkey;
use crate::oauth::UnixTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = passkeys)]
struct Row {
    id: String,
    administrator_id: String,
    credential_id: Vec<u8>,
    credential: String,
    name: String,
    aaguid: String,
    transports: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

/// Those of one person, the oldest first.
pub fn of(conn: &mut Conn, administrator_id: &str) -> Result<Vec<Passkey>, Error> {
    let rows: Vec<Row> = on!(conn, |c| passkeys::table
        .filter(passkeys::administrator_id.eq(administrator_id))
        .order((passkeys::created_at, passkeys::id))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Passkey::from).collect())
}

/// Who has any.
pub fn holders(conn: &mut Conn) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| passkeys::table
        .select(passkeys::administrator_id)
        .distinct()
        .order(passkeys::administrator_id)
        .load(c))?)
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Passkey>, Error> {
    let row: Option<Row> =
        on!(conn, |c| passkeys::table.find(id).select(Row::as_select()).first(c).optional())?;
    Ok(row.map(Passkey::from))
}

/// The one that authenticators call so, whoever has it.
pub fn find_by_credential(conn: &mut Conn, credential_id: &[u8]) -> Result<Option<Passkey>, Error> {
    let row: Option<Row> = on!(conn, |c| passkeys::table
        .filter(passkeys::credential_id.eq(credential_id))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(Passkey::from))
}

pub fn insert(conn: &mut Conn, passkey: &Passkey) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(passkeys::table)
        .values((
            passkeys::id.eq(&passkey.id),
            passkeys::administrator_id.eq(&passkey.administrator_id),
            passkeys::credential_id.eq(&passkey.credential_id),
            passkeys::credential.eq(&passkey.credential),
            passkeys::name.eq(&passkey.name),
            passkeys::aaguid.eq(&passkey.aaguid),
            passkeys::transports.eq(&passkey.transports),
            passkeys::created_at.eq(passkey.created_at.0),
            passkeys::last_used_at.eq(passkey.last_used_at.map(|at| at.0)),
        ))
        .execute(c))?;
    Ok(())
}

/// Notes that it was used; `false` when it is there no more, or was used since
/// `before` was read, so that its counter is another.
pub fn accept(
    conn: &mut Conn,
    id: &str,
    (before, after): (&str, &str),
    now: UnixTime,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        passkeys::table.find(id).filter(passkeys::credential.eq(before))
    )
    .set((passkeys::credential.eq(after), passkeys::last_used_at.eq(now.0)))
    .execute(c))?;
    Ok(changed == 1)
}

pub fn rename(conn: &mut Conn, id: &str, name: &str) -> Result<(), Error> {
    on!(conn, |c| diesel::update(passkeys::table.find(id))
        .set(passkeys::name.eq(name))
        .execute(c))?;
    Ok(())
}

/// `false` when there is none.
pub fn delete(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(passkeys::table.find(id)).execute(c))? == 1)
}

pub fn delete_of(conn: &mut Conn, administrator_id: &str) -> Result<usize, Error> {
    Ok(on!(conn, |c| diesel::delete(
        passkeys::table.filter(passkeys::administrator_id.eq(administrator_id))
    )
    .execute(c))?)
}

impl From<Row> for Passkey {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            administrator_id: row.administrator_id,
            credential_id: row.credential_id,
            credential: row.credential,
            name: row.name,
            aaguid: row.aaguid,
            transports: row.transports,
            created_at: UnixTime(row.created_at),
            last_used_at: row.last_used_at.map(UnixTime),
        }
    }
}
