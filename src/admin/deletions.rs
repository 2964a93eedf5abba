//! Deletions of applications that can be undone for a day. To everybody but these
//! acts a deleted application is gone: what it had is kept beside the registry.
use std::collections::{BTreeMap, BTreeSet};

use super::actor::{Done, differences};
use super::approvals::gate;
use super::{Actor, Error, grants};
use crate::model::application::Application;
use crate::model::audit_event::{Change, Outcome, Target};
use crate::model::deletion::{Deletion, Kept, Loss, Present, RESTORABLE_FOR};
use crate::model::grant::Grant;
use crate::model::role::Right;
use crate::model::secret::{Secret, State};
use crate::oauth::UnixTime;
use crate::oauth::limit::Subject;
use crate::store::history::Act;
use crate::store::registry::{self, Touched};
use crate::store::{
    Conn, administrators, application_owners, applications, audit_chains, deletions, history,
    holdings, imports, introspectors, limits, resources, scopes, secrets, teams,
};

/// An application that can be restored, as it would be, or as it was restored.
pub struct Restorable {
    pub deletion: Deletion,
    pub application: Application,
    pub grants: Vec<Grant>,
    /// All that it had; some may have been revoked or have expired.
    pub secrets: Vec<Secret>,
    pub lost: Vec<Loss>,
    /// Another application has its name by now.
    pub has_namesake: bool,
    kept: Kept,
}

/// The most that go for good at a time.
const AT_ONCE: i64 = 50;

/// What an application that is about to be deleted has.
pub(super) fn gather(conn: &mut Conn, application: &Application) -> Result<Kept, Error> {
    let client_id = application.client_id.as_str();
    let held = grants::holdings(conn, client_id)?;
    let ids: Vec<String> = held.keys().cloned().collect();
    let (introspects_any, introspects) = introspectors::of_application(conn, client_id)?;
    let mut people = BTreeMap::new();
    for id in application_owners::of_application(conn, client_id)? {
        let name = administrators::find(conn, &id)?.map(|person| person.name);
        people.insert(id, name.unwrap_or_default());
    }
    let teams = teams::of_application(conn, client_id)?;
    let details = &application.details;
    Ok(Kept {
        description: details.description.clone(),
        owner: details.owner.clone(),
        contact: details.contact.clone(),
        token_lifetime_seconds: details.token_lifetime.map(|seconds| seconds.0),
        active: application.active,
        created_at: application.created_at.0,
        version: application.version,
        grants: held,
        marks: gate::marks(conn, &ids)?.into_iter().filter(|(_, marks)| marks.any()).collect(),
        people,
        teams: teams.into_iter().map(|team| (team.id, team.name)).collect(),
        introspects_any,
        introspects: introspects.into_iter().collect(),
        limit: limits::find(conn, &Subject::Application(client_id.to_owned()))?,
        external: imports::external(conn, client_id)?,
    })
}

/// Keeps what [`gather`] found. Returns until when it can be restored.
pub(super) fn keep(
    conn: &mut Conn,
    actor: &Actor,
    (client_id, name): (&str, &str),
    kept: &Kept,
    act: &Act,
) -> Result<UnixTime, Error> {
    let deletion = Deletion {
        client_id: client_id.to_owned(),
        name: name.to_owned(),
        at: act.at,
        by: actor.name(),
        until: act.at + RESTORABLE_FOR,
        event_id: act.event_id.clone(),
    };
    deletions::insert(conn, &deletion, kept)?;
    Ok(deletion.until)
}

/// What a deleted application would be when it is restored at `now`.
///
/// # Errors
/// * `NotFound`: there never was one.
/// * `Conflict`: it is not deleted, or it is gone for good.
pub fn find(conn: &mut Conn, client_id: &str, now: UnixTime) -> Result<Restorable, Error> {
    let Some((deletion, kept)) = deletions::find(conn, client_id, now)? else {
        return Err(why_not(conn, client_id)?);
    };
    let present = present(conn, &deletion, &kept)?;
    let (kept, lost) = kept.fit(&present);
    let ids: Vec<String> = kept.grants.keys().cloned().collect();
    let apis = resources::of_ids(conn, &ids)?;
    let grant = |api: crate::model::resource::Resource| {
        Some(Grant {
            client_id: client_id.to_owned(),
            access: kept.grants.get(&api.id)?.clone(),
            resource_id: api.id,
            resource_identifier: api.identifier,
            resource_name: api.name,
        })
    };
    let known = holdings::secrets(conn, std::slice::from_ref(&deletion.client_id))?;
    let its = known.into_iter().filter(|known| known.deleted_at == Some(deletion.at));
    let alike = applications::named(conn, &deletion.name, 1)?;
    let name = deletion.name.to_lowercase();
    Ok(Restorable {
        application: kept.application(client_id, &deletion.name),
        grants: apis.into_iter().filter_map(grant).collect(),
        secrets: its.map(|known| known.secret).collect(),
        lost,
        has_namesake: alike.iter().any(|other| other.details.name.to_lowercase() == name),
        kept,
        deletion,
    })
}

/// Undoes a deletion: the application is there again with its secrets, its access,
/// its owners and its limit, as far as there still is what they name. Tokens that
/// it got before stay dead. Nothing is given that it did not have, so one person
/// does it; what was marked as sensitive meanwhile is left out.
///
/// # Errors
/// * `Forbidden`; the rest as [`find`].
pub fn restore(conn: &mut Conn, actor: &Actor, client_id: &str) -> Result<Restorable, Error> {
    actor.must(Right::ManageRegistry)?;
    // No API, scope or mark changes from the look to the commit.
    registry::lock(conn)?;
    let found = find(conn, client_id, actor.now)?;
    if !deletions::delete(conn, client_id)? {
        return Err(why_not(conn, client_id)?);
    }
    applications::insert(conn, found.application.clone())?;
    secrets::exhume(conn, client_id, found.deletion.at)?;
    put_back(conn, actor, client_id, &found.kept)?;
    let act = actor.recorded(
        conn,
        Done {
            code: "application.restored",
            target: ("application", client_id, &found.deletion.name),
            client_id: Some(client_id),
            changes: found.changes(actor.now),
            touched: Some(Touched::Client(client_id.to_owned())),
        },
    )?;
    history::revive_application(conn, &found.application, &act)?;
    grants::put_back(conn, client_id, &found.kept.grants, &act)?;
    Ok(found)
}

/// Removes for good what was not restored in time, some of it. Returns how many
/// there were.
///
/// # Errors
/// `Store`: nothing was done.
pub fn remove_overdue(conn: &mut Conn, system: &Actor) -> Result<usize, Error> {
    let mut events = Vec::new();
    for deletion in deletions::overdue(conn, system.now, AT_ONCE)? {
        // Another process may have been first.
        if deletions::delete(conn, &deletion.client_id)? {
            let mut event = system.event("application.removed", Outcome::Success);
            event.client_id = Some(deletion.client_id.clone());
            let (id, name) = (deletion.client_id, deletion.name);
            event.target = Some(Target { kind: "application".into(), id, name });
            events.push(event);
        }
    }
    // Last and as one batch: tokens wait for whoever holds the chain.
    audit_chains::append(conn, &system.chain, &events)?;
    Ok(events.len())
}

/// What there is of all that was kept.
fn present(conn: &mut Conn, deletion: &Deletion, kept: &Kept) -> Result<Present, Error> {
    let ids: BTreeSet<&String> = kept.grants.keys().chain(&kept.introspects).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let apis = resources::of_ids(conn, &ids)?;
    let known = holdings::resources_of_ids(conn, &ids)?;
    let mut people = BTreeSet::new();
    for id in kept.people.keys() {
        people.extend(administrators::find(conn, id)?.map(|person| person.id));
    }
    let mut found_teams = BTreeSet::new();
    for id in kept.teams.keys() {
        found_teams.extend(teams::find(conn, id)?.map(|team| team.id));
    }
    let external_id_is_taken = match &kept.external {
        None => false,
        Some(external) => !imports::taken(conn, &[&external.external_id])?.is_empty(),
    };
    Ok(Present {
        apis: apis.into_iter().map(|api| (api.id, api.name)).collect(),
        gone: known.into_iter().map(|api| (api.id, api.name)).collect(),
        scopes: scopes::since(conn, &ids, deletion.at)?.into_iter().collect(),
        marks: gate::marks(conn, &ids)?.into_iter().collect(),
        people,
        teams: found_teams,
        external_id_is_taken,
    })
}

/// Everything that stands beside the application, its secrets and its access.
fn put_back(conn: &mut Conn, actor: &Actor, client_id: &str, kept: &Kept) -> Result<(), Error> {
    let ids = |owners: &BTreeMap<String, String>| owners.keys().cloned().collect::<Vec<_>>();
    application_owners::set(conn, client_id, &ids(&kept.people))?;
    teams::set_of_application(conn, client_id, &ids(&kept.teams))?;
    introspectors::set_any(conn, client_id, kept.introspects_any)?;
    for resource_id in &kept.introspects {
        introspectors::insert(conn, resource_id, client_id, actor.now)?;
    }
    limits::set(conn, &Subject::Application(client_id.to_owned()), kept.limit.as_ref())?;
    if let Some(external) = &kept.external {
        imports::set_external(conn, client_id, external)?;
    }
    Ok(())
}

/// Why there is nothing to restore.
fn why_not(conn: &mut Conn, client_id: &str) -> Result<Error, Error> {
    if applications::find(conn, client_id)?.is_some() {
        return Ok(Error::Conflict("This application is not deleted.".to_owned()));
    }
    Ok(match holdings::application(conn, client_id)? {
        Some(_) => Error::Conflict(
            "This application was deleted more than 24 hours ago, and is gone for good.".to_owned(),
        ),
        None => Error::NotFound,
    })
}

impl Restorable {
    /// The secrets that work at `now`.
    pub fn working(&self, now: UnixTime) -> Vec<&Secret> {
        self.secrets.iter().filter(|secret| secret.state(now) == State::Active).collect()
    }

    /// All that it has again, in one event where acts by hand write several.
    fn changes(&self, now: UnixTime) -> Vec<Change> {
        let state = if self.application.active { "active" } else { "suspended" };
        let mut fields = vec![
            ("state", "deleted".to_owned(), state.to_owned()),
            ("name", String::new(), self.deletion.name.clone()),
        ];
        for grant in &self.grants {
            let text = format!("{}: {}", grant.resource_identifier, grant.access);
            fields.push(("grant", String::new(), text));
        }
        for secret in self.working(now) {
            fields.push(("secret", String::new(), format!("{} ({})", secret.name, secret.id)));
        }
        for loss in &self.lost {
            fields.push(("not_restored", loss.to_string(), String::new()));
        }
        differences(&fields)
    }
}
