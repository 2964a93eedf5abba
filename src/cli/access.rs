//! `countersign access`.
use clap::Args;

use super::listing::Listing;
use super::moment::end_of;
use super::operator::Operator;
use super::output::{Lines, Output};
use crate::admin;
use crate::reports::access::{self, Asked, COLUMNS};
use crate::reports::table::Table;
use crate::store::Conn;

/// Who held which scopes of which API, since when, and by whose act. `state`
/// says whether it could get tokens at that moment.
#[derive(Args)]
pub struct Access {
    /// A day, meant to its end in UTC, or a moment such as
    /// 2026-03-03T14:00:00Z. Else now.
    #[arg(long)]
    at: Option<String>,
    /// The identifier or the id of an API.
    #[arg(long)]
    api: Option<String>,
    #[arg(long)]
    scope: Option<String>,
    /// Part of a name or owner, or a client id.
    #[arg(long)]
    application: Option<String>,
    /// Print CSV, all rows. That it was exported is recorded.
    #[arg(long, conflicts_with = "limit")]
    csv: bool,
    #[command(flatten)]
    listing: Listing,
}

/// Rows read at a time for a file.
const AT_ONCE: usize = 500;

impl Access {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let at = self.at.as_deref().map(end_of).transpose()?;
        let asked = Asked {
            at: at.unwrap_or_else(|| operator.clock.now()),
            api: self.api,
            scope: self.scope,
            application: self.application,
            among: None,
        };
        if self.csv {
            return csv(operator, &asked);
        }
        let columns = ["application", "state", "api", "scopes", "since", "granted_by"];
        self.listing.print(output, &columns, |after, limit| {
            let read = |conn: &mut Conn| access::page_with_use(conn, &asked, after, limit);
            let page = operator.read(read)?;
            let mut values = access::table(&page.rows).json().into_iter();
            Ok(page.map(|_| values.next().unwrap_or_default()))
        })
    }
}

fn csv(operator: &Operator, asked: &Asked) -> anyhow::Result<()> {
    let what = format!("access {}", asked.describe());
    operator.act(|conn, actor| admin::audit::report(conn, actor, &what))?;
    let mut lines = Lines::default();
    lines.text(Table::new(COLUMNS).csv());
    let mut after: Option<String> = None;
    loop {
        let read = |conn: &mut Conn| access::page_with_use(conn, asked, after.as_deref(), AT_ONCE);
        let page = operator.read(read)?;
        lines.text(access::table(&page.rows).csv_rows());
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    lines.finish();
    Ok(())
}
