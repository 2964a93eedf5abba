//! The `openid_flows` table: ways to the provider that nobody has come back
//! from yet. A row is good once, in the browser that it was made for.
use diesel::prelude::*;

use super::connection::on;
use super::schema::openid_flows;
use super::{Conn, Error};
use crate::model::openid::Purpose;
use crate::oauth::UnixTime;

#[derive(Clone, Debug)]
pub struct Flow {
    pub state_digest: Vec<u8>,
    pub browser_digest: Vec<u8>,
    pub purpose: Purpose,
    /// Who was signed in, when it is not to sign in.
    pub administrator_id: Option<String>,
    /// Where to go on: a path of ours.
    pub next: String,
    pub created_at: UnixTime,
    pub expires_at: UnixTime,
}

/// What became of a `state` that came back.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It is used up now.
    Flow(Flow),
    /// It is another browser's, whose it stays.
    Others,
    /// It never was, was used, or is too old.
    Nothing,
}

type Row = (Vec<u8>, Vec<u8>, String, Option<String>, String, i64, i64);

pub fn insert(conn: &mut Conn, flow: &Flow) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(openid_flows::table)
        .values((
            openid_flows::state_digest.eq(&flow.state_digest),
            openid_flows::browser_digest.eq(&flow.browser_digest),
            openid_flows::purpose.eq(flow.purpose.as_str()),
            openid_flows::administrator_id.eq(flow.administrator_id.as_deref()),
            openid_flows::next.eq(&flow.next),
            openid_flows::created_at.eq(flow.created_at.0),
            openid_flows::expires_at.eq(flow.expires_at.0),
        ))
        .execute(c))?;
    Ok(())
}

/// Uses a flow up. Of two who bring the same, one gets it.
pub fn take(
    conn: &mut Conn,
    state_digest: &[u8],
    browser_digest: &[u8],
    now: UnixTime,
) -> Result<Taken, Error> {
    let row: Option<Row> = on!(conn, |c| openid_flows::table
        .find(state_digest)
        .filter(openid_flows::expires_at.gt(now.0))
        .first(c)
        .optional())?;
    let Some(row) = row else { return Ok(Taken::Nothing) };
    if row.1 != browser_digest {
        return Ok(Taken::Others);
    }
    let gone = on!(conn, |c| diesel::delete(openid_flows::table.find(state_digest)).execute(c))?;
    if gone == 0 {
        return Ok(Taken::Nothing);
    }
    let (state_digest, browser_digest, purpose, administrator_id, next, created_at, expires_at) =
        row;
    let purpose = Purpose::parse(&purpose).ok_or_else(|| Error::Corrupt {
        table: "openid_flows",
        column: "purpose",
        id: String::new(),
    })?;
    let (created_at, expires_at) = (UnixTime(created_at), UnixTime(expires_at));
    Ok(Taken::Flow(Flow {
        state_digest,
        browser_digest,
        purpose,
        administrator_id,
        next,
        created_at,
        expires_at,
    }))
}

/// Forgets those that nobody came back from.
pub fn delete_expired(conn: &mut Conn, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(openid_flows::table.filter(openid_flows::expires_at.le(now.0)))
        .execute(c))?;
    Ok(())
}
