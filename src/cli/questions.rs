//! `countersign audit question`: what auditors ask, answered.
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::moment::{begin_of, end_of};
use super::operator::Operator;
use super::output::{Lines, Output, note};
use crate::admin;
use crate::oauth::UnixTime;
use crate::reports::report::{self, Parameter, Parameters};
use crate::reports::table::Table;

#[derive(Args)]
pub struct Question {
    /// As `countersign audit questions` lists them.
    id: String,
    /// A day in UTC or a moment; else thirty days ago.
    #[arg(long)]
    from: Option<String>,
    /// A day, meant to its end, or a moment; else now.
    #[arg(long)]
    to: Option<String>,
    /// A client id; for the access review also part of a name.
    #[arg(long)]
    application: Option<String>,
    /// The identifier of an API.
    #[arg(long)]
    api: Option<String>,
    #[arg(long)]
    scope: Option<String>,
    /// Who did it, by name or id.
    #[arg(long)]
    person: Option<String>,
    /// The id of a secret: `sec_…`.
    #[arg(long)]
    secret: Option<String>,
    /// A `jti` or a request id.
    #[arg(long)]
    token: Option<String>,
    /// The `kid` of a signing key.
    #[arg(long, allow_hyphen_values = true)]
    key: Option<String>,
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(i64).range(0..=36_500))]
    days: i64,
    /// Print CSV. That it was exported is recorded.
    #[arg(long)]
    csv: bool,
}

impl Question {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let report = report::find(&self.id).with_context(|| {
            format!("there is no question {:?}: see countersign audit questions", self.id)
        })?;
        let csv = self.csv;
        let told = self.told(operator.clock.now())?;
        if let Some(missing) = report.missing(&told) {
            anyhow::bail!("{} needs --{}", report.id, missing.as_str());
        }
        let table = operator.read(|conn| report.ask(conn, &told))?;
        if csv {
            let what = report.describe(&told);
            operator.act(|conn, actor| admin::audit::report(conn, actor, &what))?;
            let mut lines = Lines::default();
            lines.text(table.csv());
            lines.finish();
        } else {
            print(output, &table);
        }
        if table.is_cut {
            note("There is more than this answer has: ask for a shorter period.");
        }
        Ok(())
    }

    fn told(self, now: UnixTime) -> anyhow::Result<Parameters> {
        let mut told = Parameters::at(now);
        if let Some(to) = &self.to {
            told.to = UnixTime(end_of(to)?.0 + 1);
            told.from = UnixTime(told.to.0 - (now.0 - Parameters::at(now).from.0));
        }
        if let Some(from) = &self.from {
            told.from = begin_of(from)?;
        }
        anyhow::ensure!(told.from < told.to, "the period ends before it begins");
        Ok(Parameters {
            application: self.application,
            api: self.api,
            scope: self.scope,
            person: self.person,
            secret: self.secret,
            token: self.token,
            key: self.key,
            days: self.days,
            ..told
        })
    }
}

fn print(output: Output, table: &Table) {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    output.table(&columns, &table.json());
}

pub fn list(output: Output) {
    let rows: Vec<Value> = report::all()
        .map(|report| {
            let of = |parameter: &Parameter| match parameter {
                Parameter::Period => "--from --to".to_owned(),
                other => format!("--{}", other.as_str()),
            };
            json!({
                "id": report.id,
                "question": report.question,
                "options": report.parameters.iter().map(of).collect::<Vec<_>>(),
                "limits": report.limits,
            })
        })
        .collect();
    output.table(&["id", "question", "options"], &rows);
}
