//! Acts on signing keys. Each step of a rotation is one transaction: whoever
//! is killed in it has done all of it or nothing, and of several processes one
//! does it.
use super::actor::Done;
use super::approvals::gate;
use super::{Actor, Error};
use crate::model::approval::{Proposal, Rule};
use crate::model::audit_event::Change;
use crate::model::role::Right;
use crate::model::signing_key::{Purpose, SigningKey, State};
use crate::model::timetable::{self, NotYet, Policy, Step};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;
use crate::store::registry::{self, Touched};
use crate::store::{Conn, signing_keys};

/// Publishes a key that was made. The server does this by itself, and an
/// operator who brings a key along.
///
/// # Errors
/// * `Forbidden`.
/// * `Store(Conflict)`: its purpose has a key of its algorithm and state.
pub fn publish(conn: &mut Conn, actor: &Actor, key: &SigningKey) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    signing_keys::insert(conn, key)?;
    record(conn, actor, "signing_key.published", key, ("", key.state.as_str()))
}

/// Publishes `key` to sign next, in the place of the one that stands by.
///
/// # Errors
/// * `Forbidden`.
/// * `Conflict`: the key is here already, or the policy asks for two persons: a
///   private key cannot wait.
pub fn import(conn: &mut Conn, actor: &Actor, key: &SigningKey) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    lock(conn)?;
    let instead = "A private key cannot wait for a second person. Import it with --alone and say \
                   why, which stands in the audit log.";
    gate::rule_at_once(conn, actor, Rule::KeyRetirement, instead)?;
    if signing_keys::find(conn, &key.kid)?.is_some() {
        return Err(Error::Conflict("This key is here already.".to_owned()));
    }
    let keys = signing_keys::all(conn)?;
    if let Some(next) = timetable::of(&keys, key.purpose, key.algorithm, State::Next) {
        take(conn, actor, &keys, &Step::Remove { kid: next.kid.clone() })?;
    }
    publish(conn, actor, key)
}

/// Takes the steps that the timetable has for now. Returns how many there were.
///
/// # Errors
/// `Store`: nothing was done.
pub fn advance(conn: &mut Conn, actor: &Actor, policy: Policy) -> Result<usize, Error> {
    // Another process may be doing the same: what is due is decided under lock.
    lock(conn)?;
    let keys = signing_keys::all(conn)?;
    let steps = timetable::due(&keys, policy, actor.now);
    for step in &steps {
        take(conn, actor, &keys, step)?;
    }
    Ok(steps.len())
}

/// Lets the key that stands by sign from now on.
///
/// # Errors
/// * `Forbidden`.
/// * `Conflict`: none stands by.
/// * `TooSoon`: verifiers may not know it yet.
/// * `SecondPerson`: the policy asks for one.
pub fn rotate(
    conn: &mut Conn,
    actor: &Actor,
    pair: (Purpose, Algorithm),
    policy: Policy,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    lock(conn)?;
    let keys = signing_keys::all(conn)?;
    let step = next_step(&keys, pair, policy, actor.now)?;
    if let Step::Promote { next, current } = &step {
        gate::rule(conn, actor, Rule::KeyRetirement, || Proposal::RotateKey {
            purpose: pair.0.as_str().to_owned(),
            algorithm: pair.1.as_str().to_owned(),
            current: current.clone(),
            next: next.clone(),
        })?;
    }
    take(conn, actor, &keys, &step)
}

/// [`rotate`], once it is decided that it may be.
pub(super) fn advance_by_hand(
    conn: &mut Conn,
    actor: &Actor,
    pair: (Purpose, Algorithm),
    policy: Policy,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    lock(conn)?;
    let keys = signing_keys::all(conn)?;
    let step = next_step(&keys, pair, policy, actor.now)?;
    take(conn, actor, &keys, &step)
}

fn next_step(
    keys: &[SigningKey],
    pair: (Purpose, Algorithm),
    policy: Policy,
    now: UnixTime,
) -> Result<Step, Error> {
    match timetable::rotation(keys, pair, policy, now) {
        Ok(step) => Ok(step),
        Err(NotYet::TooSoon(earliest)) => Err(Error::TooSoon { earliest }),
        Err(NotYet::NoNext) => {
            Err(Error::Conflict("No key stands by yet; the server makes one.".to_owned()))
        }
    }
}

/// Puts the seal of another master key on every private key there is. Returns
/// how many there were.
///
/// # Errors
/// * `Forbidden`.
/// * `Conflict`: `seal` failed for one; none was changed.
pub fn reseal(
    conn: &mut Conn,
    actor: &Actor,
    seal: impl Fn(&SigningKey) -> Result<Vec<u8>, String>,
) -> Result<usize, Error> {
    actor.must(Right::ManageRegistry)?;
    lock(conn)?;
    let keys = signing_keys::all(conn)?;
    let sealed: Vec<_> = keys.iter().filter(|key| key.state.is_published()).collect();
    for key in &sealed {
        signing_keys::reseal(conn, &key.kid, &seal(key).map_err(Error::Conflict)?)?;
    }
    let count = sealed.len().to_string();
    actor.record(
        conn,
        Done {
            code: "signing_keys.resealed",
            target: ("master_key", "", "the master key"),
            client_id: None,
            changes: vec![Change { field: "keys".into(), before: String::new(), after: count }],
            touched: Some(Touched::Tokens),
        },
    )?;
    Ok(sealed.len())
}

/// Ends a key for good. The one that stands by signs from now on, however short
/// it has been published.
///
/// # Errors
/// * `NotFound`.
/// * `Conflict`: it was removed or revoked before.
pub(super) fn revoke(conn: &mut Conn, actor: &Actor, kid: &str) -> Result<(), Error> {
    lock(conn)?;
    let key = signing_keys::find(conn, kid)?.ok_or(Error::NotFound)?;
    if !signing_keys::revoke(conn, kid, actor.now)? {
        return Err(Error::Conflict("This key is out of use already.".to_owned()));
    }
    let keys = signing_keys::all(conn)?;
    let next = timetable::of(&keys, key.purpose, key.algorithm, State::Next);
    match next.filter(|_| key.state == State::Current) {
        Some(next) => {
            let step = Step::Promote { next: next.kid.clone(), current: None };
            take(conn, actor, &keys, &step)
        }
        None => Ok(()),
    }
}

fn take(conn: &mut Conn, actor: &Actor, keys: &[SigningKey], step: &Step) -> Result<(), Error> {
    let known = |kid: &str| keys.iter().find(|key| key.kid == kid).ok_or(Error::NotFound);
    let gone = || Error::Conflict("Somebody else changed this key.".to_owned());
    match step {
        Step::Promote { next, current } => {
            if let Some(current) = current {
                if !signing_keys::retire(conn, current, actor.now)? {
                    return Err(gone());
                }
                let states = (State::Current.as_str(), State::Retired.as_str());
                record(conn, actor, "signing_key.retired", known(current)?, states)?;
            }
            if !signing_keys::promote(conn, next, actor.now)? {
                return Err(gone());
            }
            let states = (State::Next.as_str(), State::Current.as_str());
            record(conn, actor, "signing_key.activated", known(next)?, states)
        }
        Step::Remove { kid } => {
            if !signing_keys::remove(conn, kid)? {
                return Err(gone());
            }
            let key = known(kid)?;
            let states = (key.state.as_str(), State::Removed.as_str());
            record(conn, actor, "signing_key.removed", key, states)
        }
    }
}

/// Only one at a time decides what is due: until the commit.
fn lock(conn: &mut Conn) -> Result<(), Error> {
    Ok(registry::note(conn, &Touched::Tokens)?)
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    key: &SigningKey,
    (before, after): (&'static str, &'static str),
) -> Result<(), Error> {
    let change =
        Change { field: "state".into(), before: before.to_owned(), after: after.to_owned() };
    let name = format!("{} key for {}", key.algorithm, key.purpose.as_str().replace('_', " "));
    actor.record(
        conn,
        Done {
            code,
            target: ("signing_key", &key.kid, &name),
            client_id: None,
            changes: vec![change],
            touched: Some(Touched::Tokens),
        },
    )
}
