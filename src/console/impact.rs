//! What would stop: real use of what somebody is about to take away.
use super::count;
use super::moment::Moment;
use crate::model::usage::{day, hour};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::usage::{self, Asked, Presented};
use crate::store::{Conn, Error, holdings};
use crate::text;
use crate::texts::Text;

/// Of the last 24 hours and seven days.
pub struct Impact {
    /// Tokens in 24 hours; `None`: not counted for this by the hour.
    today: Option<i64>,
    /// Tokens in seven days.
    week: i64,
    /// There were more of them than were counted.
    is_more: bool,
    last: Option<Moment>,
    /// From where, the last first.
    addresses: Vec<String>,
    /// Client id, name and tokens in seven days, the most eager first.
    pub applications: Vec<(String, String, String)>,
}

const WEEK: Seconds = Seconds::days(7);

/// The most addresses that are counted, and that are named.
const ADDRESSES: i64 = 200;
const NAMED: usize = 4;

/// The most applications that are named.
const APPLICATIONS: usize = 20;

impl Impact {
    /// Of an application, or of one of its secrets.
    pub fn of_application(
        conn: &mut Conn,
        client_id: &str,
        secret_id: Option<&str>,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let is_its = |row: &Presented| secret_id.is_none_or(|id| id == row.secret_id);
        let today = usage::by_secret(conn, client_id, hour(now - Seconds::DAY))?;
        let mut week = usage::by_secret(conn, client_id, hour(now - WEEK))?;
        week.retain(|row| is_its(row) && row.issued > 0);
        let mut addresses: Vec<String> = Vec::new();
        for row in usage::presented(conn, client_id, hour(now - WEEK), ADDRESSES)? {
            let is_new = !row.address.is_empty() && !addresses.contains(&row.address);
            if is_its(&row) && row.issued > 0 && is_new {
                addresses.push(row.address);
            }
        }
        let last = week.iter().map(|row| row.last_at).max();
        Ok(Self {
            today: Some(today.iter().filter(|row| is_its(row)).map(|row| row.issued).sum()),
            week: week.iter().map(|row| row.issued).sum(),
            is_more: false,
            last: last.map(|at| Moment::new(at, now)),
            addresses,
            applications: Vec::new(),
        })
    }

    /// Of an API, or, when it is not empty, of one of its scopes.
    pub fn of_api(
        conn: &mut Conn,
        identifier: &str,
        scope: &str,
        now: UnixTime,
    ) -> Result<Self, Error> {
        let taken = usage::taken(conn, identifier, scope, day(now - WEEK), APPLICATIONS)?;
        let ids: Vec<String> = taken.by.iter().map(|asker| asker.client_id.clone()).collect();
        let names = holdings::applications_of_ids(conn, &ids)?;
        let named = |asker: &Asked| {
            let name = names.iter().find(|known| known.client_id == asker.client_id);
            let name = name.map(|known| known.name.clone()).unwrap_or_default();
            (asker.client_id.clone(), name, count::text(asker.granted))
        };
        Ok(Self {
            today: None,
            week: taken.granted,
            is_more: taken.is_more,
            last: taken.last_at.map(|at| Moment::new(at, now)),
            addresses: Vec::new(),
            applications: taken.by.iter().map(named).collect(),
        })
    }

    pub fn is_used(&self) -> bool {
        self.week > 0
    }

    pub fn today(&self) -> Option<String> {
        self.today.map(count::text)
    }

    pub fn week(&self) -> Text {
        let week = count::text(self.week);
        if self.is_more { text!("at least {week}", week) } else { Text::data(week) }
    }

    pub fn last(&self) -> Option<&Moment> {
        self.last.as_ref()
    }

    /// `10.4.2.17, 10.4.2.18 and 3 more`.
    pub fn from(&self) -> Text {
        let named = self.addresses.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        match self.addresses.len().saturating_sub(NAMED) {
            0 => Text::data(named),
            more => text!("{named} and {more} more", named, more),
        }
    }
}
