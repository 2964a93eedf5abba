//! `countersign introspector`.
use clap::Subcommand;
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::introspectors::{self, Of};
use crate::admin::{self, Actor, resources};
use crate::model::page::Page;
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// Let an application introspect the tokens of an API.
    Add {
        /// The API, or `any` for every token.
        resource: String,
        client_id: String,
    },
    /// List the applications that may introspect the tokens of an API.
    List {
        /// The API, or `any`.
        resource: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Let an application introspect them no more.
    Remove {
        /// The API, or `any`.
        resource: String,
        client_id: String,
    },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Add { resource, client_id } => {
                let add = |conn: &mut Conn, actor: &Actor| {
                    let of = of(conn, &resource)?;
                    introspectors::add(conn, actor, &of, &client_id)
                };
                operator.act(add).or_missing("API or application", &client_id)?;
                let object = json!({ "resource": resource, "client_id": client_id });
                output.done(&format!("{client_id} may introspect {resource}."), &object);
                Ok(())
            }
            Self::List { resource, listing } => {
                let find = |conn: &mut Conn| match of(conn, &resource)? {
                    Of::Any => Ok(store::introspectors::of_any(conn)?),
                    Of::Resource(id) => Ok(store::introspectors::all(conn, &id)?),
                };
                let found = operator.find(find).or_missing("API", &resource)?;
                let row = |(id, name): &(String, String)| json!({ "client_id": id, "name": name });
                let rows: Vec<Value> = found.iter().map(row).collect();
                listing.print(output, &["client_id", "name"], |_, _| {
                    Ok(Page { rows: rows.clone(), next: None })
                })
            }
            Self::Remove { resource, client_id } => {
                let remove = |conn: &mut Conn, actor: &Actor| {
                    let of = of(conn, &resource)?;
                    introspectors::remove(conn, actor, &of, &client_id)
                };
                operator.act(remove).or_missing("API or application", &client_id)?;
                let object = json!({ "resource": resource, "client_id": client_id });
                output.done(&format!("{client_id} may not introspect {resource}."), &object);
                Ok(())
            }
        }
    }
}

fn of(conn: &mut Conn, resource: &str) -> Result<Of, admin::Error> {
    match resource {
        "any" => Ok(Of::Any),
        named => Ok(Of::Resource(resources::resolve(conn, named)?.id)),
    }
}
