//! The `imports` and `external_ids` tables, and many applications at once.
use diesel::prelude::*;

use super::connection::on;
use super::history::Act;
use super::schema::{
    application_spans, applications, external_ids, grant_scopes, grant_spans, grants, imports,
    known_applications, secrets,
};
use super::{Conn, Error};
use crate::model::application::ApplicationDetails;
use crate::model::deletion::External;
use crate::model::grant::Access;
use crate::model::history::parts;
use crate::model::secret::Secret;
use crate::oauth::UnixTime;
use crate::oauth::client_secret::Digest;

/// How far an import came, at its last commit.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = imports, treat_none_as_default_value = false)]
pub struct Import {
    pub id: String,
    /// The name of the file.
    pub source: String,
    pub begun_by: String,
    pub begun_at: i64,
    pub finished_at: Option<i64>,
    pub rows_read: i64,
    pub rows_digest: Vec<u8>,
    pub results_bytes: i64,
    pub imported: i64,
    pub skipped: i64,
    pub refused: i64,
}

/// An application to write, with all that belongs to it.
pub struct Prepared {
    pub client_id: String,
    pub external_id: String,
    pub details: ApplicationDetails,
    /// By the id of the API; scopes in alphabetical order, each once.
    pub grants: Vec<(String, Access)>,
    pub secret: Option<(Secret, Digest)>,
    /// The event that says so.
    pub act: Act,
}

/// Rows in one statement on PostgreSQL, where each costs a round trip and at
/// most 65,535 values fit into one.
const AT_ONCE: usize = 2_000;

/// Writes rows into a table. SQLite takes them one by one: the statement of one
/// row is prepared once.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        let rows: Vec<_> = $rows.collect();
        match $conn {
            Conn::Postgres(c) => {
                for some in rows.chunks(AT_ONCE) {
                    diesel::insert_into($table).values(some).execute(c)?;
                }
            }
            Conn::Sqlite(c) => {
                for row in &rows {
                    diesel::insert_into($table).values(row).execute(c)?;
                }
            }
        }
    }};
}

pub fn begin(conn: &mut Conn, import: &Import) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(imports::table).values(import).execute(c))?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: &str) -> Result<Option<Import>, Error> {
    Ok(on!(conn, |c| imports::table.find(id).select(Import::as_select()).first(c).optional())?)
}

/// Writes how far it came; `false` when it came further than `rows_before`
/// meanwhile, or is finished: somebody else goes on with it.
pub fn advance(conn: &mut Conn, import: &Import, rows_before: i64) -> Result<bool, Error> {
    let changed = on!(conn, |c| diesel::update(
        imports::table
            .find(&import.id)
            .filter(imports::rows_read.eq(rows_before))
            .filter(imports::finished_at.is_null())
    )
    .set(import)
    .execute(c))?;
    Ok(changed == 1)
}

/// Which of these are taken, and by which application.
pub fn taken(conn: &mut Conn, external: &[&str]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(conn, |c| external_ids::table
        .filter(external_ids::external_id.eq_any(external))
        .select((external_ids::external_id, external_ids::client_id))
        .load(c))?)
}

/// Under what the application was imported, if it was.
pub fn external(conn: &mut Conn, client_id: &str) -> Result<Option<External>, Error> {
    let row: Option<(String, String)> = on!(conn, |c| external_ids::table
        .filter(external_ids::client_id.eq(client_id))
        .select((external_ids::external_id, external_ids::import_id))
        .first(c)
        .optional())?;
    Ok(row.map(|(external_id, import_id)| External { external_id, import_id }))
}

/// Gives an application its external id again.
///
/// # Errors
/// `Conflict`: another has it.
pub fn set_external(conn: &mut Conn, client_id: &str, external: &External) -> Result<(), Error> {
    on!(conn, |c| diesel::insert_into(external_ids::table)
        .values((
            external_ids::external_id.eq(&external.external_id),
            external_ids::client_id.eq(client_id),
            external_ids::import_id.eq(&external.import_id),
        ))
        .execute(c))?;
    Ok(())
}

/// What the application is called where it came from.
pub fn external_id(conn: &mut Conn, client_id: &str) -> Result<Option<String>, Error> {
    Ok(on!(conn, |c| external_ids::table
        .filter(external_ids::client_id.eq(client_id))
        .select(external_ids::external_id)
        .first(c)
        .optional())?)
}

/// Writes applications with their grants, secrets and past.
///
/// # Errors
/// `Conflict`: an external id is taken, or an API or scope is gone.
pub fn insert(
    conn: &mut Conn,
    import_id: &str,
    all: &[Prepared],
    now: UnixTime,
) -> Result<(), Error> {
    insert_applications(conn, all, now)?;
    insert_all!(
        conn,
        external_ids::table,
        all.iter().map(|new| (
            external_ids::external_id.eq(&new.external_id),
            external_ids::client_id.eq(&new.client_id),
            external_ids::import_id.eq(import_id),
        ))
    );
    insert_grants(conn, all, now)?;
    insert_secrets(conn, all)?;
    insert_past(conn, all)
}

fn insert_applications(conn: &mut Conn, all: &[Prepared], now: UnixTime) -> Result<(), Error> {
    insert_all!(
        conn,
        applications::table,
        all.iter().map(|new| (
            applications::client_id.eq(&new.client_id),
            applications::name.eq(&new.details.name),
            applications::name_key.eq(new.details.name.to_lowercase()),
            applications::description.eq(&new.details.description),
            applications::owner.eq(&new.details.owner),
            applications::contact.eq(&new.details.contact),
            applications::active.eq(true),
            applications::token_lifetime_seconds.eq(new.details.token_lifetime.map(|s| s.0)),
            applications::created_at.eq(now.0),
            applications::version.eq(1_i64),
            applications::introspects_any.eq(false),
        ))
    );
    Ok(())
}

/// Each application with each API it may call.
fn held(all: &[Prepared]) -> impl Iterator<Item = (&Prepared, &String, &Access)> {
    all.iter().flat_map(|new| new.grants.iter().map(move |(api, access)| (new, api, access)))
}

fn insert_grants(conn: &mut Conn, all: &[Prepared], now: UnixTime) -> Result<(), Error> {
    insert_all!(
        conn,
        grants::table,
        held(all).map(|(new, api, access)| (
            grants::client_id.eq(&new.client_id),
            grants::resource_id.eq(api),
            grants::all_scopes.eq(*access == Access::All),
            grants::created_at.eq(now.0),
        ))
    );
    let named = held(all).flat_map(|(new, api, access)| {
        let names = match access {
            Access::All => &[][..],
            Access::Scopes(names) => names,
        };
        names.iter().map(move |name| (new, api, name))
    });
    insert_all!(
        conn,
        grant_scopes::table,
        named.map(|(new, api, name)| (
            grant_scopes::client_id.eq(&new.client_id),
            grant_scopes::resource_id.eq(api),
            grant_scopes::scope.eq(name),
        ))
    );
    Ok(())
}

fn insert_secrets(conn: &mut Conn, all: &[Prepared]) -> Result<(), Error> {
    insert_all!(
        conn,
        secrets::table,
        all.iter().filter_map(|new| new.secret.as_ref()).map(|(secret, digest)| (
            secrets::id.eq(&secret.id),
            secrets::client_id.eq(&secret.client_id),
            secrets::name.eq(&secret.name),
            secrets::digest.eq(digest.0.as_slice()),
            secrets::hint.eq(&secret.hint),
            secrets::created_by.eq(&secret.created_by),
            secrets::created_at.eq(secret.created_at.0),
            secrets::expires_at.eq(secret.expires_at.map(|at| at.0)),
        ))
    );
    Ok(())
}

/// As [`super::history`] does for one.
fn insert_past(conn: &mut Conn, all: &[Prepared]) -> Result<(), Error> {
    insert_all!(
        conn,
        known_applications::table,
        all.iter().map(|new| (
            known_applications::client_id.eq(&new.client_id),
            known_applications::name.eq(&new.details.name),
            known_applications::name_key.eq(new.details.name.to_lowercase()),
            known_applications::owner.eq(&new.details.owner),
            known_applications::created_at.eq(new.act.at.0),
        ))
    );
    insert_all!(
        conn,
        application_spans::table,
        all.iter().map(|new| (
            application_spans::client_id.eq(&new.client_id),
            application_spans::state.eq("active"),
            application_spans::valid_from.eq(new.act.at.0),
            application_spans::begun_by.eq(&new.act.event_id),
        ))
    );
    let spans: Vec<_> = held(all)
        .flat_map(|(new, api, access)| parts(access).into_iter().map(move |held| (new, api, held)))
        .collect();
    insert_all!(
        conn,
        grant_spans::table,
        spans.iter().map(|(new, api, held)| (
            grant_spans::client_id.eq(&new.client_id),
            grant_spans::resource_id.eq(*api),
            grant_spans::kind.eq(held.as_str()),
            grant_spans::scope.eq(held.scope().unwrap_or_default()),
            grant_spans::valid_from.eq(new.act.at.0),
            grant_spans::begun_by.eq(&new.act.event_id),
        ))
    );
    Ok(())
}
