//! `countersign audit redact`.
use clap::Args;
use serde_json::json;

use crate::admin::redaction::{self, Reason, Redaction};
use crate::admin::{self, Actor};
use crate::cli::moment::begin_of;
use crate::cli::operator::{Missing as _, Operator};
use crate::cli::output::{Output, note};
use crate::store::{self, Checkpoint, Conn, administrators};

#[derive(Args)]
pub struct Redact {
    /// The row of this id.
    #[arg(long, required_unless_present = "administrator", conflicts_with = "administrator")]
    id: Option<String>,
    /// What this person did, and what was done to their account: an address, or
    /// an id that begins with `adm_`.
    #[arg(long, value_name = "EMAIL", requires = "before")]
    administrator: Option<String>,
    /// Of a person: from before this day in UTC or moment.
    #[arg(long)]
    before: Option<String>,
    /// The legal basis, such as "GDPR Art. 17".
    #[arg(long)]
    basis: String,
    /// Why.
    #[arg(long)]
    reason: String,
    /// Only say how many rows it would be.
    #[arg(long)]
    dry_run: bool,
}

impl Redact {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let what = self.what(operator)?;
        let reason = Reason { basis: self.basis, why: self.reason };
        let mut count = 0;
        loop {
            let (rows, more) = operator
                .find(|conn| redaction::plan(conn, &what))
                .or_missing("row", self.id.as_deref().unwrap_or_default())?;
            if rows.is_empty() {
                break;
            }
            count += rows.len();
            if self.dry_run {
                let least = if more { " or more" } else { "" };
                let sentence = format!("{count}{least} rows would be redacted");
                output.done(&sentence, &json!({ "rows": count, "more": more, "dry_run": true }));
                return Ok(());
            }
            let redact = |conn: &mut Conn, actor: &Actor| -> Result<(), admin::Error> {
                redaction::redact(conn, actor, &rows, &reason)
            };
            operator.act(redact)?;
            if !more {
                break;
            }
        }
        // What was there is not to stay in the write-ahead log either.
        let emptied = |conn: &mut Conn| conn.checkpoint(Checkpoint::Truncate);
        if operator.store.read_blocking::<_, store::Error>(emptied).is_err() {
            note("the write-ahead log could not be emptied now; a server does it in time");
        }
        note("copies stay where they were taken: exports, streams, proofs, backups");
        output.done(&format!("{count} rows were redacted"), &json!({ "rows": count }));
        Ok(())
    }

    fn what(&self, operator: &Operator) -> anyhow::Result<Redaction> {
        let Some(person) = self.administrator.as_deref() else {
            return Ok(Redaction::Row(self.id.clone().unwrap_or_default()));
        };
        let before = begin_of(self.before.as_deref().unwrap_or_default())?;
        let id = if person.starts_with("adm_") {
            person.to_owned()
        } else {
            let find = |conn: &mut Conn| {
                administrators::find_by_email(conn, person)?.ok_or(admin::Error::NotFound)
            };
            operator.find(find).or_missing("administrator", person)?.0.id
        };
        Ok(Redaction::Person { id, before })
    }
}
