//! The database: a pool of connections, and those outside it.
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection as _};

use super::connection::{Missing, on, unavailable};
use super::{Conn, Database, Error, migrations};

/// How long a request waits for a free connection.
const CHECKOUT: Duration = Duration::from_secs(1);

/// How long the start waits for the first: nobody else waits for it yet.
const FIRST: Duration = Duration::from_secs(10);

/// How long a request waits for an answer of the database. A frozen server
/// takes connections and never answers: only our own watch ends that.
const ANSWER: Duration = Duration::from_secs(2);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pool: Pool<Manager>,
    database: Arc<Database>,
    generation: Arc<AtomicU64>,
}

/// How much of the file each connection of [`Store::apart`] keeps in memory, in MiB:
/// pages of the console go all over it.
const PAGES: u32 = 8;

/// Which files an SQLite database is: the file and its write-ahead log. Files
/// that somebody removed or replaced can be written on for as long as they are
/// open, and nobody else will ever see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files([Option<(u64, u64)>; 2]);

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// `Unavailable`: it cannot be reached, its schema is newer than this
    /// program, or its SQLite has a known fault.
    pub fn open(database: Database, connections: u32) -> Result<Self, Error> {
        prepare(&database)?;
        let (database, generation) = (Arc::new(database), Arc::<AtomicU64>::default());
        let manager =
            Manager { database: database.clone(), generation: generation.clone(), cache: None };
        let pool = manager.pool(connections);
        drop(pool.get_timeout(FIRST).map_err(unavailable)?);
        Ok(Self { pool, database, generation })
    }

    /// The same database through `connections` of its own, made when they are needed.
    /// Nobody can end a query of SQLite's: one that takes too long keeps its connection
    /// after whoever asked has gone. Here it keeps none of those that others wait for.
    #[must_use]
    pub fn apart(&self, connections: u32) -> Self {
        let (database, generation) = (self.database.clone(), self.generation.clone());
        let manager = Manager { database, generation, cache: Some(PAGES) };
        Self { pool: manager.pool(connections), ..self.clone() }
    }

    /// Whether it is SQLite: one file, one writer at a time.
    pub fn is_sqlite(&self) -> bool {
        matches!(*self.database, Database::Sqlite { .. })
    }

    /// SQLite's write-ahead log.
    pub fn wal(&self) -> Option<PathBuf> {
        match &*self.database {
            Database::Sqlite { path } => Some(PathBuf::from(format!("{path}-wal"))),
            Database::Postgres { .. } => None,
        }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// A connection of one's own, outside the pool. An SQLite file that is not
    /// there any more is not made anew.
    pub fn connect(&self) -> Result<Conn, Error> {
        Conn::open(&self.database, Missing::Refused).map_err(unavailable)
    }

    /// The files as they are now; `None` on PostgreSQL.
    pub fn files(&self) -> Option<Files> {
        let Database::Sqlite { path } = &*self.database else { return None };
        let of = |path: &str| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        Some(Files([of(path), of(&format!("{path}-wal"))]))
    }

    /// # Errors
    /// `Unavailable`: the files are others than `files`, or gone.
    pub fn must_be(&self, files: Option<Files>) -> Result<(), Error> {
        if self.files() == files {
            return Ok(());
        }
        Err(Error::Unavailable("the file of the database was removed or replaced".to_owned()))
    }

    /// From now on connections are made anew: those there are may be to what was
    /// the database once.
    pub fn renew(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    fn checkout(&self) -> Result<PooledConnection<Manager>, Error> {
        loop {
            let conn = self.pool.get_timeout(CHECKOUT).map_err(unavailable)?;
            if conn.generation == self.generation.load(Ordering::Relaxed) {
                return Ok(conn);
            }
            // The pool drops it: see `has_broken`.
        }
    }

    /// Runs `query` on a connection, off the async threads.
    pub async fn read<T, F>(&self, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    {
        let store = self.clone();
        off_thread(move || store.read_blocking(query)).await
    }

    /// Runs `work` in one transaction: committed when it returns `Ok`, rolled
    /// back when it returns `Err`.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let store = self.clone();
        off_thread(move || store.write_blocking(work)).await
    }

    /// [`Store::read`] for threads of our own.
    pub fn read_blocking<T, E: From<Error>>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        query(&mut self.checkout()?.conn)
    }

    /// [`Store::write`] for threads of our own.
    pub fn write_blocking<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut pooled = self.checkout()?;
        let done = pooled.conn.transaction(work)?;
        self.must_be(pooled.files(self))?;
        Ok(done)
    }
}

/// Opens connections for the pool.
struct Manager {
    database: Arc<Database>,
    generation: Arc<AtomicU64>,
    /// Of each connection, in MiB; `None`: SQLite's own two.
    cache: Option<u32>,
}

struct Pooled {
    conn: Conn,
    generation: u64,
    /// Since the first write: only then there is a write-ahead log.
    files: Option<Files>,
}

impl Pooled {
    /// The files that this connection writes to.
    fn files(&mut self, store: &Store) -> Option<Files> {
        if self.files.is_none() {
            self.files = store.files();
        }
        self.files
    }
}

impl Manager {
    /// A pool that does not wait for its first connection.
    fn pool(self, connections: u32) -> Pool<Self> {
        Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .connection_timeout(FIRST)
            // A round trip at every checkout; a broken connection shows itself.
            .test_on_check_out(false)
            .build_unchecked(self)
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let generation = self.generation.load(Ordering::Relaxed);
        let mut conn = Conn::open(&self.database, Missing::Refused)
            .map_err(diesel::r2d2::Error::ConnectionError)?;
        if let Some(mebibytes) = self.cache {
            // Without it reading is slower, and all the same.
            let _ = conn.cache(mebibytes);
        }
        Ok(Pooled { conn, generation, files: None })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Self::Error> {
        on!(&mut pooled.conn, |c| c.ping()).map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        std::thread::panicking()
            || pooled.generation != self.generation.load(Ordering::Relaxed)
            || on!(&mut pooled.conn, |c| c.is_broken())
    }
}

/// Brings the schema up to date. Making a new SQLite file ready for its
/// write-ahead log takes no turns with other processes: try again.
fn prepare(database: &Database) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let done = database.connect().and_then(|mut conn| migrations::run(&mut conn));
        match done {
            Err(Error::Unavailable(why)) if tries < 10 && why.contains("locked") => {
                std::thread::sleep(Duration::from_millis(100));
            }
            other => return other,
        }
    }
}

async fn off_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    match tokio::time::timeout(ANSWER, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => Err(Error::Unavailable(panic.to_string()).into()),
        Err(_) => Err(Error::Unavailable("no answer within 2 s".to_owned()).into()),
    }
}
