//! Going over applications by name, with what each held.
use std::collections::HashMap;

use super::access::{Asked, Held};
use crate::model::history::{self, GrantSpan, ScopeSpan, holdings};
use crate::oauth::UnixTime;
use crate::store::holdings::{self as store, KnownApplication, KnownResource, NameKey};
use crate::store::{Conn, Error};

/// Above this many callers applications are walked by name instead.
const FEW: i64 = 2_000;

/// How many applications are looked at in one step.
const STEP: i64 = 100;

/// Goes over applications by name.
pub(super) struct Walk<'a> {
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
    pub fn begin(
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
    pub fn step(&mut self, conn: &mut Conn) -> Result<Option<Vec<KnownApplication>>, Error> {
        let step = usize::try_from(STEP).unwrap_or(usize::MAX);
        if let Some(few) = &mut self.few {
            let next: Vec<_> = few.by_ref().take(step).collect();
            return Ok((!next.is_empty()).then_some(next));
        }
        if self.is_over {
            return Ok(None);
        }
        let (search, at) = (self.asked.application.as_deref(), self.asked.at);
        let found = store::applications(conn, search, at, self.from.as_ref(), STEP)?;
        self.is_over = found.len() < step;
        // Names may be alike: the next step begins just behind the client id.
        self.from =
            found.last().map(|last| (last.name_key.clone(), format!("{}\u{1}", last.client_id)));
        Ok((!found.is_empty()).then_some(found))
    }

    /// What these applications held, as rows.
    pub fn rows(
        &self,
        conn: &mut Conn,
        applications: &[KnownApplication],
    ) -> Result<Vec<Held>, Error> {
        let at = self.asked.at;
        let ids: Vec<String> = applications.iter().map(|a| a.client_id.clone()).collect();
        let grants = store::grants_at(conn, &ids, self.resources.as_deref(), at)?;
        if grants.is_empty() {
            return Ok(Vec::new());
        }
        let held = holdings(&grants, &offered(conn, &grants, at)?, at);
        let mut at_ids: Vec<String> = held.iter().map(|h| h.resource_id.clone()).collect();
        at_ids.sort_unstable();
        at_ids.dedup();
        let apis = store::resources_of_ids(conn, &at_ids)?;
        let apis: HashMap<&str, &KnownResource> = apis.iter().map(|r| (r.id.as_str(), r)).collect();
        let who: HashMap<&str, &KnownApplication> =
            applications.iter().map(|a| (a.client_id.as_str(), a)).collect();
        let mut rows: Vec<Held> = held
            .into_iter()
            .filter(|holding| self.asked.scope.as_ref().is_none_or(|scope| holding.holds(scope)))
            .filter_map(|holding| {
                let application = (*who.get(holding.client_id.as_str())?).clone();
                let resource = (*apis.get(holding.resource_id.as_str())?).clone();
                Some(Held { application, resource, holding })
            })
            .collect();
        rows.sort_by(|a, b| place(a).cmp(&place(b)));
        rows.retain(|row| self.is_ahead(row));
        Ok(rows)
    }

    /// Whether a row comes behind the one that the page begins after.
    fn is_ahead(&self, row: &Held) -> bool {
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

fn place(row: &Held) -> (&str, &str, &str, &str) {
    let (application, resource) = (&row.application, &row.resource);
    (&application.name_key, &application.client_id, &resource.name_key, &resource.id)
}

/// The scopes of the APIs at which somebody held them all.
fn offered(conn: &mut Conn, grants: &[GrantSpan], at: UnixTime) -> Result<Vec<ScopeSpan>, Error> {
    let whole = grants.iter().filter(|grant| grant.held == history::Held::AllScopes);
    let mut ids: Vec<String> = whole.map(|grant| grant.resource_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() { Ok(Vec::new()) } else { store::scopes_at(conn, &ids, at) }
}

/// What a row's key says. Without an API: behind all of the application's.
fn position(conn: &mut Conn, key: &str) -> Result<Option<(NameKey, Option<NameKey>)>, Error> {
    let (client_id, resource_id) = key.split_once(' ').unwrap_or((key, "~"));
    let Some(application) = store::application(conn, client_id)? else { return Ok(None) };
    let resource = store::resources_of_ids(conn, &[resource_id.to_owned()])?.pop();
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
    let ids = store::callers(conn, resources, asked.at, FEW + 1)?;
    if i64::try_from(ids.len()).unwrap_or(i64::MAX) > FEW {
        return Ok(None);
    }
    let mut found = Vec::new();
    for ids in ids.chunks(500) {
        found.extend(store::applications_of_ids(conn, ids)?);
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

/// The APIs that are asked for; `None`: all.
pub(super) fn resources(conn: &mut Conn, asked: &Asked) -> Result<Option<Vec<String>>, Error> {
    let mut ids = asked.among.clone();
    if let Some(api) = &asked.api {
        let called = store::resources_called(conn, api)?.into_iter().map(|resource| resource.id);
        ids = Some(within(ids, called.collect()));
    }
    if let Some(scope) = &asked.scope {
        let with = store::resources_with_scope(conn, scope, asked.at)?;
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
