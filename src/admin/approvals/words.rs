//! What an act that waits would change, field by field, as its own record will
//! say it.
use super::super::actor::differences;
use super::super::{Error, revocations};
use crate::model::approval::{Holdings, Proposal};
use crate::model::audit_event::Change;
use crate::oauth::revocation::Kind;
use crate::store::{Conn, administrators, applications, resources, signing_keys};

pub struct Told {
    /// Of what it is done to.
    pub name: String,
    pub changes: Vec<Change>,
}

/// # Errors
/// `NotFound`: what it is about is not there any more.
pub fn tell(conn: &mut Conn, proposal: &Proposal) -> Result<Told, Error> {
    match proposal {
        Proposal::SetAccess { client_id, held, wanted } => access(conn, client_id, (held, wanted)),
        Proposal::RemoveScope { resource_id, scope } => {
            let changes = differences(&[("scope", scope.clone(), String::new())]);
            Ok(Told { name: resource(conn, resource_id)?.name, changes })
        }
        Proposal::DeleteResource { resource_id, .. } => {
            let found = resource(conn, resource_id)?;
            let changes = differences(&[("identifier", found.identifier, String::new())]);
            Ok(Told { name: found.name, changes })
        }
        Proposal::Unmark { resource_id, scope } => {
            let found = resource(conn, resource_id)?;
            let changes = match scope {
                None => differences(&[("sensitive", "true".to_owned(), "false".to_owned())]),
                Some(scope) => differences(&[("sensitive_scope", scope.clone(), String::new())]),
            };
            Ok(Told { name: found.name, changes })
        }
        Proposal::RevokeEverything { reason } => {
            let found = revocations::find(conn, Kind::Everything, "")?;
            let changes = differences(&[("reason", String::new(), reason.clone())]);
            Ok(Told { name: found.name, changes })
        }
        Proposal::RevokeKey { kid, state, reason } => {
            let changes = differences(&[
                ("state", state.clone(), "revoked".to_owned()),
                ("kid", kid.clone(), String::new()),
                ("reason", String::new(), reason.clone()),
            ]);
            Ok(Told { name: key(conn, kid)?, changes })
        }
        Proposal::RotateKey { current, next, .. } => {
            let before = current.clone().unwrap_or_default();
            let changes = differences(&[("signs", before, next.clone())]);
            Ok(Told { name: key(conn, next)?, changes })
        }
        Proposal::ChangeRole { administrator_id, email, name, role, .. } => {
            let found = administrators::find(conn, administrator_id)?.ok_or(Error::NotFound)?;
            let changes = differences(&[
                ("email", found.email, email.clone()),
                ("name", found.name.clone(), name.clone()),
                ("role", found.role.to_string(), role.clone()),
            ]);
            Ok(Told { name: found.name, changes })
        }
    }
}

/// Of each API that differs its identifier and the scopes.
fn access(
    conn: &mut Conn,
    client_id: &str,
    (held, wanted): (&Holdings, &Holdings),
) -> Result<Told, Error> {
    let application = applications::find(conn, client_id)?.ok_or(Error::NotFound)?;
    let mut ids: Vec<String> = held.keys().chain(wanted.keys()).cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut changes = Vec::new();
    for api in resources::of_ids(conn, &ids)? {
        let text = |holdings: &Holdings| {
            holdings.get(&api.id).map(ToString::to_string).unwrap_or_default()
        };
        if held.get(&api.id) == wanted.get(&api.id) {
            continue;
        }
        let side = |holds: bool| if holds { api.identifier.clone() } else { String::new() };
        let (before, after) = (held.contains_key(&api.id), wanted.contains_key(&api.id));
        // Always named, also where it stays: the scopes are of this API.
        changes.push(Change { field: "resource".into(), before: side(before), after: side(after) });
        changes.extend(differences(&[("scopes", text(held), text(wanted))]));
    }
    Ok(Told { name: application.details.name, changes })
}

fn resource(conn: &mut Conn, id: &str) -> Result<crate::model::resource::Resource, Error> {
    resources::find(conn, id)?.ok_or(Error::NotFound)
}

fn key(conn: &mut Conn, kid: &str) -> Result<String, Error> {
    let key = signing_keys::find(conn, kid)?.ok_or(Error::NotFound)?;
    Ok(format!("{} key for {}", key.algorithm, key.purpose.as_str().replace('_', " ")))
}
