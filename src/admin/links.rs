//! One-time links that an owner hands over: to become somebody who signs in,
//! or to choose a new password. Only the digest of a link is kept.
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::actor::{Done, Who, differences};
use super::approvals::gate;
use super::{Actor, Error, administrators};
use crate::model::administrator::{Administrator, AdministratorDetails, Invitation};
use crate::model::approval::{Rule, raises};
use crate::model::audit_event::Change;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::password_resets::NewReset;
use crate::store::{self, Conn, invitations, password_resets, sessions};

/// How long an invitation may be good; the first is the usual.
pub const INVITATION_LIFETIMES: [Seconds; 3] =
    [Seconds::DAY, Seconds(3 * 24 * 3_600), Seconds(7 * 24 * 3_600)];

/// How long the link to a new password is good.
pub const RESET_LIFETIME: Seconds = Seconds(3_600);

/// Invites somebody, and returns what goes into their link. Another invitation
/// for the same address is worth nothing from now on.
///
/// # Errors
/// * `Forbidden`.
/// * `Invalid`: somebody signs in with this address, or the lifetime is none of
///   [`INVITATION_LIFETIMES`].
/// * `Conflict`: they would be an admin or an owner, and the policy asks for two
///   persons: what a link gives cannot wait.
pub fn invite(
    conn: &mut Conn,
    actor: &Actor,
    details: AdministratorDetails,
    lifetime: Seconds,
) -> Result<(Invitation, Zeroizing<String>), Error> {
    actor.must(Right::ManageAdministrators)?;
    if raises(None, details.role) {
        let instead = "Two persons make an admin or an owner. Invite them as an auditor or a \
                       developer, and change their role once they are here.";
        gate::rule_at_once(conn, actor, Rule::Roles, instead)?;
    }
    if !INVITATION_LIFETIMES.contains(&lifetime) {
        return Err(Error::field("lifetime", "Choose how long it is good."));
    }
    if store::administrators::find_by_email(conn, &details.email)?.is_some() {
        return Err(administrators::taken());
    }
    let invitation = Invitation {
        id: actor.entropy.id("inv_", actor.now),
        details,
        created_by: actor.name(),
        created_at: actor.now,
        expires_at: actor.now + lifetime,
    };
    let token = token(actor);
    invitations::insert(conn, &invitation, &digest_of(&token))?;
    let changes = differences(&[
        ("email", String::new(), invitation.details.email.clone()),
        ("role", String::new(), invitation.details.role.to_string()),
        ("lifetime_seconds", String::new(), lifetime.0.to_string()),
    ]);
    record(conn, actor, "invitation.created", &invitation, changes)?;
    Ok((invitation, token))
}

/// Makes an invitation worth nothing.
///
/// # Errors
/// `Forbidden`; `NotFound`: it was taken up, or is no more.
pub fn revoke_invitation(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Invitation, Error> {
    actor.must(Right::ManageAdministrators)?;
    let invitation = invitations::find(conn, id)?.ok_or(Error::NotFound)?;
    if !invitations::delete(conn, id)? {
        return Err(Error::NotFound);
    }
    record(conn, actor, "invitation.revoked", &invitation, Vec::new())?;
    Ok(invitation)
}

/// The invitation that a link is for, while it is good.
pub fn invitation(
    conn: &mut Conn,
    token: &str,
    now: UnixTime,
) -> Result<Option<Invitation>, store::Error> {
    invitations::find_by_digest(conn, &digest_of(token), now)
}

/// Spends an invitation and makes the person.
///
/// # Errors
/// * `NotFound`: the link is spent, expired, revoked or was never one.
/// * `Invalid`: somebody else signs in with this address by now.
pub fn accept(
    conn: &mut Conn,
    actor: &Actor,
    token: &str,
    password_hash: &str,
) -> Result<Administrator, Error> {
    let invitation = invitation(conn, token, actor.now)?.ok_or(Error::NotFound)?;
    if !invitations::delete(conn, &invitation.id)? {
        return Err(Error::NotFound);
    }
    administrators::insert(conn, actor, invitation.details, password_hash)
}

/// Starts the reset of somebody's password, and returns what goes into their
/// link. The old password works until the link is used.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: it is the actor's own, or the person is suspended.
pub fn start_reset(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
) -> Result<(Administrator, Zeroizing<String>), Error> {
    actor.must(Right::ManageAdministrators)?;
    let person = store::administrators::find(conn, id)?.ok_or(Error::NotFound)?;
    if matches!(&actor.who, Who::Administrator { id: own, .. } if own == id) {
        let why = "Change your own password on your account, with the one you have.";
        return Err(Error::Conflict(why.to_owned()));
    }
    if !person.active {
        return Err(Error::Conflict(
            "A suspended person cannot sign in. Resume them first.".into(),
        ));
    }
    let token = token(actor);
    password_resets::insert(
        conn,
        &NewReset {
            administrator_id: id,
            digest: &digest_of(&token),
            created_by: &actor.name(),
            created_at: actor.now,
            expires_at: actor.now + RESET_LIFETIME,
        },
    )?;
    actor.record(conn, administrators::done("administrator.reset_started", &person, Vec::new()))?;
    Ok((person, token))
}

/// Whose password a link sets, while it is good.
pub fn reset(
    conn: &mut Conn,
    token: &str,
    now: UnixTime,
) -> Result<Option<Administrator>, store::Error> {
    let Some(id) = password_resets::find(conn, &digest_of(token), now)? else { return Ok(None) };
    Ok(store::administrators::find(conn, &id)?.filter(|person| person.active))
}

/// Spends the link, sets the password and ends the sessions.
///
/// # Errors
/// `NotFound`: the link is spent, expired, replaced or was never one.
pub fn complete_reset(
    conn: &mut Conn,
    actor: &Actor,
    token: &str,
    password_hash: &str,
) -> Result<(), Error> {
    let person = reset(conn, token, actor.now)?.ok_or(Error::NotFound)?;
    if !password_resets::delete_of(conn, &person.id)? {
        return Err(Error::NotFound);
    }
    store::administrators::set_password(conn, &person.id, password_hash)?;
    sessions::delete_of(conn, &person.id)?;
    actor.record(conn, administrators::done("administrator.password_reset", &person, Vec::new()))
}

/// Forgets links that expired.
pub fn sweep(conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
    invitations::delete_expired(conn, now)?;
    password_resets::delete_expired(conn, now)
}

/// 256 random bits.
fn token(actor: &Actor) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(actor.entropy.bytes::<32>()))
}

fn digest_of(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    invitation: &Invitation,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let target = ("invitation", invitation.id.as_str(), invitation.details.name.as_str());
    actor.record(conn, Done { code, target, client_id: None, changes, touched: None })
}
