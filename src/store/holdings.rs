//! Reading the tables of the past: who held what, when.
use diesel::prelude::*;

use super::connection::on;
use super::holds::holds;
use super::schema::{
    application_spans, deleted_secrets, grant_spans, known_applications, known_resources,
    scope_spans,
};
use super::{Conn, Error, containing, is_client_id};
use crate::model::history::{GrantSpan, Held, ScopeSpan, Span, StateSpan};
use crate::model::secret::Secret;
use crate::oauth::UnixTime;

/// An application that is or was.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct KnownApplication {
    pub client_id: String,
    /// The last that it had.
    pub name: String,
    pub name_key: String,
    pub owner: String,
    created_at: i64,
    deleted_at: Option<i64>,
}

/// An API that is or was.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct KnownResource {
    pub id: String,
    pub identifier: String,
    /// The last that it had.
    pub name: String,
    pub name_key: String,
    created_at: i64,
    deleted_at: Option<i64>,
}

/// A secret that is or was; those of deleted applications ended with them.
#[derive(Clone, Debug)]
pub struct KnownSecret {
    pub secret: Secret,
    pub deleted_at: Option<UnixTime>,
}

impl KnownApplication {
    pub fn created_at(&self) -> UnixTime {
        UnixTime(self.created_at)
    }

    pub fn deleted_at(&self) -> Option<UnixTime> {
        self.deleted_at.map(UnixTime)
    }
}

impl KnownResource {
    pub fn existed_at(&self, at: UnixTime) -> bool {
        self.created_at <= at.0 && self.deleted_at.is_none_or(|deleted_at| at.0 < deleted_at)
    }

    pub fn created_at(&self) -> UnixTime {
        UnixTime(self.created_at)
    }

    pub fn deleted_at(&self) -> Option<UnixTime> {
        self.deleted_at.map(UnixTime)
    }
}

impl KnownSecret {
    pub fn worked_at(&self, at: UnixTime) -> bool {
        let secret = &self.secret;
        let ends = [secret.expires_at, secret.revoked_at, self.deleted_at];
        secret.created_at <= at && ends.iter().flatten().all(|end| at < *end)
    }
}

/// Where a walk over applications stands: behind this name and client id.
pub type NameKey = (String, String);

/// The next applications by name that were there at `at`, of those whose name
/// or owner has `search` in it, or whose client id it is.
pub fn applications(
    conn: &mut Conn,
    search: Option<&str>,
    at: UnixTime,
    from: Option<&NameKey>,
    limit: i64,
) -> Result<Vec<KnownApplication>, Error> {
    Ok(on!(conn, |c| {
        let mut query = known_applications::table
            .filter(known_applications::created_at.le(at.0))
            .filter(
                known_applications::deleted_at
                    .is_null()
                    .or(known_applications::deleted_at.gt(at.0)),
            )
            .order((known_applications::name_key, known_applications::client_id))
            .limit(limit)
            .into_boxed();
        if let Some(search) = search {
            if is_client_id(search) {
                query = query.filter(known_applications::client_id.eq(search));
            } else {
                let is_named = holds(known_applications::name_key, &search.to_lowercase());
                let owner = known_applications::owner.like(containing(search)).escape('\\');
                query = query.filter(is_named.or(known_applications::owner.ne("").and(owner)));
            }
        }
        if let Some((name_key, client_id)) = from {
            // The first half is for the index.
            query = query.filter(known_applications::name_key.ge(name_key)).filter(
                known_applications::name_key
                    .gt(name_key)
                    .or(known_applications::client_id.ge(client_id)),
            );
        }
        query.load(c)
    })?)
}

pub fn application(conn: &mut Conn, client_id: &str) -> Result<Option<KnownApplication>, Error> {
    Ok(on!(conn, |c| known_applications::table.find(client_id).first(c).optional())?)
}

pub fn applications_of_ids(
    conn: &mut Conn,
    client_ids: &[String],
) -> Result<Vec<KnownApplication>, Error> {
    Ok(on!(conn, |c| known_applications::table
        .filter(known_applications::client_id.eq_any(client_ids))
        .load(c))?)
}

/// The APIs that were there at `at`, by name, from behind `after` on.
pub fn resources(
    conn: &mut Conn,
    at: UnixTime,
    after: Option<&NameKey>,
    limit: i64,
) -> Result<Vec<KnownResource>, Error> {
    Ok(on!(conn, |c| {
        let mut query = known_resources::table
            .filter(known_resources::created_at.le(at.0))
            .filter(known_resources::deleted_at.is_null().or(known_resources::deleted_at.gt(at.0)))
            .order((known_resources::name_key, known_resources::id))
            .limit(limit)
            .into_boxed();
        if let Some((name_key, id)) = after {
            query = query
                .filter(known_resources::name_key.ge(name_key))
                .filter(known_resources::name_key.gt(name_key).or(known_resources::id.gt(id)));
        }
        query.load(c)
    })?)
}

pub fn resources_of_ids(conn: &mut Conn, ids: &[String]) -> Result<Vec<KnownResource>, Error> {
    Ok(on!(conn, |c| known_resources::table.filter(known_resources::id.eq_any(ids)).load(c))?)
}

/// The APIs that are or were called `text`, an id or an identifier.
pub fn resources_called(conn: &mut Conn, text: &str) -> Result<Vec<KnownResource>, Error> {
    let mut found: Vec<KnownResource> =
        on!(conn, |c| known_resources::table.filter(known_resources::identifier.eq(text)).load(c))?;
    if found.is_empty() {
        found = on!(conn, |c| known_resources::table.filter(known_resources::id.eq(text)).load(c))?;
    }
    Ok(found)
}

/// The APIs that had a scope of this name at `at`.
pub fn resources_with_scope(
    conn: &mut Conn,
    scope: &str,
    at: UnixTime,
) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| scope_spans::table
        .filter(scope_spans::scope.eq(scope))
        .filter(scope_spans::valid_from.le(at.0))
        .filter(scope_spans::valid_until.is_null().or(scope_spans::valid_until.gt(at.0)))
        .select(scope_spans::resource_id)
        .distinct()
        .load(c))?)
}

/// The applications that could call one of these APIs at `at`, `limit` at most,
/// in no order.
pub fn callers(
    conn: &mut Conn,
    resource_ids: &[String],
    at: UnixTime,
    limit: i64,
) -> Result<Vec<String>, Error> {
    Ok(on!(conn, |c| grant_spans::table
        .filter(grant_spans::resource_id.eq_any(resource_ids))
        .filter(grant_spans::kind.eq("api"))
        .filter(grant_spans::valid_from.le(at.0))
        .filter(grant_spans::valid_until.is_null().or(grant_spans::valid_until.gt(at.0)))
        .select(grant_spans::client_id)
        .distinct()
        .limit(limit)
        .load(c))?)
}

pub(super) type GrantRow =
    (String, String, String, String, i64, Option<i64>, String, Option<String>);

/// What these applications held at `at`.
pub fn grants_at(
    conn: &mut Conn,
    client_ids: &[String],
    resource_ids: Option<&[String]>,
    at: UnixTime,
) -> Result<Vec<GrantSpan>, Error> {
    let rows: Vec<GrantRow> = on!(conn, |c| {
        let mut query = grant_spans::table
            .filter(grant_spans::client_id.eq_any(client_ids))
            .filter(grant_spans::valid_from.le(at.0))
            .filter(grant_spans::valid_until.is_null().or(grant_spans::valid_until.gt(at.0)))
            .into_boxed();
        if let Some(ids) = resource_ids {
            query = query.filter(grant_spans::resource_id.eq_any(ids));
        }
        query.load(c)
    })?;
    rows.into_iter().map(grant_span).collect()
}

/// Everything that an application, an API or a pair of them held or was held
/// of, the newest first.
pub fn grants_ever(
    conn: &mut Conn,
    client_id: Option<&str>,
    resource_id: Option<&str>,
    limit: i64,
) -> Result<Vec<GrantSpan>, Error> {
    let rows: Vec<GrantRow> = on!(conn, |c| {
        let mut query = grant_spans::table
            .order((
                grant_spans::valid_from.desc(),
                grant_spans::client_id,
                grant_spans::resource_id,
                grant_spans::kind,
                grant_spans::scope,
            ))
            .limit(limit)
            .into_boxed();
        if let Some(client_id) = client_id {
            query = query.filter(grant_spans::client_id.eq(client_id));
        }
        if let Some(resource_id) = resource_id {
            query = query.filter(grant_spans::resource_id.eq(resource_id));
        }
        query.load(c)
    })?;
    rows.into_iter().map(grant_span).collect()
}

pub(super) fn grant_span(row: GrantRow) -> Result<GrantSpan, Error> {
    let (client_id, resource_id, kind, scope, from, until, begun_by, ended_by) = row;
    let held = Held::parse(&kind, &scope).ok_or_else(|| Error::Corrupt {
        table: "grant_spans",
        column: "kind",
        id: format!("{client_id} {resource_id}"),
    })?;
    Ok(GrantSpan { client_id, resource_id, held, span: span(from, until, begun_by, ended_by) })
}

/// The scopes that these APIs had at `at`.
pub fn scopes_at(
    conn: &mut Conn,
    resource_ids: &[String],
    at: UnixTime,
) -> Result<Vec<ScopeSpan>, Error> {
    type Row = (String, String, i64, Option<i64>, String, Option<String>);
    let rows: Vec<Row> = on!(conn, |c| scope_spans::table
        .filter(scope_spans::resource_id.eq_any(resource_ids))
        .filter(scope_spans::valid_from.le(at.0))
        .filter(scope_spans::valid_until.is_null().or(scope_spans::valid_until.gt(at.0)))
        .order((scope_spans::resource_id, scope_spans::scope))
        .load(c))?;
    let of = |(resource_id, scope, from, until, begun_by, ended_by): Row| ScopeSpan {
        resource_id,
        scope,
        span: span(from, until, begun_by, ended_by),
    };
    Ok(rows.into_iter().map(of).collect())
}

/// What these applications were at `at`.
pub fn states_at(
    conn: &mut Conn,
    client_ids: &[String],
    at: UnixTime,
) -> Result<Vec<StateSpan>, Error> {
    let rows: Vec<StateRow> = on!(conn, |c| application_spans::table
        .filter(application_spans::client_id.eq_any(client_ids))
        .filter(application_spans::valid_from.le(at.0))
        .filter(
            application_spans::valid_until.is_null().or(application_spans::valid_until.gt(at.0))
        )
        .load(c))?;
    Ok(rows.into_iter().map(state_span).collect())
}

/// Everything that an application was, oldest first.
pub fn states_ever(conn: &mut Conn, client_id: &str) -> Result<Vec<StateSpan>, Error> {
    let rows: Vec<StateRow> = on!(conn, |c| application_spans::table
        .filter(application_spans::client_id.eq(client_id))
        .order((application_spans::valid_from, application_spans::begun_by))
        .load(c))?;
    Ok(rows.into_iter().map(state_span).collect())
}

pub(super) type StateRow = (String, String, i64, Option<i64>, String, Option<String>);

pub(super) fn state_span(
    (client_id, state, from, until, begun_by, ended_by): StateRow,
) -> StateSpan {
    let is_active = state == "active";
    StateSpan { client_id, is_active, span: span(from, until, begun_by, ended_by) }
}

fn span(from: i64, until: Option<i64>, begun_by: String, ended_by: Option<String>) -> Span {
    Span { from: UnixTime(from), until: until.map(UnixTime), begun_by, ended_by }
}

/// Every secret that these applications have or had.
pub fn secrets(conn: &mut Conn, client_ids: &[String]) -> Result<Vec<KnownSecret>, Error> {
    type Row =
        (String, String, String, String, String, i64, Option<i64>, Option<i64>, Option<i64>, i64);
    let live = super::secrets::of_clients(conn, client_ids)?;
    let former: Vec<Row> = on!(conn, |c| deleted_secrets::table
        .filter(deleted_secrets::client_id.eq_any(client_ids))
        .select((
            deleted_secrets::id,
            deleted_secrets::client_id,
            deleted_secrets::name,
            deleted_secrets::hint,
            deleted_secrets::created_by,
            deleted_secrets::created_at,
            deleted_secrets::expires_at,
            deleted_secrets::revoked_at,
            deleted_secrets::last_used_at,
            deleted_secrets::deleted_at,
        ))
        .load(c))?;
    let known = live.into_iter().map(|secret| KnownSecret { secret, deleted_at: None });
    let former = former.into_iter().map(|row| KnownSecret {
        secret: Secret {
            id: row.0,
            client_id: row.1,
            name: row.2,
            hint: row.3,
            created_by: row.4,
            created_at: UnixTime(row.5),
            expires_at: row.6.map(UnixTime),
            revoked_at: row.7.map(UnixTime),
            last_used_at: row.8.map(UnixTime),
        },
        deleted_at: Some(UnixTime(row.9)),
    });
    Ok(known.chain(former).collect())
}
