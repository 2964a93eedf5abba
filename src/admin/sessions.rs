//! Signing in and out. In three steps, since Argon2 must hold no connection:
//! [`candidate`] reads, `model::password::verify` works, [`begin`] writes.
use super::{Actor, Error};
use crate::model::administrator::Administrator;
use crate::model::audit_event::{Outcome, Target, printable};
use crate::store::{Conn, administrators, audit_chains};

/// Whoever signs in with `email`, and the hash of their password.
pub fn candidate(conn: &mut Conn, email: &str) -> Result<Option<(Administrator, String)>, Error> {
    Ok(administrators::find_by_email(conn, email)?)
}

/// Notes that this person proved who they are.
///
/// # Errors
/// `NotFound`: they were suspended or deleted since [`candidate`].
pub fn begin(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Administrator, Error> {
    let administrator =
        administrators::find(conn, id)?.filter(|person| person.active).ok_or(Error::NotFound)?;
    administrators::note_sign_in(conn, id, actor.now)?;
    let mut event = actor.signed_in_as(&administrator).event("session.started", Outcome::Success);
    event.target = Some(Target {
        kind: "administrator".into(),
        id: administrator.id.clone(),
        name: administrator.name.clone(),
    });
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(administrator)
}

/// Why somebody could not sign in. The person is told none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    BadPassword,
    Suspended,
    Throttled,
    UnknownAccount,
}

impl Refused {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadPassword => "bad_password",
            Self::Suspended => "administrator_suspended",
            Self::Throttled => "throttled",
            Self::UnknownAccount => "unknown_account",
        }
    }
}

/// Records an attempt that failed. An address that nobody signs in with is cut
/// short: people type passwords into the wrong field.
pub fn refuse(conn: &mut Conn, actor: &Actor, email: &str, why: Refused) -> Result<(), Error> {
    let mut event = actor.event("session.denied", Outcome::Denied);
    event.reason = Some(why.as_str().into());
    event.detail = Some(match why {
        Refused::UnknownAccount | Refused::Throttled => {
            let start = printable(email, 3);
            format!("account begins with {start}")
        }
        Refused::BadPassword | Refused::Suspended => {
            format!("account {}", printable(email, 254))
        }
    });
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}

/// Records that the actor signed out.
pub fn end(conn: &mut Conn, actor: &Actor) -> Result<(), Error> {
    let event = actor.event("session.ended", Outcome::Success);
    audit_chains::append(conn, &actor.chain, &[event])?;
    Ok(())
}
