//! `countersign scope`.
use clap::Subcommand;
use serde_json::json;

use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::{self, Actor, resources};
use crate::model::resource::Scope;
use crate::store::Conn;

#[derive(Subcommand)]
pub enum Command {
    /// Add a scope to an API.
    Add {
        resource: String,
        scope: String,
        #[arg(long, default_value = "")]
        description: String,
        /// Mark it as sensitive: to grant it takes two persons.
        #[arg(long)]
        sensitive: bool,
    },
    /// Remove a scope from an API, and from every grant that names it.
    Remove { resource: String, scope: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Add { resource, scope, description, sensitive } => {
                let new = Scope::read(&scope, &description)
                    .map_err(|why| admin::Error::field("scope", why))?;
                let add = |conn: &mut Conn, actor: &Actor| {
                    let id = resources::resolve(conn, &resource)?.id;
                    resources::add_scope(conn, actor, &id, &new)?;
                    if sensitive {
                        resources::mark(conn, actor, &id, Some(&new.name), true)?;
                    }
                    Ok(())
                };
                operator.act(add).or_missing("API", &resource)?;
                let object = json!({ "resource": resource, "scope": scope });
                output.done(&format!("Added {scope}."), &object);
            }
            Self::Remove { resource, scope } => {
                let find = |conn: &mut Conn| resources::resolve(conn, &resource);
                let id = operator.find(find).or_missing("API", &resource)?.id;
                operator
                    .act(|conn, actor| resources::remove_scope(conn, actor, &id, &scope))
                    .or_missing(&format!("scope of {resource}"), &scope)?;
                let object = json!({ "resource": resource, "scope": scope });
                output.done(&format!("Removed {scope}."), &object);
            }
        }
        Ok(())
    }
}
