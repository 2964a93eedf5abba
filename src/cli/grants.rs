//! `countersign grant`.
use clap::Subcommand;
use serde_json::json;

use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::grants;
use crate::model::grant::{self, Access};

#[derive(Subcommand)]
pub enum Command {
    /// Put scopes in the place of what the application held at the API.
    Set {
        client_id: String,
        /// `URI=scope,scope`, or `URI=*` for all current and future scopes.
        grant: String,
    },
    /// Take away everything the application holds at the API.
    Remove { client_id: String, resource: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Set { client_id, grant } => {
                let (resource, access) = parse(&grant)?;
                operator
                    .act(|conn, actor| grants::set(conn, actor, &client_id, &resource, &access))
                    .or_missing("application", &client_id)?;
                let object = json!({
                    "client_id": client_id,
                    "resource": resource,
                    "scopes": access.to_string(),
                });
                output.done(&format!("{client_id} now holds {access} at {resource}."), &object);
            }
            Self::Remove { client_id, resource } => {
                operator
                    .act(|conn, actor| grants::remove(conn, actor, &client_id, &resource))
                    .or_missing(&format!("grant of {client_id} at"), &resource)?;
                let object = json!({ "client_id": client_id, "resource": resource });
                output.done(&format!("{client_id} holds nothing at {resource} now."), &object);
            }
        }
        Ok(())
    }
}

/// [`grant::parse`] in a sentence of its own.
pub fn parse(text: &str) -> anyhow::Result<(String, Access)> {
    grant::parse(text).map_err(anyhow::Error::msg)
}
