//! Whether an act needs a second person. Asked by the act itself, so that no way
//! to it leads around.
use super::super::actor::{Done, Who};
use super::super::{Actor, Error};
use crate::model::approval::{Holdings, Proposal, Rule};
use crate::model::mark::Marks;
use crate::store::{Conn, approvals, registry, resources, scopes};

/// That an application may hold `wanted` in the place of `held`.
///
/// # Errors
/// `SecondPerson`: some of it is marked as sensitive.
pub fn access(
    conn: &mut Conn,
    client_id: &str,
    held: &Holdings,
    wanted: &Holdings,
) -> Result<(), Error> {
    if gives_marked(conn, held, wanted)?.is_empty() {
        return Ok(());
    }
    let (client_id, held, wanted) = (client_id.to_owned(), held.clone(), wanted.clone());
    Err(Error::SecondPerson(Box::new(Proposal::SetAccess { client_id, held, wanted })))
}

/// The APIs at which something marked would be given.
pub fn gives_marked(
    conn: &mut Conn,
    held: &Holdings,
    wanted: &Holdings,
) -> Result<Vec<String>, Error> {
    let ids: Vec<String> = wanted.keys().cloned().collect();
    let marked = marks(conn, &ids)?;
    let gives = |id: &&String| {
        let marks = marked.iter().find(|(known, _)| known == *id);
        marks.is_some_and(|(_, marks)| marks.are_given(held.get(*id), wanted.get(*id)))
    };
    Ok(ids.iter().filter(gives).cloned().collect())
}

/// What is marked at these APIs.
pub fn marks(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, Marks)>, Error> {
    let named = scopes::sensitive(conn, ids)?;
    let marks = |resource: crate::model::resource::Resource| {
        let of = named.iter().filter(|(id, _)| *id == resource.id);
        let scopes = of.map(|(_, scope)| scope.clone()).collect();
        (resource.id, Marks { resource: resource.sensitive, scopes })
    };
    Ok(resources::of_ids(conn, ids)?.into_iter().map(marks).collect())
}

/// That something marked may go, and its mark with it: what is registered again
/// would have none.
///
/// # Errors
/// `SecondPerson`.
pub fn mark(is_marked: bool, proposal: impl FnOnce() -> Proposal) -> Result<(), Error> {
    if is_marked { Err(Error::SecondPerson(Box::new(proposal()))) } else { Ok(()) }
}

/// That an act may be done that belongs to no API. What the server does by its
/// timetable is nobody's act.
///
/// # Errors
/// `SecondPerson`: the policy asks for one.
pub fn rule(
    conn: &mut Conn,
    actor: &Actor,
    rule: Rule,
    proposal: impl FnOnce() -> Proposal,
) -> Result<(), Error> {
    if is_free(conn, actor, rule)? { Ok(()) } else { mark(true, proposal) }
}

/// The same for an act that cannot wait: a password or a private key would have
/// to.
///
/// # Errors
/// `Conflict`: the policy asks for two persons; `instead` says what to do.
pub fn rule_at_once(
    conn: &mut Conn,
    actor: &Actor,
    rule: Rule,
    instead: &str,
) -> Result<(), Error> {
    if is_free(conn, actor, rule)? { Ok(()) } else { Err(Error::Conflict(instead.to_owned())) }
}

fn is_free(conn: &mut Conn, actor: &Actor, rule: Rule) -> Result<bool, Error> {
    if matches!(actor.who, Who::System) || !approvals::policy(conn)?.rules.contains(&rule) {
        return Ok(true);
    }
    if !actor.is_alone() {
        return Ok(false);
    }
    // Before the log, as every act does.
    registry::lock(conn)?;
    let done = Done {
        code: "approval.waived",
        target: ("rule", rule.as_str(), rule.as_str()),
        client_id: None,
        changes: Vec::new(),
        touched: None,
    };
    actor.record(conn, done)?;
    Ok(true)
}
