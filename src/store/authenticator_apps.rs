//! The `authenticator_apps` table: one a person at most.
use diesel::prelude::*;

use super::connection::on;
use super::schema::authenticator_apps;
use super::{Conn, Error};
use crate::model::totp::Step;
use crate::oauth::UnixTime;

/// An app as it is stored. What it shares with us is sealed.
#[derive(Clone)]
pub struct AuthenticatorApp {
    pub sealed: Vec<u8>,
    /// The last step that was accepted.
    pub last: Step,
    pub created_at: UnixTime,
    pub last_used_at: UnixTime,
}

pub fn find(conn: &mut Conn, administrator_id: &str) -> Result<Option<AuthenticatorApp>, Error> {
    let row: Option<(Vec<u8>, i64, i64, i64)> = on!(conn, |c| authenticator_apps::table
        .find(administrator_id)
        .select((
            authenticator_apps::sealed,
            authenticator_apps::last_step,
            authenticator_apps::created_at,
            authenticator_apps::last_used_at,
        ))
        .first(c)
        .optional())?;
    Ok(row.map(|(sealed, last, created_at, last_used_at)| AuthenticatorApp {
        sealed,
        last: Step(last),
        created_at: UnixTime(created_at),
        last_used_at: UnixTime(last_used_at),
    }))
}

/// Who has one.
pub fn holders(conn: &mut Conn) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| authenticator_apps::table
        .order(authenticator_apps::administrator_id)
        .select(authenticator_apps::administrator_id)
        .load(c))?)
}

/// Whose app it is, and what is sealed of it; of everybody.
pub fn all_sealed(conn: &mut Conn) -> Result<Vec<(String, Vec<u8>)>, Error> {
    Ok(on!(conn, |c| authenticator_apps::table
        .order(authenticator_apps::administrator_id)
        .select((authenticator_apps::administrator_id, authenticator_apps::sealed))
        .load(c))?)
}

/// Puts it in the place of any other of the person.
pub fn insert(
    conn: &mut Conn,
    administrator_id: &str,
    app: &AuthenticatorApp,
) -> Result<(), Error> {
    delete(conn, administrator_id)?;
    on!(conn, |c| diesel::insert_into(authenticator_apps::table)
        .values((
            authenticator_apps::administrator_id.eq(administrator_id),
            authenticator_apps::sealed.eq(&app.sealed),
            authenticator_apps::last_step.eq(app.last.0),
            authenticator_apps::created_at.eq(app.created_at.0),
            authenticator_apps::last_used_at.eq(app.last_used_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Uses a step up; `false` when it or a later one was used, or the app is not
/// the one that was made at `created_at`.
pub fn accept(
    conn: &mut Conn,
    administrator_id: &str,
    created_at: UnixTime,
    step: Step,
    now: UnixTime,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        authenticator_apps::table
            .find(administrator_id)
            .filter(authenticator_apps::created_at.eq(created_at.0))
            .filter(authenticator_apps::last_step.lt(step.0))
    )
    .set((authenticator_apps::last_step.eq(step.0), authenticator_apps::last_used_at.eq(now.0)))
    .execute(c))?;
    Ok(changed == 1)
}

/// Puts another seal on it; `false` when it is another by now.
pub fn reseal(
    conn: &mut Conn,
    administrator_id: &str,
    before: &[u8],
    sealed: &[u8],
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        authenticator_apps::table
            .find(administrator_id)
            .filter(authenticator_apps::sealed.eq(before))
    )
    .set(authenticator_apps::sealed.eq(sealed))
    .execute(c))?;
    Ok(changed == 1)
}

/// `false` when there is none.
pub fn delete(conn: &mut Conn, administrator_id: &str) -> Result<bool, Error> {
    let gone =
        on!(conn, |c| diesel::delete(authenticator_apps::table.find(administrator_id)).execute(c))?;
    Ok(gone == 1)
}
