//! Acts on APIs and their scopes.
use super::actor::{Done, differences};
use super::approvals::gate;
use super::{Actor, Error, revocations};
use crate::model::approval::Proposal;
use crate::model::resource::{NewResource, Resource, ResourceDetails, Scope, Verification};
use crate::model::role::Right;
use crate::oauth::limit::Subject;
use crate::oauth::revocation::Kind;
use crate::store::registry::{self, Touched};
use crate::store::{Conn, history, limits, resources, scopes};

/// Registers an API with its first scopes.
///
/// # Errors
/// * `Forbidden`: the actor may not manage the registry.
/// * `Invalid`: another API has this identifier.
pub fn create(conn: &mut Conn, actor: &Actor, new: NewResource) -> Result<Resource, Error> {
    actor.must(Right::ManageRegistry)?;
    if resources::find_by_identifier(conn, &new.identifier)?.is_some() {
        return Err(Error::field("identifier", "Another API has this identifier."));
    }
    let resource = Resource {
        id: actor.entropy.id("res_", actor.now),
        identifier: new.identifier,
        name: new.details.name,
        description: new.details.description,
        token_lifetime: new.details.token_lifetime,
        algorithm: new.algorithm,
        verification: Verification::default(),
        sensitive: false,
        created_at: actor.now,
        version: 1,
    };
    resources::insert(conn, resource.clone())?;
    for scope in &new.scopes {
        scopes::insert(conn, &resource.id, scope, actor.now)?;
    }
    let names: Vec<&str> = new.scopes.iter().map(|scope| scope.name.as_str()).collect();
    let changes = differences(&[
        ("identifier", String::new(), resource.identifier.clone()),
        ("name", String::new(), resource.name.clone()),
        ("description", String::new(), resource.description.clone()),
        ("token_lifetime_seconds", String::new(), resource.token_lifetime.0.to_string()),
        ("algorithm", String::new(), resource.algorithm.to_string()),
        ("scopes", String::new(), names.join(" ")),
    ]);
    let act = actor.recorded(conn, done("resource.created", &resource, changes))?;
    history::begin_resource(conn, &resource)?;
    for scope in &new.scopes {
        history::begin_scope(conn, &resource.id, &scope.name, &act)?;
    }
    Ok(resource)
}

/// Changes what may change of an API. Its identifier never does.
///
/// # Errors
/// * `Forbidden`: the actor may not manage the registry.
/// * `NotFound`: there is none of this id.
/// * `Conflict`: somebody changed it after version `version`.
pub fn update(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    version: i64,
    details: &ResourceDetails,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let before = resources::find(conn, id)?.ok_or(Error::NotFound)?;
    if !resources::update(conn, id, version, details)? {
        return Err(Error::Conflict("Somebody changed this API after you opened it.".to_owned()));
    }
    let changes = differences(&[
        ("name", before.name.clone(), details.name.clone()),
        ("description", before.description.clone(), details.description.clone()),
        (
            "token_lifetime_seconds",
            before.token_lifetime.0.to_string(),
            details.token_lifetime.0.to_string(),
        ),
    ]);
    actor.record(conn, done("resource.updated", &before, changes))?;
    Ok(history::rename_resource(conn, id, &details.name)?)
}

/// Changes how an API finds out whether a token is good.
///
/// # Errors
/// * `Forbidden`: the actor may not manage the registry.
/// * `NotFound`: there is none of this id.
/// * `Conflict`: somebody changed it after version `version`.
pub fn set_verification(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    version: i64,
    verification: Verification,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let before = resources::find(conn, id)?.ok_or(Error::NotFound)?;
    if !resources::set_verification(conn, id, version, verification)? {
        return Err(Error::Conflict("Somebody changed this API after you opened it.".to_owned()));
    }
    let words =
        |v: Verification| (v.status_lists.to_string(), v.access_records.as_str().to_owned());
    let (was, is) = (words(before.verification), words(verification));
    let changes = differences(&[("status_lists", was.0, is.0), ("access_records", was.1, is.1)]);
    actor.record(conn, done("resource.verification_changed", &before, changes))
}

/// Deletes an API with its scopes and every grant at it: no more tokens for
/// it, and those that are out are dead.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `SecondPerson`: it is marked as sensitive, or a scope of it is.
pub fn delete(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    registry::lock(conn)?;
    let before = resources::find(conn, id)?.ok_or(Error::NotFound)?;
    let marks = gate::marks(conn, &[id.to_owned()])?;
    gate::mark(marks.iter().any(|(_, marks)| marks.any()), || Proposal::DeleteResource {
        resource_id: id.to_owned(),
        version: before.version,
    })?;
    end(conn, actor, id)
}

/// [`delete`], once it is decided that it may be.
pub(super) fn end(conn: &mut Conn, actor: &Actor, id: &str) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let before = resources::find(conn, id)?.ok_or(Error::NotFound)?;
    resources::delete(conn, id)?;
    limits::set(conn, &Subject::Resource(before.identifier.clone()), None)?;
    let subject = (Kind::Resource, before.identifier.as_str());
    revocations::end(conn, actor, subject, None, "API deleted")?;
    let changes = differences(&[("identifier", before.identifier.clone(), String::new())]);
    let act = actor.recorded(conn, done("resource.deleted", &before, changes))?;
    Ok(history::end_resource(conn, id, &act)?)
}

/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Invalid`: the API has this scope.
pub fn add_scope(
    conn: &mut Conn,
    actor: &Actor,
    resource_id: &str,
    scope: &Scope,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let resource = resources::find(conn, resource_id)?.ok_or(Error::NotFound)?;
    if scopes::all(conn, resource_id)?.iter().any(|known| known.name == scope.name) {
        return Err(Error::field("scope", "This API has that scope already."));
    }
    scopes::insert(conn, resource_id, scope, actor.now)?;
    let changes = differences(&[("scope", String::new(), scope.name.clone())]);
    let act = actor.recorded(conn, done("scope.added", &resource, changes))?;
    Ok(history::begin_scope(conn, resource_id, &scope.name, &act)?)
}

/// Removes a scope, and takes it from every grant that names it.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `SecondPerson`: it is marked as sensitive.
pub fn remove_scope(
    conn: &mut Conn,
    actor: &Actor,
    resource_id: &str,
    name: &str,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    registry::lock(conn)?;
    let marked = scopes::sensitive(conn, &[resource_id.to_owned()])?;
    let is_marked = marked.iter().any(|(_, scope)| scope == name);
    gate::mark(is_marked, || Proposal::RemoveScope {
        resource_id: resource_id.to_owned(),
        scope: name.to_owned(),
    })?;
    take_scope(conn, actor, resource_id, name)
}

/// [`remove_scope`], once it is decided that it may be.
pub(super) fn take_scope(
    conn: &mut Conn,
    actor: &Actor,
    resource_id: &str,
    name: &str,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let resource = resources::find(conn, resource_id)?.ok_or(Error::NotFound)?;
    let holders = scopes::holders(conn, resource_id)?;
    let holders = holders.iter().find(|(scope, _)| scope == name).map_or(0, |(_, count)| *count);
    if !scopes::delete(conn, resource_id, name)? {
        return Err(Error::NotFound);
    }
    let changes = differences(&[
        ("scope", name.to_owned(), String::new()),
        ("grants_that_named_it", holders.to_string(), "0".to_owned()),
    ]);
    let act = actor.recorded(conn, done("scope.removed", &resource, changes))?;
    Ok(history::end_scope(conn, resource_id, name, &act)?)
}

/// Marks an API, or one scope of it, as sensitive: what is granted there from now
/// on takes two persons. Taking the mark away does too; that is asked for.
///
/// # Errors
/// * `Forbidden`, `NotFound`.
/// * `Conflict`: it is so already.
/// * `SecondPerson`: the mark is to go.
pub fn mark(
    conn: &mut Conn,
    actor: &Actor,
    resource_id: &str,
    scope: Option<&str>,
    sensitive: bool,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    registry::lock(conn)?;
    is_there(conn, resource_id, scope)?;
    gate::mark(!sensitive, || Proposal::Unmark {
        resource_id: resource_id.to_owned(),
        scope: scope.map(str::to_owned),
    })?;
    set_mark(conn, actor, resource_id, scope, sensitive)
}

/// [`mark`], once it is decided that it may be.
pub(super) fn set_mark(
    conn: &mut Conn,
    actor: &Actor,
    resource_id: &str,
    scope: Option<&str>,
    sensitive: bool,
) -> Result<(), Error> {
    actor.must(Right::ManageRegistry)?;
    let found = is_there(conn, resource_id, scope)?;
    let done_so = match scope {
        None if found.sensitive == sensitive => false,
        None => resources::set_sensitive(conn, resource_id, found.version, sensitive)?,
        Some(scope) => scopes::set_sensitive(conn, resource_id, scope, sensitive)?,
    };
    if !done_so {
        return Err(Error::Conflict("It is so already.".to_owned()));
    }
    let changes = match scope {
        None => differences(&[("sensitive", (!sensitive).to_string(), sensitive.to_string())]),
        Some(scope) => {
            let side = |is: bool| if is { scope.to_owned() } else { String::new() };
            differences(&[("sensitive_scope", side(!sensitive), side(sensitive))])
        }
    };
    let code = if sensitive { "resource.marked" } else { "resource.unmarked" };
    actor.record(conn, done(code, &found, changes))
}

fn is_there(conn: &mut Conn, resource_id: &str, scope: Option<&str>) -> Result<Resource, Error> {
    let found = resources::find(conn, resource_id)?.ok_or(Error::NotFound)?;
    let known = scopes::all(conn, resource_id)?;
    match scope {
        Some(scope) if !known.iter().any(|known| known.name == scope) => Err(Error::NotFound),
        _ => Ok(found),
    }
}

/// Finds an API by what a person typed: its id or its identifier.
///
/// # Errors
/// `NotFound`.
pub fn resolve(conn: &mut Conn, text: &str) -> Result<Resource, Error> {
    let found = match resources::find_by_identifier(conn, text)? {
        Some(resource) => Some(resource),
        None => resources::find(conn, text)?,
    };
    found.ok_or(Error::NotFound)
}

/// The record of an act on an API: any client may hold a grant there.
pub(super) fn done<'a>(
    code: &'static str,
    resource: &'a Resource,
    changes: Vec<crate::model::audit_event::Change>,
) -> Done<'a> {
    Done {
        code,
        target: ("resource", &resource.id, &resource.name),
        client_id: None,
        changes,
        touched: Some(Touched::Everything),
    }
}
