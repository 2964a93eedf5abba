//! Who people are at the OpenID provider. Issuer and subject say so together,
//! and an address alone never does (OpenID Connect Core 1.0 §5.7).
use super::actor::{Who, differences};
use super::{Actor, Error, administrators, sessions};
use crate::model::administrator::{Administrator, AdministratorDetails};
use crate::model::audit_event::{Event, Outcome, printable};
use crate::model::openid::{Claims, Purpose, Refusal};
use crate::model::role::Role;
use crate::oauth::UnixTime;
use crate::store::identities::Identity;
use crate::store::openid_flows::{self, Flow};
use crate::store::{self, Conn, break_glass, identities};

/// What whoever runs the server wants of people who come from the provider.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What the claim stands for; `None`: roles are given in the console.
    pub role: Option<Option<Role>>,
    /// What somebody new begins with.
    pub role_of_new: Option<Role>,
    /// A hash that no password matches: who has no account gets one with it.
    pub creates_with: Option<&'a str>,
    /// A verified address joins.
    pub links_by_email: bool,
}

/// Finds, joins or makes the account of whoever came back, and gives it the role
/// that the claim stands for. Nobody is signed in by it.
///
/// # Errors
/// The database's. A refusal is none: what it did, ending sessions, stays.
pub fn admit(
    conn: &mut Conn,
    actor: &Actor,
    claims: &Claims,
    terms: Terms<'_>,
) -> Result<Result<Administrator, Refusal>, Error> {
    let person = match identities::find(conn, &claims.issuer, &claims.subject)? {
        Some(found) => {
            let person = store::administrators::find(conn, &found.administrator_id)?;
            person.ok_or(Error::NotFound)?
        }
        None => match newcomer(conn, actor, claims, terms)? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    if !person.active {
        return Ok(Err(Refusal::Suspended));
    }
    let person = match terms.role {
        None => person,
        Some(None) => {
            // What they began before is not theirs to go on with.
            store::sessions::delete_of(conn, &person.id)?;
            return Ok(Err(Refusal::NoRole));
        }
        Some(Some(role)) if role == person.role => person,
        Some(Some(role)) => match administrators::follow_claim(conn, actor, &person, role) {
            Ok(person) => person,
            Err(Error::Conflict(_)) => return Ok(Err(Refusal::LastOwner)),
            Err(error) => return Err(error),
        },
    };
    let at = (claims.issuer.as_str(), claims.subject.as_str());
    identities::note_use(conn, at, claims.email.as_deref(), actor.now)?;
    Ok(Ok(person))
}

/// Somebody whose identity nobody has: joined to the account of their address, or
/// given one of their own.
fn newcomer(
    conn: &mut Conn,
    actor: &Actor,
    claims: &Claims,
    terms: Terms<'_>,
) -> Result<Result<Administrator, Refusal>, Error> {
    if terms.role == Some(None) {
        return Ok(Err(Refusal::NoRole));
    }
    let found = claims.email.as_deref().map(|email| {
        Ok::<_, Error>(store::administrators::find_by_email(conn, email)?.map(|(found, _)| found))
    });
    let found = found.transpose()?.flatten();
    let person = match found {
        Some(_) if !terms.links_by_email => return Ok(Err(Refusal::EmailTaken)),
        Some(_) if claims.verified_email().is_none() => return Ok(Err(Refusal::UnverifiedEmail)),
        // Its whole worth is that the provider has no say in it.
        Some(person) if break_glass::is_one(conn, &person.id)? => {
            return Ok(Err(Refusal::EmailTaken));
        }
        Some(person) if !person.active => return Ok(Err(Refusal::Suspended)),
        Some(person) => person,
        None => match made(conn, actor, claims, terms)? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    insert(conn, &system(actor), &person, claims)?;
    Ok(Ok(person))
}

fn made(
    conn: &mut Conn,
    actor: &Actor,
    claims: &Claims,
    terms: Terms<'_>,
) -> Result<Result<Administrator, Refusal>, Error> {
    let Some(hash) = terms.creates_with else { return Ok(Err(Refusal::NoAccount)) };
    let Some(role) = terms.role_of_new else { return Ok(Err(Refusal::NoRole)) };
    let Some(email) = &claims.email else { return Ok(Err(Refusal::NoEmail)) };
    // Who says nothing of it is believed; who says that it is not, too.
    if claims.email_verified == Some(false) {
        return Ok(Err(Refusal::UnverifiedEmail));
    }
    let name = claims.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(email);
    let name: String = name.trim().chars().take(100).collect();
    match AdministratorDetails::read(email, &name, role.as_str()) {
        Ok(details) => Ok(Ok(administrators::insert(conn, &system(actor), details, hash)?)),
        Err(_) => Ok(Err(Refusal::NoEmail)),
    }
}

/// Adds an identity to the actor's own account.
///
/// # Errors
/// * `NotFound`: suspended meanwhile.
/// * `Conflict`: it is a break-glass account.
pub fn link(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    claims: &Claims,
) -> Result<Result<(), Refusal>, Error> {
    let person = own(conn, actor, id)?;
    if break_glass::is_one(conn, id)? {
        return Err(Error::Conflict(
            "A break-glass account is for when the provider is away: it is not joined to it."
                .to_owned(),
        ));
    }
    match identities::find(conn, &claims.issuer, &claims.subject)? {
        Some(found) if found.administrator_id == id => Ok(Ok(())),
        Some(_) => Ok(Err(Refusal::IdentityTaken)),
        None => insert(conn, actor, &person, claims).map(Ok),
    }
}

/// Takes an identity from the actor's own account.
///
/// # Errors
/// `NotFound`: it is not theirs.
pub fn unlink(conn: &mut Conn, actor: &Actor, id: &str, at: (&str, &str)) -> Result<(), Error> {
    let person = own(conn, actor, id)?;
    if !identities::delete(conn, id, at)? {
        return Err(Error::NotFound);
    }
    let changes = differences(&[("identity", named(at.0, at.1), String::new())]);
    actor.record(conn, administrators::done("identity.unlinked", &person, changes))
}

/// Notes that the actor, signed in, came back from the provider as themselves.
///
/// # Errors
/// The database's.
pub fn confirm(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    claims: &Claims,
) -> Result<Result<(), Refusal>, Error> {
    let found = identities::find(conn, &claims.issuer, &claims.subject)?;
    if found.is_none_or(|found| found.administrator_id != id) {
        return Ok(Err(Refusal::OtherPerson));
    }
    sessions::confirm(conn, actor, sessions::OPENID).map(Ok)
}

/// Sends somebody to the provider: what they come back with is good once.
pub fn send(conn: &mut Conn, flow: &Flow) -> Result<(), store::Error> {
    openid_flows::insert(conn, flow)
}

/// The record of somebody who was not signed in, or not believed.
pub fn refusal(actor: &Actor, purpose: Purpose, why: Refusal, detail: &str) -> Event {
    let mut event = actor.event("session.denied", Outcome::Denied);
    event.reason = Some(why.as_str().into());
    let what = match purpose {
        Purpose::SignIn => "through the OpenID provider",
        Purpose::Confirmation => "again, through the OpenID provider",
        Purpose::Link => "to join the OpenID provider to the account",
    };
    event.detail = Some(match detail {
        "" => what.to_owned(),
        detail => printable(&format!("{what}: {detail}"), 500),
    });
    event
}

/// Forgets who never came back.
pub fn sweep(conn: &mut Conn, now: UnixTime) -> Result<(), store::Error> {
    openid_flows::delete_expired(conn, now)
}

fn insert(
    conn: &mut Conn,
    actor: &Actor,
    person: &Administrator,
    claims: &Claims,
) -> Result<(), Error> {
    let identity = Identity {
        issuer: claims.issuer.clone(),
        subject: claims.subject.clone(),
        administrator_id: person.id.clone(),
        email: claims.email.clone(),
        created_at: actor.now,
        last_used_at: actor.now,
    };
    identities::insert(conn, &identity)?;
    let changes =
        differences(&[("identity", String::new(), named(&claims.issuer, &claims.subject))]);
    actor.record(conn, administrators::done("identity.linked", person, changes))
}

fn named(issuer: &str, subject: &str) -> String {
    format!("{} at {issuer}", printable(subject, 255))
}

/// What follows from the configuration, the server does.
pub(super) fn system(actor: &Actor) -> Actor {
    Actor { who: Who::System, ..actor.clone() }
}

fn own(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Administrator, Error> {
    let own = matches!(&actor.who, Who::Administrator { id: own, .. } if own == id);
    let person = store::administrators::find(conn, id)?.filter(|person| person.active && own);
    person.ok_or(Error::NotFound)
}
