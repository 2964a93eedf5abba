//! That somebody reads the log is in the log: once for each person, hour and
//! part of it.
use super::query::Query;
use crate::admin;
use crate::console::signed_in::SignedIn;
use crate::store::Conn;
use crate::web::App;

/// Records it unless it is. What cannot be recorded is read all the same: a
/// database that takes no writes is when the log is needed.
pub async fn note(app: &App, person: &SignedIn, what: String) {
    let (actor, asked) = (person.actor.clone(), what.clone());
    let look = move |conn: &mut Conn| admin::audit::is_reading_known(conn, &actor, &asked);
    let noted = match app.pages.read(look).await {
        Ok(true) => return,
        Ok(false) => {
            let actor = person.actor.clone();
            app.store.write(move |conn| admin::audit::read(conn, &actor, &what)).await
        }
        Err(error) => Err(error.into()),
    };
    if let Err(error) = noted {
        tracing::warn!(%error, "audit.reading_not_recorded");
    }
}

/// What a view shows, whichever page of it: without words that are still being
/// typed.
pub fn of(query: &Query) -> String {
    let is_id = query.event_id().is_some() || query.q.starts_with("m2m_");
    let q = if is_id { query.q.clone() } else { String::new() };
    let (before, each) = (String::new(), String::new());
    Query { q, each, before, ..query.clone() }.to_text()
}
