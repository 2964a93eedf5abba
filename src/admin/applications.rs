//! Acts on applications.
use zeroize::Zeroizing;

use super::actor::{Done, differences};
use super::{Actor, Error, approvals, deletions, grants, revocations, secrets};
use crate::model::application::{Application, ApplicationDetails};
use crate::model::approval::{Proposal, Request};
use crate::model::audit_event::Change;
use crate::model::grant::Access;
use crate::model::role::Right;
use crate::model::secret::{NewSecret, Secret};
use crate::oauth::UnixTime;
use crate::oauth::limit::Subject;
use crate::oauth::revocation::Kind;
use crate::store::registry::{self, Touched};
use crate::store::{self, Conn, applications, history};

/// An application that was just made.
pub struct Created {
    pub application: Application,
    /// Its first secret and the value, which nobody can read again.
    pub secret: Option<(Secret, Zeroizing<String>)>,
    /// What it was to hold and does not yet: it takes two persons.
    pub waits: Option<Request>,
}

/// What to make an application with.
#[derive(Debug)]
pub struct NewApplication {
    pub details: ApplicationDetails,
    /// By resource: its id or its identifier.
    pub grants: Vec<(String, Access)>,
    pub secret: Option<NewSecret>,
}

/// Registers an application, with its grants and its first secret. Of the grants
/// those that take two persons are asked for.
///
/// # Errors
/// * `Forbidden`: the actor may not manage the registry.
/// * `Invalid`: a grant names an API or a scope that there is not.
/// * `Conflict`: a grant takes two persons, and the actor is nobody who asks.
pub fn create(conn: &mut Conn, actor: &Actor, new: NewApplication) -> Result<Created, Error> {
    actor.must(Right::ManageRegistry)?;
    let application = Application {
        client_id: actor.entropy.client_id(actor.now),
        details: new.details,
        active: true,
        created_at: actor.now,
        version: 1,
    };
    applications::insert(conn, application.clone())?;
    let none = ApplicationDetails::default();
    let changes = changes(&none, &application.details);
    let act = actor.recorded(conn, done("application.created", &application, changes))?;
    history::begin_application(conn, &application, &act)?;
    let waits = grant(conn, actor, &application.client_id, &new.grants)?;
    let secret = match new.secret {
        Some(secret) => Some(secrets::add(conn, actor, &application.client_id, &secret)?),
        None => None,
    };
    Ok(Created { application, secret, waits })
}

/// Gives what one person may give, and asks for the rest.
fn grant(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    wanted: &[(String, Access)],
) -> Result<Option<Request>, Error> {
    let mut marked = Vec::new();
    for (resource, access) in wanted {
        match grants::set(conn, actor, client_id, resource, access) {
            Err(Error::SecondPerson(proposal)) => marked.push(*proposal),
            done => done?,
        }
    }
    if marked.is_empty() {
        return Ok(None);
    }
    let held = grants::holdings(conn, client_id)?;
    let mut wanted = held.clone();
    for proposal in marked {
        let Proposal::SetAccess { held: before, wanted: after, .. } = proposal else { continue };
        wanted.extend(after.into_iter().filter(|(id, access)| before.get(id) != Some(access)));
    }
    let client_id = client_id.to_owned();
    approvals::ask(conn, actor, Proposal::SetAccess { client_id, held, wanted }).map(Some)
}

/// Changes what may change of an application.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: somebody changed it after version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    client_id: &str,
    version: i64,
    details: &ApplicationDetails,
) -> Result<(), Error> {
    actor.must_for(conn, Right::ManageApplication, client_id)?;
    let before = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    if !applications::update(conn, client_id, version, details)? {
        return Err(Error::Conflict(
            "Somebody changed this application after you opened it.".to_owned(),
        ));
    }
    let changes = changes(&before.details, details);
    actor.record(conn, done("application.updated", &before, changes))?;
    Ok(history::rename_application(conn, client_id, details)?)
}

/// Suspends an application: from now on it gets no tokens, and those it holds
/// are dead. Resuming it does not bring them back.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: it is suspended already.
pub fn suspend(conn: &mut Conn, actor: &Actor, client_id: &str) -> Result<(), Error> {
    set_active(conn, actor, client_id, false)
}

/// Lets a suspended application get tokens again.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: it is active already.
pub fn resume(conn: &mut Conn, actor: &Actor, client_id: &str) -> Result<(), Error> {
    set_active(conn, actor, client_id, true)
}

/// Deletes an application with its secrets and grants; its tokens are dead. What
/// the audit log says of it stays. Returns until when it can be restored.
///
/// # Errors
/// `Forbidden`, `NotFound`.
pub fn delete(conn: &mut Conn, actor: &Actor, client_id: &str) -> Result<UnixTime, Error> {
    actor.must(Right::ManageRegistry)?;
    // What it holds is kept as it is: nobody changes it meanwhile.
    registry::lock(conn)?;
    let before = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let kept = deletions::gather(conn, &before)?;
    store::secrets::bury(conn, client_id, actor.now)?;
    applications::delete(conn, client_id)?;
    store::dismissals::delete_of(conn, client_id)?;
    store::limits::set(conn, &Subject::Application(client_id.to_owned()), None)?;
    end_tokens(conn, actor, client_id, "application deleted")?;
    let changes = changes(&before.details, &ApplicationDetails::default());
    let act = actor.recorded(conn, done("application.deleted", &before, changes))?;
    history::end_application(conn, client_id, &act)?;
    deletions::keep(conn, actor, (client_id, &before.details.name), &kept, &act)
}

fn set_active(conn: &mut Conn, actor: &Actor, client_id: &str, active: bool) -> Result<(), Error> {
    if active {
        actor.must(Right::ManageRegistry)?;
    } else {
        actor.must_for(conn, Right::ManageApplication, client_id)?;
    }
    let before = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let (code, state) = if active {
        ("application.resumed", "active")
    } else {
        ("application.suspended", "suspended")
    };
    if !applications::set_active(conn, client_id, active)? {
        return Err(Error::Conflict(format!("This application is {state} already.")));
    }
    if !active {
        end_tokens(conn, actor, client_id, "application suspended")?;
    }
    let other = if active { "suspended" } else { "active" };
    let changes = differences(&[("state", other.to_owned(), state.to_owned())]);
    let act = actor.recorded(conn, done(code, &before, changes))?;
    Ok(history::set_state(conn, client_id, active, &act)?)
}

fn end_tokens(conn: &mut Conn, actor: &Actor, client_id: &str, reason: &str) -> Result<(), Error> {
    revocations::end(conn, actor, (Kind::Application, client_id), Some(client_id), reason)
}

fn changes(before: &ApplicationDetails, after: &ApplicationDetails) -> Vec<Change> {
    let lifetime = |details: &ApplicationDetails| {
        details.token_lifetime.map(|seconds| seconds.0.to_string()).unwrap_or_default()
    };
    differences(&[
        ("name", before.name.clone(), after.name.clone()),
        ("description", before.description.clone(), after.description.clone()),
        ("owner", before.owner.clone(), after.owner.clone()),
        ("contact", before.contact.clone(), after.contact.clone()),
        ("token_lifetime_seconds", lifetime(before), lifetime(after)),
    ])
}

fn done<'a>(code: &'static str, application: &'a Application, changes: Vec<Change>) -> Done<'a> {
    let client_id = application.client_id.as_str();
    Done {
        code,
        target: ("application", client_id, &application.details.name),
        client_id: Some(client_id),
        changes,
        touched: Some(Touched::Client(client_id.to_owned())),
    }
}
