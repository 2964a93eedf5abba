//! `countersign audit`.
use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::Operator;
use super::output::{Lines, Output, time};
use super::questions;
use crate::admin;
use crate::oauth::UnixTime;
use crate::store::audit_log::{self, Filter, OutcomeFilter, StoredEvent};
use crate::store::{Conn, audit_chains};

#[derive(Subcommand)]
pub enum Command {
    /// Print events, newest first.
    List {
        #[command(flatten)]
        listing: Listing,
        #[arg(long)]
        outcome: Option<OutcomeArgument>,
        #[arg(long)]
        client_id: Option<String>,
        /// Such as `bad_secret` or `scope_not_granted`.
        #[arg(long)]
        reason: Option<String>,
        /// RFC 3339, such as 2026-11-23T14:00:00Z.
        #[arg(long)]
        since: Option<String>,
    },
    /// Print every row as it was hashed, in the order of its chain.
    Export {
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
    },
    /// List the questions that are saved, and what each may be told.
    Questions,
    /// Answer a saved question.
    Question(questions::Question),
    /// Walk every chain and say whether all of it is there and unchanged.
    Verify,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OutcomeArgument {
    Success,
    Refused,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    Jsonl,
}

/// How many rows are read at a time.
const AT_ONCE: i64 = 1_000;

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::List { listing, outcome, client_id, reason, since } => {
                let filter = Filter {
                    outcome: outcome.map(|outcome| match outcome {
                        OutcomeArgument::Success => OutcomeFilter::Success,
                        OutcomeArgument::Refused => OutcomeFilter::Refused,
                    }),
                    client_id,
                    reason,
                    from: since.as_deref().map(read_time).transpose()?,
                    ..Filter::default()
                };
                list(operator, output, &listing, &filter)
            }
            Self::Export { format: Format::Jsonl } => export(operator),
            Self::Questions => {
                questions::list(output);
                Ok(())
            }
            Self::Question(question) => question.run(operator, output),
            Self::Verify => verify(operator, output),
        }
    }
}

fn list(
    operator: &Operator,
    output: Output,
    listing: &Listing,
    filter: &Filter,
) -> anyhow::Result<()> {
    let columns = ["time", "code", "outcome", "reason", "actor", "client_id", "id"];
    listing.print(output, &columns, |before, limit| {
        let read = |conn: &mut Conn| audit_log::page(conn, filter, before, limit);
        Ok(operator.read(read)?.map(|row| describe(&row)))
    })
}

/// One JSON object a line. That it was exported is recorded, before it is.
fn export(operator: &Operator) -> anyhow::Result<()> {
    operator.act(admin::audit::export)?;
    let mut lines = Lines::default();
    for chain in operator.read(audit_chains::names)? {
        // Rows before the first position are out of order, not out of sight.
        let mut position = i64::MIN;
        loop {
            let after = |conn: &mut Conn| audit_log::after(conn, &chain, position, AT_ONCE);
            let rows = operator.read(after)?;
            let Some(last) = rows.last() else { break };
            position = last.position;
            for row in &rows {
                lines.line(exported(row));
            }
        }
    }
    lines.finish();
    Ok(())
}

/// A row that somebody spoiled is exported as it is: it is evidence too.
fn exported(row: &StoredEvent) -> Value {
    let salt: String = row.salt.iter().map(|byte| format!("{byte:02x}")).collect();
    let event: Option<Value> = serde_json::from_str(&row.body).ok();
    json!({
        "chain": row.chain,
        "position": row.position,
        "batch": row.batch,
        "salt": salt,
        // The text is what was hashed; the object is the same for reading.
        "body": row.body,
        "event": event,
    })
}

fn verify(operator: &Operator, output: Output) -> anyhow::Result<()> {
    let (mut rows, mut broken) = (Vec::new(), None);
    for chain in operator.read(audit_chains::names)? {
        match operator.read(|conn| audit_chains::verify(conn, &chain))? {
            Ok(whole) => rows.push(json!({
                "chain": chain,
                "state": "whole",
                "batches": whole.batches,
                "events": whole.events,
            })),
            Err(found) => {
                rows.push(json!({
                    "chain": chain,
                    "state": "broken",
                    "batch": found.batch,
                    "why": found.why,
                }));
                broken.get_or_insert(found);
            }
        }
    }
    output.table(&["chain", "state", "batches", "events"], &rows);
    match broken {
        None => Ok(()),
        Some(found) => anyhow::bail!(
            "the audit log was tampered with: chain {}, batch {}: {}",
            found.chain,
            found.batch,
            found.why
        ),
    }
}

fn describe(row: &StoredEvent) -> Value {
    let event = row.event();
    let actor = event.as_ref().map(|event| {
        let actor = &event.actor;
        actor.name.clone().or_else(|| actor.id.clone()).unwrap_or_else(|| actor.kind.to_string())
    });
    let body: Option<Value> = serde_json::from_str(&row.body).ok();
    json!({
        "id": row.id,
        "time": time(UnixTime(row.at)),
        "code": row.code,
        "outcome": row.outcome,
        "reason": row.reason,
        "actor": actor,
        "client_id": row.client_id,
        "resource": row.resource,
        "event": body,
    })
}

fn read_time(text: &str) -> anyhow::Result<UnixTime> {
    let at: jiff::Timestamp = text
        .parse()
        .with_context(|| format!("{text:?} is no time: write it like 2026-11-23T14:00:00Z"))?;
    Ok(UnixTime(at.as_microsecond()))
}
