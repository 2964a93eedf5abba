//! Who may try to sign in now. An attempt is charged before the password is
//! looked at and given back when it was right, so many at once get no further
//! than one after the other.
use std::net::IpAddr;

use aws_lc_rs::digest;

use super::actor::{Done, differences};
use super::{Actor, Error};
use crate::model::administrator::email_key;
use crate::model::audit_event::printable;
use crate::model::role::Right;
use crate::model::sign_in::{FORGOTTEN, Kind, Tally, place, read_network};
use crate::model::text::FieldError;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::sign_ins::{self, Block, Key};
use crate::store::{self, Conn};

/// Whose attempt it is.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub address: Option<IpAddr>,
    /// The account's address as it was typed.
    pub email: String,
    /// Whether there is such an account.
    pub is_known: bool,
    /// The browser, when it signed in to this account before.
    pub device: Option<String>,
    /// Whether a code is tried, by somebody who gave the right password. Codes
    /// are short: they are counted over all addresses together too.
    pub is_code: bool,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// An owner blocked the address.
    Blocked(Seconds),
    Wait(Seconds),
}

/// The place that wrong codes of an account are counted under, wherever they
/// came from.
const CODES: &str = "codes";

impl Attempt {
    /// What it is counted under, always in this order: rows are locked in it.
    fn keys(&self) -> Vec<Key> {
        let account_digest = digest_of(&email_key(&self.email));
        // People type passwords into the wrong field.
        let account = if self.is_known {
            printable(&email_key(&self.email), 254)
        } else {
            format!("{}…", printable(&self.email, 3))
        };
        if let Some(device) = &self.device {
            let place = device.clone();
            return vec![Key { kind: Kind::Device, place, account_digest, account }];
        }
        let place = self.place();
        let pair = |place: String| Key {
            kind: Kind::Pair,
            place,
            account_digest: account_digest.clone(),
            account: account.clone(),
        };
        let mut keys = vec![
            pair(place.clone()),
            Key { kind: Kind::Address, place, account_digest: Vec::new(), account: String::new() },
        ];
        if self.is_code {
            keys.push(pair(CODES.to_owned()));
        }
        keys
    }

    fn place(&self) -> String {
        self.address.map_or_else(|| "unknown".to_owned(), |address| place(address).to_string())
    }
}

/// Whether the attempt would be let through now. Changes nothing: who has to
/// wait costs one read.
pub fn look(conn: &mut Conn, attempt: &Attempt, now: UnixTime) -> Result<Verdict, store::Error> {
    if let Some(address) = attempt.address {
        let blocks = sign_ins::blocks(conn, now)?;
        if let Some(block) = blocks.iter().find(|block| block.covers(address)) {
            return Ok(Verdict::Blocked(Seconds(block.ends_at.since(now).0.max(1))));
        }
    }
    for key in attempt.keys() {
        if let Some(wait) = sign_ins::tally(conn, &key)?.wait(key.kind, now) {
            return Ok(Verdict::Wait(wait));
        }
    }
    Ok(Verdict::Go)
}

/// Whether an owner blocked this address, and for how long yet.
pub fn blocked(
    conn: &mut Conn,
    address: Option<IpAddr>,
    now: UnixTime,
) -> Result<Option<Seconds>, store::Error> {
    let Some(address) = address else { return Ok(None) };
    let blocks = sign_ins::blocks(conn, now)?;
    let block = blocks.iter().find(|block| block.covers(address));
    Ok(block.map(|block| Seconds(block.ends_at.since(now).0.max(1))))
}

/// Charges the attempt, or says that it has to wait; then nothing is charged.
pub fn charge(conn: &mut Conn, attempt: &Attempt, now: UnixTime) -> Result<Verdict, store::Error> {
    let mut locked: Vec<(Key, Tally)> = Vec::new();
    for key in attempt.keys() {
        let tally = sign_ins::lock(conn, &key)?;
        locked.push((key, tally));
    }
    let wait = locked.iter().filter_map(|(key, tally)| tally.wait(key.kind, now)).max();
    if let Some(wait) = wait {
        return Ok(Verdict::Wait(wait));
    }
    for (key, tally) in &locked {
        sign_ins::put(conn, key, tally.charged(key.kind, now), 1)?;
    }
    Ok(Verdict::Go)
}

/// Gives back what an attempt was charged: it was the person. Of the address
/// only this attempt is forgiven, since it may be another's who has an account.
pub fn acquit(conn: &mut Conn, attempt: &Attempt, now: UnixTime) -> Result<(), store::Error> {
    for key in attempt.keys() {
        if key.kind == Kind::Address {
            let tally = sign_ins::lock(conn, &key)?;
            let failures = (tally.standing(now) - 1).max(0);
            sign_ins::put(conn, &key, Tally { failures, ..tally }, -1)?;
        } else {
            sign_ins::delete(conn, &key)?;
        }
    }
    Ok(())
}

/// Takes an attempt out of the counts: its password was never looked at.
pub fn refund(conn: &mut Conn, attempt: &Attempt, now: UnixTime) -> Result<(), store::Error> {
    for key in attempt.keys() {
        let tally = sign_ins::lock(conn, &key)?;
        let failures = (tally.standing(now) - 1).max(0);
        sign_ins::put(conn, &key, Tally { failures, ..tally }, -1)?;
    }
    Ok(())
}

/// Forgets attempts and blocks that are over.
pub fn sweep(conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
    sign_ins::delete_old(conn, now - FORGOTTEN, now)
}

/// The lengths of a block to choose from.
pub const LENGTHS: [Seconds; 4] =
    [Seconds(3_600), Seconds(24 * 3_600), Seconds(7 * 24 * 3_600), Seconds(30 * 24 * 3_600)];

/// Keeps an address or a network from signing in for a time. Sessions that are
/// there go on.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: it is no address, the actor's own, or the length is none of
///   [`LENGTHS`].
pub fn block(
    conn: &mut Conn,
    actor: &Actor,
    network: &str,
    length: Seconds,
    reason: &str,
) -> Result<String, Error> {
    actor.must(Right::ManageAdministrators)?;
    let mut errors = Vec::new();
    let network = read_network(network);
    let own: Option<IpAddr> = actor.source.address.as_deref().and_then(|own| own.parse().ok());
    match (&network, own) {
        (Err(why), _) => errors.push(FieldError { field: "network", message: why.clone() }),
        (Ok(network), Some(own)) if network.contains(&own.to_canonical()) => {
            let message = format!("You are at {own}: this would keep you out.");
            errors.push(FieldError { field: "network", message });
        }
        _ => {}
    }
    if !LENGTHS.contains(&length) {
        errors.push(FieldError { field: "length", message: "Choose how long.".to_owned() });
    }
    let (Ok(network), true) = (network, errors.is_empty()) else {
        return Err(Error::Invalid(errors));
    };
    let block = Block {
        network: network.to_string(),
        reason: printable(reason.trim(), 200),
        created_by: actor.name(),
        created_at: actor.now,
        ends_at: actor.now + length,
    };
    sign_ins::insert_block(conn, &block)?;
    let changes = differences(&[
        ("lifetime_seconds", String::new(), length.0.to_string()),
        ("reason", String::new(), block.reason.clone()),
    ]);
    record(conn, actor, "sign_in_block.added", &block.network, changes)?;
    Ok(block.network)
}

/// Lets a network sign in again.
///
/// # Errors
/// `Forbidden`; `NotFound`: it is not blocked.
pub fn unblock(conn: &mut Conn, actor: &Actor, network: &str) -> Result<(), Error> {
    actor.must(Right::ManageAdministrators)?;
    if !sign_ins::delete_block(conn, network)? {
        return Err(Error::NotFound);
    }
    record(conn, actor, "sign_in_block.removed", network, Vec::new())
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    network: &str,
    changes: Vec<crate::model::audit_event::Change>,
) -> Result<(), Error> {
    let target = ("address", network, network);
    actor.record(conn, Done { code, target, client_id: None, changes, touched: None })
}

fn digest_of(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}
