//! Questions about where tokens were fetched from, for the first time or after
//! failures.
use std::collections::{BTreeMap, HashMap};

use super::grants::Names;
use super::refusals::{client, is_authentication, most, name};
use super::report::{MOST, Parameters};
use super::table::{Cell, Column, Table, column};
use crate::model::usage;
use crate::store::uses::{self, Fetched};
use crate::store::{Conn, Error};

pub const AFTER_FAILURES: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("address", "From"),
    column("failures", "Failures"),
    column("first_failure", "Hour of the first failure"),
    column("last_token", "Last token"),
    column("tokens", "Tokens"),
];

pub const NEW_ADDRESSES: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("address", "From"),
    column("since", "Hour of the first token"),
    column("tokens", "Tokens"),
    column("last", "Last"),
];

/// The most counts of an hour that are read.
const COUNTS: i64 = 1_000_000;

/// An application and an address.
type Pair = (String, String);

/// How often somebody failed, and in which hour first.
type Failures = BTreeMap<Pair, (i64, i64)>;

/// Who failed five times or more at an address, and whether some were left out.
fn failures(conn: &mut Conn, until: i64) -> Result<(Failures, bool), Error> {
    let read = most() * 4;
    let rows = uses::by_address(conn, (0, until), true, false, read)?;
    let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) == read;
    let mut failures = Failures::new();
    for row in rows {
        let is_known = !row.client_id.is_empty() && !row.address.is_empty();
        if is_known && is_authentication(&row.reason) {
            let pair = (row.client_id, row.address);
            let of = failures.entry(pair).or_insert((0, i64::MAX));
            *of = (of.0 + row.requests, of.1.min(row.first_hour));
        }
    }
    failures.retain(|_, (count, _)| *count >= 5);
    Ok((failures, is_cut))
}

pub(super) fn after_failures(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let (_, until) = told.period_hours();
    let mut table = Table::new(AFTER_FAILURES);
    let (failures, is_cut) = failures(conn, until)?;
    table.is_cut = is_cut;
    let mut clients: Vec<String> =
        failures.keys().map(|(client_id, _)| client_id.clone()).collect();
    clients.dedup();
    let mut tokens: HashMap<Pair, Fetched> = HashMap::new();
    for ids in clients.chunks(500) {
        tokens.extend(uses::fetched_by(conn, ids, until)?);
    }
    let names = Names::of(conn, clients.into_iter())?;
    for (pair, (count, first)) in failures {
        let Some(fetched) = tokens.get(&pair) else { continue };
        if fetched.first_hour < first || fetched.last_at < told.from {
            continue;
        }
        if table.rows.len() == MOST {
            table.is_cut = true;
            break;
        }
        let (client_id, address) = pair;
        table.rows.push(vec![
            name(&names, &client_id),
            client(&client_id),
            Cell::text(address),
            Cell::Number(count),
            Cell::Time(usage::begin_of_hour(first)),
            Cell::Time(fetched.last_at),
            Cell::Number(fetched.tokens),
        ]);
    }
    Ok(table)
}

pub(super) fn new_addresses(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let (from, until) = told.period_hours();
    let mut table = Table::new(NEW_ADDRESSES);
    let (fetched, is_cut) = match &told.application {
        Some(id) => (uses::fetched_by(conn, std::slice::from_ref(id), until)?, false),
        None => uses::fetched(conn, until, COUNTS)?,
    };
    table.is_cut = is_cut;
    let mut new: Vec<(Pair, Fetched)> =
        fetched.into_iter().filter(|(_, fetched)| fetched.first_hour >= from).collect();
    new.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    table.is_cut |= new.len() > told.most;
    new.truncate(told.most);
    let names = Names::of(conn, new.iter().map(|((client_id, _), _)| client_id.clone()))?;
    for ((client_id, address), fetched) in new {
        table.rows.push(vec![
            name(&names, &client_id),
            client(&client_id),
            Cell::text(address),
            Cell::Time(usage::begin_of_hour(fetched.first_hour)),
            Cell::Number(fetched.tokens),
            Cell::Time(fetched.last_at),
        ]);
    }
    Ok(table)
}
