//! `countersign scope`.
use clap::Subcommand;
use serde_json::json;

use super::operator::Operator;
use super::output::Output;
use crate::admin::{self, resources};
use crate::model::resource::Scope;

#[derive(Subcommand)]
pub enum Command {
    /// Add a scope to an API.
    Add {
        resource: String,
        scope: String,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Remove a scope from an API, and from every grant that names it.
    Remove { resource: String, scope: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Add { resource, scope, description } => {
                let new = Scope::read(&scope, &description)
                    .map_err(|why| admin::Error::field("scope", why))?;
                operator.act(|conn, actor| {
                    let id = resources::resolve(conn, &resource)?.id;
                    resources::add_scope(conn, actor, &id, &new)
                })?;
                let object = json!({ "resource": resource, "scope": scope });
                output.done(&format!("Added {scope}."), &object);
            }
            Self::Remove { resource, scope } => {
                operator.act(|conn, actor| {
                    let id = resources::resolve(conn, &resource)?.id;
                    resources::remove_scope(conn, actor, &id, &scope)
                })?;
                let object = json!({ "resource": resource, "scope": scope });
                output.done(&format!("Removed {scope}."), &object);
            }
        }
        Ok(())
    }
}
