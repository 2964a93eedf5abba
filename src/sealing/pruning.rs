//! Removing rows that were given up: in small pieces, so that nobody who writes
//! to the log waits for it.
use std::time::Duration;

use crate::store::{Error, Store, audit_retention};

/// About how many rows go in one transaction.
const ROWS: i64 = 500;

/// How long writers have the database to themselves between two.
const PAUSE: Duration = Duration::from_millis(20);

/// Deletes what may go, whoever gave it up: a process that is killed meanwhile
/// leaves the rest to the next. Returns how many rows went.
///
/// # Errors
/// What went until then is gone.
pub fn delete_blocking(store: &Store) -> Result<usize, Error> {
    let mut went = 0;
    while let Some(rows) = store.write_blocking(|conn| audit_retention::delete_some(conn, ROWS))? {
        went += rows;
        std::thread::sleep(PAUSE);
    }
    Ok(went)
}
