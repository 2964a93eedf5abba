//! The `administrators` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::administrators;
use super::{Conn, Error};
use crate::model::administrator::{Administrator, AdministratorDetails, email_key};
use crate::model::role::Role;
use crate::oauth::UnixTime;

/// Everything but the password's hash.
#[derive(Queryable, Selectable)]
#[diesel(table_name = administrators)]
struct Row {
    id: String,
    email: String,
    name: String,
    role: String,
    active: bool,
    created_at: i64,
    last_signed_in_at: Option<i64>,
    version: i64,
}

/// All of them, by name.
pub fn all(conn: &mut Conn) -> Result<Vec<Administrator>, Error> {
    let rows: Vec<Row> = on!(conn, |c| administrators::table
        .order((administrators::name, administrators::id))
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(Administrator::try_from).collect()
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Administrator>, Error> {
    let row: Option<Row> =
        on!(conn, |c| administrators::table.find(id).select(Row::as_select()).first(c).optional())?;
    row.map(Administrator::try_from).transpose()
}

/// The one who signs in with this address, and the hash of their password.
pub fn find_by_email(
    conn: &mut Conn,
    email: &str,
) -> Result<Option<(Administrator, String)>, Error> {
    let row: Option<(Row, String)> = on!(conn, |c| administrators::table
        .filter(administrators::email_key.eq(email_key(email)))
        .select((Row::as_select(), administrators::password_hash))
        .first(c)
        .optional())?;
    row.map(|(row, hash)| Ok((Administrator::try_from(row)?, hash))).transpose()
}

/// How many there are who may sign in as `role`.
pub fn count_active(conn: &mut Conn, role: Role) -> Result<i64, Error> {
    Ok(on!(conn, |c| administrators::table
        .filter(administrators::role.eq(role.as_str()))
        .filter(administrators::active.eq(true))
        .count()
        .get_result(c))?)
}

/// Whether there is any.
pub fn any(conn: &mut Conn) -> Result<bool, Error> {
    let first: Option<String> =
        on!(conn, |c| administrators::table.select(administrators::id).first(c).optional())?;
    Ok(first.is_some())
}

/// # Errors
/// `Conflict`: another signs in with this address.
pub fn insert(
    conn: &mut Conn,
    administrator: &Administrator,
    password_hash: &str,
) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(administrators::table)
        .values((
            administrators::id.eq(&administrator.id),
            administrators::email.eq(&administrator.email),
            administrators::email_key.eq(email_key(&administrator.email)),
            administrators::name.eq(&administrator.name),
            administrators::role.eq(administrator.role.as_str()),
            administrators::active.eq(administrator.active),
            administrators::password_hash.eq(password_hash),
            administrators::created_at.eq(administrator.created_at.0),
            administrators::version.eq(administrator.version),
        ))
        .execute(c))?;
    Ok(())
}

/// Writes `details` over version `version`; `false` when it is another by now.
///
/// # Errors
/// `Conflict`: another signs in with this address.
pub fn update(
    conn: &mut Conn,
    id: &str,
    version: i64,
    details: &AdministratorDetails,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        administrators::table.find(id).filter(administrators::version.eq(version))
    )
    .set((
        administrators::email.eq(&details.email),
        administrators::email_key.eq(email_key(&details.email)),
        administrators::name.eq(&details.name),
        administrators::role.eq(details.role.as_str()),
        administrators::version.eq(version + 1),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

/// Suspends or resumes; `false` when it is so already, or gone.
pub fn set_active(conn: &mut Conn, id: &str, active: bool) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        administrators::table.find(id).filter(administrators::active.eq(!active))
    )
    .set((
        administrators::active.eq(active),
        administrators::version.eq(administrators::version + 1)
    ))
    .execute(c))?;
    Ok(changed == 1)
}

pub fn set_password(conn: &mut Conn, id: &str, password_hash: &str) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(administrators::table.find(id))
        .set(administrators::password_hash.eq(password_hash))
        .execute(c))?;
    Ok(changed == 1)
}

pub fn note_sign_in(conn: &mut Conn, id: &str, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::update(administrators::table.find(id))
        .set(administrators::last_signed_in_at.eq(now.0))
        .execute(c))?;
    Ok(())
}

impl TryFrom<Row> for Administrator {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let role = Role::parse(&row.role).ok_or_else(|| Error::Corrupt {
            table: "administrators",
            column: "role",
            id: row.id.clone(),
        })?;
        Ok(Self {
            id: row.id,
            email: row.email,
            name: row.name,
            role,
            active: row.active,
            created_at: UnixTime(row.created_at),
            last_signed_in_at: row.last_signed_in_at.map(UnixTime),
            version: row.version,
        })
    }
}
