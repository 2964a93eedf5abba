//! The `invitations` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::invitations;
use super::{Conn, Error};
use crate::model::administrator::{AdministratorDetails, Invitation, email_key};
use crate::model::role::Role;
use crate::oauth::UnixTime;

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
struct Row {
    id: String,
    email: String,
    name: String,
    role: String,
    created_by: String,
    created_at: i64,
    expires_at: i64,
}

/// Those that can still be taken up at `now`, the newest first.
pub fn all(conn: &mut Conn, now: UnixTime) -> Result<Vec<Invitation>, Error> {
    let rows: Vec<Row> = on!(conn, |c| invitations::table
        .filter(invitations::expires_at.gt(now.0))
        .order(invitations::created_at.desc())
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Invitation::try_from).collect()
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Invitation>, Error> {
    let row: Option<Row> =
        on!(conn, |c| invitations::table.find(id).select(Row::as_select()).first(c).optional())?;
    row.map(Invitation::try_from).transpose()
}

/// The one whose link this is, if it is good at `now`.
pub fn find_by_digest(
    conn: &mut Conn,
    digest: &[u8],
    now: UnixTime,
) -> Result<Option<Invitation>, Error> {
    let row: Option<Row> = on!(conn, |c| invitations::table
        .filter(invitations::digest.eq(digest))
        .filter(invitations::expires_at.gt(now.0))
        .select(Row::as_select())
        .first(c)
        .optional())?;
    row.map(Invitation::try_from).transpose()
}

/// Puts it in the place of any other for this address.
pub fn insert(conn: &mut Conn, invitation: &Invitation, digest: &[u8]) -> Result<(), Error> {
    let key = email_key(&invitation.details.email);
    on!(conn, |c| diesel::delete(invitations::table.filter(invitations::email_key.eq(&key)))
        .execute(c))?;
    on!(conn, |c| diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(&invitation.id),
            invitations::digest.eq(digest),
            invitations::email.eq(&invitation.details.email),
            invitations::email_key.eq(&key),
            invitations::name.eq(&invitation.details.name),
            invitations::role.eq(invitation.details.role.as_str()),
            invitations::created_by.eq(&invitation.created_by),
            invitations::created_at.eq(invitation.created_at.0),
            invitations::expires_at.eq(invitation.expires_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Takes it away; `false` when another was first.
pub fn delete(conn: &mut Conn, id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(invitations::table.find(id)).execute(c))? == 1)
}

pub fn delete_expired(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(invitations::table.filter(invitations::expires_at.le(now.0)))
        .execute(c))?;
    Ok(())
}

impl TryFrom<Row> for Invitation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let role = Role::parse(&row.role).ok_or_else(|| Error::Corrupt {
            table: "invitations",
            column: "role",
            id: row.id.clone(),
        })?;
        Ok(Self {
            id: row.id,
            details: AdministratorDetails { email: row.email, name: row.name, role },
            created_by: row.created_by,
            created_at: UnixTime(row.created_at),
            expires_at: UnixTime(row.expires_at),
        })
    }
}
