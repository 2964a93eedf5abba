//! `countersign application`.
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{self, Output, time};
use super::{deletions, grants, secrets, teams};
use crate::admin;
use crate::admin::application_owners::{self, Owners};
use crate::admin::applications::{self, NewApplication};
use crate::model::application::{Application, ApplicationDetails, ApplicationInput};
use crate::model::grant::Access;
use crate::model::secret::NewSecret;
use crate::samples::{Language, Sample};
use crate::store::applications::Filter;
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// Register an application, with its grants and its first secret.
    Create(Box<Create>),
    /// List applications.
    List {
        /// Part of a name or owner, or a whole client id.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show an application, its grants and its secrets.
    Show { client_id: String },
    /// Print a program that gets a token for it: the quick start of the console.
    Sample {
        client_id: String,
        /// curl, python, node, go, java, rust or dotnet.
        #[arg(long, default_value = "curl", value_parser = language)]
        language: Language,
    },
    /// Say who owns it, in the place of those who did: developers among them see
    /// it and care for its secrets.
    Owners {
        client_id: String,
        /// The address of somebody; may be repeated.
        #[arg(long)]
        person: Vec<String>,
        /// The name of a team; may be repeated.
        #[arg(long)]
        team: Vec<String>,
    },
    /// Give it no more tokens.
    Suspend { client_id: String },
    /// Give it tokens again.
    Resume { client_id: String },
    /// Delete it with its grants and secrets. For 24 hours it can be restored.
    Delete { client_id: String },
    /// List those that were deleted and can still be restored.
    Deleted(Listing),
    /// Undo a deletion: its secrets and its access work again, its old tokens do
    /// not.
    Restore { client_id: String },
}

#[derive(Args)]
pub struct Create {
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "")]
    description: String,
    /// The team that answers for it.
    #[arg(long, default_value = "")]
    owner: String,
    /// Where that team is reached.
    #[arg(long, default_value = "")]
    contact: String,
    /// Seconds, instead of each API's own.
    #[arg(long, default_value = "")]
    token_lifetime: String,
    /// `URI=scope,scope`, or `URI=*` for all current and future scopes; may be
    /// repeated.
    #[arg(long)]
    grant: Vec<String>,
    #[arg(long, default_value = "initial")]
    secret_name: String,
    /// Days the secret works; nothing: until it is revoked.
    #[arg(long, default_value = "")]
    secret_days: String,
    /// Make no secret yet.
    #[arg(long)]
    no_secret: bool,
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run(operator, output),
            Self::List { search, listing } => {
                let filter = Filter { search, ..Filter::default() };
                let columns = ["client_id", "name", "owner", "state", "created_at"];
                listing.print(output, &columns, |after, limit| {
                    let read =
                        |conn: &mut Conn| store::applications::page(conn, &filter, after, limit);
                    Ok(operator.read(read)?.map(|application| describe(&application)))
                })
            }
            Self::Show { client_id } => {
                let shown = operator
                    .find(|conn| shown(conn, &client_id))
                    .or_missing("application", &client_id)?;
                output.object(&shown);
                Ok(())
            }
            Self::Sample { client_id, language } => {
                let issuer = operator.config.url("");
                let found = operator
                    .find(|conn| sample(conn, &issuer, &client_id))
                    .or_missing("application", &client_id)?;
                let Some(sample) = found else {
                    anyhow::bail!("{client_id} may call no API yet: grant it access first.")
                };
                let text = sample.text(language);
                let object = json!({ "language": language.as_str(), "text": text });
                output.done(text.trim_end(), &object);
                Ok(())
            }
            Self::Owners { client_id, person, team } => {
                owners(operator, output, &client_id, (&person, &team))
            }
            Self::Suspend { client_id } => {
                operator
                    .act(|conn, actor| applications::suspend(conn, actor, &client_id))
                    .or_missing("application", &client_id)?;
                say(output, &client_id, "suspended");
                Ok(())
            }
            Self::Resume { client_id } => {
                operator
                    .act(|conn, actor| applications::resume(conn, actor, &client_id))
                    .or_missing("application", &client_id)?;
                say(output, &client_id, "active");
                Ok(())
            }
            Self::Delete { client_id } => delete(operator, output, &client_id),
            Self::Deleted(listing) => deletions::list(operator, output, &listing),
            Self::Restore { client_id } => deletions::restore(operator, output, &client_id),
        }
    }
}

fn language(text: &str) -> Result<Language, String> {
    let known: Vec<&str> = Language::ALL.map(Language::as_str).to_vec();
    Language::parse(text).ok_or_else(|| format!("one of {}", known.join(", ")))
}

/// The quick start for the first API of an application, by the name of the API.
fn sample(conn: &mut Conn, issuer: &str, client_id: &str) -> Result<Option<Sample>, admin::Error> {
    store::applications::find(conn, client_id)?.ok_or(admin::Error::NotFound)?;
    let held = store::grants::all(conn, client_id)?;
    Ok(held.first().map(|grant| {
        let scopes = match &grant.access {
            Access::All => &[][..],
            Access::Scopes(scopes) => scopes,
        };
        Sample::new(issuer, client_id, &grant.resource_identifier, scopes)
    }))
}

impl Create {
    fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let details = ApplicationDetails::read(ApplicationInput {
            name: &self.name,
            description: &self.description,
            owner: &self.owner,
            contact: &self.contact,
            token_lifetime_seconds: &self.token_lifetime,
        })
        .map_err(admin::Error::Invalid)?;
        let grants: Vec<(String, Access)> =
            self.grant.iter().map(|grant| grants::parse(grant)).collect::<Result<_, _>>()?;
        let secret = if self.no_secret {
            None
        } else {
            let read = NewSecret::read(&self.secret_name, &self.secret_days);
            Some(read.map_err(admin::Error::Invalid)?)
        };
        let new = NewApplication { details, grants, secret };
        let created = operator.act(|conn, actor| applications::create(conn, actor, new))?;
        let mut object = json!({
            "client_id": created.application.client_id,
            "name": created.application.details.name,
        });
        if let (Some(members), Some((secret, value))) = (object.as_object_mut(), created.secret) {
            members.insert("client_secret".into(), value.as_str().into());
            members.insert("secret_id".into(), secret.id.into());
            members.insert("secret_expires_at".into(), secret.expires_at.map(time).into());
        }
        if let (Some(members), Some(request)) = (object.as_object_mut(), created.waits) {
            members.insert("waits_for_approval".into(), request.id.into());
        }
        let has_secret = object.get("client_secret").is_some();
        output.object(&object);
        if has_secret && !output.json {
            output::note(secrets::ONCE);
        }
        Ok(())
    }
}

fn owners(
    operator: &Operator,
    output: Output,
    client_id: &str,
    (people, named): (&[String], &[String]),
) -> anyhow::Result<()> {
    let ids = people.iter().map(|email| teams::person(operator, email));
    let of_teams = named.iter().map(|name| teams::id(operator, name));
    let owners = Owners {
        people: ids.collect::<anyhow::Result<_>>()?,
        teams: of_teams.collect::<anyhow::Result<_>>()?,
    };
    operator
        .act(|conn, actor| application_owners::replace(conn, actor, client_id, owners))
        .or_missing("application", client_id)?;
    let object = json!({ "client_id": client_id, "people": people, "teams": named });
    output.done(&format!("Who owns {client_id} is saved."), &object);
    Ok(())
}

fn delete(operator: &Operator, output: Output, client_id: &str) -> anyhow::Result<()> {
    let (deleted, until) = operator
        .act(|conn, actor| {
            let found =
                store::applications::find(conn, client_id)?.ok_or(admin::Error::NotFound)?;
            let until = applications::delete(conn, actor, client_id)?;
            Ok((found, until))
        })
        .or_missing("application", client_id)?;
    let mut object = describe(&deleted);
    if let Some(members) = object.as_object_mut() {
        members.insert("restorable_until".into(), time(until).into());
    }
    let (name, until) = (&deleted.details.name, time(until));
    let sentence = format!("Deleted {name} ({client_id}). It can be restored until {until}.");
    output.done(&sentence, &object);
    Ok(())
}

fn shown(conn: &mut Conn, client_id: &str) -> Result<Value, admin::Error> {
    let found = store::applications::find(conn, client_id)?.ok_or(admin::Error::NotFound)?;
    let held = store::grants::all(conn, client_id)?;
    let secrets = store::secrets::all(conn, client_id)?;
    let mut shown = describe(&found);
    if let Some(members) = shown.as_object_mut() {
        let grants: Vec<Value> = held
            .iter()
            .map(|grant| format!("{}={}", grant.resource_identifier, scopes(&grant.access)))
            .map(Value::from)
            .collect();
        members.insert("grants".into(), grants.into());
        let names: Vec<Value> = secrets.iter().map(|secret| secret.name.clone().into()).collect();
        members.insert("secrets".into(), names.into());
        if let Some(external_id) = store::imports::external_id(conn, client_id)? {
            members.insert("external_id".into(), external_id.into());
        }
    }
    Ok(shown)
}

fn scopes(access: &Access) -> String {
    match access {
        Access::All => "*".to_owned(),
        Access::Scopes(scopes) => scopes.join(","),
    }
}

pub(super) fn describe(application: &Application) -> Value {
    let details = &application.details;
    json!({
        "client_id": application.client_id,
        "name": details.name,
        "description": details.description,
        "owner": details.owner,
        "contact": details.contact,
        "state": if application.active { "active" } else { "suspended" },
        "token_lifetime_seconds": details.token_lifetime.map(|seconds| seconds.0),
        "created_at": time(application.created_at),
    })
}

fn say(output: Output, client_id: &str, state: &str) {
    let object = json!({ "client_id": client_id, "state": state });
    output.done(&format!("{client_id} is {state}."), &object);
}
