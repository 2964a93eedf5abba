//! Acts on secrets.
use zeroize::Zeroizing;

use super::actor::{Done, differences};
use super::{Actor, Error, revocations};
use crate::model::role::Right;
use crate::model::secret::{NewSecret, Secret, State};
use crate::oauth::UnixTime;
use crate::oauth::client_secret::{self, Digest};
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::store::registry::Touched;
use crate::store::{Conn, applications, secrets};

/// What becomes of the tokens that were got with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokens {
    Keep,
    Revoke,
}

/// The most secrets of one application that are not revoked.
const MOST: usize = 20;

/// Makes a secret beside those there are, and returns its value. Nobody can
/// read it again: only its digest is kept.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: the application has twenty secrets.
pub fn add(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    new: &NewSecret,
) -> Result<(Secret, Zeroizing<String>), Error> {
    actor.must_for(conn, Right::ManageApplication, client_id)?;
    applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let unrevoked =
        secrets::all(conn, client_id)?.iter().filter(|s| s.revoked_at.is_none()).count();
    if unrevoked >= MOST {
        return Err(Error::Conflict(format!(
            "An application has at most {MOST} secrets. Revoke one first."
        )));
    }
    let value = client_secret::compose(&actor.entropy.bytes());
    let secret = Secret {
        id: actor.entropy.id("sec_", actor.now),
        client_id: client_id.to_owned(),
        name: new.name.clone(),
        hint: client_secret::hint(&value),
        created_by: actor.name(),
        created_at: actor.now,
        expires_at: new.lifetime.map(|lifetime| actor.now + lifetime),
        revoked_at: None,
        last_used_at: None,
    };
    secrets::insert(conn, &secret, &Digest::of(&value))?;
    let lifetime = new.lifetime.map(|seconds| seconds.0.to_string()).unwrap_or_default();
    let changes = differences(&[
        ("name", String::new(), secret.name.clone()),
        ("lifetime_seconds", String::new(), lifetime),
    ]);
    actor.record(conn, done("secret.added", &secret, changes))?;
    Ok((secret, value))
}

/// Ends a secret at once, and, when it is asked for, the tokens that were got
/// with it; else those stay valid until they expire.
///
/// # Errors
/// * `Forbidden`.
/// * `NotFound`: the application has no such secret.
/// * `Conflict`: it is revoked already.
pub fn revoke(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    id: &str,
    tokens: Tokens,
) -> Result<(), Error> {
    actor.must_for(conn, Right::ManageApplication, client_id)?;
    let secret = secrets::find(conn, id)?
        .filter(|secret| secret.client_id == client_id)
        .ok_or(Error::NotFound)?;
    if !secrets::revoke(conn, id, actor.now)? {
        return Err(Error::Conflict("This secret is revoked already.".to_owned()));
    }
    let state = secret.state(actor.now).as_str().to_owned();
    let mut told = vec![("state", state, "revoked".to_owned())];
    if tokens == Tokens::Revoke {
        revocations::end(conn, actor, (Kind::Secret, id), Some(client_id), "secret revoked")?;
        told.push(("its_tokens", "in force".to_owned(), "revoked".to_owned()));
    }
    let changes = differences(&told);
    actor.record(conn, done("secret.revoked", &secret, changes))
}

/// Makes a secret in the place of another, which goes on working for `overlap`
/// at most, so that services can move over one by one. No overlap revokes it.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: it does not work any more, or the application has twenty.
pub fn rotate(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, id): (&str, &str),
    new: &NewSecret,
    overlap: Seconds,
) -> Result<(Secret, Zeroizing<String>), Error> {
    actor.must_for(conn, Right::ManageApplication, client_id)?;
    let old = working(conn, actor, client_id, id)?;
    let made = add(conn, actor, client_id, new)?;
    if overlap <= Seconds(0) {
        revoke(conn, actor, client_id, id, Tokens::Keep)?;
    } else {
        let end = actor.now + overlap;
        let end = old.expires_at.map_or(end, |already| already.min(end));
        move_end(conn, actor, &old, Some(end))?;
    }
    Ok(made)
}

/// Changes when a secret stops working; `None`: when it is revoked.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: it does not work any more, and cannot be brought back.
pub fn set_expiry(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, id): (&str, &str),
    lifetime: Option<Seconds>,
) -> Result<(), Error> {
    actor.must_for(conn, Right::ManageApplication, client_id)?;
    let secret = working(conn, actor, client_id, id)?;
    move_end(conn, actor, &secret, lifetime.map(|lifetime| actor.now + lifetime))
}

fn working(conn: &mut Conn, actor: &Actor, client_id: &str, id: &str) -> Result<Secret, Error> {
    let secret = secrets::find(conn, id)?
        .filter(|secret| secret.client_id == client_id)
        .ok_or(Error::NotFound)?;
    match secret.state(actor.now) {
        State::Active => Ok(secret),
        state => Err(Error::Conflict(format!(
            "This secret is {} and cannot be brought back. Add another.",
            state.as_str()
        ))),
    }
}

fn move_end(
    conn: &mut Conn,
    actor: &Actor,
    secret: &Secret,
    end: Option<UnixTime>,
) -> Result<(), Error> {
    if !secrets::set_expiry(conn, &secret.id, end)? {
        return Err(Error::NotFound);
    }
    let told = |end: Option<UnixTime>| {
        end.map_or_else(|| "none".to_owned(), |end| end.seconds().to_string())
    };
    let changes = differences(&[("expires_at", told(secret.expires_at), told(end))]);
    actor.record(conn, done("secret.expiry_changed", secret, changes))
}

fn done<'a>(
    code: &'static str,
    secret: &'a Secret,
    changes: Vec<crate::model::audit_event::Change>,
) -> Done<'a> {
    Done {
        code,
        target: ("secret", &secret.id, &secret.name),
        client_id: Some(&secret.client_id),
        changes,
        touched: Some(Touched::Client(secret.client_id.clone())),
    }
}
