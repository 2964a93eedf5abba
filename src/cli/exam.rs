//! `countersign exam`.
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::exam::{self, Examiner, Finding, Verdict};
use crate::host::Entropy;
use crate::keys::MasterKey;
use crate::oauth::scope::ScopeSet;

#[derive(Args)]
pub struct Exam {
    /// What to call: a URL that answers a good token with 200 and needs a scope.
    #[arg(long)]
    url: String,
    /// The identifier of the API that stands there.
    #[arg(long)]
    resource: String,
    /// The application to issue the good token for, by its client id.
    #[arg(long)]
    application: String,
    /// A scope of the good token; may repeat. Nothing: all that are granted.
    #[arg(long)]
    scope: Vec<String>,
    #[arg(long, default_value = "GET")]
    method: String,
    /// The API follows revocations: fail it when a revoked token gets through.
    #[arg(long)]
    follows_revocations: bool,
    /// Seconds that a revocation may take to arrive, 30 at most.
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

impl Exam {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let scope = match self.scope.as_slice() {
            [] => None,
            names => Some(
                ScopeSet::parse(&names.join(" "))
                    .map_err(|error| anyhow::anyhow!("--scope: {}", error.description))?,
            ),
        };
        let exam = exam::Exam {
            url: exam::Exam::read_url(&self.url).context("--url")?,
            method: self.method,
            resource: self.resource,
            client_id: self.application,
            scope,
            follows_revocations: self.follows_revocations,
            loopback: true,
            patience: Duration::from_secs(self.wait),
        };
        let master = MasterKey::load(&operator.config.master_key, false, &Entropy::System)?;
        let keys = operator.key_ring(master)?;
        let actor = operator.actor();
        let examiner = Examiner {
            store: &operator.store,
            keys: &keys,
            issuer: &operator.config.issuer.url,
            clock: &operator.clock,
            actor: &actor,
        };
        let findings = match examiner.hold(&exam) {
            Err(exam::Error::Act(error)) => Err(anyhow::Error::from(error)),
            other => Ok(other?),
        };
        let findings = findings.or_missing("application", &exam.client_id)?;
        report(&findings, output)
    }
}

fn report(findings: &[Finding], output: Output) -> anyhow::Result<()> {
    let rows: Vec<Value> = findings.iter().map(describe).collect();
    output.table(&["check", "expected", "status", "verdict", "remark"], &rows);
    let failed = findings.iter().filter(|f| f.verdict == Verdict::Failed).count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", findings.len());
    Ok(())
}

fn describe(finding: &Finding) -> Value {
    json!({
        "check": finding.check.as_str(),
        "expected": finding.check.expected(),
        "status": finding.status,
        "verdict": finding.verdict.as_str(),
        "remark": finding.remark,
    })
}
