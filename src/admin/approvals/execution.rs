//! Does what was approved, by the same functions that would have done it at
//! once.
use super::super::{Actor, Error, administrators, grants, resources, revocations, signing_keys};
use crate::model::approval::{Proposal, details};
use crate::model::signing_key::{Purpose, State};
use crate::model::timetable::{self, Policy};
use crate::oauth::algorithm::Algorithm;
use crate::oauth::revocation::Kind;
use crate::store::{self, Conn, scopes};

/// Why it cannot be done any more on the version it was asked for, if so.
pub fn stale(conn: &mut Conn, proposal: &Proposal) -> Result<Option<String>, store::Error> {
    let fits = match proposal {
        Proposal::SetAccess { client_id, held, .. } => {
            store::applications::find(conn, client_id)?.is_some()
                && grants::holdings(conn, client_id)? == *held
        }
        Proposal::RemoveScope { resource_id, scope } => {
            scopes::all(conn, resource_id)?.iter().any(|known| known.name == *scope)
        }
        Proposal::DeleteResource { resource_id, version } => {
            let found = store::resources::find(conn, resource_id)?;
            found.is_some_and(|found| found.version == *version)
        }
        Proposal::Unmark { resource_id, scope: None } => {
            let found = store::resources::find(conn, resource_id)?;
            found.is_some_and(|found| found.sensitive)
        }
        Proposal::Unmark { resource_id, scope: Some(scope) } => {
            let marked = scopes::sensitive(conn, std::slice::from_ref(resource_id))?;
            marked.iter().any(|(_, name)| name == scope)
        }
        Proposal::RevokeEverything { .. } => true,
        Proposal::RevokeKey { kid, state, .. } => {
            let found = store::signing_keys::find(conn, kid)?;
            found.is_some_and(|found| found.state.as_str() == state)
        }
        Proposal::RotateKey { purpose, algorithm, current, next } => {
            let keys = store::signing_keys::all(conn)?;
            let pair = Purpose::parse(purpose).zip(Algorithm::parse(algorithm));
            let kid = |state| {
                let (purpose, algorithm) = pair?;
                timetable::of(&keys, purpose, algorithm, state).map(|key| key.kid.clone())
            };
            kid(State::Next).as_ref() == Some(next) && kid(State::Current) == *current
        }
        Proposal::ChangeRole { administrator_id, version, .. } => {
            let found = store::administrators::find(conn, administrator_id)?;
            found.is_some_and(|found| found.version == *version)
        }
    };
    let why = "What this was asked for is another by now. Nothing was done: it has to be asked \
               for again.";
    Ok((!fits).then(|| why.to_owned()))
}

/// # Errors
/// Those of the act; nothing was done.
pub fn carry_out(
    conn: &mut Conn,
    actor: &Actor,
    proposal: &Proposal,
    keys: Policy,
) -> Result<(), Error> {
    let unreadable = || Error::Conflict("This was asked of another version of us.".to_owned());
    match proposal {
        Proposal::SetAccess { client_id, wanted, .. } => {
            grants::put_all(conn, actor, client_id, wanted).map(drop)
        }
        Proposal::RemoveScope { resource_id, scope } => {
            resources::take_scope(conn, actor, resource_id, scope)
        }
        Proposal::DeleteResource { resource_id, .. } => resources::end(conn, actor, resource_id),
        Proposal::Unmark { resource_id, scope } => {
            resources::set_mark(conn, actor, resource_id, scope.as_deref(), false)
        }
        Proposal::RevokeEverything { reason } => {
            revocations::put(conn, actor, Kind::Everything, "", reason).map(drop)
        }
        Proposal::RevokeKey { kid, reason, .. } => {
            revocations::put(conn, actor, Kind::Key, kid, reason).map(drop)
        }
        Proposal::RotateKey { purpose, algorithm, .. } => {
            let pair = Purpose::parse(purpose).zip(Algorithm::parse(algorithm));
            signing_keys::advance_by_hand(conn, actor, pair.ok_or_else(unreadable)?, keys)
        }
        Proposal::ChangeRole { administrator_id, version, email, name, role } => {
            let details = details(email, name, role).ok_or_else(unreadable)?;
            administrators::write(conn, actor, administrator_id, *version, &details)
        }
    }
}
