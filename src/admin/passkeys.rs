//! Passkeys of people: what proves who they are alone, and after a password.
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::actor::{Done, differences};
use super::{Actor, Error, factors};
use crate::model::administrator::Administrator;
use crate::model::audit_event::Change;
use crate::model::passkey::{MOST, PATIENCE, Passkey, Purpose};
use crate::model::recovery_code::Digest;
use crate::oauth::UnixTime;
use crate::store::passkey_challenges::{self, Challenge};
use crate::store::{self, Conn, passkeys, recovery_codes};

/// A credential that an authenticator just made, found to be right.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub name: String,
    pub aaguid: String,
    pub transports: String,
}

/// Keeps what a browser is asked to sign, and returns what it is found by.
///
/// # Errors
/// The database's.
pub fn challenge(
    conn: &mut Conn,
    actor: &Actor,
    (purpose, administrator_id): (Purpose, &str),
    state: String,
) -> Result<String, store::Error> {
    let id = URL_SAFE_NO_PAD.encode(actor.entropy.bytes::<16>());
    let challenge = Challenge {
        id: id.clone(),
        purpose: purpose.as_str().to_owned(),
        administrator_id: administrator_id.to_owned(),
        state,
        expires_at: (actor.now + PATIENCE).0,
    };
    passkey_challenges::insert(conn, &challenge)?;
    Ok(id)
}

/// Takes the challenge that an answer is to: it is answered once, also when the
/// answer is wrong. `None`: it was answered, is too old, or was made for
/// something or somebody else.
///
/// # Errors
/// The database's.
pub fn take_challenge(
    conn: &mut Conn,
    (purpose, administrator_id): (Purpose, &str),
    id: &str,
    now: UnixTime,
) -> Result<Option<String>, store::Error> {
    let found = passkey_challenges::take(conn, id)?.filter(|found| {
        found.purpose == purpose.as_str()
            && found.administrator_id == administrator_id
            && now.0 < found.expires_at
    });
    Ok(found.map(|found| found.state))
}

/// Forgets challenges that nobody answered.
pub fn sweep(conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
    passkey_challenges::delete_expired(conn, now)
}

/// Gives the actor one passkey more; with recovery codes when it is their first
/// factor.
///
/// # Errors
/// * `Forbidden`: it is for another.
/// * `NotFound`: suspended meanwhile.
/// * `Invalid`: there are [`MOST`], or it is registered already.
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    new: NewPasskey,
    codes: &[Digest],
) -> Result<Passkey, Error> {
    let person = factors::own(conn, actor, id)?;
    put(conn, actor, &person, new, codes)
}

/// The same for somebody whose role needs a factor, and who has proved no more
/// than a password.
///
/// # Errors
/// As [`add`]; `Conflict`: there is a factor by now.
pub fn add_first(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    new: NewPasskey,
    codes: &[Digest],
) -> Result<Passkey, Error> {
    let person = factors::without(conn, id)?;
    put(conn, &actor.signed_in_as(&person), &person, new, codes)
}

fn put(
    conn: &mut Conn,
    actor: &Actor,
    person: &Administrator,
    new: NewPasskey,
    codes: &[Digest],
) -> Result<Passkey, Error> {
    let refused = |message: &str| Err(Error::field("passkey", message));
    if passkeys::of(conn, &person.id)?.len() >= MOST {
        return refused("You have twenty passkeys. Remove one that you do not use.");
    }
    if passkeys::find_by_credential(conn, &new.credential_id)?.is_some() {
        return refused("This passkey is registered already.");
    }
    if !factors::has_any(conn, &person.id)? {
        recovery_codes::replace(conn, &person.id, codes)?;
    }
    let passkey = Passkey {
        id: actor.entropy.id("psk_", actor.now),
        administrator_id: person.id.clone(),
        credential_id: new.credential_id,
        credential: new.credential,
        name: new.name,
        aaguid: new.aaguid,
        transports: new.transports,
        created_at: actor.now,
        last_used_at: None,
    };
    passkeys::insert(conn, &passkey)?;
    let changes = differences(&[("kind", String::new(), passkey.kind())]);
    record(conn, actor, "passkey.added", &passkey, changes)?;
    Ok(passkey)
}

/// Gives one's own passkey another name.
///
/// # Errors
/// `NotFound`: there is none, or it is another's.
pub fn rename(conn: &mut Conn, actor: &Actor, id: &str, name: &str) -> Result<(), Error> {
    let passkey = own(conn, actor, id)?;
    let changes = differences(&[("name", passkey.name.clone(), name.to_owned())]);
    if changes.is_empty() {
        return Ok(());
    }
    passkeys::rename(conn, id, name)?;
    record(conn, actor, "passkey.renamed", &passkey, changes)
}

/// Takes one's own passkey away, and with the last factor the recovery codes.
///
/// # Errors
/// `NotFound`: there is none, or it is another's.
pub fn remove(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    let passkey = own(conn, actor, id)?;
    passkeys::delete(conn, id)?;
    if !factors::has_any(conn, &passkey.administrator_id)? {
        recovery_codes::delete_of(conn, &passkey.administrator_id)?;
    }
    record(conn, actor, "passkey.removed", &passkey, Vec::new())
}

/// Whether the passkey is the actor's is not told to others.
fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Passkey, Error> {
    let found = passkeys::find(conn, id)?.ok_or(Error::NotFound)?;
    if !factors::is_own(actor, &found.administrator_id) {
        return Err(Error::NotFound);
    }
    Ok(found)
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    passkey: &Passkey,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let target = ("passkey", passkey.id.as_str(), passkey.name.as_str());
    actor.record(conn, Done { code, target, client_id: None, changes, touched: None })
}
