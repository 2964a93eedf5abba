//! Reading the audit log.
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use ulid::Ulid;

pub use super::audit_filter::{ActFilter, Filter, OutcomeFilter};
use super::connection::on;
use super::schema::audit_events;
use super::{Conn, Error, escaped};
use crate::model::audit_chain::{Hash, leaf};
use crate::model::audit_event::{Event, Outcome};
use crate::model::page::Page;
use crate::oauth::UnixTime;

/// A row as it is stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = audit_events)]
pub struct StoredEvent {
    pub chain: String,
    pub position: i64,
    pub batch: i64,
    pub id: String,
    pub at: i64,
    pub category: String,
    pub code: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub client_id: Option<String>,
    pub resource: Option<String>,
    pub body: String,
    pub salt: Vec<u8>,
}

impl StoredEvent {
    /// The event, or `None` when its text or salt cannot be read.
    pub fn event(&self) -> Option<Event> {
        let mut event: Event = serde_json::from_str(&self.body).ok()?;
        if !self.is_redacted() {
            event.salt = self.salt.as_slice().try_into().ok()?;
        }
        Some(event)
    }

    /// Whether its text and salt were taken away: the hash stands in the place
    /// of the salt, and is longer.
    pub fn is_redacted(&self) -> bool {
        self.salt.len() == size_of::<Hash>()
    }

    /// Its hash, as its batch has it; `None`: it cannot be read.
    pub fn leaf(&self) -> Option<Hash> {
        match <&[u8; 16]>::try_from(self.salt.as_slice()) {
            Ok(salt) => Some(leaf(salt, &self.body)),
            Err(_) => self.salt.as_slice().try_into().ok(),
        }
    }

    /// What is left of it in words when it is redacted.
    pub fn stub(&self) -> Option<Event> {
        let mut stub = self.event()?;
        stub = Event::redacted(stub.id, stub.at, stub.code, stub.outcome);
        Some(stub)
    }

    /// Whether the columns say what the body says.
    pub fn columns_match(&self, event: &Event) -> bool {
        self.id == event.id
            && self.at == event.at
            && self.category == event.category()
            && self.code == event.code
            && self.outcome == event.outcome.as_str()
            && self.reason.as_deref() == event.reason.as_deref()
            && self.client_id == event.client_id
            && self.resource == event.resource()
    }
}

/// As the partial index has it: with bound values it would not be used.
const ACTS: &str = "category NOT IN ('token', 'access')";

/// As the indexes on expressions have it.
const TARGET: [&str; 2] =
    ["json_extract(body, '$.target.id') = ", "body::json #>> '{target,id}' = "];
const ACTOR: [&str; 2] =
    ["json_extract(body, '$.actor.name') = ", "body::json #>> '{actor,name}' = "];

/// The most rows that are looked through for what no index knows.
const SIFTED: usize = 10_000;

/// Which way a reader goes, and the id of the row it read last.
#[derive(Clone, Copy)]
enum Seek<'a> {
    Older(Option<&'a str>),
    Newer(Option<&'a str>),
}

/// The next `limit` rows, oldest first, without those that do not fit: none may
/// be left of them, and there may be more all the same.
pub fn page_onward(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<StoredEvent>, Error> {
    let mut page = indexed(conn, filter, Seek::Newer(after), limit)?;
    if filter.sifts() {
        page.rows.retain(|row| filter.fits(row));
    }
    Ok(page)
}

/// A page, newest first. `before` is the id of the row before. What no index
/// knows is looked for in so many rows at most: a page may be short then, and
/// the next goes on from there.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<&str>,
    limit: usize,
) -> Result<Page<StoredEvent>, Error> {
    const AT_ONCE: usize = 1_000;
    if !filter.sifts() {
        return indexed(conn, filter, Seek::Older(before), limit);
    }
    let mut rows = Vec::new();
    let mut before = before.map(str::to_owned);
    for _ in 0..SIFTED / AT_ONCE {
        let read = indexed(conn, filter, Seek::Older(before.as_deref()), AT_ONCE)?;
        for row in read.rows {
            if filter.fits(&row) {
                rows.push(row);
            }
            if rows.len() == limit {
                let next = rows.last().map(|row: &StoredEvent| row.id.clone());
                return Ok(Page { rows, next });
            }
        }
        before = read.next;
        if before.is_none() {
            break;
        }
    }
    Ok(Page { rows, next: before })
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

const SUCCESS: &str = Outcome::Success.as_str();

/// A page of what indexes know.
fn indexed(
    conn: &mut Conn,
    filter: &Filter,
    seek: Seek<'_>,
    limit: usize,
) -> Result<Page<StoredEvent>, Error> {
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let [target, actor] = match conn {
        Conn::Sqlite(_) => [TARGET[0], ACTOR[0]],
        Conn::Postgres(_) => [TARGET[1], ACTOR[1]],
    };
    let acts_only = filter.acts_only || filter.act != ActFilter::default();
    let rows: Vec<StoredEvent> = on!(conn, |c| {
        let mut query =
            audit_events::table.select(StoredEvent::as_select()).limit(read).into_boxed();
        query = match seek {
            Seek::Older(None) => query.order(audit_events::id.desc()),
            Seek::Older(Some(id)) => {
                query.order(audit_events::id.desc()).filter(audit_events::id.lt(id))
            }
            Seek::Newer(None) => query.order(audit_events::id.asc()),
            Seek::Newer(Some(id)) => {
                query.order(audit_events::id.asc()).filter(audit_events::id.gt(id))
            }
        };
        if let Some(category) = &filter.category {
            query = query.filter(audit_events::category.eq(category));
        }
        if acts_only {
            query = query.filter(sql::<Bool>(ACTS));
        }
        narrow_acts!(query, filter.act, target, actor);
        query = match filter.outcome {
            None => query,
            Some(OutcomeFilter::Success) => query.filter(audit_events::outcome.eq(SUCCESS)),
            Some(OutcomeFilter::Refused) => query.filter(audit_events::outcome.ne(SUCCESS)),
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
        // Ids begin with their time, so the index on ids serves periods too.
        if let Some(from) = filter.from {
            query = query.filter(audit_events::id.ge(first_id_at(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(audit_events::id.lt(first_id_at(to)));
        }
        if let Some(id) = &filter.id {
            query = query.filter(audit_events::id.eq(id));
        }
        query.load(c)
    })?;
    Ok(Page::of(rows, limit, |row: &StoredEvent| row.id.clone()))
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<StoredEvent>, Error> {
    Ok(on!(conn, |c| audit_events::table
        .filter(audit_events::id.eq(id))
        .select(StoredEvent::as_select())
        .first(c)
        .optional())?)
}

/// The rows of these ids, in no order.
pub fn of_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<StoredEvent>, Error> {
    Ok(on!(conn, |c| audit_events::table
        .filter(audit_events::id.eq_any(ids))
        .select(StoredEvent::as_select())
        .load(c))?)
}

/// The rows of a chain after `position`, in their order.
pub fn after(
    conn: &mut Conn,
    chain: &str,
    position: i64,
    limit: i64,
) -> Result<Vec<StoredEvent>, Error> {
    Ok(on!(conn, |c| audit_events::table
        .filter(audit_events::chain.eq(chain))
        .filter(audit_events::position.gt(position))
        .order(audit_events::position)
        .limit(limit)
        .select(StoredEvent::as_select())
        .load(c))?)
}

/// The rows of one batch, in their order.
pub fn of_batch(conn: &mut Conn, chain: &str, batch: i64) -> Result<Vec<StoredEvent>, Error> {
    use super::schema::audit_batches;
    let range: Option<(i64, i64)> = on!(conn, |c| audit_batches::table
        .find((chain, batch))
        .select((audit_batches::first_position, audit_batches::events))
        .first(c)
        .optional())?;
    let Some((first, events)) = range else { return Ok(Vec::new()) };
    Ok(on!(conn, |c| audit_events::table
        .filter(audit_events::chain.eq(chain))
        .filter(audit_events::position.ge(first))
        .filter(audit_events::position.lt(first.saturating_add(events)))
        .order(audit_events::position)
        .select(StoredEvent::as_select())
        .load(c))?)
}

/// Tokens that were issued, as the log has them.
#[derive(Clone, Debug)]
pub struct Issued {
    /// To this client only.
    pub client_id: Option<String>,
    pub from: UnixTime,
    /// Exclusive.
    pub to: UnixTime,
    /// The id of the row that was read last.
    pub after: Option<String>,
}

/// The next rows of issued tokens, oldest first.
pub fn issued(conn: &mut Conn, issued: &Issued, limit: i64) -> Result<Vec<StoredEvent>, Error> {
    Ok(on!(conn, |c| {
        let mut query = audit_events::table
            .filter(audit_events::code.eq("token.issued"))
            .filter(audit_events::id.lt(first_id_at(issued.to)))
            .order(audit_events::id)
            .limit(limit)
            .select(StoredEvent::as_select())
            .into_boxed();
        query = match &issued.after {
            Some(after) => query.filter(audit_events::id.gt(after)),
            None => query.filter(audit_events::id.ge(first_id_at(issued.from))),
        };
        if let Some(client_id) = &issued.client_id {
            query = query.filter(audit_events::client_id.eq(client_id));
        }
        query.load(c)
    })?)
}

/// How many rows there are. Reads them all: for tests and reports.
pub fn count(conn: &mut Conn) -> Result<i64, Error> {
    Ok(on!(conn, |c| audit_events::table.count().get_result(c))?)
}

fn first_id_at(time: UnixTime) -> String {
    let milliseconds = u64::try_from(time.milliseconds()).unwrap_or(0);
    Ulid::from_parts(milliseconds, 0).to_string()
}
