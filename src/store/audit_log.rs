//! Reading the audit log.
use diesel::prelude::*;
use ulid::Ulid;

pub use super::audit_filter::{ActFilter, Filter, OutcomeFilter};
pub use super::audit_search::{page, page_onward};
use super::connection::on;
use super::schema::audit_events;
use super::{Conn, Error};
use crate::model::audit_chain::{Hash, leaf};
use crate::model::audit_event::Event;
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

pub(super) fn first_id_at(time: UnixTime) -> String {
    let milliseconds = u64::try_from(time.milliseconds()).unwrap_or(0);
    Ulid::from_parts(milliseconds, 0).to_string()
}
