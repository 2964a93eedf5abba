//! Questions about tokens: who got them, with what, and were they theirs to get.
use std::collections::{BTreeMap, HashMap};

use super::grants::Names;
use super::report::{Family, MOST, Parameter, Parameters, Report, scan};
use super::table::{Cell, Column, Table, column};
use super::{hoarders, refusals, trespass, upkeep};
use crate::model::audit_event::{Event, TokenFacts};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, Filter, Issued, StoredEvent};
use crate::store::{Conn, Error, applications, days, resources, revocations};
use crate::text;
use crate::texts::Text;

const BY_SECRET: &[Column] = &[
    column("time", "Time"),
    column("client_id", "Client ID"),
    column("api", "API"),
    column("scopes", "Scopes"),
    column("address", "From"),
    column("expires", "Expires"),
    column("token", "Token"),
];

const BY_SCOPE: &[Column] = &[
    column("day", "Day, UTC"),
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("api", "API"),
    column("scope", "Scope"),
    column("tokens", "Tokens"),
    column("last", "Last"),
];

const TRACE: &[Column] = &[
    column("time", "Time"),
    column("what", "What"),
    column("client_id", "Application"),
    column("api", "API"),
    column("detail", "Detail"),
    column("event", "Event"),
];

const BY_KEY: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("living", "Living tokens"),
    column("last_issued", "Last issued"),
    column("last_expiry", "Last to expire"),
];

pub const REPORTS: &[Report] = &[
    Report {
        id: "credential",
        family: Family::Tokens,
        title: "Tokens of a credential",
        question: "Which application held this secret, and which tokens did it get in the period?",
        limits: "Applications prove themselves by secrets; there are no certificates and no keys of \
                 theirs to ask for.",
        parameters: &[Parameter::Secret, Parameter::Period],
        columns: BY_SECRET,
        answer: by_secret,
    },
    Report {
        id: "scope-tokens",
        family: Family::Tokens,
        title: "Tokens that could reach a scope",
        question: "Who got tokens for this API with this scope, and how many, day by day?",
        limits: "Counted by the day, for 400 days. Without an API and a scope there is no answer.",
        parameters: &[Parameter::Api, Parameter::Scope, Parameter::Period],
        columns: BY_SCOPE,
        answer: by_scope,
    },
    Report {
        id: "token",
        family: Family::Tokens,
        title: "Life of a token",
        question: "When was this token issued, where was it used, and what ended it?",
        limits: "Accesses are those that the gate and introspection saw, one by one where the API asks \
                 for it (sampled or full), else only counted. The newest revocation of each kind is \
                 shown.",
        parameters: &[Parameter::Token],
        columns: TRACE,
        answer: trace,
    },
    Report {
        id: "key",
        family: Family::Tokens,
        title: "Tokens of a signing key",
        question: "How many tokens that this key signed are still living, and whose are they?",
        limits: "Of the newest 100,000 tokens that may still live.",
        parameters: &[Parameter::Key],
        columns: BY_KEY,
        answer: by_key,
    },
    Report {
        id: "hoarders",
        family: Family::Tokens,
        title: "Tokens that are not kept",
        question: "Which applications fetch tokens far more often than the lifetime of a token \
                   requires?",
        limits: "Looked at are hours in which one secret fetched sixty tokens or more from one \
                 address; they are known for nine days. Ten processes behind one address are \
                 allowed for. The quick starts on an application's page keep their token.",
        parameters: &[Parameter::Period, Parameter::Application],
        columns: hoarders::COLUMNS,
        answer: hoarders::answer,
    },
    Report {
        id: "outside-policy",
        family: Family::Tokens,
        title: "Tokens outside the policy",
        question: "Which tokens were issued to an application that was suspended or deleted, or with \
                   a scope that it did not hold at that time?",
        limits: "It must be empty. Looked at are the first hundred tokens after each grant, activity or \
                 application ended, and, for applications registered since the past is kept, every \
                 scope of every day. A second is allowed for another process to hear of a change.",
        parameters: &[Parameter::Period],
        columns: trespass::COLUMNS,
        answer: trespass::answer,
    },
];

fn by_secret(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(BY_SECRET);
    let Some(id) = &told.secret else { return Ok(table) };
    let live = crate::store::secrets::find(conn, id)?.map(|secret| secret.client_id);
    let of = match live {
        Some(client_id) => Some(client_id),
        None => crate::store::secrets::client_of_deleted(conn, id)?,
    };
    let Some(client_id) = of else { return Ok(table) };
    let filter = Filter {
        category: Some("token".to_owned()),
        client_id: Some(client_id),
        from: Some(told.from),
        to: Some(told.to),
        ..Filter::default()
    };
    scan(conn, &filter, &mut table, |event| {
        let token = issued(event)?;
        let is_its = event.actor.credential_id.as_deref() == Some(id);
        is_its.then(|| {
            vec![
                Cell::Time(UnixTime(event.at)),
                event.client_id.clone().map_or(Cell::Nothing, Cell::Client),
                Cell::Api(token.resource.join(" ")),
                Cell::Words(token.scope_granted.clone().unwrap_or_default()),
                Cell::text(event.source.address.clone().unwrap_or_default()),
                Cell::time(token.exp.map(UnixTime::from_seconds)),
                Cell::Event(event.id.clone()),
            ]
        })
    })?;
    Ok(table)
}

fn issued(event: &Event) -> Option<&TokenFacts> {
    event.token.as_ref().filter(|_| event.code == "token.issued")
}

fn by_scope(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(BY_SCOPE);
    let Some(api) = &told.api else { return Ok(table) };
    let scope = told.scope.clone().unwrap_or_default();
    let most = i64::try_from(MOST).unwrap_or(i64::MAX);
    let mut found = days::on_days(conn, api, &scope, told.period_days(), most + 1)?;
    table.is_cut = found.len() > MOST;
    found.truncate(MOST);
    let names = Names::of(conn, found.iter().map(|day| day.client_id.clone()))?;
    for day in found {
        table.rows.push(vec![
            Cell::text(refusals::day(day.day)),
            Cell::text(names.application(&day.client_id)),
            Cell::Client(day.client_id.clone()),
            Cell::Api(day.resource.clone()),
            Cell::Words(day.scope.clone()),
            Cell::Number(day.granted),
            Cell::Time(day.last_at()),
        ]);
    }
    Ok(table)
}

fn trace(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let mut table = Table::new(TRACE);
    let id = told.token.as_deref().unwrap_or_default().trim_start_matches("req_");
    let found = audit_log::find(conn, id)?.as_ref().and_then(StoredEvent::event);
    let Some(event) = found else { return Ok(table) };
    table.rows.push(step(&event, Some(text!("issued"))));
    let Some(token) = issued(&event) else { return Ok(table) };
    let issued_at = UnixTime(event.at);
    let expires = token.exp.map(UnixTime::from_seconds);
    let filter = Filter {
        client_id: event.client_id.clone(),
        from: Some(issued_at),
        to: expires.map(|at| at + Seconds::MINUTE),
        ..Filter::default()
    };
    scan(conn, &filter, &mut table, |seen| {
        let of_access = seen.access.as_ref().and_then(|access| access.jti.as_deref());
        let of_token = seen.token.as_ref().and_then(|token| token.jti.as_deref());
        let is_its = seen.id != event.id && [of_access, of_token].contains(&Some(id));
        is_its.then(|| step(seen, None))
    })?;
    let client_id = event.client_id.clone().unwrap_or_default();
    let secret_id = event.actor.credential_id.clone().unwrap_or_default();
    let mut subjects = vec![
        (Kind::Token, id.to_owned()),
        (Kind::Application, client_id),
        (Kind::Secret, secret_id),
        (Kind::Key, token.kid.clone().unwrap_or_default()),
        (Kind::Everything, String::new()),
    ];
    subjects.extend(token.resource.iter().map(|api| (Kind::Resource, api.clone())));
    for (kind, subject) in subjects {
        let Some(found) = revocations::find_by_subject(conn, kind, &subject)? else { continue };
        let revocation = found.revocation;
        let is_before_its_end = expires.is_none_or(|end| revocation.created_at < end);
        if issued_at.seconds() < revocation.not_before.seconds() && is_before_its_end {
            let (reason, who) = (revocation.reason, revocation.created_by);
            let by = text!("{reason}, by {who}", reason, who);
            let what = text!("revoked: {kind}", kind = Text::new(upkeep::kind(kind)));
            table.rows.push(line(revocation.created_at, what, &event, by, None));
        }
    }
    if let Some(end) = expires {
        let what = if end <= told.now { text!("expired") } else { text!("expires") };
        table.rows.push(line(end, what, &event, Text::default(), None));
    }
    table.rows.sort_by_key(|row| match row.first() {
        Some(Cell::Time(at)) => *at,
        _ => UnixTime::default(),
    });
    Ok(table)
}

fn step(event: &Event, what: Option<Text>) -> Vec<Cell> {
    let what = what.filter(|_| issued(event).is_some());
    let what = what.unwrap_or_else(|| Text::data(event.code.clone()));
    let token = event.token.as_ref();
    let granted = token.and_then(|token| token.scope_granted.clone());
    let access = event.access.as_ref().map(|access| {
        let parts = [Some(access.via.to_string()), access.method.clone(), access.route.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let detail = granted.or(access).or_else(|| event.reason.clone().map(Into::into));
    let detail = detail.map(Text::data).unwrap_or_default();
    line(UnixTime(event.at), what, event, detail, Some(event.id.clone()))
}

fn line(at: UnixTime, what: Text, event: &Event, detail: Text, id: Option<String>) -> Vec<Cell> {
    vec![
        Cell::Time(at),
        Cell::said(what),
        event.client_id.clone().map_or(Cell::Nothing, Cell::Client),
        Cell::Api(event.resource().unwrap_or_default()),
        Cell::said(detail),
        id.map_or(Cell::Nothing, Cell::Event),
    ]
}

/// What one application has of a key.
#[derive(Default)]
struct Living {
    count: i64,
    last_issued: UnixTime,
    last_expiry: UnixTime,
}

fn by_key(conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
    let longest = resources::longest_lifetime(conn)?.max(applications::longest_lifetime(conn)?);
    let mut range = Issued {
        client_id: None,
        from: told.now - longest,
        to: told.now + Seconds::MINUTE,
        after: None,
    };
    let (mut living, mut read): (HashMap<String, Living>, usize) = (HashMap::new(), 0);
    let mut table = Table::new(BY_KEY);
    loop {
        let rows = audit_log::issued(conn, &range, 2_000)?;
        for event in rows.iter().filter_map(StoredEvent::event) {
            let (Some(token), Some(client_id)) = (issued(&event), &event.client_id) else {
                continue;
            };
            let end = token.exp.map(UnixTime::from_seconds).unwrap_or_default();
            if token.kid.as_ref() == told.key.as_ref() && end > told.now {
                let of = living.entry(client_id.clone()).or_default();
                of.count += 1;
                of.last_issued = of.last_issued.max(UnixTime(event.at));
                of.last_expiry = of.last_expiry.max(end);
            }
        }
        read += rows.len();
        range.after = rows.last().map(|row| row.id.clone());
        if rows.len() < 2_000 {
            break;
        }
        if read >= 100_000 {
            table.is_cut = true;
            break;
        }
    }
    let living: BTreeMap<String, Living> = living.into_iter().collect();
    let names = Names::of(conn, living.keys().cloned())?;
    for (client_id, of) in living {
        table.rows.push(vec![
            Cell::text(names.application(&client_id)),
            Cell::Client(client_id),
            Cell::Number(of.count),
            Cell::Time(of.last_issued),
            Cell::Time(of.last_expiry),
        ]);
    }
    Ok(table)
}
