//! Deleted applications that nobody restored in time go for good.
use crate::admin::{self, deletions};
use crate::store;
use crate::web::App;

/// Removes what can be restored no more, and says so in the log. Any process does
/// it: whose transaction removes the row is the one that says it. Returns how many
/// there were.
///
/// # Errors
/// `Store`: those that are left are removed at another look.
pub async fn pass(app: &App) -> Result<usize, admin::Error> {
    let mut removed = 0;
    loop {
        let system = app.system();
        let now = system.now;
        let due = app.store.read(move |conn| store::deletions::overdue(conn, now, 1)).await?;
        if due.is_empty() {
            return Ok(removed);
        }
        removed += app
            .store
            .write::<_, admin::Error, _>(move |conn| deletions::remove_overdue(conn, &system))
            .await?;
    }
}
