//! The `signing_keys` table.
use diesel::prelude::*;

use super::connection::on;
use super::schema::signing_keys;
use super::{Conn, Error};
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;

/// All of them, oldest first.
pub fn all(conn: &mut Conn) -> Result<Vec<SigningKey>, Error> {
    type Row = (String, String, String, String, String, Vec<u8>, i64);
    let rows: Vec<Row> = on!(conn, |c| signing_keys::table
        .order((signing_keys::created_at, signing_keys::kid))
        .select((
            signing_keys::kid,
            signing_keys::algorithm,
            signing_keys::purpose,
            signing_keys::state,
            signing_keys::public_jwk,
            signing_keys::sealed_private_key,
            signing_keys::created_at,
        ))
        .load(c))?;
    rows.into_iter()
        .map(|(kid, algorithm, purpose, state, public_jwk, sealed_private_key, created_at)| {
            let corrupt =
                |column| Error::Corrupt { table: "signing_keys", column, id: kid.clone() };
            Ok(SigningKey {
                algorithm: Algorithm::parse(&algorithm).ok_or_else(|| corrupt("algorithm"))?,
                purpose: Purpose::parse(&purpose).ok_or_else(|| corrupt("purpose"))?,
                state: State::parse(&state).ok_or_else(|| corrupt("state"))?,
                kid,
                public_jwk,
                sealed_private_key,
                created_at: UnixTime(created_at),
            })
        })
        .collect()
}

pub fn find(conn: &mut Conn, kid: &str) -> Result<Option<SigningKey>, Error> {
    Ok(all(conn)?.into_iter().find(|key| key.kid == kid))
}

/// Ends a key for good; `false` when it has ended already, or is gone.
pub fn revoke(conn: &mut Conn, kid: &str) -> Result<bool, Error> {
    let revoked = State::Revoked.as_str();
    let changed = on!(conn, |c| diesel::update(
        signing_keys::table.find(kid).filter(signing_keys::state.ne(revoked))
    )
    .set(signing_keys::state.eq(revoked))
    .execute(c))?;
    Ok(changed == 1)
}

/// # Errors
/// `Conflict`: it is to be current, and its purpose has a current key of its
/// algorithm.
pub fn insert(conn: &mut Conn, key: &SigningKey) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(&key.kid),
            signing_keys::algorithm.eq(key.algorithm.as_str()),
            signing_keys::purpose.eq(key.purpose.as_str()),
            signing_keys::state.eq(key.state.as_str()),
            signing_keys::public_jwk.eq(&key.public_jwk),
            signing_keys::sealed_private_key.eq(&key.sealed_private_key),
            signing_keys::created_at.eq(key.created_at.0),
        ))
        .execute(c))?;
    Ok(())
}
