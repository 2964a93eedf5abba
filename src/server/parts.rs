//! The months of the log on PostgreSQL, made before they begin.
use crate::store::audit_parts::{self, Made};
use crate::store::{Conn, Error};
use crate::web::App;

/// How many months after this one have a part.
pub const AHEAD: i64 = 3;

/// Makes the parts that are missing. Of several processes the one that seals does
/// it. A row whose month has no part is kept all the same: in the part for what
/// fits in none, which becomes its month's here.
///
/// # Errors
/// `Unavailable`: it could not be done now, or this process may not.
pub fn pass_blocking(app: &App) -> Result<(), Error> {
    if app.store.is_sqlite() || !app.sealing.status().seals {
        return Ok(());
    }
    let now = app.clock.now();
    let made = app.store.write_blocking(|conn: &mut Conn| audit_parts::make(conn, now, AHEAD));
    let ahead = app.store.read_blocking(|conn| audit_parts::ahead(conn, now))?;
    app.metrics.audit_months_ahead.set(ahead.unwrap_or_default());
    match made? {
        Made::Parts(0) => {}
        Made::Parts(parts) => tracing::info!(parts, "audit.parts_made"),
        Made::InTheWay => tracing::error!("audit.rows_of_the_future_in_the_way"),
    }
    Ok(())
}
