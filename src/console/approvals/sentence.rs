//! Who asks for what: `Ada asks to delete API Billing`.
use crate::model::approval::{Proposal, Request};
use crate::text;
use crate::texts::Text;

/// What a request asks for, as a line says it.
pub fn sentence(request: &Request) -> Text {
    let (who, name) = (&request.asked_by_name, &request.target_name);
    match &request.proposal {
        Proposal::SetAccess { .. } => {
            text!("{who} asks to set the access of application {name}", who, name)
        }
        Proposal::RemoveScope { .. } => {
            text!("{who} asks to remove a sensitive scope from API {name}", who, name)
        }
        Proposal::DeleteResource { .. } => text!("{who} asks to delete API {name}", who, name),
        Proposal::Unmark { scope: None, .. } => {
            text!("{who} asks to take the mark from API {name}", who, name)
        }
        Proposal::Unmark { .. } => {
            text!("{who} asks to take the mark from a scope of API {name}", who, name)
        }
        Proposal::RevokeEverything { .. } => text!("{who} asks to revoke {name}", who, name),
        Proposal::RevokeKey { .. } => text!("{who} asks to revoke the {name}", who, name),
        Proposal::RotateKey { .. } => text!("{who} asks to rotate the {name}", who, name),
        Proposal::ChangeRole { .. } => text!("{who} asks to change the role of {name}", who, name),
    }
}
