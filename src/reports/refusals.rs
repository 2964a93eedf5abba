//! Questions about who was refused, and what looks like an attack. Answered from
//! the counts, so that a flood costs no more than a day.
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::addresses;
use super::grants::Names;
use super::report::{Family, MOST, Parameter, Parameters, Report};
use super::table::{Cell, Column, Table, column};
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::reason::{Check, Reason};
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, Filter, OutcomeFilter};
use crate::store::uses::{self, Alike};
use crate::store::{Conn, Error};
use crate::texts::en;

const REFUSALS: &[Column] = &[
    column("day", "Day, UTC"),
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("reason", "Reason"),
    column("address", "From"),
    column("requests", "Requests"),
    column("last", "Last"),
];

const FAILED: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("address", "From"),
    column("failures", "Failures"),
    column("daily_before", "A day, in the 7 days before"),
    column("last", "Last"),
];

const SHARED: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("secret", "Secret"),
    column("first", "One use"),
    column("first_address", "From"),
    column("second", "Another use"),
    column("second_address", "From"),
    column("event", "Event"),
];

const DENIALS: &[Column] =
    &[column("day", "Day, UTC"), column("reason", "Reason"), column("requests", "Requests")];

/// How long counts by the hour are kept.
const KEPT: &str = "Addresses are counted for nine days; older periods are empty. Of strangers only \
                    some addresses are told apart.";

pub const REPORTS: &[Report] = &[
    Report {
        id: "refusals",
        family: Family::Refusals,
        title: "Refusals",
        question: "Which requests were refused in the period, by day, application, reason and \
                   address?",
        limits: KEPT,
        parameters: &[Parameter::Period, Parameter::Application],
        columns: REFUSALS,
        answer: refusals,
    },
    Report {
        id: "failed-authentications",
        family: Family::Refusals,
        title: "Failed authentications",
        question: "Which fifty applications and addresses failed most often to prove who they are, \
                   and is it more than in the week before?",
        limits: KEPT,
        parameters: &[Parameter::Period],
        columns: FAILED,
        answer: failed,
    },
    Report {
        id: "success-after-failures",
        family: Family::Refusals,
        title: "Success after failures",
        question: "Who got a token from an address at which the application had failed five times or \
                   more, and had never got one before?",
        limits: "Addresses are counted by the hour and for nine days: never means not in those. Looked at \
                 are the 20,000 applications, addresses and reasons with most failures.",
        parameters: &[Parameter::Period],
        columns: addresses::AFTER_FAILURES,
        answer: addresses::after_failures,
    },
    Report {
        id: "new-addresses",
        family: Family::Refusals,
        title: "New addresses",
        question: "Which applications got a token from an address for the first time?",
        limits: "For the first time in the nine days that addresses are kept, of the first million counts \
                 of an hour and an address. Networks' owners (ASN), certificates and TLS fingerprints \
                 are not recorded.",
        parameters: &[Parameter::Period, Parameter::Application],
        columns: addresses::NEW_ADDRESSES,
        answer: addresses::new_addresses,
    },
    Report {
        id: "shared-secrets",
        family: Family::Refusals,
        title: "One secret from several networks",
        question: "Which secrets were used from two networks within ten minutes?",
        limits: "A network is an IPv4 /24 or an IPv6 /48. For nine days; of each hour the newest 2,000 \
                 events of the application are looked at. An application behind several proxies looks \
                 like this too.",
        parameters: &[Parameter::Period],
        columns: SHARED,
        answer: shared,
    },
    Report {
        id: "denials",
        family: Family::Refusals,
        title: "Denials by reason",
        question: "How many requests were refused on each day, and why?",
        limits: "Requests that were held up by the limit on wrong guesses are those with \
                 rate_limited. There are no quotas and no break-glass access.",
        parameters: &[Parameter::Period],
        columns: DENIALS,
        answer: denials,
    },
];

pub(super) fn most() -> i64 {
    i64::try_from(MOST).unwrap_or(i64::MAX)
}

/// Whether the caller failed to prove who it is.
pub(super) fn is_authentication(reason: &str) -> bool {
    Reason::parse(reason).is_some_and(|reason| {
        matches!(reason.check(), Check::Client | Check::Credential) || reason == Reason::RateLimited
    })
}

fn refusals(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let read = if told.application.is_some() { most() * 4 } else { told.one_more() };
    let found = uses::by_address(conn, told.period_hours(), true, true, read)?;
    let mut table = Table::new(REFUSALS);
    table.is_cut = i64::try_from(found.len()).unwrap_or(i64::MAX) == most() * 4;
    let wanted = |row: &&Alike| told.application.as_ref().is_none_or(|id| *id == row.client_id);
    let shown: Vec<&Alike> = found.iter().filter(wanted).take(told.most + 1).collect();
    let names = Names::of(conn, shown.iter().map(|row| row.client_id.clone()))?;
    for row in shown {
        table.rows.push(vec![
            Cell::text(day(row.day)),
            name(&names, &row.client_id),
            client(&row.client_id),
            Cell::Words(row.reason.clone()),
            Cell::text(&row.address),
            Cell::Number(row.requests),
            Cell::Time(row.last_at),
        ]);
    }
    Ok(table)
}

fn failed(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let (from, until) = told.period_hours();
    let mut failures: HashMap<(String, String), (i64, UnixTime)> = HashMap::new();
    for row in uses::by_address(conn, (from, until), true, false, most() * 4)? {
        if is_authentication(&row.reason) {
            let sum = failures.entry((row.client_id, row.address)).or_default();
            *sum = (sum.0 + row.requests, sum.1.max(row.last_at));
        }
    }
    let mut before: HashMap<(String, String), i64> = HashMap::new();
    for row in uses::by_address(conn, (from - 7 * 24, from), true, false, most() * 4)? {
        if is_authentication(&row.reason) {
            *before.entry((row.client_id, row.address)).or_default() += row.requests;
        }
    }
    let mut found: Vec<_> = failures.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.truncate(50);
    let names = Names::of(conn, found.iter().map(|((client_id, _), _)| client_id.clone()))?;
    let mut table = Table::new(FAILED);
    for (key, (count, last_at)) in found {
        let daily = before.get(&key).copied().unwrap_or(0) / 7;
        table.rows.push(vec![
            name(&names, &key.0),
            client(&key.0),
            Cell::text(&key.1),
            Cell::Number(count),
            Cell::Number(daily),
            Cell::Time(last_at),
        ]);
    }
    Ok(table)
}

/// The most hours that are looked into.
const HOURS: i64 = 200;

fn shared(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let hours = uses::shared_hours(conn, told.period_hours(), HOURS + 1)?;
    let names = Names::of(conn, hours.iter().map(|(_, client_id, _)| client_id.clone()))?;
    let mut table = Table::new(SHARED);
    table.is_cut = i64::try_from(hours.len()).unwrap_or(i64::MAX) > HOURS;
    let mut told_of = HashSet::new();
    for (hour, client_id, secret_id) in hours {
        if told_of.contains(&secret_id) {
            continue;
        }
        let filter = Filter {
            category: Some("token".to_owned()),
            outcome: Some(OutcomeFilter::Success),
            client_id: Some(client_id.clone()),
            from: Some(usage::begin_of_hour(hour)),
            to: Some(usage::begin_of_hour(hour + 1)),
            ..Filter::default()
        };
        let page = audit_log::page(conn, &filter, None, 2_000)?;
        let mut last: Option<(IpAddr, UnixTime)> = None;
        for event in page.rows.iter().filter_map(audit_log::StoredEvent::event) {
            if event.actor.credential_id.as_deref() != Some(&secret_id) {
                continue;
            }
            let address = event.source.address.as_deref();
            let Some(address) = address.and_then(|text| text.parse::<IpAddr>().ok()) else {
                continue;
            };
            let at = UnixTime(event.at);
            if let Some((before, then)) = last
                && network(before) != network(address)
                && then.since(at) <= Seconds(600)
            {
                table.rows.push(vec![
                    name(&names, &client_id),
                    client(&client_id),
                    Cell::Words(secret_id.clone()),
                    Cell::Time(at),
                    Cell::text(address.to_string()),
                    Cell::Time(then),
                    Cell::text(before.to_string()),
                    Cell::Event(event.id),
                ]);
                told_of.insert(secret_id);
                break;
            }
            last = Some((address, at));
        }
    }
    Ok(table)
}

/// What an address is one of many in: its first 24 or 48 bits.
fn network(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (true, u128::from(v4.to_bits() >> 8)),
        IpAddr::V6(v6) => (false, v6.to_bits() >> 80),
    }
}

fn denials(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let found = uses::denials(conn, told.period_hours(), most() + 1)?;
    let mut table = Table::new(DENIALS);
    table.is_cut = found.len() > MOST;
    let row = |denied: uses::Denied| {
        vec![Cell::text(day(denied.day)), Cell::Words(denied.reason), Cell::Number(denied.requests)]
    };
    table.rows = found.into_iter().take(MOST).map(row).collect();
    Ok(table)
}

/// `2026-11-23`.
pub(super) fn day(day: i64) -> String {
    Cell::Time(usage::begin_of_day(day)).plain().chars().take(10).collect()
}

pub(super) fn client(client_id: &str) -> Cell {
    if client_id.is_empty() { Cell::Nothing } else { Cell::Client(client_id.to_owned()) }
}

pub(super) fn name(names: &Names, client_id: &str) -> Cell {
    if client_id.is_empty() {
        Cell::said(en("(none that exists)"))
    } else {
        Cell::text(names.application(client_id))
    }
}
