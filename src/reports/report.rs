//! A saved question: what it asks, what it must be told, and its answer.
use super::table::{Cell, Column, Table};
use super::{acts, grants, refusals, tokens, upkeep};
use crate::model::audit_event::Event;
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::store::audit_log::{self, Filter};
use crate::store::{Conn, Error};

/// A question with its answer.
pub struct Report {
    /// Its name in URLs and on the command line.
    pub id: &'static str,
    pub family: Family,
    pub title: &'static str,
    pub question: &'static str,
    /// What the answer leaves out, and why.
    pub limits: &'static str,
    pub parameters: &'static [Parameter],
    pub columns: &'static [Column],
    /// Reads no more than [`Parameters::most`] rows need, where it can.
    pub(super) answer: fn(&mut Conn, &Parameters) -> Result<Table, Error>,
}

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Access,
    Tokens,
    Refusals,
    Acts,
    Upkeep,
}

/// What a question may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// From and to.
    Period,
    Application,
    Api,
    Scope,
    Person,
    /// Needed.
    Secret,
    /// Needed: a `jti` or a request id.
    Token,
    /// Needed: a `kid`.
    Key,
    Days,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    pub now: UnixTime,
    /// Inclusive.
    pub from: UnixTime,
    /// Exclusive.
    pub to: UnixTime,
    pub application: Option<String>,
    pub api: Option<String>,
    pub scope: Option<String>,
    pub person: Option<String>,
    pub secret: Option<String>,
    pub token: Option<String>,
    pub key: Option<String>,
    pub days: i64,
    /// The most rows that are wanted, at most [`MOST`].
    pub most: usize,
}

/// The most rows of an answer.
pub const MOST: usize = 5_000;

/// The most rows of the log that are read for one.
const READ: usize = 50_000;

/// How many at a time.
const AT_ONCE: usize = 1_000;

/// All of them, as they are listed.
pub const REPORTS: [&[Report]; 5] =
    [grants::REPORTS, tokens::REPORTS, refusals::REPORTS, acts::REPORTS, upkeep::REPORTS];

pub fn all() -> impl Iterator<Item = &'static Report> {
    REPORTS.into_iter().flatten()
}

pub fn find(id: &str) -> Option<&'static Report> {
    all().find(|report| report.id == id)
}

impl Report {
    pub fn takes(&self, parameter: Parameter) -> bool {
        self.parameters.contains(&parameter)
    }

    /// The answer, of at most [`Parameters::most`] rows.
    ///
    /// # Errors
    /// `Unavailable`: the database cannot be read.
    pub fn ask(&self, conn: &mut Conn, told: &Parameters) -> Result<Table, Error> {
        let mut table = (self.answer)(conn, told)?;
        table.is_cut |= table.rows.len() > told.most;
        table.rows.truncate(told.most);
        Ok(table)
    }

    /// What it needs and was not told.
    pub fn missing(&self, told: &Parameters) -> Option<Parameter> {
        let is_told = |parameter: Parameter| match parameter {
            Parameter::Secret => told.secret.is_some(),
            Parameter::Token => told.token.is_some(),
            Parameter::Key => told.key.is_some(),
            _ => true,
        };
        self.parameters.iter().copied().find(|parameter| !is_told(*parameter))
    }

    /// The question with what it was told, for records and for print.
    pub fn describe(&self, told: &Parameters) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for parameter in self.parameters {
            let name = parameter.as_str();
            match parameter {
                Parameter::Period => {
                    query.append_pair("from", &Cell::Time(told.from).plain());
                    query.append_pair("to", &Cell::Time(told.to).plain());
                }
                Parameter::Days => {
                    query.append_pair(name, &told.days.to_string());
                }
                other => {
                    if let Some(value) = told.get(*other) {
                        query.append_pair(name, value);
                    }
                }
            }
        }
        format!("{} {}", self.id, query.finish()).trim_end().to_owned()
    }
}

impl Parameter {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Period => "period",
            Self::Application => "application",
            Self::Api => "api",
            Self::Scope => "scope",
            Self::Person => "person",
            Self::Secret => "secret",
            Self::Token => "token",
            Self::Key => "key",
            Self::Days => "days",
        }
    }
}

impl Parameters {
    /// Nothing but the time: the last thirty days, and ninety to be old.
    pub const fn at(now: UnixTime) -> Self {
        Self {
            now,
            from: UnixTime(now.0 - 30 * 86_400_000_000),
            // Ids tell milliseconds apart: what happens in this one is part of it.
            to: UnixTime(now.0 + 1_000),
            application: None,
            api: None,
            scope: None,
            person: None,
            secret: None,
            token: None,
            key: None,
            days: 90,
            most: MOST,
        }
    }

    /// One more than are wanted: then it is known whether there are more.
    pub(super) fn one_more(&self) -> i64 {
        i64::try_from(self.most).unwrap_or(i64::MAX).saturating_add(1)
    }

    pub fn period(&self) -> (UnixTime, UnixTime) {
        (self.from, self.to)
    }

    /// The days that the period touches, both inclusive.
    pub fn period_days(&self) -> (i64, i64) {
        (usage::day(self.from), usage::day(UnixTime(self.to.0 - 1)))
    }

    /// The hours that it touches, the last exclusive.
    pub fn period_hours(&self) -> (i64, i64) {
        (usage::hour(self.from), usage::hour(UnixTime(self.to.0 - 1)) + 1)
    }

    pub fn get(&self, parameter: Parameter) -> Option<&str> {
        match parameter {
            Parameter::Period | Parameter::Days => None,
            Parameter::Application => self.application.as_deref(),
            Parameter::Api => self.api.as_deref(),
            Parameter::Scope => self.scope.as_deref(),
            Parameter::Person => self.person.as_deref(),
            Parameter::Secret => self.secret.as_deref(),
            Parameter::Token => self.token.as_deref(),
            Parameter::Key => self.key.as_deref(),
        }
    }
}

/// Shows `keep` the log newest first, until [`MOST`] rows were kept or enough
/// was read. Whether that left something out.
pub(super) fn scan(
    conn: &mut Conn,
    filter: &Filter,
    table: &mut Table,
    mut keep: impl FnMut(&Event) -> Option<Vec<Cell>>,
) -> Result<(), Error> {
    let (mut before, mut read) = (None, 0);
    loop {
        let page = audit_log::page(conn, filter, before.as_deref(), AT_ONCE)?;
        read += page.rows.len();
        for event in page.rows.iter().filter_map(audit_log::StoredEvent::event) {
            if let Some(row) = keep(&event) {
                if table.rows.len() == MOST {
                    table.is_cut = true;
                    return Ok(());
                }
                table.rows.push(row);
            }
        }
        before = page.next;
        if before.is_none() {
            return Ok(());
        }
        if read >= READ {
            table.is_cut = true;
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report_has_a_name_of_its_own_and_ends_its_sentences() {
        let mut ids: Vec<&str> = all().map(|report| report.id).collect();
        for report in all() {
            assert!(report.question.ends_with('?'), "{}", report.id);
            assert!(report.limits.is_empty() || report.limits.ends_with('.'), "{}", report.id);
            assert!(report.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            assert!(!report.columns.is_empty(), "{}", report.id);
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((ids.len(), count), (23, 23));
    }
}
