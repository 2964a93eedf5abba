//! The second factor of people: an app that shows codes, passkeys, and what
//! stands in for those that were lost.
use super::actor::{Done, Who, differences};
use super::{Actor, Error};
use crate::model::administrator::Administrator;
use crate::model::audit_event::Change;
use crate::model::passkey::Passkey;
use crate::model::recovery_code::Digest;
use crate::model::role::Right;
use crate::model::totp::Step;
use crate::oauth::UnixTime;
use crate::store::authenticator_apps::AuthenticatorApp;
use crate::store::{
    self, Conn, administrators, authenticator_apps, passkeys, recovery_codes, sessions,
};

/// What somebody showed, found to be right, and not used up yet.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A code of the app that was made at `created_at`.
    App {
        created_at: UnixTime,
        step: Step,
    },
    Recovery(Digest),
    /// A passkey, as it was when its answer was read, and as it is after it.
    Passkey {
        id: String,
        before: String,
        after: String,
    },
}

impl Proof {
    /// The passkey that it is of.
    pub fn passkey(&self) -> Option<&str> {
        match self {
            Self::Passkey { id, .. } => Some(id),
            Self::App { .. } | Self::Recovery(_) => None,
        }
    }
}

/// An app whose first code was right.
#[derive(Clone)]
pub struct NewApp {
    pub sealed: Vec<u8>,
    /// The step of that code, which is used up.
    pub step: Step,
    pub recovery_codes: Vec<Digest>,
}

/// What somebody has besides a password.
#[derive(Clone)]
pub struct Factors {
    pub app: Option<AuthenticatorApp>,
    pub passkeys: Vec<Passkey>,
    /// Recovery codes that are left.
    pub codes: i64,
}

impl Factors {
    pub const fn is_empty(&self) -> bool {
        self.app.is_none() && self.passkeys.is_empty()
    }
}

pub fn of(conn: &mut Conn, id: &str) -> Result<Factors, store::Error> {
    Ok(Factors {
        app: authenticator_apps::find(conn, id)?,
        passkeys: passkeys::of(conn, id)?,
        codes: recovery_codes::count(conn, id)?,
    })
}

/// Whether a password alone is not enough.
pub fn has_any(conn: &mut Conn, id: &str) -> Result<bool, store::Error> {
    Ok(!of(conn, id)?.is_empty())
}

/// Uses a proof up. `false`: it was used before, by somebody who was faster, or
/// belongs to what is there no more.
pub fn spend(conn: &mut Conn, actor: &Actor, id: &str, proof: &Proof) -> Result<bool, Error> {
    Ok(match proof {
        Proof::App { created_at, step } => {
            authenticator_apps::accept(conn, id, *created_at, *step, actor.now)?
        }
        Proof::Recovery(digest) => recovery_codes::spend(conn, id, digest)?,
        Proof::Passkey { id, before, after } => {
            passkeys::accept(conn, id, (before, after), actor.now)?
        }
    })
}

/// Sets up the app of the actor, in the place of any other, with new recovery
/// codes.
///
/// # Errors
/// `Forbidden`: it is another's. `NotFound`: suspended meanwhile.
pub fn set_up(conn: &mut Conn, actor: &Actor, id: &str, new: &NewApp) -> Result<(), Error> {
    let person = own(conn, actor, id)?;
    put(conn, actor, &person, new)
}

/// The same for somebody whose role needs one, and who has proved no more than a
/// password.
///
/// # Errors
/// * `NotFound`: suspended meanwhile.
/// * `Conflict`: there is one by now; a password does not replace it.
pub fn set_up_first(conn: &mut Conn, actor: &Actor, id: &str, new: &NewApp) -> Result<(), Error> {
    let person = without(conn, id)?;
    put(conn, &actor.signed_in_as(&person), &person, new)
}

/// Somebody who has no second factor.
pub(super) fn without(conn: &mut Conn, id: &str) -> Result<Administrator, Error> {
    if has_any(conn, id)? {
        return Err(Error::Conflict(
            "This account has a second factor by now. Sign in with it.".to_owned(),
        ));
    }
    active(conn, id)
}

fn put(conn: &mut Conn, actor: &Actor, person: &Administrator, new: &NewApp) -> Result<(), Error> {
    let app = AuthenticatorApp {
        sealed: new.sealed.clone(),
        last: new.step,
        created_at: actor.now,
        last_used_at: actor.now,
    };
    authenticator_apps::insert(conn, &person.id, &app)?;
    recovery_codes::replace(conn, &person.id, &new.recovery_codes)?;
    record(conn, actor, "second_factor.set_up", person, Vec::new())
}

/// Gives the actor new recovery codes; the old ones are worth nothing.
///
/// # Errors
/// * `Forbidden`: they are another's.
/// * `NotFound`: there is no second factor they could stand in for.
pub fn renew_codes(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    digests: &[Digest],
) -> Result<(), Error> {
    let person = own(conn, actor, id)?;
    if !has_any(conn, id)? {
        return Err(Error::NotFound);
    }
    recovery_codes::replace(conn, id, digests)?;
    record(conn, actor, "second_factor.codes_renewed", &person, Vec::new())
}

/// Takes the actor's app away; the recovery codes too, when there is no passkey
/// that they could stand in for.
///
/// # Errors
/// `Forbidden`: it is another's. `NotFound`: there is none.
pub fn remove_app(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    let person = own(conn, actor, id)?;
    if !authenticator_apps::delete(conn, id)? {
        return Err(Error::NotFound);
    }
    if !has_any(conn, id)? {
        recovery_codes::delete_of(conn, id)?;
    }
    record(conn, actor, "second_factor.removed", &person, Vec::new())
}

/// Takes every second factor away: one's own, an owner anybody's. Another's
/// sessions end.
///
/// # Errors
/// `Forbidden`; `NotFound`: there is no such person, or nothing to take away.
pub fn remove(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    if !is_own(actor, id) {
        actor.must(Right::ManageAdministrators)?;
    }
    let person = administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    let names: Vec<String> = passkeys::of(conn, id)?.into_iter().map(|one| one.name).collect();
    let codes = recovery_codes::delete_of(conn, id)?;
    let passkeys = passkeys::delete_of(conn, id)?;
    if !authenticator_apps::delete(conn, id)? && codes + passkeys == 0 {
        return Err(Error::NotFound);
    }
    if !is_own(actor, id) {
        sessions::delete_of(conn, id)?;
    }
    let changes = differences(&[("passkeys", names.join(", "), String::new())]);
    record(conn, actor, "second_factor.removed", &person, changes)
}

/// Puts the seal of another master key on what is sealed of every app; part of
/// `signing_keys::reseal`, which records both.
///
/// # Errors
/// `Forbidden`; `Conflict`: `seal` failed for one, so nothing may be changed.
pub fn reseal(
    conn: &mut Conn,
    actor: &Actor,
    seal: impl Fn(&str, &[u8]) -> Result<Vec<u8>, String>,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    for (id, before) in authenticator_apps::all_sealed(conn)? {
        let sealed = seal(&id, &before).map_err(Error::Conflict)?;
        if !authenticator_apps::reseal(conn, &id, &before, &sealed)? {
            return Err(Error::Conflict("A second factor was changed meanwhile.".to_owned()));
        }
    }
    Ok(())
}

pub(super) fn is_own(actor: &Actor, id: &str) -> bool {
    matches!(&actor.who, Who::Administrator { id: own, .. } if own == id)
}

pub(super) fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Administrator, Error> {
    if !is_own(actor, id) {
        return Err(Error::Forbidden(Right::ManageAdministrators));
    }
    active(conn, id)
}

fn active(conn: &mut Conn, id: &str) -> Result<Administrator, Error> {
    administrators::find(conn, id)?.filter(|person| person.active).ok_or(Error::NotFound)
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    person: &Administrator,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let target = ("administrator", person.id.as_str(), person.name.as_str());
    actor.record(conn, Done { code, target, client_id: None, changes, touched: None })
}
