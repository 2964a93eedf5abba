//! `countersign audit`.
pub mod export;
pub mod fork;
pub mod pack;
pub mod proofs;
pub mod redaction;
pub mod report;
pub mod retention;
pub mod verification;

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::Operator;
use super::output::{Output, time};
use super::questions;
use crate::oauth::UnixTime;
use crate::store::Conn;
use crate::store::audit_log::{self, Filter, OutcomeFilter, StoredEvent};

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
    /// Write rows of the log, as they were hashed or for other programs. That it
    /// was exported is recorded.
    Export(export::Export),
    /// List the questions that are saved, and what each may be told.
    Questions,
    /// Answer a saved question.
    Question(questions::Question),
    /// Hash every row and batch, and hold what they make against what was
    /// signed. Exit codes: 10 tampered, 11 gap, 12 fork, 13 incomplete.
    Verify(verification::Verify),
    /// Write a proof that a row is in the log, for somebody who has the public
    /// key and nothing else.
    Prove(proofs::Prove),
    /// Check such a proof, without a database.
    CheckProof(proofs::CheckProof),
    /// Say whether one checkpoint goes on from another.
    Consistency(proofs::Consistency),
    /// Print the keys that checkpoints are verified with.
    Keys,
    /// What a day was like: numbers, acts, and the checkpoint above them.
    #[command(subcommand)]
    Report(report::Report),
    /// Remove rows that are older than need be, so that what is left verifies.
    Prune(retention::Prune),
    /// Keep every row, whatever the retention says; or no longer.
    Hold(retention::Hold),
    /// Take what is personal or secret out of old rows, so that all others still
    /// verify.
    Redact(redaction::Redact),
    /// Begin the log anew, after an older database was put in place.
    Fork(fork::Fork),
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OutcomeArgument {
    Success,
    Refused,
}

impl OutcomeArgument {
    const fn filter(self) -> OutcomeFilter {
        match self {
            Self::Success => OutcomeFilter::Success,
            Self::Refused => OutcomeFilter::Refused,
        }
    }
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::List { listing, outcome, client_id, reason, since } => {
                let filter = Filter {
                    outcome: outcome.map(OutcomeArgument::filter),
                    client_id,
                    reason,
                    from: since.as_deref().map(read_time).transpose()?,
                    ..Filter::default()
                };
                list(operator, output, &listing, &filter)
            }
            Self::Export(export) => export.run(operator, output),
            Self::Questions => {
                questions::list(output);
                Ok(())
            }
            Self::Question(question) => question.run(operator, output),
            Self::Verify(verify) => verify.run(operator, output),
            Self::Prove(prove) => prove.run(operator, output),
            // Offline: `cli::dispatch` runs it without a database.
            Self::CheckProof(check) => check.run(output),
            Self::Consistency(consistency) => consistency.run(operator, output),
            Self::Keys => proofs::keys(operator, output),
            Self::Report(report) => report.run(operator, output),
            Self::Prune(prune) => prune.run(operator, output),
            Self::Hold(hold) => hold.run(operator, output),
            Self::Redact(redact) => redact.run(operator, output),
            Self::Fork(fork) => fork.run(operator, output),
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
