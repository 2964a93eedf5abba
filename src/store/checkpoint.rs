//! Moving SQLite's write-ahead log into its file.
use std::fs::File;
use std::mem::ManuallyDrop;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Integer;
use diesel::{QueryableByName, RunQueryDsl as _, SqliteConnection};

use super::connection::unavailable;
use super::pool::Files;
use super::{Conn, Database, Error, Store};

/// How much a checkpoint may disturb.
#[derive(Clone, Copy, Debug)]
pub enum Checkpoint {
    /// What can be moved without making anyone wait.
    Passive,
    /// All of it, and the log is written again from its beginning, unless somebody
    /// still reads from it. The file stays: to overwrite it is cheaper than to let it
    /// grow again.
    Restart,
    /// All of it, and the space goes back to the disk, unless somebody still reads.
    GiveBack,
    /// All of it, and nothing of what it was stays in the file; waits for readers.
    Truncate,
}

/// The write-ahead log after a checkpoint.
#[derive(Clone, Copy, Debug, Default, QueryableByName)]
pub struct Log {
    /// How long it is, in pages of 4 KiB.
    #[diesel(sql_type = Integer, column_name = "log")]
    pub pages: i32,
}

impl Conn {
    /// Moves SQLite's write-ahead log into the file. Nothing on PostgreSQL.
    pub fn checkpoint(&mut self, mode: Checkpoint) -> Result<Log, Error> {
        let Self::Sqlite(conn) = self else { return Ok(Log::default()) };
        Ok(match mode {
            Checkpoint::Passive => moved(conn, "PASSIVE"),
            Checkpoint::Restart => moved_at_once(conn, "RESTART"),
            Checkpoint::GiveBack => moved_at_once(conn, "TRUNCATE"),
            Checkpoint::Truncate => moved(conn, "TRUNCATE"),
        }?)
    }
}

fn moved(conn: &mut SqliteConnection, mode: &str) -> diesel::QueryResult<Log> {
    diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(conn)
}

/// Whoever still reads an older state keeps the log from beginning anew. Nobody waits
/// for them, least of all who writes tokens: the next try may do.
fn moved_at_once(conn: &mut SqliteConnection, mode: &str) -> diesel::QueryResult<Log> {
    conn.batch_execute("PRAGMA busy_timeout=0")?;
    let log = moved(conn, mode);
    conn.batch_execute("PRAGMA busy_timeout=5000")?;
    log
}

/// An SQLite file, open to be flushed.
///
/// A checkpoint flushes it only when nobody wrote meanwhile, so under load the one
/// that begins the log anew would have to flush all, and whoever writes waits.
///
/// It is never closed: the locks of POSIX are the process's, and to close any
/// descriptor of a file gives up those that SQLite has on it.
pub struct Flushed {
    files: Files,
    file: ManuallyDrop<File>,
}

impl Flushed {
    /// # Errors
    /// `Unavailable`: it is not there, or not to be opened; or it is no SQLite file.
    pub fn open(store: &Store) -> Result<Self, Error> {
        let Database::Sqlite { path } = store.database() else {
            return Err(unavailable("PostgreSQL flushes its own files"));
        };
        let files = store.files().ok_or_else(|| unavailable("it has no files"))?;
        let file = ManuallyDrop::new(File::open(path).map_err(unavailable)?);
        Ok(Self { files, file })
    }

    /// Whether it is the file still: somebody may have put another in its place.
    pub fn is_of(&self, store: &Store) -> bool {
        store.files() == Some(self.files)
    }

    /// Returns once everything that was moved into it is on the disk.
    ///
    /// # Errors
    /// `Unavailable`: some of it may never be.
    pub fn flush(&self) -> Result<(), Error> {
        self.file.sync_data().map_err(unavailable)
    }
}
