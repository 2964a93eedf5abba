//! Questions about who may do what.
use std::collections::HashMap;

use super::access::{self, Asked};
use super::owners;
use super::report::{Family, MOST, Parameter, Parameters, Report, scan};
use super::table::{Cell, Column, Table, column};
use crate::model::history::GrantSpan;
use crate::model::secret::State;
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::Filter;
use crate::store::holdings::{self, KnownApplication, KnownResource};
use crate::store::{Conn, Error, applications, secrets, spans, uses};
use crate::texts::en;

const REVIEW: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("owner", "Owner"),
    column("state", "State"),
    column("api", "API"),
    column("scope", "Scope"),
    column("since", "Held since"),
    column("granted_by", "Granted by"),
    column("last_used", "Last used"),
];

const MADE: &[Column] = &[
    column("time", "Time"),
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("api", "API"),
    column("scope", "Scope"),
    column("until", "Held until"),
    column("granted_by", "Granted by"),
    column("event", "Event"),
];

const SAME_PERSON: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("person", "Person"),
    column("registered", "Registered"),
    column("grants", "Grants by the same person"),
    column("event", "Event"),
];

const UNUSED: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("owner", "Owner"),
    column("registered", "Registered"),
    column("last_used", "Last used"),
    column("secrets", "Working secrets"),
];

pub const REPORTS: &[Report] = &[
    Report {
        id: "access",
        family: Family::Access,
        title: "Access review",
        question: "Which application holds which scope of which API, who owns it, and when was it \
                   last used?",
        limits: "Use is known to the day it was counted on, for 400 days.",
        parameters: &[Parameter::Application, Parameter::Api, Parameter::Scope],
        columns: REVIEW,
        answer: review,
    },
    Report {
        id: "grants-made",
        family: Family::Access,
        title: "Scopes granted",
        question: "Which scopes were granted in the period, to whom, and by whom?",
        limits: "",
        parameters: &[Parameter::Period, Parameter::Scope, Parameter::Person],
        columns: MADE,
        answer: made,
    },
    Report {
        id: "segregation-of-duties",
        family: Family::Access,
        title: "Made and granted by one person",
        question: "Which applications were registered and given access by the same person?",
        limits: "Of applications that were registered in the period.",
        parameters: &[Parameter::Period, Parameter::Person],
        columns: SAME_PERSON,
        answer: same_person,
    },
    Report {
        id: "unused-applications",
        family: Family::Access,
        title: "Applications nobody uses",
        question: "Which applications are active and got no token for so many days?",
        limits: "Those that were registered since are left out.",
        parameters: &[Parameter::Days],
        columns: UNUSED,
        answer: unused,
    },
];

fn review(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let asked = Asked {
        at: told.now,
        api: told.api.clone(),
        scope: told.scope.clone(),
        application: told.application.clone(),
        among: None,
    };
    let mut table = Table::new(REVIEW);
    let mut after: Option<String> = None;
    loop {
        let page = access::page(conn, &asked, after.as_deref(), told.most.clamp(1, 500))?;
        let ids: Vec<String> = page.rows.iter().map(|row| row.holding.begun_by.clone()).collect();
        let names = access::granters(conn, &ids)?;
        let of = page.rows.iter().map(|row| row.application.client_id.clone());
        let owning = owners::of(conn, &of.collect::<Vec<_>>())?;
        for row in page.rows {
            let wanted = |name: &&String| told.scope.as_ref().is_none_or(|scope| *name == scope);
            let mut scopes: Vec<&str> =
                row.holding.scopes.iter().filter(wanted).map(String::as_str).collect();
            if scopes.is_empty() {
                scopes.push("");
            }
            for scope in scopes {
                if table.rows.len() == told.most {
                    table.is_cut = true;
                    return Ok(table);
                }
                let (application, api) = (&row.application, &row.resource.identifier);
                let day = usage::day(told.now);
                let used = uses::last(conn, &application.client_id, api, scope, day)?;
                let owner = owners::told(&application.owner, owning.get(&application.client_id));
                table.rows.push(vec![
                    Cell::text(&application.name),
                    Cell::Client(application.client_id.clone()),
                    owner,
                    Cell::said(row.state()),
                    Cell::Api(api.clone()),
                    Cell::Words(scope.to_owned()),
                    Cell::Time(row.holding.since),
                    Cell::text(names.get(&row.holding.begun_by).cloned().unwrap_or_default()),
                    Cell::time(used.at),
                ]);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(table);
        }
    }
}

fn made(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let found = spans::grants_begun(conn, told.period(), most)?;
    let mut table = Table::new(MADE);
    table.is_cut = found.len() == MOST;
    let names = Names::read(conn, &found)?;
    let acts: Vec<String> = found.iter().map(|grant| grant.span.begun_by.clone()).collect();
    let who = access::granters(conn, &acts)?;
    for grant in found {
        let scope = grant.held.scope();
        let words = match (scope, grant.held.as_str()) {
            (Some(scope), _) => Cell::Words(scope.to_owned()),
            (None, "all") => Cell::said(en("(all scopes)")),
            (None, _) => Cell::said(en("(may call it)")),
        };
        let by = who.get(&grant.span.begun_by).cloned().unwrap_or_default();
        let fits = told.scope.as_ref().is_none_or(|wanted| scope == Some(wanted))
            && told.person.as_ref().is_none_or(|person| by == *person);
        if !fits {
            continue;
        }
        table.rows.push(vec![
            Cell::Time(grant.span.from),
            Cell::text(names.application(&grant.client_id)),
            Cell::Client(grant.client_id.clone()),
            Cell::Api(names.api(&grant.resource_id)),
            words,
            Cell::time(grant.span.until),
            Cell::text(by),
            Cell::Event(grant.span.begun_by.clone()),
        ]);
    }
    Ok(table)
}

fn same_person(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut registered: HashMap<String, (String, String, UnixTime, String)> = HashMap::new();
    let mut granted: HashMap<(String, String), i64> = HashMap::new();
    let filter =
        Filter { acts_only: true, from: Some(told.from), to: Some(told.to), ..Filter::default() };
    let mut table = Table::new(SAME_PERSON);
    scan(conn, &filter, &mut table, |event| {
        let client_id = event.client_id.clone()?;
        let person = event.actor.name.clone()?;
        match &*event.code {
            "application.created" => {
                let name = event.target.as_ref().map(|target| target.name.clone());
                let made = (person, name.unwrap_or_default(), UnixTime(event.at), event.id.clone());
                // An import grants in the event that registers.
                let count = event.changes.iter().filter(|change| change.field == "grant").count();
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                *granted.entry((client_id.clone(), made.0.clone())).or_default() += count;
                registered.insert(client_id, made);
            }
            "grant.set" => *granted.entry((client_id, person)).or_default() += 1,
            _ => {}
        }
        None
    })?;
    let mut found: Vec<_> = registered.into_iter().collect();
    found.sort_by(|a, b| b.1.3.cmp(&a.1.3));
    for (client_id, (person, name, at, event)) in found {
        let count = granted.get(&(client_id.clone(), person.clone())).copied().unwrap_or(0);
        if count > 0 && told.person.as_ref().is_none_or(|wanted| *wanted == person) {
            table.rows.push(vec![
                Cell::text(name),
                Cell::Client(client_id),
                Cell::text(person),
                Cell::Time(at),
                Cell::Number(count),
                Cell::Event(event),
            ]);
        }
    }
    Ok(table)
}

fn unused(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let since = told.now - Seconds::days(told.days);
    let found = applications::idle_since(conn, since, told.one_more())?;
    let mut table = Table::new(UNUSED);
    for some in found.chunks(500) {
        let ids: Vec<String> = some.iter().map(|found| found.client_id.clone()).collect();
        let held = secrets::of_clients(conn, &ids)?;
        let owning = owners::of(conn, &ids)?;
        for application in some {
            let of = || held.iter().filter(|s| s.client_id == application.client_id);
            let working = of().filter(|s| s.state(told.now) == State::Active).count();
            table.rows.push(vec![
                Cell::text(&application.details.name),
                Cell::Client(application.client_id.clone()),
                owners::told(&application.details.owner, owning.get(&application.client_id)),
                Cell::Time(application.created_at),
                Cell::time(of().filter_map(|s| s.last_used_at).max()),
                Cell::number(working),
            ]);
        }
    }
    Ok(table)
}

/// The names of the applications and APIs of spans.
pub(super) struct Names {
    applications: HashMap<String, KnownApplication>,
    resources: HashMap<String, KnownResource>,
}

impl Names {
    pub fn read(conn: &mut Conn, spans: &[GrantSpan]) -> Result<Self, Error> {
        let mut resource_ids: Vec<String> = spans.iter().map(|s| s.resource_id.clone()).collect();
        resource_ids.sort_unstable();
        resource_ids.dedup();
        let mut names = Self::of(conn, spans.iter().map(|span| span.client_id.clone()))?;
        for ids in resource_ids.chunks(500) {
            let found = holdings::resources_of_ids(conn, ids)?;
            names.resources.extend(found.into_iter().map(|r| (r.id.clone(), r)));
        }
        Ok(names)
    }

    /// Of applications alone.
    pub fn of(conn: &mut Conn, ids: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut ids: Vec<String> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        let mut applications = HashMap::new();
        for ids in ids.chunks(500) {
            let found = holdings::applications_of_ids(conn, ids)?;
            applications.extend(found.into_iter().map(|a| (a.client_id.clone(), a)));
        }
        Ok(Self { applications, resources: HashMap::new() })
    }

    pub fn application(&self, client_id: &str) -> String {
        self.applications.get(client_id).map(|known| known.name.clone()).unwrap_or_default()
    }

    pub fn api(&self, id: &str) -> String {
        self.resources.get(id).map(|known| known.identifier.clone()).unwrap_or_default()
    }
}
