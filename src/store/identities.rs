//! The `identities` table: who a person is at an OpenID provider.
use diesel::prelude::*;

use super::connection::on;
use super::schema::identities;
use super::{Conn, Error};
use crate::oauth::UnixTime;

#[derive(Clone, Debug)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    pub administrator_id: String,
    /// What the provider said last.
    pub email: Option<String>,
    pub created_at: UnixTime,
    pub last_used_at: UnixTime,
}

type Row = (String, String, String, Option<String>, i64, i64);

pub fn find(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<Identity>, Error> {
    let row: Option<Row> =
        on!(conn, |c| identities::table.find((issuer, subject)).first(c).optional())?;
    Ok(row.map(Identity::from))
}

/// Those of a person, the oldest first.
pub fn of(conn: &mut Conn, administrator_id: &str) -> Result<Vec<Identity>, Error> {
    let rows: Vec<Row> = on!(conn, |c| identities::table
        .filter(identities::administrator_id.eq(administrator_id))
        .order((identities::created_at, identities::subject))
        .load(c))?;
    Ok(rows.into_iter().map(Identity::from).collect())
}

/// # Errors
/// `Conflict`: it is somebody's.
pub fn insert(conn: &mut Conn, identity: &Identity) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(identities::table)
        .values((
            identities::issuer.eq(&identity.issuer),
            identities::subject.eq(&identity.subject),
            identities::administrator_id.eq(&identity.administrator_id),
            identities::email.eq(identity.email.as_deref()),
            identities::created_at.eq(identity.created_at.0),
            identities::last_used_at.eq(identity.last_used_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Notes that it was used, and the address that came with it.
pub fn note_use(
    conn: &mut Conn,
    (issuer, subject): (&str, &str),
    email: Option<&str>,
    now: UnixTime,
) -> Result<(), Error> {
    on!(conn, |c| diesel::update(identities::table.find((issuer, subject)))
        .set((identities::last_used_at.eq(now.0), identities::email.eq(email)))
        .execute(c))?;
    Ok(())
}

/// `false`: it is not this person's.
pub fn delete(
    conn: &mut Conn,
    administrator_id: &str,
    (issuer, subject): (&str, &str),
) -> Result<bool, Error> {
    let gone = on!(conn, |c| diesel::delete(
        identities::table
            .find((issuer, subject))
            .filter(identities::administrator_id.eq(administrator_id))
    )
    .execute(c))?;
    Ok(gone == 1)
}

impl From<Row> for Identity {
    fn from((issuer, subject, administrator_id, email, created_at, last_used_at): Row) -> Self {
        Self {
            issuer,
            subject,
            administrator_id,
            email,
            created_at: UnixTime(created_at),
            last_used_at: UnixTime(last_used_at),
        }
    }
}
