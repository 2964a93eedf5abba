//! Who could call what at a moment, now or in the past.
use std::collections::{BTreeMap, HashMap};

pub use super::holders::{COLUMNS, table};
use super::table::Cell;
use crate::model::history::{GrantSpan, Held, Holding, ScopeSpan, StateSpan, holdings};
use crate::model::page::Page;
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::store::holdings::{self as held, KnownApplication, KnownResource, KnownSecret, NameKey};
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

/// One application at one API.
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

/// Above this many callers applications are walked by name instead.
const FEW: i64 = 2_000;

/// How many applications are looked at in one step, and how many steps are made
/// for one page.
const STEP: i64 = 100;
const STEPS: usize = 200;

/// A page by the names of applications, then of APIs. `after` is the
/// [`Row::key`] of the row before. A page may be short although there is more:
/// `next` tells.
///
/// # Errors
/// `Unavailable`: the database cannot be read.
pub fn page(
    conn: &mut Conn,
    asked: &Asked,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Row>, Error> {
    let resources = resources(conn, asked)?;
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
    let mut page = Page::of(rows, limit, Row::key);
    page.next = page.next.or(next);
    Ok(page)
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

impl Row {
    /// Where it stands in the list.
    pub fn key(&self) -> String {
        format!("{} {}", self.application.client_id, self.resource.id)
    }

    /// What it was: `active`, or what kept it from tokens.
    pub fn state(&self) -> &'static str {
        match (self.is_active, self.secrets) {
            (false, _) => en("suspended"),
            (true, 0) => en("no working secret"),
            (true, _) => en("active"),
        }
    }

    /// What its use may be asked for by: the API itself, and each scope that is held.
    pub fn uses(&self) -> Vec<Use> {
        let (client_id, api) = (&self.application.client_id, &self.resource.identifier);
        let scopes = std::iter::once("").chain(self.holding.scopes.iter().map(String::as_str));
        scopes.map(|scope| (client_id.clone(), api.clone(), scope.to_owned())).collect()
    }

    /// Whether it could get a token: it held the grant, was not suspended and
    /// had a secret that worked.
    pub fn could_call(&self) -> bool {
        self.is_active && self.secrets > 0
    }
}

/// The APIs that are asked for; `None`: all.
fn resources(conn: &mut Conn, asked: &Asked) -> Result<Option<Vec<String>>, Error> {
    let mut ids = asked.among.clone();
    if let Some(api) = &asked.api {
        let called = held::resources_called(conn, api)?.into_iter().map(|resource| resource.id);
        ids = Some(within(ids, called.collect()));
    }
    if let Some(scope) = &asked.scope {
        let with = held::resources_with_scope(conn, scope, asked.at)?;
        ids = Some(within(ids, with));
    }
    Ok(ids)
}

/// Those of `more` that are among `ids`, if those are given.
fn within(ids: Option<Vec<String>>, more: Vec<String>) -> Vec<String> {
    match ids {
        Some(ids) => more.into_iter().filter(|id| ids.contains(id)).collect(),
        None => more,
    }
}

/// Goes over applications by name.
struct Walk<'a> {
    asked: &'a Asked,
    resources: Option<Vec<String>>,
    /// The row to go on behind: an application and a position among its APIs.
    after: Option<(NameKey, Option<NameKey>)>,
    /// The callers, when they are few.
    few: Option<std::vec::IntoIter<KnownApplication>>,
    /// Where the next step begins.
    from: Option<NameKey>,
    is_over: bool,
}

impl<'a> Walk<'a> {
    fn begin(
        conn: &mut Conn,
        asked: &'a Asked,
        resources: Option<Vec<String>>,
        after: Option<&str>,
    ) -> Result<Self, Error> {
        let after = after.map(|key| position(conn, key)).transpose()?.flatten();
        let few = match &resources {
            Some(ids) => few(conn, asked, ids, after.as_ref().map(|(name, _)| name))?,
            None => None,
        };
        let from = after.as_ref().map(|(name, _)| name.clone());
        Ok(Self { asked, resources, after, few, from, is_over: false })
    }

    /// The next applications; `None` when there are no more.
    fn step(&mut self, conn: &mut Conn) -> Result<Option<Vec<KnownApplication>>, Error> {
        let step = usize::try_from(STEP).unwrap_or(usize::MAX);
        if let Some(few) = &mut self.few {
            let next: Vec<_> = few.by_ref().take(step).collect();
            return Ok((!next.is_empty()).then_some(next));
        }
        if self.is_over {
            return Ok(None);
        }
        let (search, at) = (self.asked.application.as_deref(), self.asked.at);
        let found = held::applications(conn, search, at, self.from.as_ref(), STEP)?;
        self.is_over = found.len() < step;
        // Names may be alike: the next step begins just behind the client id.
        self.from =
            found.last().map(|last| (last.name_key.clone(), format!("{}\u{1}", last.client_id)));
        Ok((!found.is_empty()).then_some(found))
    }

    /// What these applications held, as rows.
    fn rows(&self, conn: &mut Conn, applications: &[KnownApplication]) -> Result<Vec<Row>, Error> {
        let at = self.asked.at;
        let ids: Vec<String> = applications.iter().map(|a| a.client_id.clone()).collect();
        let grants = held::grants_at(conn, &ids, self.resources.as_deref(), at)?;
        if grants.is_empty() {
            return Ok(Vec::new());
        }
        let held = holdings(&grants, &offered(conn, &grants, at)?, at);
        let mut at_ids: Vec<String> = held.iter().map(|h| h.resource_id.clone()).collect();
        at_ids.sort_unstable();
        at_ids.dedup();
        let apis = held::resources_of_ids(conn, &at_ids)?;
        let apis: HashMap<&str, &KnownResource> = apis.iter().map(|r| (r.id.as_str(), r)).collect();
        let who: HashMap<&str, &KnownApplication> =
            applications.iter().map(|a| (a.client_id.as_str(), a)).collect();
        let states = held::states_at(conn, &ids, at)?;
        let secrets = held::secrets(conn, &ids)?;
        let mut rows: Vec<Row> = held
            .into_iter()
            .filter(|holding| self.asked.scope.as_ref().is_none_or(|scope| holding.holds(scope)))
            .filter_map(|holding| {
                let application = (*who.get(holding.client_id.as_str())?).clone();
                let resource = (*apis.get(holding.resource_id.as_str())?).clone();
                let client_id = application.client_id.as_str();
                Some(Row {
                    is_active: is_active(&states, client_id),
                    secrets: working(&secrets, client_id, at),
                    granted_by: None,
                    used: LastUse::default(),
                    application,
                    resource,
                    holding,
                })
            })
            .collect();
        rows.sort_by(|a, b| place(a).cmp(&place(b)));
        rows.retain(|row| self.is_ahead(row));
        Ok(rows)
    }

    /// Whether a row comes behind the one that the page begins after.
    fn is_ahead(&self, row: &Row) -> bool {
        let Some((application, resource)) = &self.after else { return true };
        let at = (&row.application.name_key, &row.application.client_id);
        match at.cmp(&(&application.0, &application.1)) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => resource.as_ref().is_some_and(|(name_key, id)| {
                (&row.resource.name_key, &row.resource.id) > (name_key, id)
            }),
        }
    }
}

fn place(row: &Row) -> (&str, &str, &str, &str) {
    let (application, resource) = (&row.application, &row.resource);
    (&application.name_key, &application.client_id, &resource.name_key, &resource.id)
}

fn is_active(states: &[StateSpan], client_id: &str) -> bool {
    states.iter().any(|state| state.client_id == client_id && state.is_active)
}

fn working(secrets: &[KnownSecret], client_id: &str, at: UnixTime) -> usize {
    let of = secrets.iter().filter(|known| known.secret.client_id == client_id);
    of.filter(|known| known.worked_at(at)).count()
}

/// The scopes of the APIs at which somebody held them all.
fn offered(conn: &mut Conn, grants: &[GrantSpan], at: UnixTime) -> Result<Vec<ScopeSpan>, Error> {
    let whole = grants.iter().filter(|grant| grant.held == Held::AllScopes);
    let mut ids: Vec<String> = whole.map(|grant| grant.resource_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() { Ok(Vec::new()) } else { held::scopes_at(conn, &ids, at) }
}

/// What a row's key says. Without an API: behind all of the application's.
fn position(conn: &mut Conn, key: &str) -> Result<Option<(NameKey, Option<NameKey>)>, Error> {
    let (client_id, resource_id) = key.split_once(' ').unwrap_or((key, "~"));
    let Some(application) = held::application(conn, client_id)? else { return Ok(None) };
    let resource = held::resources_of_ids(conn, &[resource_id.to_owned()])?.pop();
    Ok(Some((
        (application.name_key, application.client_id),
        resource.map(|resource| (resource.name_key, resource.id)),
    )))
}

/// The callers of these APIs by name, when they are few; else `None`.
fn few(
    conn: &mut Conn,
    asked: &Asked,
    resources: &[String],
    from: Option<&NameKey>,
) -> Result<Option<std::vec::IntoIter<KnownApplication>>, Error> {
    let ids = held::callers(conn, resources, asked.at, FEW + 1)?;
    if i64::try_from(ids.len()).unwrap_or(i64::MAX) > FEW {
        return Ok(None);
    }
    let mut found = Vec::new();
    for ids in ids.chunks(500) {
        found.extend(held::applications_of_ids(conn, ids)?);
    }
    let wanted = asked.application.as_ref().map(|text| (text, text.to_lowercase()));
    found.retain(|application| {
        let is_ahead = from.is_none_or(|(name_key, client_id)| {
            (&application.name_key, &application.client_id) >= (name_key, client_id)
        });
        let fits = wanted.as_ref().is_none_or(|(text, key)| {
            application.name_key.contains(key.as_str())
                || application.owner.contains(text.as_str())
                || application.client_id == **text
        });
        is_ahead && fits
    });
    found.sort_by(|a, b| (&a.name_key, &a.client_id).cmp(&(&b.name_key, &b.client_id)));
    Ok(Some(found.into_iter()))
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
