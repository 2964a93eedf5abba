//! `countersign audit prune` and `hold`.
use clap::Args;
use serde_json::json;

use crate::admin::{Actor, Error, retention};
use crate::cli::moment::begin_of;
use crate::cli::operator::Operator;
use crate::cli::output::{Output, note, time};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::sealing::pruning;
use crate::store::Conn;

#[derive(Args)]
pub struct Prune {
    /// Remove rows from before this day in UTC or moment.
    #[arg(long, required_unless_present = "older_than", conflicts_with = "older_than")]
    before: Option<String>,
    /// Remove rows that are older than so many days: 7 at least.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(7..=36_500))]
    older_than: Option<i64>,
    /// Only say what would be removed.
    #[arg(long)]
    dry_run: bool,
}

impl Prune {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let now = operator.clock.now();
        let before = match (self.before.as_deref(), self.older_than) {
            (Some(before), _) => begin_of(before)?,
            (None, days) => now - Seconds::days(days.unwrap_or_default()),
        };
        let cut = operator.find(|conn| retention::plan(conn, before, now))?;
        let batches = cut.end - cut.first;
        let told = json!({
            "rows": cut.rows,
            "batches": batches,
            "from": (!cut.is_empty()).then(|| time(UnixTime(cut.from))),
            "until": (!cut.is_empty()).then(|| time(UnixTime(cut.until))),
            "minimum_entry": cut.end,
            "waits_for_stream": cut.waits_for,
            "dry_run": self.dry_run,
        });
        if let Some(stream) = &cut.waits_for {
            note(&format!(
                "the rest is kept until the stream {stream} has delivered it; if that is \
                 configured no more: countersign stream forget {stream}"
            ));
        }
        if self.dry_run {
            output.done(&format!("{} rows of {batches} batches would go", cut.rows), &told);
            return Ok(());
        }
        let prune = |conn: &mut Conn, actor: &Actor| -> Result<(), Error> {
            retention::prune(conn, actor, &cut)
        };
        operator.act(prune)?;
        // And what another gave up, who did not come to remove it.
        pruning::delete_blocking(&operator.store)?;
        output.done(&format!("{} rows of {batches} batches are gone", cut.rows), &told);
        Ok(())
    }
}

#[derive(Args)]
pub struct Hold {
    /// Why nothing may be removed from now on.
    #[arg(long, required_unless_present = "release", conflicts_with = "release")]
    reason: Option<String>,
    /// Removing is allowed again.
    #[arg(long)]
    release: bool,
}

impl Hold {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let Some(reason) = self.reason else {
            operator.act(retention::release)?;
            output.done("the hold is over", &json!({ "held": false }));
            return Ok(());
        };
        operator.act(|conn, actor| retention::hold(conn, actor, &reason))?;
        output.done("nothing is removed from the log from now on", &json!({ "held": true }));
        Ok(())
    }
}
