//! The `applications` table.
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::connection::on;
use super::holds::holds;
use super::schema::{applications, grants, secrets};
use super::{Conn, Error, containing, is_client_id};
use crate::model::application::{Application, ApplicationDetails};
use crate::model::page::Page;
use crate::oauth::time::{Seconds, UnixTime};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = applications, treat_none_as_default_value = false)]
struct Row {
    client_id: String,
    name: String,
    name_key: String,
    description: String,
    owner: String,
    contact: String,
    active: bool,
    token_lifetime_seconds: Option<i64>,
    created_at: i64,
    version: i64,
}

/// What a list may be narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of a name or owner, or a whole client id.
    pub search: Option<String>,
    pub active: Option<bool>,
    pub show: Option<Show>,
    /// Of these alone, by client id.
    pub owned: Option<Vec<String>>,
}

/// Which applications somebody looks for.
#[derive(Clone, Debug)]
pub enum Show {
    /// A secret of it works at `now`, and ends before `until`.
    Ending { now: UnixTime, until: UnixTime },
    /// It was registered before this and got no token since.
    Idle { since: UnixTime },
    /// It gets no token: no secret of it works, or it may call nothing.
    Stuck { now: UnixTime },
    /// One of these.
    Among(Vec<String>),
}

impl Filter {
    /// Whether each application has to be looked at.
    fn looks(&self) -> bool {
        self.owned.is_none() && matches!(self.show, Some(Show::Idle { .. } | Show::Stuck { .. }))
    }
}

pub fn find(conn: &mut Conn, client_id: &str) -> Result<Option<Application>, Error> {
    let row: Option<Row> = on!(conn, |c| applications::table
        .find(client_id)
        .select(Row::as_select())
        .first(c)
        .optional())?;
    Ok(row.map(Application::from))
}

/// The most applications that are looked through for one page.
const REACH: i64 = 3_000;

/// Narrows a query of either database to what somebody looks for.
macro_rules! narrow {
    ($query:ident, $show:expr) => {
        match $show {
            Show::Ending { now, until } => {
                let ends = secrets::expires_at.gt(now.0).and(secrets::expires_at.le(until.0));
                let ending = secrets::table.filter(secrets::revoked_at.is_null()).filter(ends);
                let ids = ending.select(secrets::client_id);
                $query = $query.filter(applications::client_id.eq_any(ids));
            }
            Show::Idle { since } => {
                let used = secrets::table
                    .filter(secrets::client_id.eq(applications::client_id))
                    .filter(secrets::last_used_at.gt(since.0));
                $query =
                    $query.filter(applications::created_at.le(since.0)).filter(not(exists(used)));
            }
            Show::Stuck { now } => {
                let works = secrets::table
                    .filter(secrets::client_id.eq(applications::client_id))
                    .filter(secrets::revoked_at.is_null())
                    .filter(secrets::expires_at.is_null().or(secrets::expires_at.gt(now.0)));
                let granted = grants::table.filter(grants::client_id.eq(applications::client_id));
                let suspended = applications::active.eq(false);
                $query = $query.filter(suspended.or(not(exists(works))).or(not(exists(granted))));
            }
            Show::Among(ids) => {
                $query = $query.filter(applications::client_id.eq_any(ids));
            }
        }
    };
}

/// Narrows a query of either database to what comes behind a name and client id.
macro_rules! behind {
    ($query:ident, $from:expr) => {
        if let Some((key, id)) = $from {
            // The first half is for the index.
            $query = $query
                .filter(applications::name_key.ge(key))
                .filter(applications::name_key.gt(key).or(applications::client_id.gt(id)));
        }
    };
}

/// A page in the order of names. `after` is the client id of the row before. What no
/// index knows is looked for in so many of them: a page may be short then, and the
/// next goes on from there.
pub fn page(
    conn: &mut Conn,
    filter: &Filter,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<Application>, Error> {
    let from = after.map(|client_id| find(conn, client_id)).transpose()?.flatten();
    let from = from.map(|found| (key(&found.details.name), found.client_id));
    let edge = if filter.looks() { edge(conn, from.as_ref())? } else { None };
    let read = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows: Vec<Row> = on!(conn, |c| {
        let mut query = applications::table
            .select(Row::as_select())
            .order((applications::name_key, applications::client_id))
            .limit(read)
            .into_boxed();
        if let Some(active) = filter.active {
            query = query.filter(applications::active.eq(active));
        }
        if let Some(owned) = &filter.owned {
            query = query.filter(applications::client_id.eq_any(owned));
        }
        if let Some(show) = &filter.show {
            narrow!(query, show);
        }
        if let Some(search) = &filter.search {
            if is_client_id(search) {
                query = query.filter(applications::client_id.eq(search));
            } else {
                let is_named = holds(applications::name_key, &search.to_lowercase());
                let owner = applications::owner.like(containing(search)).escape('\\');
                // Most of a fleet have the same owner or none: half the comparisons.
                query = query.filter(is_named.or(applications::owner.ne("").and(owner)));
            }
        }
        behind!(query, &from);
        if let Some((key, id)) = &edge {
            query = query
                .filter(applications::name_key.le(key))
                .filter(applications::name_key.lt(key).or(applications::client_id.le(id)));
        }
        query.load(c)
    })?;
    let rows = rows.into_iter().map(Application::from).collect();
    let mut page = Page::of(rows, limit, |found: &Application| found.client_id.clone());
    page.next = page.next.or(edge.map(|(_, client_id)| client_id));
    Ok(page)
}

/// Where one page ends at the latest, as it looks at each; `None`: at the last of all.
fn edge(
    conn: &mut Conn,
    from: Option<&(String, String)>,
) -> Result<Option<(String, String)>, Error> {
    Ok(on!(conn, |c| {
        let mut query = applications::table
            .order((applications::name_key, applications::client_id))
            .select((applications::name_key, applications::client_id))
            .into_boxed();
        behind!(query, from);
        query.offset(REACH - 1).limit(1).first(c).optional()
    })?)
}

/// Those whose name begins with `start`, in the order of names: by the index,
/// however many there are.
pub fn named(conn: &mut Conn, start: &str, limit: i64) -> Result<Vec<Application>, Error> {
    let start = key(start);
    let rows: Vec<Row> = on!(conn, |c| applications::table
        .filter(applications::name_key.ge(&start))
        .filter(applications::name_key.lt(format!("{start}{}", char::MAX)))
        .order((applications::name_key, applications::client_id))
        .limit(limit)
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Application::from).collect())
}

/// These applications; those that are gone are left out.
pub fn of_ids(conn: &mut Conn, client_ids: &[String]) -> Result<Vec<Application>, Error> {
    let rows: Vec<Row> = on!(conn, |c| applications::table
        .filter(applications::client_id.eq_any(client_ids))
        .select(Row::as_select())
        .load(c))?;
    Ok(rows.into_iter().map(Application::from).collect())
}

/// Client id and name of these applications, by name; those that are gone are left out.
pub fn names(conn: &mut Conn, client_ids: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| applications::table
        .filter(applications::client_id.eq_any(client_ids))
        .order((applications::name_key, applications::client_id))
        .select((applications::client_id, applications::name))
        .load(c))?)
}

pub fn insert(conn: &mut Conn, application: Application) -> Result<(), Error> {
    let row = Row::from(application);
    on!(conn, |c| diesel::insert_into(applications::table).values(row).execute(c))?;
    Ok(())
}

/// Writes `details` over version `version`; `false` when it is another by now.
pub fn update(
    conn: &mut Conn,
    client_id: &str,
    version: i64,
    details: &ApplicationDetails,
) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        applications::table.find(client_id).filter(applications::version.eq(version))
    )
    .set((
        applications::name.eq(&details.name),
        applications::name_key.eq(key(&details.name)),
        applications::description.eq(&details.description),
        applications::owner.eq(&details.owner),
        applications::contact.eq(&details.contact),
        applications::token_lifetime_seconds.eq(details.token_lifetime.map(|s| s.0)),
        applications::version.eq(version + 1),
    ))
    .execute(c))?;
    Ok(changed == 1)
}

/// Suspends or resumes; `false` when it is so already, or gone.
pub fn set_active(conn: &mut Conn, client_id: &str, active: bool) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        applications::table.find(client_id).filter(applications::active.eq(!active))
    )
    .set((applications::active.eq(active), applications::version.eq(applications::version + 1)))
    .execute(c))?;
    Ok(changed == 1)
}

/// Deletes it with its secrets and grants.
pub fn delete(conn: &mut Conn, client_id: &str) -> Result<bool, Error> {
    Ok(on!(conn, |c| diesel::delete(applications::table.find(client_id)).execute(c))? == 1)
}

/// The active ones, registered before `time`, none of whose secrets was used
/// since, by name.
pub fn idle_since(conn: &mut Conn, time: UnixTime, limit: i64) -> Result<Vec<Application>, Error> {
    use super::schema::secrets;
    let used = secrets::table
        .filter(secrets::client_id.eq(applications::client_id))
        .filter(secrets::last_used_at.ge(time.0));
    let rows: Vec<Row> = on!(conn, |c| applications::table
        .filter(applications::active.eq(true).and(applications::created_at.lt(time.0)))
        .filter(not(exists(used)))
        .order((applications::name_key, applications::client_id))
        .select(Row::as_select())
        .limit(limit)
        .load(c))?;
    Ok(rows.into_iter().map(Application::from).collect())
}

/// The longest lifetime of tokens that any of them sets.
pub fn longest_lifetime(conn: &mut Conn) -> Result<Seconds, Error> {
    let longest: Option<i64> = on!(conn, |c| applications::table
        .select(diesel::dsl::max(applications::token_lifetime_seconds))
        .first(c))?;
    Ok(Seconds(longest.unwrap_or(0)))
}

/// Whether there is any.
pub fn any(conn: &mut Conn) -> Result<bool, Error> {
    let first: Option<String> =
        on!(conn, |c| applications::table.select(applications::client_id).first(c).optional())?;
    Ok(first.is_some())
}

fn key(name: &str) -> String {
    name.to_lowercase()
}

impl From<Row> for Application {
    fn from(row: Row) -> Self {
        Self {
            client_id: row.client_id,
            details: ApplicationDetails {
                name: row.name,
                description: row.description,
                owner: row.owner,
                contact: row.contact,
                token_lifetime: row.token_lifetime_seconds.map(Seconds),
            },
            active: row.active,
            created_at: UnixTime(row.created_at),
            version: row.version,
        }
    }
}

impl From<Application> for Row {
    fn from(application: Application) -> Self {
        let details = application.details;
        Self {
            client_id: application.client_id,
            name_key: key(&details.name),
            name: details.name,
            description: details.description,
            owner: details.owner,
            contact: details.contact,
            active: application.active,
            token_lifetime_seconds: details.token_lifetime.map(|s| s.0),
            created_at: application.created_at.0,
            version: application.version,
        }
    }
}
