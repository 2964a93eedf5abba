//! `countersign audit export`.
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutcomeArgument;
use crate::admin;
use crate::cli::moment::{before_end_of, begin_of};
use crate::cli::operator::Operator;
use crate::cli::output::{Lines, Output, note};
use crate::reports::rows::Format;
use crate::store::audit_log::{self, ActFilter, Filter};
use crate::store::{Conn, audit_chains};

#[derive(Args)]
pub struct Export {
    #[arg(long, value_enum, default_value = "jsonl")]
    format: FormatArgument,
    /// A day in UTC, or a moment such as 2026-11-23T14:00:00Z.
    #[arg(long)]
    from: Option<String>,
    /// A day, meant to its end, or a moment, before which it ends.
    #[arg(long)]
    to: Option<String>,
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Such as `token.issued`; of acts only.
    #[arg(long)]
    code: Option<String>,
    #[arg(long)]
    outcome: Option<OutcomeArgument>,
    #[arg(long, alias = "client", value_name = "CLIENT_ID")]
    client_id: Option<String>,
    /// The identifier of an API.
    #[arg(long)]
    api: Option<String>,
    #[arg(long)]
    scope: Option<String>,
    /// The id of a secret: `sec_…`.
    #[arg(long)]
    secret: Option<String>,
    /// Where they came from.
    #[arg(long)]
    address: Option<std::net::IpAddr>,
    /// Such as `bad_secret` or `scope_not_granted`.
    #[arg(long)]
    reason: Option<String>,
    /// The name of the administrator who did it.
    #[arg(long)]
    person: Option<String>,
    /// Write a folder with what shows that no row was changed, left out or
    /// added: batches, a signed checkpoint, and a verifier that needs only
    /// Python. Of JSON Lines, narrowed to a time alone.
    #[arg(
        long,
        requires = "output",
        conflicts_with_all = ["kind", "code", "outcome", "client_id", "api", "scope", "secret",
            "reason", "person"]
    )]
    with_proofs: bool,
    /// Write to this file, which only its owner reads; else to standard output.
    /// With proofs, a folder that is not there yet.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArgument {
    /// Each row as it was hashed.
    Jsonl,
    Csv,
    /// Common Event Format.
    Cef,
    /// Open Cybersecurity Schema Framework 1.7, a JSON object a line.
    Ocsf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Token requests.
    Token,
    /// What was let through to APIs, and what was not.
    Accesses,
    /// Everything that people did.
    Changes,
}

/// How many rows are read at a time.
const AT_ONCE: usize = 1_000;

impl Export {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let format = match self.format {
            FormatArgument::Jsonl => Format::Jsonl,
            FormatArgument::Csv => Format::Csv,
            FormatArgument::Cef => Format::Cef,
            FormatArgument::Ocsf => Format::Ocsf,
        };
        let filter = self.filter()?;
        if let (true, Some(folder)) = (self.with_proofs, &self.output) {
            anyhow::ensure!(format == Format::Jsonl, "--with-proofs writes JSON Lines");
            return super::pack::write(operator, output, folder, &filter);
        }
        let (name, narrowed) = (format.as_str(), filter.describe());
        let mut lines = match &self.output {
            Some(path) => Lines::to_file(path)?,
            None => Lines::default(),
        };
        operator.act(|conn, actor| admin::audit::export(conn, actor, name, &narrowed))?;
        lines.text(format.head());
        let rows = if filter == Filter::default() {
            whole(operator, format, &mut lines)?
        } else {
            narrow(operator, format, &filter, &mut lines)?
        };
        lines.finish();
        operator.act(|conn, actor| admin::audit::end_export(conn, actor, name, rows))?;
        if self.output.is_some() && !output.json {
            note(&format!("{rows} rows"));
        }
        Ok(())
    }

    fn filter(&self) -> anyhow::Result<Filter> {
        let act = ActFilter {
            code: self.code.clone(),
            actor: self.person.clone(),
            ..ActFilter::default()
        };
        Ok(Filter {
            category: match self.kind {
                Some(Kind::Token) => Some("token".to_owned()),
                Some(Kind::Accesses) => Some("access".to_owned()),
                Some(Kind::Changes) | None => None,
            },
            acts_only: matches!(self.kind, Some(Kind::Changes)),
            outcome: self.outcome.map(OutcomeArgument::filter),
            client_id: self.client_id.clone(),
            resource: self.api.clone(),
            reason: self.reason.clone(),
            from: self.from.as_deref().map(begin_of).transpose()?,
            to: self.to.as_deref().map(before_end_of).transpose()?,
            id: None,
            act,
            scope: self.scope.clone(),
            secret: self.secret.clone(),
            address: self.address.map(|address| address.to_string()),
        })
    }
}

/// Every row, in the order of its chain.
fn whole(operator: &Operator, format: Format, lines: &mut Lines) -> anyhow::Result<u64> {
    let mut count = 0;
    let limit = i64::try_from(AT_ONCE)?;
    for chain in operator.read(audit_chains::names)? {
        // Rows before the first position are out of order, not out of sight.
        let mut position = i64::MIN;
        loop {
            let after = |conn: &mut Conn| audit_log::after(conn, &chain, position, limit);
            let rows = operator.read(after)?;
            let Some(last) = rows.last() else { break };
            position = last.position;
            count += rows.len() as u64;
            lines.text(format.lines(&rows));
        }
    }
    Ok(count)
}

/// What the filter leaves, in the order of time.
fn narrow(
    operator: &Operator,
    format: Format,
    filter: &Filter,
    lines: &mut Lines,
) -> anyhow::Result<u64> {
    let (mut count, mut after) = (0, None::<String>);
    loop {
        let read =
            |conn: &mut Conn| audit_log::page_onward(conn, filter, after.as_deref(), AT_ONCE);
        let page = operator.read(read)?;
        count += page.rows.len() as u64;
        lines.text(format.lines(&page.rows));
        after = page.next;
        if after.is_none() {
            return Ok(count);
        }
    }
}
