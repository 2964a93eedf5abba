//! Tokens that nobody should have got. The answer must be empty.
use std::collections::{BTreeSet, HashMap};

use super::report::{MOST, Parameters};
use super::table::{Cell, Column, Table, column};
use crate::model::audit_event::Event;
use crate::model::history::{GrantSpan, Held};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, Issued, StoredEvent};
use crate::store::{Conn, Error, days, holdings, spans};
use crate::texts::en;

pub const COLUMNS: &[Column] = &[
    column("time", "Time"),
    column("client_id", "Application"),
    column("api", "API"),
    column("scope", "Scope"),
    column("why", "What was wrong"),
    column("tokens", "Tokens"),
    column("event", "Event"),
];

/// How long another process may take to hear of a change.
const GRACE: Seconds = Seconds(1);

/// The most ends that are looked at, and tokens after each.
const ENDS: i64 = 500;
const AFTER: i64 = 100;

/// The most days of scopes that are looked at.
const DAYS: i64 = 200_000;

pub(super) fn answer(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(COLUMNS);
    after_the_end(conn, told, &mut table)?;
    after_grants(conn, told, &mut table)?;
    by_day(conn, told, &mut table)?;
    table.is_cut |= table.rows.len() > MOST;
    table.rows.truncate(MOST);
    Ok(table)
}

/// Tokens of applications that were suspended or deleted.
fn after_the_end(conn: &mut Conn, told: &Parameters, table: &mut Table) -> Result<(), Error> {
    let suspended = spans::suspensions(conn, told.period(), ENDS)?;
    let deleted = spans::deletions(conn, told.period(), ENDS)?;
    table.is_cut |= [suspended.len(), deleted.len()].iter().any(|len| reaches(*len, ENDS));
    let suspended = suspended.into_iter().map(|state| {
        let to = state.span.until.unwrap_or(told.to).min(told.to);
        (state.client_id, state.span.from, to, en("the application was suspended"))
    });
    let deleted = deleted.into_iter().filter_map(|known| {
        Some((
            known.client_id.clone(),
            known.deleted_at()?,
            told.to,
            en("the application was deleted"),
        ))
    });
    for (client_id, from, to, why) in suspended.chain(deleted).collect::<Vec<_>>() {
        let from = from.max(told.from) + GRACE;
        for event in tokens(conn, client_id, from, to)? {
            // The id tells milliseconds, the event more.
            if UnixTime(event.at) >= from {
                table.rows.push(row(&event, "", why));
            }
        }
    }
    Ok(())
}

/// Tokens with what had been taken away.
fn after_grants(conn: &mut Conn, told: &Parameters, table: &mut Table) -> Result<(), Error> {
    let ended = spans::grants_ended(conn, told.period(), ENDS)?;
    table.is_cut |= reaches(ended.len(), ENDS);
    let mut seen = BTreeSet::new();
    for ended in ended {
        let Some(until) = ended.span.until else { continue };
        let all = spans::grants_of(conn, std::slice::from_ref(&ended.client_id))?;
        let api = holdings::resources_of_ids(conn, std::slice::from_ref(&ended.resource_id))?;
        let Some(api) = api.first().map(|known| known.identifier.clone()) else { continue };
        let of: HashMap<String, Vec<String>> = [(api.clone(), ids_of(conn, &api)?)].into();
        for event in tokens(conn, ended.client_id.clone(), until + GRACE, told.to)? {
            for (api, scope) in asked(&event).into_iter().filter(|(asked, _)| *asked == api) {
                let ids = of.get(&api).map(Vec::as_slice).unwrap_or_default();
                let at = UnixTime(event.at);
                let held = [at, at - GRACE].iter().any(|at| holds(&all, ids, &scope, *at));
                if !held && seen.insert((event.id.clone(), scope.clone())) {
                    table.rows.push(row(&event, &scope, en("it did not hold this any more")));
                }
            }
        }
    }
    Ok(())
}

/// Scopes on days on which they were not held at all.
fn by_day(conn: &mut Conn, told: &Parameters, table: &mut Table) -> Result<(), Error> {
    let (period, most) = (told.period_days(), i64::try_from(MOST).unwrap_or(i64::MAX));
    table.is_cut |= days::are_more(conn, period, DAYS)?;
    for day in days::unheld(conn, period, GRACE, DAYS, most.saturating_add(1))? {
        table.rows.push(vec![
            Cell::Time(day.last_at()),
            Cell::Client(day.client_id),
            Cell::Api(day.resource),
            Cell::Words(day.scope),
            Cell::said(en("it did not hold this on that day")),
            Cell::Number(day.granted),
            Cell::Nothing,
        ]);
    }
    Ok(())
}

fn reaches(len: usize, most: i64) -> bool {
    i64::try_from(len).unwrap_or(i64::MAX) >= most
}

/// The first tokens of an application from one moment to before another.
fn tokens(
    conn: &mut Conn,
    client_id: String,
    from: UnixTime,
    to: UnixTime,
) -> Result<Vec<Event>, Error> {
    let range = Issued { client_id: Some(client_id), from, to, after: None };
    let rows = audit_log::issued(conn, &range, AFTER)?;
    Ok(rows.iter().filter_map(StoredEvent::event).collect())
}

/// The APIs and scopes of a token; the scope is empty for the API itself.
fn asked(event: &Event) -> Vec<(String, String)> {
    let Some(token) = &event.token else { return Vec::new() };
    let scopes = token.scope_granted.as_deref().unwrap_or_default();
    let of = |api: &String| {
        let scopes = std::iter::once("").chain(scopes.split_ascii_whitespace());
        scopes.map(|scope| (api.clone(), scope.to_owned())).collect::<Vec<_>>()
    };
    token.resource.iter().flat_map(of).collect()
}

fn ids_of(conn: &mut Conn, identifier: &str) -> Result<Vec<String>, Error> {
    let called = holdings::resources_called(conn, identifier)?;
    Ok(called.into_iter().map(|known| known.id).collect())
}

fn holds(all: &[GrantSpan], ids: &[String], scope: &str, at: UnixTime) -> bool {
    all.iter().any(|grant| grant.span.holds_at(at) && is_of(grant, ids, scope))
}

/// Whether a span lets its application get tokens with `scope` for one of these.
fn is_of(grant: &GrantSpan, ids: &[String], scope: &str) -> bool {
    let covers = match &grant.held {
        Held::Api => scope.is_empty(),
        Held::AllScopes => true,
        Held::Scope(name) => name == scope,
    };
    covers && ids.contains(&grant.resource_id)
}

fn row(event: &Event, scope: &str, why: &'static str) -> Vec<Cell> {
    let token = event.token.as_ref();
    let scopes = token.and_then(|token| token.scope_granted.clone()).unwrap_or_default();
    vec![
        Cell::Time(UnixTime(event.at)),
        event.client_id.clone().map_or(Cell::Nothing, Cell::Client),
        Cell::Api(event.resource().unwrap_or_default()),
        Cell::Words(if scope.is_empty() { scopes } else { scope.to_owned() }),
        Cell::said(why),
        Cell::Number(1),
        Cell::Event(event.id.clone()),
    ]
}
