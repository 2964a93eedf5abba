//! `countersign stream`.
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::{Missing as _, Operator};
use super::output::Output;
use crate::admin::Actor;
use crate::admin::streams::{self, Place};
use crate::config::streams::{Stream, read};
use crate::host::{Clock, Entropy};
use crate::oauth::UnixTime;
use crate::store::streams::Progress;
use crate::store::{self, Conn};
use crate::streams::test;

#[derive(Subcommand)]
pub enum Command {
    /// List streams of the audit log: how far each was delivered, and what went
    /// wrong.
    List,
    /// Send one record that is in no log, and say whether it arrived.
    Test { name: String },
    /// Forget a stream that is configured no more, so that retention does not wait
    /// for it.
    Forget { name: String },
    /// Deliver from another place on.
    Rewind {
        name: String,
        #[command(flatten)]
        to: To,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct To {
    /// Send everything again.
    #[arg(long)]
    beginning: bool,
    /// Leave out what was not sent by now.
    #[arg(long)]
    end: bool,
    /// Go on after this sealed batch.
    #[arg(long)]
    after: Option<i64>,
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::List => list(operator, output),
            Self::Test { name } => {
                let streams = configured(operator)?;
                let stream = streams.iter().find(|stream| stream.name == name);
                let stream = stream.with_context(|| format!("{name} is not configured here"))?;
                let origin = operator.config.issuer.host();
                test(stream, &origin, &Clock::System, &Entropy::System)
                    .map_err(anyhow::Error::msg)?;
                let text = format!("{name} took it: {}.", stream.target.shown());
                output.done(&text, &json!({ "name": name, "arrived": true }));
                Ok(())
            }
            Self::Forget { name } => {
                let here = configured(operator)?.iter().any(|stream| stream.name == name);
                anyhow::ensure!(!here, "{name} is configured here: take it out of the file first");
                let forget = |conn: &mut Conn, actor: &Actor| streams::forget(conn, actor, &name);
                operator.act(forget).or_missing("stream", &name)?;
                output.done(&format!("{name} is forgotten."), &json!({ "name": name }));
                Ok(())
            }
            Self::Rewind { name, to } => {
                let place = match to {
                    To { beginning: true, .. } => Place::Beginning,
                    To { after: Some(entry), .. } => Place::After(entry),
                    To { .. } => Place::End,
                };
                let rewind =
                    |conn: &mut Conn, actor: &Actor| streams::rewind(conn, actor, &name, place);
                let entry = operator.act(rewind).or_missing("stream", &name)?;
                let text = format!("{name} goes on after sealed batch {entry}.");
                output.done(&text, &json!({ "name": name, "entry": entry }));
                Ok(())
            }
        }
    }
}

fn configured(operator: &Operator) -> anyhow::Result<Vec<Stream>> {
    let file = operator.config.streams_file.as_deref();
    Ok(file.map(read).transpose().map_err(anyhow::Error::msg)?.unwrap_or_default())
}

/// Those that are configured here, and those that ever were anywhere.
fn list(operator: &Operator, output: Output) -> anyhow::Result<()> {
    let streams = configured(operator)?;
    let known = operator.read(store::streams::with_backlog)?;
    let row = |name: &str, stream: Option<&Stream>, known: Option<&(Progress, i64)>| {
        let behind = known.map(|(_, behind)| *behind);
        let known = known.map(|(known, _)| known);
        json!({
            "name": name,
            "to": stream.map(|stream| stream.target.shown()),
            "events": known.map_or(0, |known| known.events),
            "batches_behind": behind,
            "delivered_at": known.and_then(Progress::delivered_at).map(UnixTime::seconds),
            "failure": known.map(|known| known.failure.as_str()).filter(|why| !why.is_empty()),
        })
    };
    let of = |name: &str| known.iter().find(|(known, _)| known.name == name);
    let mut rows: Vec<Value> =
        streams.iter().map(|stream| row(&stream.name, Some(stream), of(&stream.name))).collect();
    let elsewhere =
        known.iter().filter(|(known, _)| !streams.iter().any(|stream| stream.name == known.name));
    rows.extend(elsewhere.map(|known| row(&known.0.name, None, Some(known))));
    if output.json {
        output.object(&Value::from(rows));
    } else {
        let columns = ["name", "to", "events", "batches_behind", "failure"];
        output.table(&columns, &rows);
    }
    Ok(())
}
