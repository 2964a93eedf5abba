//! The log keeps what it is told to keep, without anybody asking.
use crate::admin::{self, retention};
use crate::oauth::time::Seconds;
use crate::sealing::pruning;
use crate::store::{self, Conn, audit_retention, streams};
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
    if let Some(days) = app.config.retention_days {
        let before = now - Seconds::days(days);
        let stream = app.store.read_blocking(|conn| audit_retention::waits_for(conn, before))?;
        app.metrics.audit_retention_waits.set(stream.is_some().into());
        if !all_known(app)? {
            return Ok(0);
        }
    }
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

/// Whether the place of each stream that is configured here is known: a new one
/// may want everything there is.
fn all_known(app: &App) -> Result<bool, store::Error> {
    let known = app.store.read_blocking(streams::all)?;
    let mut configured = app.streams.all().iter();
    Ok(configured.all(|stream| known.iter().any(|known| known.name == stream.name)))
}
