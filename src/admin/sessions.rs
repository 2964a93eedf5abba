//! Signing in and out. In three steps, since Argon2 must hold no connection:
//! [`candidate`] reads, `model::password::verify` works, [`begin`] writes.
use super::actor::{Done, Who, differences};
use super::{Actor, Error, break_glass};
use crate::model::administrator::Administrator;
use crate::model::audit_event::{Event, Outcome, Target, printable};
use crate::model::role::Right;
use crate::model::session::{Limits, Session};
use crate::oauth::UnixTime;
use crate::store::{self, Conn, administrators, audit_chains};

/// Whoever signs in with `email`, and the hash of their password.
pub fn candidate(conn: &mut Conn, email: &str) -> Result<Option<(Administrator, String)>, Error> {
    Ok(administrators::find_by_email(conn, email)?)
}

/// How somebody proved who they are, in the words of the log.
pub const PASSWORD: &str = "with a password";
pub const CODE: &str = "with a code of the authenticator app";
pub const APP: &str = "with a password and a code of the authenticator app";
pub const RECOVERY_CODE: &str = "with a password and a recovery code";
pub const PASSKEY: &str = "with a passkey";
pub const PASSWORD_AND_PASSKEY: &str = "with a password and a passkey";
pub const OPENID: &str = "through the OpenID provider";
pub const OPENID_APP: &str = "through the OpenID provider and with a code of the authenticator app";
pub const OPENID_PASSKEY: &str = "through the OpenID provider and with a passkey";
pub const OPENID_RECOVERY_CODE: &str = "through the OpenID provider and with a recovery code";
/// Where the provider said who it is.
const THROUGH_PROVIDER: [&str; 4] = [OPENID, OPENID_APP, OPENID_PASSKEY, OPENID_RECOVERY_CODE];

/// Notes that this person proved who they are, and how.
///
/// # Errors
/// `NotFound`: they were suspended or deleted since [`candidate`].
pub fn begin(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    how: &'static str,
) -> Result<Administrator, Error> {
    begin_with(conn, actor, id, (how, None))
}

/// [`begin`], and which passkey of theirs proved it.
///
/// # Errors
/// As [`begin`].
pub fn begin_with(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    (how, passkey): (&'static str, Option<&str>),
) -> Result<Administrator, Error> {
    let administrator =
        administrators::find(conn, id)?.filter(|person| person.active).ok_or(Error::NotFound)?;
    administrators::note_sign_in(conn, id, actor.now)?;
    let mut event = actor.signed_in_as(&administrator).event("session.started", Outcome::Success);
    event.actor.credential_id = passkey.map(str::to_owned);
    event.detail = Some(how.to_owned());
    event.target = Some(target(&administrator));
    audit_chains::append(conn, &actor.chain, &[event])?;
    if !THROUGH_PROVIDER.contains(&how) {
        break_glass::note(conn, &actor.signed_in_as(&administrator), &administrator)?;
    }
    Ok(administrator)
}

/// The record that a password was right, and a second factor is asked for.
pub fn challenge(actor: &Actor, person: &Administrator) -> Event {
    let mut event = actor.event("session.challenged", Outcome::Success);
    event.target = Some(target(person));
    event
}

/// Notes that the actor, signed in, proved again who they are.
pub fn confirm(conn: &mut Conn, actor: &Actor, how: &'static str) -> Result<(), Error> {
    confirm_with(conn, actor, (how, None))
}

/// [`confirm`], and which passkey of theirs proved it.
///
/// # Errors
/// The database's.
pub fn confirm_with(
    conn: &mut Conn,
    actor: &Actor,
    (how, passkey): (&'static str, Option<&str>),
) -> Result<(), Error> {
    let mut event = actor.event("session.confirmed", Outcome::Success);
    event.actor.credential_id = passkey.map(str::to_owned);
    event.detail = Some(how.to_owned());
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

fn target(person: &Administrator) -> Target {
    Target { kind: "administrator".into(), id: person.id.clone(), name: person.name.clone() }
}

/// Why somebody could not sign in. The person is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Of an authenticator app, or for recovery.
    BadCode,
    /// Not a proof: of another site, not signed by it, or without its person.
    BadPasskey,
    BadPassword,
    /// An owner blocked the address.
    Blocked,
    /// Its counter went back: there may be two of it.
    ClonedPasskey,
    /// The proof was right, and only the OpenID provider may say who they are.
    NotThroughProvider,
    Suspended,
    Throttled,
    UnknownAccount,
    /// Nobody's, or not this person's.
    UnknownPasskey,
    /// What the passkey signed was answered before, is too old, or was asked of
    /// another.
    UsedChallenge,
    /// A code that was right and had been used.
    UsedCode,
}

impl Refused {
    pub const ALL: [Self; 12] = [
        Self::BadCode,
        Self::BadPasskey,
        Self::BadPassword,
        Self::Blocked,
        Self::ClonedPasskey,
        Self::NotThroughProvider,
        Self::Suspended,
        Self::Throttled,
        Self::UnknownAccount,
        Self::UnknownPasskey,
        Self::UsedChallenge,
        Self::UsedCode,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadCode => "bad_code",
            Self::BadPasskey => "bad_passkey",
            Self::BadPassword => "bad_password",
            Self::Blocked => "address_blocked",
            Self::ClonedPasskey => "cloned_passkey",
            Self::NotThroughProvider => "not_through_provider",
            Self::Suspended => "administrator_suspended",
            Self::Throttled => "throttled",
            Self::UnknownAccount => "unknown_account",
            Self::UnknownPasskey => "unknown_passkey",
            Self::UsedChallenge => "used_challenge",
            Self::UsedCode => "used_code",
        }
    }
}

/// The record of an attempt that failed. An address that nobody signs in with is
/// cut short: people type passwords into the wrong field.
pub fn refusal(actor: &Actor, email: &str, why: Refused) -> Event {
    let mut event = actor.event("session.denied", Outcome::Denied);
    event.reason = Some(why.as_str().into());
    event.detail = Some(match why {
        Refused::UnknownAccount | Refused::Throttled | Refused::Blocked => {
            let start = printable(email, 3);
            format!("account begins with {start}")
        }
        _ => format!("account {}", printable(email, 254)),
    });
    event
}

/// A passkey that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedPasskey {
    pub why: Refused,
    /// `psk_` and a ULID; of one that nobody has, what the browser called it.
    pub credential_id: String,
    /// What was wrong, for the log; may be empty.
    pub about: &'static str,
}

/// The record of it; `email` is that of the person whose passkey it is, or who is
/// asked for one.
pub fn passkey_refusal(actor: &Actor, email: Option<&str>, refused: &RefusedPasskey) -> Event {
    let mut event = refusal(actor, email.unwrap_or_default(), refused.why);
    let id = printable(&refused.credential_id, 128);
    event.actor.credential_id = Some(id).filter(|id| !id.is_empty());
    let account = email.map(|email| format!("account {}", printable(email, 254)));
    let about = Some(refused.about.to_owned()).filter(|about| !about.is_empty());
    let parts: Vec<String> = account.into_iter().chain(about).collect();
    event.detail = Some(parts.join(": ")).filter(|detail| !detail.is_empty());
    event
}

/// The sessions of an administrator that are not over, the last seen first.
pub fn live(
    conn: &mut Conn,
    administrator_id: &str,
    limits: Limits,
    now: UnixTime,
) -> Result<Vec<Session>, store::Error> {
    let rows = store::sessions::of(conn, administrator_id)?;
    let read =
        |(_, state, end): &(Vec<u8>, String, UnixTime)| Session::read(state, *end, limits, now);
    Ok(rows.iter().filter_map(read).collect())
}

/// Which sessions of somebody are to end.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// The one of this id.
    One(&'a str),
    /// All but the one of this id.
    Others(&'a str),
    All,
}

/// Ends sessions of an administrator at once, on every server. People may do so
/// with their own. Returns how many ended.
///
/// # Errors
/// `Forbidden`; `NotFound`: there is no such person, or no such session.
pub fn revoke(
    conn: &mut Conn,
    actor: &Actor,
    administrator_id: &str,
    which: Which<'_>,
    limits: Limits,
) -> Result<usize, Error> {
    let own =
        matches!(&actor.who, Who::Administrator { id, .. } if id.as_str() == administrator_id);
    if !own {
        actor.must(Right::ManageAdministrators)?;
    }
    let person = administrators::find(conn, administrator_id)?.ok_or(Error::NotFound)?;
    let mut ended = Vec::new();
    for (key, state, end) in store::sessions::of(conn, administrator_id)? {
        let session = Session::read(&state, end, limits, actor.now);
        let id = session.map(|session| session.id).unwrap_or_default();
        let meant = match which {
            Which::One(one) => id == one,
            Which::Others(kept) => id != kept,
            Which::All => true,
        };
        if meant && store::sessions::delete(conn, &key)? && !id.is_empty() {
            ended.push(id);
        }
    }
    if ended.is_empty() {
        return if matches!(which, Which::One(_)) { Err(Error::NotFound) } else { Ok(0) };
    }
    let changes = differences(&[("sessions", ended.join(" "), String::new())]);
    actor.record(
        conn,
        Done {
            code: "session.revoked",
            target: ("administrator", &person.id, &person.name),
            client_id: None,
            changes,
            touched: None,
        },
    )?;
    Ok(ended.len())
}

/// Records that the actor signed out.
pub fn end(conn: &mut Conn, actor: &Actor) -> Result<(), Error> {
    let event = actor.event("session.ended", Outcome::Success);
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}
