//! The embedded migrations of both databases.
use std::collections::BTreeSet;

use diesel::connection::SimpleConnection as _;
use diesel::migration::Migration as _;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::connection::on;
use super::{Conn, Error};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Releases before this can corrupt a database when its write-ahead log is
/// reset (fixed in 3.51.3).
const SQLITE_LEAST: (u32, u32, u32) = (3, 51, 3);

/// Any number will do, as long as every process takes the same.
const ADVISORY_LOCK: i64 = 0x636f_756e_7465_7273;

/// Brings the schema up to date. Several processes may start at once: on
/// PostgreSQL they take turns, on SQLite the file's own lock sees to it.
///
/// # Errors
/// `Unavailable`: the schema was made by a newer release, or SQLite is too old.
pub fn run(conn: &mut Conn) -> Result<(), Error> {
    refuse_old_sqlite(conn)?;
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(&format!("SELECT pg_advisory_lock({ADVISORY_LOCK})"))?;
    }
    let done = refuse_newer(conn).and_then(|()| apply(conn));
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(&format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})"))?;
    }
    done
}

fn apply(conn: &mut Conn) -> Result<(), Error> {
    let failed = |error| Error::Unavailable(format!("migration failed: {error}"));
    match conn {
        Conn::Postgres(conn) => conn.run_pending_migrations(POSTGRES).map(drop).map_err(failed),
        // Under the write lock from the first look: another process may be
        // making the same tables at the same moment.
        Conn::Sqlite(_) => conn.transaction(|conn| match conn {
            Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE).map(drop).map_err(failed),
            Conn::Postgres(_) => Ok(()),
        }),
    }
}

fn refuse_old_sqlite(conn: &mut Conn) -> Result<(), Error> {
    let Conn::Sqlite(_) = conn else { return Ok(()) };
    let version = sqlite_version(conn)?;
    if parse_version(&version) < SQLITE_LEAST {
        return Err(Error::Unavailable(format!(
            "SQLite {version} can corrupt its file; 3.51.3 or newer is needed"
        )));
    }
    Ok(())
}

/// How far the schema is.
#[derive(Clone, Debug)]
pub struct State {
    /// Names, oldest first.
    pub applied: Vec<String>,
    /// How many [`run`] would apply.
    pub pending: usize,
}

/// What [`run`] would find.
///
/// # Errors
/// As [`run`].
pub fn state(conn: &mut Conn) -> Result<State, Error> {
    refuse_old_sqlite(conn)?;
    refuse_newer(conn)?;
    let applied = applied(conn)?;
    let known = known_here(conn)?;
    let pending = known.iter().filter(|name| !applied.contains(name)).count();
    Ok(State { applied, pending })
}

/// The names of the migrations that have been applied, oldest first.
pub fn applied(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let applied = on!(conn, |c| c.applied_migrations())
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    let mut names: Vec<String> = applied.iter().map(ToString::to_string).collect();
    names.sort();
    Ok(names)
}

fn refuse_newer(conn: &mut Conn) -> Result<(), Error> {
    let known = known_here(conn)?;
    match applied(conn)?.iter().find(|name| !known.contains(*name)) {
        Some(name) => Err(Error::Unavailable(format!(
            "the schema has migration {name}, which this program does not know: run the newer \
             release that made it"
        ))),
        None => Ok(()),
    }
}

fn known_here(conn: &Conn) -> Result<BTreeSet<String>, Error> {
    match conn {
        Conn::Postgres(_) => known::<diesel::pg::Pg>(&POSTGRES),
        Conn::Sqlite(_) => known::<diesel::sqlite::Sqlite>(&SQLITE),
    }
}

fn known<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<BTreeSet<String>, Error>
where
    EmbeddedMigrations: diesel::migration::MigrationSource<DB>,
{
    let migrations = diesel::migration::MigrationSource::<DB>::migrations(source)
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

/// Takes the migrations back that are of `version` or later, and applies them
/// again, for tests of what they do to tables that are full. Returns how many.
pub fn redo_since(conn: &mut Conn, version: &str) -> Result<usize, Error> {
    let since = applied(conn)?.into_iter().filter(|name| name.as_str() >= version).count();
    for _ in 0..since {
        match conn {
            Conn::Postgres(conn) => conn.revert_last_migration(POSTGRES).map(drop),
            Conn::Sqlite(conn) => conn.revert_last_migration(SQLITE).map(drop),
        }
        .map_err(|error| Error::Unavailable(error.to_string()))?;
    }
    apply(conn)?;
    Ok(since)
}

/// Takes every migration back and applies it again, for tests of `down.sql`.
pub fn redo_all(conn: &mut Conn) -> Result<(), Error> {
    let reverted = match conn {
        Conn::Postgres(conn) => conn.revert_all_migrations(POSTGRES).map(drop),
        Conn::Sqlite(conn) => conn.revert_all_migrations(SQLITE).map(drop),
    };
    reverted.map_err(|error| Error::Unavailable(error.to_string()))?;
    apply(conn)
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

/// The release of the SQLite library in this program.
pub fn sqlite_version(conn: &mut Conn) -> Result<String, Error> {
    let row: Version =
        on!(conn, |c| diesel::sql_query("SELECT sqlite_version() AS version").get_result(c))?;
    Ok(row.version)
}

/// The release of the database, for people.
pub fn server_version(conn: &mut Conn) -> Result<String, Error> {
    if let Conn::Sqlite(_) = conn {
        return sqlite_version(conn);
    }
    let row: Version =
        on!(conn, |c| diesel::sql_query("SELECT current_setting('server_version') AS version")
            .get_result(c))?;
    Ok(row.version)
}

fn parse_version(text: &str) -> (u32, u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}
