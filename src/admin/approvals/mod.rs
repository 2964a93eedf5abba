//! Acts that take two persons. One asks, somebody else approves, and then the
//! act is decided anew, as it would be without the waiting.
//!
//! Each act that may need a second person asks [`gate`] before it does anything;
//! one that does need one fails with `Error::SecondPerson`, which says what to
//! [`ask`] for. [`execution`] does what was approved.
mod execution;
pub(super) mod gate;
mod words;

use super::actor::{Done, Who, differences};
use super::{Actor, Error};
use crate::model::approval::{Decision, Policy, Proposal, Request, Rule, State, read_reason};
use crate::model::audit_event::Change;
use crate::model::because::Because;
use crate::model::timetable;
use crate::oauth::UnixTime;
use crate::store::{self, Conn, administrators, approvals, registry};

/// Asks for an act that takes two persons, in the name of the actor, with their
/// reason.
///
/// # Errors
/// * `Forbidden`: the actor may not do it with anybody.
/// * `Conflict`: they are nobody with an account, the same is asked for already,
///   or it contradicts what is there.
pub fn ask(conn: &mut Conn, actor: &Actor, proposal: Proposal) -> Result<Request, Error> {
    actor.must(proposal.right())?;
    let Some((id, name)) = actor.person() else {
        return Err(Error::Conflict(
            "This takes two persons. Say who asks with --as, or ask in the console.".to_owned(),
        ));
    };
    if let Some(same) = approvals::same(conn, &proposal, actor.now)? {
        return Err(Error::Conflict(format!(
            "{} asked for this already; it waits as {}.",
            same.asked_by_name, same.id
        )));
    }
    if let Some(why) = execution::stale(conn, &proposal)? {
        return Err(Error::Conflict(why));
    }
    let told = words::tell(conn, &proposal)?;
    let request = Request {
        id: actor.entropy.id("apr_", actor.now),
        state: State::Open,
        changes: told.changes,
        target_name: told.name,
        reason: actor
            .because
            .as_ref()
            .map(|because| because.as_str().to_owned())
            .unwrap_or_default(),
        asked_by: id.to_owned(),
        asked_by_name: name.to_owned(),
        asked_at: actor.now,
        source: actor.source.clone(),
        expires_at: actor.now + approvals::policy(conn)?.lifetime,
        decision: None,
        proposal,
    };
    approvals::insert(conn, &request)?;
    record(conn, actor, "approval.requested", &request, request.changes.clone())?;
    Ok(request)
}

/// Says yes, as somebody else than who asked, and does the act, all or nothing:
/// as its asker, who must still be one who may, under the rules of now and on
/// the version it was asked for.
///
/// # Errors
/// * `Forbidden`: the actor may not do the act themself.
/// * `NotFound`: there is no such request.
/// * `Conflict`: the actor asked for it; it was decided on or has expired; or
///   what it was asked for on is another by now.
pub fn approve(
    conn: &mut Conn,
    actor: &Actor,
    id: &str,
    keys: timetable::Policy,
) -> Result<Request, Error> {
    let request = find(conn, id)?;
    let (by, by_name) = somebody_else(actor, &request)?;
    decide(conn, actor, &request, State::Approved, String::new())?;
    // Nobody changes what it is about from here to the commit.
    registry::lock(conn)?;
    let asker = administrators::find(conn, &request.asked_by)?.filter(|person| person.active);
    let gone = || Error::Conflict(format!("{} may not do this any more.", request.asked_by_name));
    let asker =
        asker.filter(|person| person.role.may(request.proposal.right())).ok_or_else(gone)?;
    if let Some(why) = execution::stale(conn, &request.proposal)? {
        return Err(Error::Conflict(why));
    }
    record(conn, actor, "approval.approved", &request, Vec::new())?;
    let acting = Actor {
        source: request.source.clone(),
        because: Because::read(&request.reason).ok().flatten(),
        ..actor.signed_in_as(&asker).approved(&request.id, (&by, &by_name))
    };
    execution::carry_out(conn, &acting, &request.proposal, keys)?;
    Ok(request)
}

/// Says no, as somebody else than who asked, and why.
///
/// # Errors
/// As [`approve`]; `Invalid`: there is no reason.
pub fn refuse(conn: &mut Conn, actor: &Actor, id: &str, why: &str) -> Result<Request, Error> {
    let request = find(conn, id)?;
    somebody_else(actor, &request)?;
    let why = read_reason(why).map_err(|why| Error::field("reason", why))?;
    decide(conn, actor, &request, State::Refused, why.clone())?;
    let changes = differences(&[("reason", String::new(), why)]);
    record(conn, actor, "approval.refused", &request, changes)?;
    Ok(request)
}

/// Takes back what the actor asked for.
///
/// # Errors
/// * `NotFound`: there is no such request.
/// * `Conflict`: somebody else asked for it, or it was decided on.
pub fn withdraw(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Request, Error> {
    let request = find(conn, id)?;
    if actor.person().is_none_or(|(own, _)| own != request.asked_by) {
        return Err(Error::Conflict(format!(
            "{} asked for this, and nobody else takes it back. Refuse it instead.",
            request.asked_by_name
        )));
    }
    decide(conn, actor, &request, State::Withdrawn, String::new())?;
    record(conn, actor, "approval.withdrawn", &request, Vec::new())?;
    Ok(request)
}

/// Ends what waited too long. Returns how many there were.
///
/// # Errors
/// `Store`: nothing was done.
pub fn expire(conn: &mut Conn, system: &Actor) -> Result<usize, Error> {
    let mut ended = 0;
    for id in approvals::overdue(conn, system.now)? {
        let decision = Decision {
            by: String::new(),
            by_name: String::new(),
            at: system.now,
            reason: String::new(),
        };
        // Another process may have been first.
        if approvals::decide(conn, &id, State::Expired, &decision)? {
            let request = find(conn, &id)?;
            record(conn, system, "approval.expired", &request, Vec::new())?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Whether what was asked for can still be done on the version it was asked
/// for; else why not.
///
/// # Errors
/// `Store`.
pub fn stale(conn: &mut Conn, request: &Request) -> Result<Option<String>, store::Error> {
    execution::stale(conn, &request.proposal)
}

/// Puts what a server is configured with in the place of what it was before, so
/// that commands keep to it too, and says so.
///
/// # Errors
/// `Forbidden`.
pub fn establish(conn: &mut Conn, actor: &Actor, policy: &Policy) -> Result<(), Error> {
    if !matches!(actor.who, Who::System) {
        return Err(Error::Forbidden(crate::model::role::Right::ManageAdministrators));
    }
    let before = approvals::policy(conn)?;
    if before == *policy {
        return Ok(());
    }
    approvals::set_policy(conn, policy)?;
    let (was, is) = (Rule::text(&before.rules), Rule::text(&policy.rules));
    let seconds = |policy: &Policy| policy.lifetime.0.to_string();
    let changes = differences(&[
        ("two_persons_for", was, is),
        ("request_seconds", seconds(&before), seconds(policy)),
    ]);
    actor.record(
        conn,
        Done {
            code: "approval.policy_changed",
            target: ("server", &actor.chain, "what takes two persons"),
            client_id: None,
            changes,
            touched: None,
        },
    )
}

fn find(conn: &mut Conn, id: &str) -> Result<Request, Error> {
    approvals::find(conn, id)?.ok_or(Error::NotFound)
}

/// The actor, if they may decide on what another asked.
fn somebody_else(actor: &Actor, request: &Request) -> Result<(String, String), Error> {
    actor.must(request.proposal.right())?;
    let Some((id, name)) = actor.person() else {
        return Err(Error::Conflict(
            "The second person is one with an account: say who with --as.".to_owned(),
        ));
    };
    if id == request.asked_by {
        return Err(Error::Conflict(
            "You asked for this yourself: somebody else has to decide. You can take it back."
                .to_owned(),
        ));
    }
    Ok((id.to_owned(), name.to_owned()))
}

fn decide(
    conn: &mut Conn,
    actor: &Actor,
    request: &Request,
    state: State,
    reason: String,
) -> Result<(), Error> {
    let over = |state: State, by: &str| {
        Error::Conflict(match state {
            State::Expired => "This request has expired.".to_owned(),
            _ => format!("This request was {} by {by}.", state.as_str()),
        })
    };
    let (id, name) = actor.person().unwrap_or_default();
    let decision = Decision { by: id.to_owned(), by_name: name.to_owned(), at: actor.now, reason };
    let is_over = is_over(request, actor.now);
    if !is_over && approvals::decide(conn, &request.id, state, &decision)? {
        return Ok(());
    }
    let now = find(conn, &request.id)?;
    let by = now.decision.as_ref().map_or("", |decision| &decision.by_name);
    Err(over(if now.state == State::Open { State::Expired } else { now.state }, by))
}

fn is_over(request: &Request, now: UnixTime) -> bool {
    !request.waits(now)
}

fn record(
    conn: &mut Conn,
    actor: &Actor,
    code: &'static str,
    request: &Request,
    changes: Vec<Change>,
) -> Result<(), Error> {
    let name = format!("{} {}", request.proposal.verb(), request.target_name);
    let client_id = match &request.proposal {
        Proposal::SetAccess { client_id, .. } => Some(client_id.as_str()),
        _ => None,
    };
    let target = ("approval", request.id.as_str(), name.as_str());
    actor.record(conn, Done { code, target, client_id, changes, touched: None })
}
