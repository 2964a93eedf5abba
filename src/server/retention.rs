//! The log keeps what it is told to keep, without anybody asking.
use crate::admin::{self, retention};
use crate::oauth::time::Seconds;
use crate::sealing::pruning;
use crate::store::{Conn, audit_retention};
use crate::web::App;

/// Removes what is older than the retention that is configured, once a day, and
/// what somebody else gave up and did not come to remove. Of several processes
/// the one that seals does it. Returns how many rows went.
///
/// # Errors
/// `Store`. A hold is none.
pub fn pass_blocking(app: &App) -> Result<usize, admin::Error> {
    if !app.sealing.status().seals {
        return Ok(0);
    }
    let now = app.clock.now();
    let last = app.store.read_blocking(audit_retention::find)?.pruned_at();
    if let Some(days) = app.config.retention_days
        && (now.since(last) >= Seconds::DAY || last > now)
    {
        let before = now - Seconds::days(days);
        let planned = app.store.read_blocking(|conn| retention::plan(conn, before, now));
        match planned {
            Ok(cut) => {
                let system = app.system();
                let prune = |conn: &mut Conn| retention::prune(conn, &system, &cut);
                app.store.write_blocking(prune)?;
            }
            // Held, or not the log that was signed: nothing goes.
            Err(admin::Error::Conflict(why)) => tracing::debug!(why, "audit.not_pruned"),
            Err(error) => return Err(error),
        }
    }
    Ok(pruning::delete_blocking(&app.store)?)
}
