//! `countersign resource`.
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{Output, time};
use crate::admin::{self, Actor, resources};
use crate::model::resource::{AccessRecords, NewResource, Resource, ResourceDetails, Verification};
use crate::store::{self, Conn, scopes};

#[derive(Subcommand)]
pub enum Command {
    /// Register an API with its scopes.
    Create(Create),
    /// List APIs.
    List {
        /// Part of a name or identifier.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show an API and its scopes.
    Show { resource: String },
    /// Set how an API finds out whether a token is good.
    Verification {
        resource: String,
        /// Whether its tokens name a status list.
        #[arg(long)]
        status_lists: Option<bool>,
        /// counted, sampled or full.
        #[arg(long)]
        access_records: Option<String>,
    },
    /// Mark an API as sensitive, or a scope of it: what is granted there takes two
    /// persons.
    Mark {
        resource: String,
        #[arg(long)]
        scope: Option<String>,
    },
    /// Take the mark away; that takes two persons.
    Unmark {
        resource: String,
        #[arg(long)]
        scope: Option<String>,
    },
    /// Delete an API, its scopes and every grant at it.
    Delete { resource: String },
}

#[derive(Args)]
pub struct Create {
    /// An absolute URI; the `aud` of its tokens. It never changes.
    #[arg(long)]
    identifier: String,
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "")]
    description: String,
    /// Seconds, 30 to 86400.
    #[arg(long, default_value = "600")]
    token_lifetime: String,
    /// ES256, EdDSA, PS256 or RS256.
    #[arg(long, default_value = "ES256")]
    algorithm: String,
    /// NAME or NAME=DESCRIPTION; may be repeated.
    #[arg(long)]
    scope: Vec<String>,
    /// Mark it as sensitive: whatever is granted there takes two persons.
    #[arg(long)]
    sensitive: bool,
    /// A scope of it to mark; may be repeated.
    #[arg(long)]
    sensitive_scope: Vec<String>,
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run(operator, output),
            Self::List { search, listing } => {
                let columns = ["identifier", "name", "algorithm", "token_lifetime_seconds", "id"];
                let search = search.as_deref();
                listing.print(output, &columns, |after, limit| {
                    let read = |conn: &mut Conn| store::resources::page(conn, search, after, limit);
                    Ok(operator.read(read)?.map(|resource| describe(&resource)))
                })
            }
            Self::Show { resource } => {
                let find = |conn: &mut Conn| shown(conn, &resource);
                let shown = operator.find(find).or_missing("API", &resource)?;
                output.object(&shown);
                Ok(())
            }
            Self::Verification { resource, status_lists, access_records } => {
                let records = access_records.map(|word| parse_records(&word)).transpose()?;
                let set = |conn: &mut Conn, actor: &Actor| {
                    let found = resources::resolve(conn, &resource)?;
                    let now = found.verification;
                    let verification = Verification {
                        status_lists: status_lists.unwrap_or(now.status_lists),
                        access_records: records.unwrap_or(now.access_records),
                    };
                    let version = found.version;
                    resources::set_verification(conn, actor, &found.id, version, verification)
                };
                operator.act(set).or_missing("API", &resource)?;
                output.object(&operator.find(|conn| shown(conn, &resource))?);
                Ok(())
            }
            Self::Mark { resource, scope } => {
                mark(operator, output, (&resource, scope.as_deref()), true)
            }
            Self::Unmark { resource, scope } => {
                mark(operator, output, (&resource, scope.as_deref()), false)
            }
            Self::Delete { resource } => {
                let delete = |conn: &mut Conn, actor: &Actor| {
                    let found = resources::resolve(conn, &resource)?;
                    resources::delete(conn, actor, &found.id)?;
                    Ok(found)
                };
                let deleted = operator.act(delete).or_missing("API", &resource)?;
                let sentence = format!("Deleted {} ({}).", deleted.name, deleted.identifier);
                output.done(&sentence, &describe(&deleted));
                Ok(())
            }
        }
    }
}

fn mark(
    operator: &Operator,
    output: Output,
    (resource, scope): (&str, Option<&str>),
    sensitive: bool,
) -> anyhow::Result<()> {
    let mark = |conn: &mut Conn, actor: &Actor| {
        let found = resources::resolve(conn, resource)?;
        resources::mark(conn, actor, &found.id, scope, sensitive)
    };
    let what = if scope.is_some() { "scope of API" } else { "API" };
    operator.act(mark).or_missing(what, resource)?;
    output.object(&operator.find(|conn| shown(conn, resource))?);
    Ok(())
}

impl Create {
    fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let details = ResourceDetails::read(&self.name, &self.description, &self.token_lifetime);
        // On the command line a space would need quotes.
        let lines = self.scope.iter().map(|scope| scope.replacen('=', " ", 1));
        let scopes = lines.collect::<Vec<_>>().join("\n");
        let new = NewResource::read(&self.identifier, details, &self.algorithm, &scopes)
            .map_err(admin::Error::Invalid)?;
        operator.prepare_key(new.algorithm);
        let create = |conn: &mut Conn, actor: &Actor| {
            let created = resources::create(conn, actor, new)?;
            if self.sensitive {
                resources::mark(conn, actor, &created.id, None, true)?;
            }
            for scope in &self.sensitive_scope {
                resources::mark(conn, actor, &created.id, Some(scope), true).map_err(|error| {
                    match error {
                        admin::Error::NotFound => admin::Error::field(
                            "sensitive_scope",
                            format!("The API has no scope {scope}."),
                        ),
                        other => other,
                    }
                })?;
            }
            Ok(created)
        };
        let created = operator.act(create)?;
        let shown = operator.find(|conn| shown(conn, &created.id))?;
        output.object(&shown);
        Ok(())
    }
}

fn shown(conn: &mut Conn, text: &str) -> Result<Value, admin::Error> {
    let resource = resources::resolve(conn, text)?;
    let all = scopes::all(conn, &resource.id)?;
    let mut shown = describe(&resource);
    if let Some(members) = shown.as_object_mut() {
        let scopes: Vec<Value> = all.into_iter().map(|scope| Value::from(scope.name)).collect();
        members.insert("scopes".into(), scopes.into());
        let marked = scopes::sensitive(conn, std::slice::from_ref(&resource.id))?;
        let marked: Vec<Value> = marked.into_iter().map(|(_, scope)| scope.into()).collect();
        members.insert("sensitive_scopes".into(), marked.into());
    }
    Ok(shown)
}

fn parse_records(word: &str) -> Result<AccessRecords, admin::Error> {
    AccessRecords::parse(word)
        .ok_or_else(|| admin::Error::field("access_records", "Choose counted, sampled or full."))
}

fn describe(resource: &Resource) -> Value {
    json!({
        "id": resource.id,
        "identifier": resource.identifier,
        "name": resource.name,
        "description": resource.description,
        "token_lifetime_seconds": resource.token_lifetime.0,
        "algorithm": resource.algorithm.as_str(),
        "status_lists": resource.verification.status_lists,
        "access_records": resource.verification.access_records.as_str(),
        "sensitive": resource.sensitive,
        "created_at": time(resource.created_at),
    })
}
