//! `countersign audit report`.
use clap::Subcommand;

use crate::admin;
use crate::cli::moment::begin_of;
use crate::cli::operator::Operator;
use crate::cli::output::{Lines, Output};
use crate::model::usage;
use crate::oauth::time::Seconds;
use crate::reports::daily::Daily;
use crate::store::Conn;

#[derive(Subcommand)]
pub enum Report {
    /// Of one day in UTC. That it was made is recorded.
    Daily {
        /// Such as 2026-11-23; else yesterday.
        #[arg(long)]
        date: Option<String>,
    },
}

impl Report {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let Self::Daily { date } = self;
        let now = operator.clock.now();
        let from = match date {
            Some(date) => {
                anyhow::ensure!(date.len() == 10, "{date:?} is no day: write it like 2026-11-23");
                begin_of(&date)?
            }
            None => usage::begin_of_day(usage::day(now)) - Seconds::DAY,
        };
        let day = jiff::Timestamp::from_microsecond(from.0)?.strftime("%Y-%m-%d");
        let what = format!("daily {day}");
        operator.act(|conn, actor| admin::audit::report(conn, actor, &what))?;
        let daily = operator.read(|conn: &mut Conn| Daily::read(conn, from, now))?;
        if output.json {
            output.object(&daily.json());
            return Ok(());
        }
        let mut lines = Lines::default();
        lines.text(daily.text());
        lines.finish();
        Ok(())
    }
}
