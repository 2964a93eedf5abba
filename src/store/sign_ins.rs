//! The tables `sign_in_tallies` and `sign_in_blocks`.
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use ipnet::IpNet;

use super::connection::on;
use super::schema::{sign_in_blocks, sign_in_tallies};
use super::{Conn, Error};
use crate::model::sign_in::{Kind, Tally};
use crate::oauth::UnixTime;

/// What a tally is found by.
#[derive(Clone, Debug)]
pub struct Key {
    pub kind: Kind,
    /// An address, or a browser.
    pub place: String,
    /// Empty for an address.
    pub account_digest: Vec<u8>,
    /// What owners read of the account.
    pub account: String,
}

/// Failed attempts of a day, as they are listed.
pub struct Attempts {
    /// An address, or an account.
    pub of: String,
    pub attempts: i64,
    /// From an account's point of view: from how many addresses.
    pub places: i64,
    pub tally: Tally,
}

/// An address or network that may not sign in.
#[derive(Clone, Debug)]
pub struct Block {
    pub network: String,
    pub reason: String,
    pub created_by: String,
    pub created_at: UnixTime,
    pub ends_at: UnixTime,
}

pub fn tally(conn: &mut Conn, key: &Key) -> Result<Tally, Error> {
    let found: Option<(i64, i64)> = on!(conn, |c| sign_in_tallies::table
        .find((key.kind.as_str(), &key.place, &key.account_digest))
        .select((sign_in_tallies::failures, sign_in_tallies::last_at))
        .first(c)
        .optional())?;
    Ok(found.map(read).unwrap_or_default())
}

/// The tally, with its row locked until the transaction ends: of two attempts
/// at once the second sees what the first was charged.
pub fn lock(conn: &mut Conn, key: &Key) -> Result<Tally, Error> {
    use sign_in_tallies::{account, account_digest, attempts, failures, first_at, kind, last_at};
    let found: (i64, i64) = on!(conn, |c| diesel::insert_into(sign_in_tallies::table)
        .values((
            kind.eq(key.kind.as_str()),
            sign_in_tallies::place.eq(&key.place),
            account_digest.eq(&key.account_digest),
            account.eq(&key.account),
            failures.eq(0),
            attempts.eq(0),
            first_at.eq(0),
            last_at.eq(0),
        ))
        .on_conflict((kind, sign_in_tallies::place, account_digest))
        .do_update()
        .set(attempts.eq(attempts))
        .returning((failures, last_at))
        .get_result(c))?;
    Ok(read(found))
}

/// Writes a tally that was locked, with one attempt more or less.
pub fn put(conn: &mut Conn, key: &Key, tally: Tally, more: i64) -> Result<(), Error> {
    let found = sign_in_tallies::table.find((key.kind.as_str(), &key.place, &key.account_digest));
    on!(conn, |c| diesel::update(found)
        .set((
            sign_in_tallies::failures.eq(tally.failures),
            sign_in_tallies::attempts.eq(sign_in_tallies::attempts + more),
            sign_in_tallies::last_at.eq(tally.last_at.0),
        ))
        .execute(c))?;
    let first = sign_in_tallies::table
        .find((key.kind.as_str(), &key.place, &key.account_digest))
        .filter(sign_in_tallies::first_at.eq(0));
    on!(conn, |c| diesel::update(first)
        .set(sign_in_tallies::first_at.eq(tally.last_at.0))
        .execute(c))?;
    Ok(())
}

pub fn delete(conn: &mut Conn, key: &Key) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(sign_in_tallies::table.find((
        key.kind.as_str(),
        &key.place,
        &key.account_digest
    )))
    .execute(c))?;
    Ok(())
}

/// Forgets what was last charged before `before`, and blocks that ended.
pub fn delete_old(conn: &mut Conn, before: UnixTime, now: UnixTime) -> Result<(), Error> {
    on!(conn, |c| diesel::delete(
        sign_in_tallies::table.filter(sign_in_tallies::last_at.lt(before.0))
    )
    .execute(c))?;
    on!(conn, |c| diesel::delete(sign_in_blocks::table.filter(sign_in_blocks::ends_at.le(now.0)))
        .execute(c))?;
    Ok(())
}

/// The addresses with failed attempts, the last first.
pub fn by_address(conn: &mut Conn, limit: i64) -> Result<Vec<Attempts>, Error> {
    let rows: Vec<(String, i64, i64, i64)> = on!(conn, |c| sign_in_tallies::table
        .filter(sign_in_tallies::kind.eq(Kind::Address.as_str()))
        .filter(sign_in_tallies::attempts.gt(0))
        .order(sign_in_tallies::last_at.desc())
        .limit(limit)
        .select((
            sign_in_tallies::place,
            sign_in_tallies::attempts,
            sign_in_tallies::failures,
            sign_in_tallies::last_at,
        ))
        .load(c))?;
    let attempts = |(of, attempts, failures, last_at)| Attempts {
        of,
        attempts,
        places: 1,
        tally: read((failures, last_at)),
    };
    Ok(rows.into_iter().map(attempts).collect())
}

/// The accounts with failed attempts, the last first.
pub fn by_account(conn: &mut Conn, limit: i64) -> Result<Vec<Attempts>, Error> {
    type Row = (String, Option<i64>, i64, Option<i64>);
    let rows: Vec<Row> = on!(conn, |c| sign_in_tallies::table
        .filter(sign_in_tallies::kind.ne(Kind::Address.as_str()))
        .filter(sign_in_tallies::attempts.gt(0))
        .group_by(sign_in_tallies::account)
        .order(max(sign_in_tallies::last_at).desc())
        .limit(limit)
        .select((
            sign_in_tallies::account,
            diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::BigInt>>(
                "CAST(SUM(attempts) AS BIGINT)"
            ),
            count_star(),
            max(sign_in_tallies::last_at),
        ))
        .load(c))?;
    let attempts = |(of, attempts, places, last_at): Row| Attempts {
        of,
        attempts: attempts.unwrap_or(0),
        places,
        tally: read((0, last_at.unwrap_or(0))),
    };
    Ok(rows.into_iter().map(attempts).collect())
}

/// The blocks that hold at `now`, the newest first.
pub fn blocks(conn: &mut Conn, now: UnixTime) -> Result<Vec<Block>, Error> {
    let rows: Vec<(String, String, String, i64, i64)> = on!(conn, |c| sign_in_blocks::table
        .filter(sign_in_blocks::ends_at.gt(now.0))
        .order(sign_in_blocks::created_at.desc())
        .select((
            sign_in_blocks::network,
            sign_in_blocks::reason,
            sign_in_blocks::created_by,
            sign_in_blocks::created_at,
            sign_in_blocks::ends_at,
        ))
        .load(c))?;
    let block = |(network, reason, created_by, created_at, ends_at)| Block {
        network,
        reason,
        created_by,
        created_at: UnixTime(created_at),
        ends_at: UnixTime(ends_at),
    };
    Ok(rows.into_iter().map(block).collect())
}

/// Puts a block in the place of one of the same network.
pub fn insert_block(conn: &mut Conn, block: &Block) -> Result<(), Error> {
    delete_block(conn, &block.network)?;
    on!(conn, |c| diesel::insert_into(sign_in_blocks::table)
        .values((
            sign_in_blocks::network.eq(&block.network),
            sign_in_blocks::reason.eq(&block.reason),
            sign_in_blocks::created_by.eq(&block.created_by),
            sign_in_blocks::created_at.eq(block.created_at.0),
            sign_in_blocks::ends_at.eq(block.ends_at.0),
        ))
        .execute(c))?;
    Ok(())
}

pub fn delete_block(conn: &mut Conn, network: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(sign_in_blocks::table.find(network)).execute(c))? == 1)
}

impl Block {
    pub fn covers(&self, address: std::net::IpAddr) -> bool {
        let network: Option<IpNet> = self.network.parse().ok();
        network.is_some_and(|network| network.contains(&address.to_canonical()))
    }
}

fn read((failures, last_at): (i64, i64)) -> Tally {
    Tally { failures, last_at: UnixTime(last_at) }
}
