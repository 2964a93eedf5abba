//! `countersign route`.
use clap::Subcommand;
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::{self, Actor, resources, routes};
use crate::model::page::Page;
use crate::model::route::Route;
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// Demand scopes for a method and a path of an API.
    Add {
        resource: String,
        /// GET, POST …, or * for any.
        method: String,
        /// /invoices/{id}; {*rest} may stand last.
        path: String,
        /// All of them are needed; may be repeated.
        #[arg(long)]
        scope: Vec<String>,
    },
    /// List the routes of an API.
    List {
        resource: String,
        #[command(flatten)]
        listing: Listing,
    },
    /// Remove a route from an API.
    Remove { resource: String, method: String, path: String },
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Add { resource, method, path, scope } => {
                let route =
                    Route::read(&method, &path, &scope.join(" ")).map_err(admin::Error::Invalid)?;
                let add = |conn: &mut Conn, actor: &Actor| {
                    let id = resources::resolve(conn, &resource)?.id;
                    routes::add(conn, actor, &id, &route)
                };
                operator.act(add).or_missing("API", &resource)?;
                output.done(&format!("Added {} {}.", route.method, route.path), &describe(&route));
                Ok(())
            }
            Self::List { resource, listing } => {
                let find = |conn: &mut Conn| {
                    let id = resources::resolve(conn, &resource)?.id;
                    Ok(store::routes::all(conn, &id)?)
                };
                let found = operator.find(find).or_missing("API", &resource)?;
                let rows: Vec<Value> = found.iter().map(describe).collect();
                listing.print(output, &["method", "path", "scopes"], |_, _| {
                    Ok(Page { rows: rows.clone(), next: None })
                })
            }
            Self::Remove { resource, method, path } => {
                let find = |conn: &mut Conn| resources::resolve(conn, &resource);
                let id = operator.find(find).or_missing("API", &resource)?.id;
                operator
                    .act(|conn, actor| routes::remove(conn, actor, &id, (&method, &path)))
                    .or_missing(&format!("route of {resource}"), &format!("{method} {path}"))?;
                let object = json!({ "method": method, "path": path });
                output.done(&format!("Removed {method} {path}."), &object);
                Ok(())
            }
        }
    }
}

fn describe(route: &Route) -> Value {
    json!({ "method": route.method, "path": route.path, "scopes": route.scopes.join(" ") })
}
