//! One connection type over both databases.
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::sql_types::Text;
use diesel::{
    Connection as _, ConnectionError, ConnectionResult, PgConnection, QueryableByName,
    RunQueryDsl as _, SqliteConnection,
};
use url::Url;

use super::Error;

/// A connection to either database.
pub enum Conn {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs the same query on whichever database `$conn` is.
macro_rules! on {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::Conn::Postgres($c) => $body,
            $crate::store::Conn::Sqlite($c) => $body,
        }
    };
}
pub(super) use on;

/// Where the database is. The scheme of the URL decides which kind, and
/// nothing is ever tried: SQLite would take any text for a file name.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    Postgres { url: String },
    Sqlite { path: String },
}

impl Conn {
    pub(super) fn open(database: &Database, missing: Missing) -> ConnectionResult<Self> {
        match database {
            Database::Sqlite { path } => {
                let mut conn = match missing {
                    Missing::Made => SqliteConnection::establish(path)?,
                    Missing::Refused => SqliteConnection::establish(&existing(path))?,
                };
                conn.batch_execute(SQLITE_SETTINGS)
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Self::Sqlite(conn))
            }
            Database::Postgres { url } => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute(POSTGRES_SETTINGS)
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Self::Postgres(conn))
            }
        }
    }

    /// Runs `work` in one transaction.
    ///
    /// SQLite takes its write lock at once: a transaction that reads first and
    /// asks for the lock later is refused when another wrote in between,
    /// whatever `busy_timeout` says.
    pub fn transaction<T, E: From<Error>>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
            Self::Sqlite(conn) => {
                AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
            }
        }
        .map_err(Error::from)?;
        match work(self) {
            Ok(value) => {
                on!(self, |c| AnsiTransactionManager::commit_transaction(c))
                    .map_err(Error::from)?;
                Ok(value)
            }
            Err(error) => {
                // The work's error is the one worth telling.
                let _ = on!(self, |c| AnsiTransactionManager::rollback_transaction(c));
                Err(error)
            }
        }
    }

    /// Lets SQLite keep so much of the file in memory, instead of 2 MiB: many rows
    /// touch pages all over it. Nothing on PostgreSQL.
    pub fn cache(&mut self, mebibytes: u32) -> Result<(), Error> {
        if let Self::Sqlite(conn) = self {
            conn.batch_execute(&format!("PRAGMA cache_size=-{}", mebibytes * 1_024))?;
        }
        Ok(())
    }

    /// Reads every page of an SQLite file, some seconds for each GiB. Nothing on
    /// PostgreSQL, which has checksums of its own.
    ///
    /// # Errors
    /// `Unavailable`, with the first thing that is wrong.
    pub fn quick_check(&mut self) -> Result<(), Error> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Text)]
            quick_check: String,
        }
        if let Self::Sqlite(conn) = self {
            let found: Vec<Found> = diesel::sql_query("PRAGMA quick_check(1)").load(conn)?;
            if let Some(wrong) = found.into_iter().find(|found| found.quick_check != "ok") {
                return Err(unavailable(format!("malformed: {}", wrong.quick_check)));
            }
        }
        Ok(())
    }
}

/// What is done about an SQLite file that is not there.
#[derive(Clone, Copy)]
pub(super) enum Missing {
    Made,
    /// Another would be made in the place of one that somebody took away.
    Refused,
}

/// `path` as SQLite's URI of a file that is there already.
fn existing(path: &str) -> String {
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?mode=rw")
}

impl Database {
    /// # Errors
    /// The sentence that says what is wrong with `url`.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() {
                return Err("sqlite:// needs the path of a file after it".to_owned());
            }
            return Ok(Self::Sqlite { path: path.to_owned() });
        }
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err("the database URL begins with sqlite:// or postgres://".to_owned());
        }
        let mut url = Url::parse(url).map_err(|error| format!("the database URL: {error}"))?;
        let set = |url: &Url, name: &str| url.query_pairs().any(|(known, _)| known == name);
        let wants_tls = url.query_pairs().any(|(name, mode)| {
            name == "sslmode" && !["disable", "allow", "prefer"].contains(&&*mode)
        });
        if wants_tls && cfg!(all(feature = "pg-bundled", not(feature = "pg-openssl"))) {
            return Err("this build speaks to PostgreSQL without TLS: build with \
                        --features pg-openssl, or say sslmode=disable"
                .to_owned());
        }
        let defaults = [
            ("connect_timeout", "2"),
            ("tcp_user_timeout", "3000"),
            ("keepalives_idle", "5"),
            ("application_name", "countersign"),
        ];
        for (name, value) in defaults {
            if !set(&url, name) {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Ok(Self::Postgres { url: url.into() })
    }

    /// A connection that takes the schema as it finds it. SQLite makes a file
    /// that is missing.
    pub fn connect(&self) -> Result<Conn, Error> {
        Conn::open(self, Missing::Made).map_err(unavailable)
    }

    /// Where it is, without a password.
    pub fn describe(&self) -> String {
        match self {
            Self::Sqlite { path } => format!("sqlite://{path}"),
            Self::Postgres { url } => Url::parse(url).map_or_else(
                |_| "postgres://".to_owned(),
                |url| {
                    let host = url.host_str().unwrap_or("localhost");
                    format!("postgres://{host}:{}{}", url.port().unwrap_or(5432), url.path())
                },
            ),
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(error.to_string())
}

/// `synchronous=FULL`: with less, a power cut takes acknowledged rows away.
/// Checkpoints are the server's own work (`wal_autocheckpoint=0`), since one
/// inside a commit makes every waiting request wait for it.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; \
     PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; \
     PRAGMA trusted_schema=OFF; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864;";

const POSTGRES_SETTINGS: &str = "SET synchronous_commit=on; SET statement_timeout='10s'; \
     SET idle_in_transaction_session_timeout='10s'; SET client_min_messages=warning;";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_and_nothing_else_does() {
        assert!(matches!(Database::parse("sqlite:///tmp/a.db"), Ok(Database::Sqlite { .. })));
        assert!(matches!(Database::parse("postgres://h/d"), Ok(Database::Postgres { .. })));
        for bad in ["", "sqlite://", "mysql://h/d", "/tmp/a.db", "host=h dbname=d"] {
            assert!(Database::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_described() {
        let database = Database::parse("postgres://u:hunter2@db.example:5433/tokens").unwrap();
        assert_eq!(format!("{database:?}"), "postgres://db.example:5433/tokens");
    }

    #[cfg(not(feature = "pg-openssl"))]
    #[test]
    fn tls_that_this_build_cannot_speak_is_refused_with_what_to_do() {
        let error = Database::parse("postgres://h/d?sslmode=verify-full").unwrap_err();
        assert!(error.contains("--features pg-openssl"), "{error}");
    }
}
