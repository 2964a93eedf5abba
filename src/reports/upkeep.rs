//! Questions about secrets, revocations and the log itself.
use std::collections::HashMap;

use super::report::{Family, MOST, Parameter, Parameters, Report};
use super::table::{Cell, Column, Table, column};
use crate::model::secret;
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, chain_heads, holdings, revocations, secrets};
use crate::texts::en;

const SECRETS: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("owner", "Owner"),
    column("secret", "Secret"),
    column("hint", "Ends in"),
    column("state", "State"),
    column("age_days", "Age, days"),
    column("created", "Made"),
    column("created_by", "By"),
    column("expires", "Expires"),
    column("last_used", "Last used"),
    column("rotated", "Rotated"),
];

const REVOCATIONS: &[Column] = &[
    column("time", "Ordered"),
    column("kind", "What"),
    column("subject", "Which"),
    column("by", "By"),
    column("reason", "Why"),
    column("live_tokens", "Tokens it hit"),
    column("accepted_until", "May be accepted until"),
    column("delay_seconds", "Delay, seconds"),
];

const INTEGRITY: &[Column] = &[
    column("chain", "Chain"),
    column("batches", "Batches"),
    column("events", "Events"),
    column("first", "First"),
    column("last", "Last"),
    column("hash", "Hash of the last batch"),
];

pub const REPORTS: &[Report] = &[
    Report {
        id: "secrets",
        family: Family::Upkeep,
        title: "Secrets inventory",
        question: "Which secrets are older than so many days, when do they end, when were they last \
                   used, and was there ever another?",
        limits: "Zero days shows all that are not revoked, oldest first. Use is known to the minute.",
        parameters: &[Parameter::Days, Parameter::Application],
        columns: SECRETS,
        answer: inventory,
    },
    Report {
        id: "revocations",
        family: Family::Upkeep,
        title: "Effect of revocations",
        question: "How long after each revocation may an API have accepted a token that it hit?",
        limits: "An API that asks the gate or introspection refuses at once; the time is that of the \
                 last API that only looks at lists or at the token itself. Tokens that were living \
                 are counted shortly after the revocation.",
        parameters: &[Parameter::Period],
        columns: REVOCATIONS,
        answer: effect,
    },
    Report {
        id: "integrity",
        family: Family::Upkeep,
        title: "Integrity statement",
        question: "How far does each chain of the log reach, and what is the hash that vouches for it?",
        limits: "This is what the chains say. That every row still fits is shown by countersign audit \
                 verify, which reads them all.",
        parameters: &[],
        columns: INTEGRITY,
        answer: integrity,
    },
];

fn inventory(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let before = told.now - Seconds::days(told.days) + Seconds(i64::from(told.days == 0));
    let mut found = if let Some(client_id) = &told.application {
        let mut held = secrets::of_clients(conn, std::slice::from_ref(client_id))?;
        held.retain(|secret| secret.revoked_at.is_none() && secret.created_at < before);
        held.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        held
    } else {
        secrets::older_than(conn, before, told.one_more())?
    };
    let mut table = Table::new(SECRETS);
    table.is_cut = found.len() > told.most;
    found.truncate(told.most);
    let mut ids: Vec<String> = found.iter().map(|secret| secret.client_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let (mut counts, mut known) = (HashMap::new(), HashMap::new());
    for ids in ids.chunks(500) {
        for secret in secrets::of_clients(conn, ids)? {
            *counts.entry(secret.client_id).or_insert(0) += 1;
        }
        let applications = holdings::applications_of_ids(conn, ids)?;
        known.extend(applications.into_iter().map(|a| (a.client_id.clone(), a)));
    }
    for secret in found {
        let application = known.get(&secret.client_id);
        let rotated = counts.get(&secret.client_id).is_some_and(|count| *count > 1);
        table.rows.push(vec![
            Cell::text(application.map(|a| a.name.clone()).unwrap_or_default()),
            Cell::Client(secret.client_id.clone()),
            Cell::text(application.map(|a| a.owner.clone()).unwrap_or_default()),
            Cell::text(&secret.name),
            Cell::text(&secret.hint),
            Cell::said(state(secret.state(told.now))),
            Cell::Number(told.now.since(secret.created_at).0 / Seconds::DAY.0),
            Cell::Time(secret.created_at),
            Cell::text(&secret.created_by),
            Cell::time(secret.expires_at),
            Cell::time(secret.last_used_at),
            Cell::said(if rotated { en("yes") } else { en("never") }),
        ]);
    }
    Ok(table)
}

fn effect(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(REVOCATIONS);
    let mut before: Option<String> = None;
    'pages: loop {
        let page = revocations::page(conn, None, before.as_deref(), 500)?;
        for recorded in page.rows {
            let revocation = recorded.revocation;
            if revocation.created_at < told.from {
                break 'pages;
            }
            if revocation.created_at >= told.to {
                continue;
            }
            if table.rows.len() == MOST {
                table.is_cut = true;
                break 'pages;
            }
            let exposure = recorded.exposure;
            let until = exposure.and_then(|exposure| exposure.accepted_until);
            let live = exposure.map(|exposure| Cell::Number(clamped(exposure.live_tokens)));
            let delay = until.map(|until| until.since(revocation.created_at).0);
            table.rows.push(vec![
                Cell::Time(revocation.created_at),
                Cell::said(kind(revocation.kind)),
                Cell::Words(revocation.subject),
                Cell::text(revocation.created_by),
                Cell::text(revocation.reason),
                live.unwrap_or(Cell::Nothing),
                Cell::time(until),
                delay.map_or(Cell::Nothing, Cell::Number),
            ]);
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    Ok(table)
}

const fn state(state: secret::State) -> &'static str {
    match state {
        secret::State::Active => en("active"),
        secret::State::Expired => en("expired"),
        secret::State::Revoked => en("revoked"),
    }
}

/// The kind of a thing that is revoked, within a sentence.
pub const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Token => en("token"),
        Kind::Application => en("application"),
        Kind::Secret => en("secret"),
        Kind::Resource => en("resource"),
        Kind::Key => en("key"),
        Kind::Everything => en("everything"),
    }
}

fn clamped(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn integrity(conn: &mut Conn, _: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(INTEGRITY);
    for head in chain_heads::all(conn)? {
        let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
        table.rows.push(vec![
            Cell::text(head.chain),
            Cell::Number(head.batches),
            Cell::Number(head.events),
            Cell::time(head.first_at),
            Cell::time(head.last_at),
            Cell::Words(hash),
        ]);
    }
    Ok(table)
}
