//! `countersign audit verify`.
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::read_time;
use crate::cli::operator::Operator;
use crate::cli::output::{Exit, Output, note, time};
use crate::model::checkpoint::SignedCheckpoint;
use crate::model::signed_note::VerifierKey;
use crate::oauth::UnixTime;
use crate::sealing::checkpoint_file::CheckpointFile;
use crate::sealing::verification::{self, Against, Finding, Kind};
use crate::store::{audit_chains, audit_verification};

#[derive(Args)]
pub struct Verify {
    /// A verifier key, or a file of them; else those in the database.
    #[arg(long)]
    key: Option<String>,
    /// A checkpoint that the log must go on from, besides the checkpoint file.
    #[arg(long, value_name = "FILE")]
    against: Vec<PathBuf>,
    /// Hash rows of batches from then on only; the tree is walked whole.
    #[arg(long)]
    since: Option<String>,
}

impl Verify {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let since = self.since.as_deref().map(read_time).transpose()?;
        let mut outside = Vec::new();
        for path in &self.against {
            outside.push((path.display().to_string(), read_checkpoint(path)?));
        }
        let (mut rows, mut findings) = (Vec::new(), Vec::new());
        let file = CheckpointFile::new(&operator.config.sealing.checkpoint_file);
        match file.last() {
            Ok(Some(last)) => outside.push(("the checkpoint file".to_owned(), last)),
            Ok(None) => {}
            Err(error) => {
                let what = error.to_string();
                findings.push(Finding { kind: Kind::Tampered, what, span: None });
            }
        }
        let keys = self.key.as_deref().map(read_keys).transpose()?;
        for chain in operator.read(audit_chains::names)? {
            chains(operator, &chain, since, (&mut rows, &mut findings))?;
        }
        let against = Against { keys, outside };
        let report = verification::verify(&operator.store, &against, operator.clock.now())?;
        findings.extend(report.findings);
        let signed = report.last.and_then(|(_, at)| at).and_then(|at| i64::try_from(at).ok());
        rows.push(json!({
            "chain": "(tree)",
            "state": if findings.is_empty() { "whole" } else { "see below" },
            "batches": report.entries,
            "checkpoints": report.checkpoints,
            "signed_at": signed.map(|at| time(UnixTime::from_seconds(at))),
        }));
        if let Some((entries, until)) = report.pruned {
            rows.push(json!({
                "chain": "(pruned)",
                "state": format!("by policy until {}", time(until)),
                "batches": entries,
            }));
        }
        if output.json {
            rows.extend(findings.iter().map(describe));
        }
        let columns =
            ["chain", "state", "batches", "events", "redacted", "checkpoints", "signed_at"];
        output.table(&columns, &rows);
        for finding in &findings {
            note(&sentence(finding));
        }
        verdict(&findings)
    }
}

fn chains(
    operator: &Operator,
    chain: &str,
    since: Option<UnixTime>,
    (rows, findings): (&mut Vec<Value>, &mut Vec<Finding>),
) -> anyhow::Result<()> {
    match operator.read(|conn| audit_verification::verify(conn, chain, since))? {
        Ok(whole) => rows.push(json!({
            "chain": chain,
            "state": "whole",
            "batches": whole.batches,
            "events": whole.events,
            "redacted": whole.redacted,
        })),
        Err(found) => {
            rows.push(json!({
                "chain": chain,
                "state": "broken",
                "batch": found.batch,
                "why": found.why,
            }));
            findings.push(Finding {
                kind: match found.kind {
                    audit_verification::Kind::Tampered => Kind::Tampered,
                    audit_verification::Kind::Gap => Kind::Gap,
                },
                what: format!("chain {chain}, batch {}: {}", found.batch, found.why),
                span: found.span,
            });
        }
    }
    Ok(())
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Tampered => "tampered",
        Kind::Gap => "gap",
        Kind::Fork => "fork",
        Kind::Incomplete => "incomplete",
    }
}

fn describe(finding: &Finding) -> Value {
    json!({
        "state": word(finding.kind),
        "what": finding.what,
        "from": finding.span.map(|(from, _)| time(from)),
        "to": finding.span.map(|(_, to)| time(to)),
    })
}

fn sentence(finding: &Finding) -> String {
    let span = finding.span.map(|(from, to)| format!(" ({} to {})", time(from), time(to)));
    format!("{}: {}{}", word(finding.kind), finding.what, span.unwrap_or_default())
}

/// The gravest says the exit code; the first of it, what is told last.
fn verdict(findings: &[Finding]) -> anyhow::Result<()> {
    let Some(gravest) = findings.iter().min_by_key(|finding| finding.kind) else { return Ok(()) };
    let (code, what) = match gravest.kind {
        Kind::Tampered => (10, "the audit log was tampered with"),
        Kind::Gap => (11, "the audit log has a gap"),
        Kind::Fork => (12, "the audit log is not the one that was signed"),
        Kind::Incomplete => (13, "the audit log is whole as far as it is sealed and signed"),
    };
    let sentence = format!("{what}: {}", gravest.what);
    Err(Exit { code, sentence }.into())
}

/// Verifier keys as they are given: one, or a file with one on each line.
pub fn read_keys(given: &str) -> anyhow::Result<Vec<VerifierKey>> {
    let text = if Path::new(given).is_file() {
        std::fs::read_to_string(given).with_context(|| given.to_owned())?
    } else {
        given.to_owned()
    };
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| VerifierKey::parse(line).map_err(anyhow::Error::msg)).collect()
}

pub fn read_checkpoint(path: &Path) -> anyhow::Result<SignedCheckpoint> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| name.to_string())?;
    SignedCheckpoint::parse(&text).map_err(|why| anyhow::anyhow!("{name}: {why}"))
}
