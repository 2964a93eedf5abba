//! `countersign approval`.
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::listing::Listing;
use super::operator::{Missing as _, Operator};
use super::output::{Output, time};
use crate::admin::{self, approvals};
use crate::model::approval::{Request, State};
use crate::oauth::UnixTime;
use crate::store::approvals::Filter;
use crate::store::{self, Conn};
use crate::web::app::policy;

#[derive(Subcommand)]
pub enum Command {
    /// List what waits for a second person, or did, newest first.
    List {
        #[arg(long, value_enum, default_value = "open")]
        show: Show,
        #[command(flatten)]
        listing: Listing,
    },
    /// Show what somebody asks for.
    Show { id: String },
    /// Approve it, and do it: with --as, as somebody else than who asked.
    Approve { id: String },
    /// Refuse it: with --as, as somebody else than who asked.
    Refuse {
        id: String,
        /// Why; it stands in the audit log.
        #[arg(long)]
        reason: String,
    },
    /// Take back what --as asked for.
    Withdraw { id: String },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Show {
    Open,
    Decided,
    All,
}

impl Command {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        match self {
            Self::List { show, listing } => {
                let open = match show {
                    Show::Open => Some(true),
                    Show::Decided => Some(false),
                    Show::All => None,
                };
                let filter = Filter { open, ..Filter::default() };
                let columns = ["id", "state", "asked_by", "act", "target", "expires_at"];
                let now = operator.clock.now();
                listing.print(output, &columns, |before, limit| {
                    let read =
                        |conn: &mut Conn| store::approvals::page(conn, &filter, before, limit);
                    Ok(operator.read(read)?.map(|request| describe(&request, now)))
                })
            }
            Self::Show { id } => {
                show(operator, output, &id)?;
                Ok(())
            }
            Self::Approve { id } => {
                let keys = policy(operator.config.keys);
                operator
                    .act(|conn, actor| approvals::approve(conn, actor, &id, keys))
                    .or_missing("request", &id)?;
                show(operator, output, &id)
            }
            Self::Refuse { id, reason } => {
                operator
                    .act(|conn, actor| approvals::refuse(conn, actor, &id, &reason))
                    .or_missing("request", &id)?;
                show(operator, output, &id)
            }
            Self::Withdraw { id } => {
                operator
                    .act(|conn, actor| approvals::withdraw(conn, actor, &id))
                    .or_missing("request", &id)?;
                show(operator, output, &id)
            }
        }
    }
}

fn show(operator: &Operator, output: Output, id: &str) -> anyhow::Result<()> {
    let find = |conn: &mut Conn| {
        let request = store::approvals::find(conn, id)?.ok_or(admin::Error::NotFound)?;
        let stale = approvals::stale(conn, &request)?;
        Ok((request, stale))
    };
    let (request, stale) = operator.find(find).or_missing("request", id)?;
    let now = operator.clock.now();
    let mut shown = describe(&request, now);
    if let Some(members) = shown.as_object_mut() {
        let changes: Vec<Value> = request
            .changes
            .iter()
            .map(|c| format!("{}: {:?} -> {:?}", c.field, c.before, c.after).into())
            .collect();
        members.insert("changes".into(), changes.into());
        if request.waits(now) {
            members.insert("out_of_date".into(), stale.is_some().into());
        }
    }
    output.object(&shown);
    Ok(())
}

fn describe(request: &Request, now: UnixTime) -> Value {
    let decision = request.decision.as_ref();
    let state = if request.state == State::Open && !request.waits(now) {
        State::Expired
    } else {
        request.state
    };
    json!({
        "id": request.id,
        "state": state.as_str(),
        "act": request.proposal.verb(),
        "target": request.target_name,
        "asked_by": request.asked_by_name,
        "asked_at": time(request.asked_at),
        "reason": request.reason,
        "expires_at": time(request.expires_at),
        "decided_by": decision.map(|decision| decision.by_name.clone()),
        "decided_at": decision.map(|decision| time(decision.at)),
        "decision_reason": decision.map(|decision| decision.reason.clone()),
    })
}
