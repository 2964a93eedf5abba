//! The `signing_keys` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::signing_keys;
use super::{Conn, Error};
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = signing_keys, treat_none_as_default_value = false)]
struct Row {
    kid: String,
    algorithm: String,
    state: String,
    public_jwk: String,
    sealed_private_key: Vec<u8>,
    created_at: i64,
    purpose: String,
    current_from: Option<i64>,
    ended_at: Option<i64>,
}

/// All of them, oldest first.
pub fn all(conn: &mut Conn) -> Result<Vec<SigningKey>, Error> {
    let rows: Vec<Row> = on!(conn, |c| signing_keys::table
        .order((signing_keys::created_at, signing_keys::kid))
        .select(Row::as_select())
        .load(c))?;
    rows.into_iter().map(SigningKey::try_from).collect()
}

pub fn find(conn: &mut Conn, kid: &str) -> Result<Option<SigningKey>, Error> {
    let row: Option<Row> =
        on!(conn, |c| signing_keys::table.find(kid).select(Row::as_select()).first(c).optional())?;
    row.map(SigningKey::try_from).transpose()
}

/// # Errors
/// `Conflict`: it is to be current or next, and its purpose has one of its
/// algorithm.
pub fn insert(conn: &mut Conn, key: &SigningKey) -> Result<(), Error> {
    let row = Row {
        kid: key.kid.clone(),
        algorithm: key.algorithm.as_str().to_owned(),
        state: key.state.as_str().to_owned(),
        public_jwk: key.public_jwk.clone(),
        sealed_private_key: key.sealed_private_key.clone(),
        created_at: key.created_at.0,
        purpose: key.purpose.as_str().to_owned(),
        current_from: key.current_from.map(|time| time.0),
        ended_at: key.ended_at.map(|time| time.0),
    };
    on!(conn, |c| diesel::insert_into(signing_keys::table).values(row).execute(c))?;
    Ok(())
}

/// A next key begins to sign; `false` when it is none.
pub fn promote(conn: &mut Conn, kid: &str, now: UnixTime) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(in_state(kid, State::Next))
        .set((
            signing_keys::state.eq(State::Current.as_str()),
            signing_keys::current_from.eq(now.0),
        ))
        .execute(c))?;
    Ok(changed == 1)
}

/// The current key signs no more; `false` when it is none.
pub fn retire(conn: &mut Conn, kid: &str, now: UnixTime) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(in_state(kid, State::Current))
        .set((signing_keys::state.eq(State::Retired.as_str()), signing_keys::ended_at.eq(now.0)))
        .execute(c))?;
    Ok(changed == 1)
}

/// Takes a retired key, or one that never signed, out of use with its private
/// half; `false` when it is neither.
pub fn remove(conn: &mut Conn, kid: &str) -> Result<bool, Error> {
    let nothing: Vec<u8> = Vec::new();
    let changed = on!(conn, |c| diesel::update(
        signing_keys::table
            .find(kid)
            .filter(signing_keys::state.eq_any([State::Retired.as_str(), State::Next.as_str()]))
    )
    .set((
        signing_keys::state.eq(State::Removed.as_str()),
        signing_keys::sealed_private_key.eq(&nothing),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

/// Ends a key for good, with its private half; `false` when it was removed or
/// revoked before.
pub fn revoke(conn: &mut Conn, kid: &str, now: UnixTime) -> Result<bool, Error> {
    let nothing: Vec<u8> = Vec::new();
    let ended = [State::Removed.as_str(), State::Revoked.as_str()];
    let changed = on!(conn, |c| diesel::update(
        signing_keys::table.find(kid).filter(signing_keys::state.ne_all(ended))
    )
    .set((
        signing_keys::state.eq(State::Revoked.as_str()),
        signing_keys::ended_at.eq(now.0),
        signing_keys::sealed_private_key.eq(&nothing),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

/// Puts another seal on a private key.
pub fn reseal(conn: &mut Conn, kid: &str, sealed: &[u8]) -> Result<(), Error> {
    on!(conn, |c| diesel::update(signing_keys::table.find(kid))
        .set(signing_keys::sealed_private_key.eq(sealed))
        .execute(c))?;
    Ok(())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn in_state<'a>(kid: &'a str, state: State) -> _ {
    let state: &'static str = state.as_str();
    signing_keys::table.find(kid).filter(signing_keys::state.eq(state))
}

impl TryFrom<Row> for SigningKey {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt =
            |column| Error::Corrupt { table: "signing_keys", column, id: row.kid.clone() };
        Ok(Self {
            algorithm: Algorithm::parse(&row.algorithm).ok_or_else(|| corrupt("algorithm"))?,
            purpose: Purpose::parse(&row.purpose).ok_or_else(|| corrupt("purpose"))?,
            state: State::parse(&row.state).ok_or_else(|| corrupt("state"))?,
            kid: row.kid,
            public_jwk: row.public_jwk,
            sealed_private_key: row.sealed_private_key,
            created_at: UnixTime(row.created_at),
            current_from: row.current_from.map(UnixTime),
            ended_at: row.ended_at.map(UnixTime),
        })
    }
}
