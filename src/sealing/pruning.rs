//! Removing rows that were given up: whole months where they went whole, else in
//! small pieces, so that nobody who writes to the log waits for it.
use std::time::Duration;

use crate::store::{Error, Store, audit_parts, audit_retention};

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
    loop {
        match store.write_blocking(audit_parts::drop_oldest) {
            Ok(Some(rows)) => went += usize::try_from(rows).unwrap_or_default(),
            Ok(None) => break,
            // Somebody reads it, or only its owner may: its rows go one by one.
            Err(error) => {
                tracing::info!(%error, "audit.part_not_dropped");
                break;
            }
        }
    }
    while let Some(rows) = store.write_blocking(|conn| audit_retention::delete_some(conn, ROWS))? {
        went += rows;
        std::thread::sleep(PAUSE);
    }
    Ok(went)
}
