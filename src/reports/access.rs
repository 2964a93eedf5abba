//! Who could call what at a moment, now or in the past.
use std::collections::BTreeMap;

pub use super::holders::{COLUMNS, table};
use super::table::Cell;
use super::walk::{self, Walk};
use crate::model::history::{Holding, StateSpan};
use crate::model::page::Page;
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::store::holdings::{self as store, KnownApplication, KnownResource, KnownSecret};
use crate::store::uses::{self, LastUse, Use};
use crate::store::{Conn, Error, audit_log};
use crate::texts::en;

/// What is asked. `None`: not narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The moment.
    pub at: UnixTime,
    /// The identifier or the id of an API.
    pub api: Option<String>,
    pub scope: Option<String>,
    /// Part of a name or owner, or a whole client id.
    pub application: Option<String>,
    /// The ids of APIs, besides.
    pub among: Option<Vec<String>>,
}

impl Asked {
    /// The question as a query, for records and for print.
    pub fn describe(&self) -> String {
        let at = Cell::Time(self.at).plain();
        let given =
            [("api", &self.api), ("scope", &self.scope), ("application", &self.application)];
        let given =
            given.iter().filter_map(|(name, value)| Some((*name, value.as_ref()?.as_str())));
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("at", &at)
            .extend_pairs(given)
            .finish()
    }
}

/// What one application held at one API.
#[derive(Clone, Debug)]
pub struct Held {
    pub application: KnownApplication,
    pub resource: KnownResource,
    pub holding: Holding,
}

/// The same, and whether it could be used, and was.
#[derive(Clone, Debug)]
pub struct Row {
    pub application: KnownApplication,
    pub resource: KnownResource,
    pub holding: Holding,
    /// Who held it to be so, if the log still tells.
    pub granted_by: Option<String>,
    pub is_active: bool,
    /// How many of its secrets worked.
    pub secrets: usize,
    /// Its last token for this API by then, and those of that day.
    pub used: LastUse,
}

/// How many steps of a walk are made for one page.
const STEPS: usize = 200;

/// A page by the names of applications, then of APIs. `after` is the
/// [`Held::key`] of the row before. A page may be short although there is more:
/// `next` tells.
///
/// # Errors
/// `Unavailable`: the database cannot be read.
pub fn held(
    conn: &mut Conn,
    asked: &Asked,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Held>, Error> {
    let resources = walk::resources(conn, asked)?;
    if resources.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Page { rows: Vec::new(), next: None });
    }
    let mut walk = Walk::begin(conn, asked, resources, after)?;
    let (mut rows, mut steps) = (Vec::new(), 0);
    let mut next = None;
    while let Some(applications) = walk.step(conn)? {
        let last = applications.last().map(|found| found.client_id.clone());
        rows.append(&mut walk.rows(conn, &applications)?);
        steps += 1;
        if rows.len() > limit {
            break;
        }
        if steps == STEPS {
            // Enough for one answer: go on behind the last that was looked at.
            next = last.map(|client_id| format!("{client_id} ~"));
            break;
        }
    }
    let mut page = Page::of(rows, limit, Held::key);
    page.next = page.next.or(next);
    Ok(page)
}

/// [`held`] with whether each could get a token.
///
/// # Errors
/// `Unavailable`: the database cannot be read.
pub fn page(
    conn: &mut Conn,
    asked: &Asked,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Row>, Error> {
    let Page { rows: all, next } = held(conn, asked, after, limit)?;
    let ids: Vec<String> = all.iter().map(|held| held.application.client_id.clone()).collect();
    let (states, secrets) = (store::states_at(conn, &ids, asked.at)?, store::secrets(conn, &ids)?);
    let row = |held: Held| Row {
        is_active: is_active(&states, &held.application.client_id),
        secrets: working(&secrets, &held.application.client_id, asked.at),
        granted_by: None,
        used: LastUse::default(),
        application: held.application,
        resource: held.resource,
        holding: held.holding,
    };
    Ok(Page { rows: all.into_iter().map(row).collect(), next })
}

/// [`page`] with who granted it and when it was last used.
///
/// # Errors
/// `Unavailable`: the database cannot be read.
pub fn page_with_use(
    conn: &mut Conn,
    asked: &Asked,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Row>, Error> {
    let mut page = page(conn, asked, after, limit)?;
    name_granters(conn, &mut page.rows)?;
    for row in &mut page.rows {
        let (client_id, api) = (&row.application.client_id, &row.resource.identifier);
        row.used = uses::last(conn, client_id, api, "", usage::day(asked.at))?;
    }
    Ok(page)
}

impl Held {
    /// Where it stands in the list.
    pub fn key(&self) -> String {
        key(&self.application, &self.resource)
    }

    /// What its use may be asked for by: the API itself, and each scope that is held.
    pub fn uses(&self) -> Vec<Use> {
        uses_of(&self.application, &self.resource, &self.holding)
    }
}

impl Row {
    /// As [`Held::key`].
    pub fn key(&self) -> String {
        key(&self.application, &self.resource)
    }

    /// As [`Held::uses`].
    pub fn uses(&self) -> Vec<Use> {
        uses_of(&self.application, &self.resource, &self.holding)
    }

    /// What it was: `active`, or what kept it from tokens.
    pub fn state(&self) -> &'static str {
        match (self.is_active, self.secrets) {
            (false, _) => en("suspended"),
            (true, 0) => en("no working secret"),
            (true, _) => en("active"),
        }
    }

    /// Whether it could get a token: it held the grant, was not suspended and
    /// had a secret that worked.
    pub fn could_call(&self) -> bool {
        self.is_active && self.secrets > 0
    }
}

fn key(application: &KnownApplication, resource: &KnownResource) -> String {
    format!("{} {}", application.client_id, resource.id)
}

fn uses_of(
    application: &KnownApplication,
    resource: &KnownResource,
    holding: &Holding,
) -> Vec<Use> {
    let scopes = std::iter::once("").chain(holding.scopes.iter().map(String::as_str));
    let used = |scope: &str| {
        (application.client_id.clone(), resource.identifier.clone(), scope.to_owned())
    };
    scopes.map(used).collect()
}

fn is_active(states: &[StateSpan], client_id: &str) -> bool {
    states.iter().any(|state| state.client_id == client_id && state.is_active)
}

fn working(secrets: &[KnownSecret], client_id: &str, at: UnixTime) -> usize {
    let of = secrets.iter().filter(|known| known.secret.client_id == client_id);
    of.filter(|known| known.worked_at(at)).count()
}

/// Puts the names of those who granted beside what they granted.
fn name_granters(conn: &mut Conn, rows: &mut [Row]) -> Result<(), Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.holding.begun_by.clone()).collect();
    let names = granters(conn, &ids)?;
    for row in rows {
        row.granted_by = names.get(&row.holding.begun_by).cloned();
    }
    Ok(())
}

/// Who acted in these events, by their ids; those that the log no longer has
/// are left out.
///
/// # Errors
/// `Unavailable`: the database cannot be read.
pub fn granters(conn: &mut Conn, event_ids: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut ids: Vec<String> = event_ids.iter().filter(|id| !id.is_empty()).cloned().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut names = BTreeMap::new();
    for ids in ids.chunks(500) {
        for row in audit_log::of_ids(conn, ids)? {
            let Some(event) = row.event() else { continue };
            let actor = event.actor;
            let name = actor.name.or(actor.id).unwrap_or_else(|| actor.kind.into_owned());
            names.insert(row.id, name);
        }
    }
    Ok(names)
}
