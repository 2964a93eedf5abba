//! `countersign limit`.
use std::num::NonZeroU32;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::{Actor, limits};
use crate::model::page::Page;
use crate::oauth::limit::{Limit, MOST, Subject};
use crate::store::{self, Conn};

#[derive(Subcommand)]
pub enum Command {
    /// List the limits there are.
    List {
        #[command(flatten)]
        listing: Listing,
    },
    /// Take a limit away.
    Remove {
        #[command(flatten)]
        of: Of,
    },
    /// Set a limit.
    Set {
        #[command(flatten)]
        of: Of,
        /// So many tokens at once, and as many again in each minute after.
        #[arg(long, value_parser = number, required_unless_present = "per_day")]
        per_minute: Option<NonZeroU32>,
        /// So many tokens from midnight to midnight, UTC.
        #[arg(long, value_parser = number)]
        per_day: Option<NonZeroU32>,
        /// Refuse nobody, only count who would be.
        #[arg(long)]
        watch: bool,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Of {
    /// Of an application, by its client id.
    #[arg(long)]
    application: Option<String>,
    /// Of an API, by its id or identifier.
    #[arg(long)]
    resource: Option<String>,
}

/// The most limits that are listed at a time.
const AT_ONCE: i64 = 1_000;

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::List { listing } => {
                let found = operator
                    .find(|conn: &mut Conn| Ok(store::limits::page(conn, None, AT_ONCE)?))?;
                let rows: Vec<Value> = found.iter().map(row).collect();
                let columns = ["kind", "subject", "per_minute", "per_day", "watched"];
                listing.print(output, &columns, |_, _| Ok(Page { rows: rows.clone(), next: None }))
            }
            Self::Remove { of } => {
                of.set(operator, None)?;
                output.done("The limit is gone.", &json!({ "limit": null }));
                Ok(())
            }
            Self::Set { of, per_minute, per_day, watch } => {
                let limit = Limit { per_minute, per_day, watched: watch };
                of.set(operator, Some(limit))?;
                let object =
                    json!({ "per_minute": per_minute, "per_day": per_day, "watched": watch });
                output.done("The limit is set.", &object);
                Ok(())
            }
        }
    }
}

impl Of {
    fn set(&self, operator: &Operator, limit: Option<Limit>) -> anyhow::Result<()> {
        let set = |conn: &mut Conn, actor: &Actor| match (&self.application, &self.resource) {
            (Some(client_id), _) => {
                limits::set_for_application(conn, actor, client_id, limit.as_ref())
            }
            (None, resource) => {
                let resource = resource.as_deref().unwrap_or_default();
                limits::set_for_resource(conn, actor, resource, limit.as_ref())
            }
        };
        let named = self.application.as_ref().or(self.resource.as_ref());
        operator.act(set).or_missing("application or API", named.map_or("", String::as_str))
    }
}

fn row((subject, limit): &(Subject, Limit)) -> Value {
    json!({
        "kind": subject.kind(),
        "subject": subject.name(),
        "per_minute": limit.per_minute,
        "per_day": limit.per_day,
        "watched": limit.watched,
    })
}

fn number(text: &str) -> Result<NonZeroU32, String> {
    match text.parse::<NonZeroU32>() {
        Ok(number) if number.get() <= MOST => Ok(number),
        _ => Err(format!("a whole number from 1 to {MOST}")),
    }
}
