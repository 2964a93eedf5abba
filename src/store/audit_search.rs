//! Looking through the audit log, a page at a time.
//!
//! A page is read in the order of one index, and no further than so many of its
//! entries: what is seldom would otherwise be looked for in the whole log.
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::audit_filter::{Filter, OutcomeFilter};
use super::audit_log::{StoredEvent, first_id_at};
use super::connection::on;
use super::schema::audit_events;
use super::{Conn, Error, escaped};
use crate::model::audit_event::Outcome;
use crate::model::page::Page;

/// The most entries of an index that are looked through for one page.
const REACH: i64 = 10_000;

/// Rows whose texts are read at once.
const AT_ONCE: usize = 1_000;

// As the partial indexes have it: with bound values they would not be used.
const ACTS: &str = "category NOT IN ('token', 'access')";
const REFUSED: &str = "outcome <> 'success'";

// As the indexes on expressions have it, of SQLite and of PostgreSQL.
const TARGET: [&str; 2] =
    ["json_extract(body, '$.target.id') = ", "body::json #>> '{target,id}' = "];
const ACTOR: [&str; 2] =
    ["json_extract(body, '$.actor.name') = ", "body::json #>> '{actor,name}' = "];

/// Which way a reader goes, and the id of the row it read last.
#[derive(Clone, Copy)]
enum Seek<'a> {
    Older(Option<&'a str>),
    Newer(Option<&'a str>),
}

/// The index that knows most of what is asked for.
enum Index<'a> {
    ActsOn(&'a str),
    ActsBy(&'a str),
    ActsOf(&'a str),
    ActsOfClient(&'a str),
    Acts,
    Client(&'a str),
    Reason(&'a str),
    Refused,
    Whole,
}

impl<'a> Index<'a> {
    fn of(filter: &'a Filter) -> Self {
        let act = &filter.act;
        match (&act.target, &act.actor, &act.code) {
            (Some(id), ..) if id.starts_with("m2m_") => Self::ActsOfClient(id),
            (Some(id), ..) => Self::ActsOn(id),
            (_, Some(name), _) => Self::ActsBy(name),
            (.., Some(code)) => Self::ActsOf(code),
            _ => match (&filter.client_id, &filter.reason, filter.outcome) {
                (Some(id), ..) if filter.is_of_acts() => Self::ActsOfClient(id),
                (Some(id), ..) => Self::Client(id),
                (_, Some(reason), _) => Self::Reason(reason),
                (.., Some(OutcomeFilter::Refused)) => Self::Refused,
                _ if filter.is_of_acts() => Self::Acts,
                _ => Self::Whole,
            },
        }
    }
}

/// The next `limit` rows, oldest first, without those that do not fit: none may
/// be left of them, and there may be more all the same.
pub fn page_onward(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<StoredEvent>, Error> {
    let seek = Seek::Newer(after);
    let edge = edge(conn, filter, seek)?;
    let mut page = fitting(conn, filter, seek, edge.as_deref(), limit)?;
    if filter.sifts() {
        page.rows.retain(|row| filter.fits(row));
    }
    Ok(page)
}

/// A page, newest first. `before` is the id of the row before. What no index
/// knows is looked for in 10,000 of its entries: a page may be short then, and
/// the next goes on from there.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<&str>,
    limit: usize,
) -> Result<Page<StoredEvent>, Error> {
    let edge = edge(conn, filter, Seek::Older(before))?;
    if !filter.sifts() {
        return fitting(conn, filter, Seek::Older(before), edge.as_deref(), limit);
    }
    let mut rows = Vec::new();
    let mut before = before.map(str::to_owned);
    loop {
        let seek = Seek::Older(before.as_deref());
        let read = fitting(conn, filter, seek, edge.as_deref(), AT_ONCE)?;
        for row in read.rows {
            if filter.fits(&row) {
                rows.push(row);
            }
            if rows.len() == limit {
                let next = rows.last().map(|row: &StoredEvent| row.id.clone());
                return Ok(Page { rows, next });
            }
        }
        if read.next.is_none() || read.next == edge {
            return Ok(Page { rows, next: read.next });
        }
        before = read.next;
    }
}

/// Puts a query of either database in order, from where the reader is, within the
/// period.
macro_rules! along {
    ($query:ident, $filter:expr, $seek:expr) => {
        $query = match $seek {
            Seek::Older(None) => $query.order(audit_events::id.desc()),
            Seek::Older(Some(id)) => {
                $query.order(audit_events::id.desc()).filter(audit_events::id.lt(id))
            }
            Seek::Newer(None) => $query.order(audit_events::id.asc()),
            Seek::Newer(Some(id)) => {
                $query.order(audit_events::id.asc()).filter(audit_events::id.gt(id))
            }
        };
        // Ids begin with their time, so the indexes serve periods too.
        if let Some(from) = $filter.from {
            $query = $query.filter(audit_events::id.ge(first_id_at(from)));
        }
        if let Some(to) = $filter.to {
            $query = $query.filter(audit_events::id.lt(first_id_at(to)));
        }
    };
}

/// Narrows a query of either database to acts.
macro_rules! narrow_acts {
    ($query:ident, $act:expr, $target:expr, $actor:expr) => {
        if $act.changes_only {
            $query = $query
                .filter(audit_events::category.ne_all(["session", "server"]))
                .filter(audit_events::code.ne_all(["audit.read"]));
        }
        if let Some(name) = &$act.actor {
            $query = $query.filter(sql::<Bool>($actor).bind::<Text, _>(name));
        }
        match &$act.target {
            Some(id) if id.starts_with("m2m_") => {
                $query = $query.filter(audit_events::client_id.eq(id));
            }
            Some(id) => $query = $query.filter(sql::<Bool>($target).bind::<Text, _>(id)),
            None => {}
        }
        if let Some(code) = &$act.code {
            $query = $query.filter(audit_events::code.eq(code));
        }
    };
}

fn expressions(conn: &Conn) -> [&'static str; 2] {
    match conn {
        Conn::Sqlite(_) => [TARGET[0], ACTOR[0]],
        Conn::Postgres(_) => [TARGET[1], ACTOR[1]],
    }
}

/// The id of the last row that one page reaches; `None`: it reaches all there are.
fn edge(conn: &mut Conn, filter: &Filter, seek: Seek<'_>) -> Result<Option<String>, Error> {
    if filter.id.is_some() {
        return Ok(None);
    }
    let [target, actor] = expressions(conn);
    Ok(on!(conn, |c| {
        let mut query = audit_events::table.select(audit_events::id).into_boxed();
        along!(query, filter, seek);
        let acts = || sql::<Bool>(ACTS);
        query = match Index::of(filter) {
            Index::ActsOn(id) => {
                query.filter(acts()).filter(sql::<Bool>(target).bind::<Text, _>(id))
            }
            Index::ActsBy(name) => {
                query.filter(acts()).filter(sql::<Bool>(actor).bind::<Text, _>(name))
            }
            Index::ActsOf(code) => query.filter(acts()).filter(audit_events::code.eq(code)),
            Index::ActsOfClient(id) => query.filter(acts()).filter(audit_events::client_id.eq(id)),
            Index::Acts => query.filter(acts()),
            Index::Client(id) => query.filter(audit_events::client_id.eq(id)),
            Index::Reason(reason) => query.filter(audit_events::reason.eq(reason)),
            Index::Refused => query.filter(sql::<Bool>(REFUSED)),
            Index::Whole => query,
        };
        query.offset(REACH - 1).limit(1).first(c).optional()
    })?)
}

const SUCCESS: &str = Outcome::Success.as_str();

/// What fits, as far as columns tell, from where the reader is up to `edge`.
fn fitting(
    conn: &mut Conn,
    filter: &Filter,
    seek: Seek<'_>,
    edge: Option<&str>,
    limit: usize,
) -> Result<Page<StoredEvent>, Error> {
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let [target, actor] = expressions(conn);
    let rows: Vec<StoredEvent> = on!(conn, |c| {
        let mut query =
            audit_events::table.select(StoredEvent::as_select()).limit(read).into_boxed();
        along!(query, filter, seek);
        query = match (seek, edge) {
            (_, None) => query,
            (Seek::Older(_), Some(edge)) => query.filter(audit_events::id.ge(edge)),
            (Seek::Newer(_), Some(edge)) => query.filter(audit_events::id.le(edge)),
        };
        if let Some(category) = &filter.category {
            query = query.filter(audit_events::category.eq(category));
        }
        if filter.is_of_acts() {
            query = query.filter(sql::<Bool>(ACTS));
        }
        narrow_acts!(query, filter.act, target, actor);
        query = match filter.outcome {
            None => query,
            Some(OutcomeFilter::Success) => query.filter(audit_events::outcome.eq(SUCCESS)),
            Some(OutcomeFilter::Refused) => query.filter(sql::<Bool>(REFUSED)),
        };
        if let Some(client_id) = &filter.client_id {
            query = query.filter(audit_events::client_id.eq(client_id));
        }
        if let Some(resource) = &filter.resource {
            let within = escaped(resource);
            query = query.filter(
                audit_events::resource
                    .eq(resource)
                    .or(audit_events::resource.like(format!("{within} %")).escape('\\'))
                    .or(audit_events::resource.like(format!("% {within}")).escape('\\'))
                    .or(audit_events::resource.like(format!("% {within} %")).escape('\\')),
            );
        }
        if let Some(reason) = &filter.reason {
            query = query.filter(audit_events::reason.eq(reason));
        }
        if let Some(id) = &filter.id {
            query = query.filter(audit_events::id.eq(id));
        }
        query.load(c)
    })?;
    let mut page = Page::of(rows, limit, |row: &StoredEvent| row.id.clone());
    page.next = page.next.or_else(|| edge.map(str::to_owned));
    Ok(page)
}
