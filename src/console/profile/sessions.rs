//! `POST /profile/sessions/deletion` and `POST /profile/sessions/{id}/deletion`.
use actix_web::{HttpResponse, web};

use crate::admin::{self, sessions};
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::session::Session;
use crate::oauth::UnixTime;
use crate::text;
use crate::texts::Text;
use crate::web::App;

/// A session in a list.
pub struct Row {
    pub id: String,
    pub address: Text,
    pub user_agent: Text,
    pub since: Moment,
    pub last_seen: Moment,
    /// The one that the list is looked at in.
    pub is_this: bool,
}

/// Ends all but this one.
pub async fn post(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let (actor, id, kept) =
        (person.actor.clone(), person.administrator.id.clone(), person.session_id());
    let limits = app.session_limits();
    let ended = app.store.write::<_, admin::Error, _>(move |conn| {
        sessions::revoke(conn, &actor, &id, sessions::Which::Others(&kept), limits)
    });
    person.notice(match ended.await? {
        0 => text!("There was no other session."),
        ended => text!(ended => "{n} session ended.", "{n} sessions ended."),
    });
    Ok(page::see_other("/profile"))
}

/// Ends one. Who ends this one has signed out.
pub async fn post_one(
    person: SignedIn,
    app: web::Data<App>,
    session: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (actor, id, one) =
        (person.actor.clone(), person.administrator.id.clone(), session.into_inner());
    let limits = app.session_limits();
    app.store
        .write::<_, admin::Error, _>(move |conn| {
            sessions::revoke(conn, &actor, &id, sessions::Which::One(&one), limits)
        })
        .await?;
    person.notice(text!("The session is ended."));
    Ok(page::see_other("/profile"))
}

/// The sessions of somebody, as `person` sees them.
pub async fn rows(person: &SignedIn, app: &App, of: &str) -> Result<Vec<Row>, Failure> {
    let (of, limits, now) = (of.to_owned(), app.session_limits(), person.now());
    let found = app.pages.read(move |conn| sessions::live(conn, &of, limits, now)).await?;
    let this = person.session_id();
    Ok(found.into_iter().map(|session| row(session, &this, now)).collect())
}

fn row(session: Session, this: &str, now: UnixTime) -> Row {
    Row {
        address: session.address.map_or_else(|| text!("unknown"), Text::data),
        user_agent: session
            .user_agent
            .map_or_else(|| text!("A browser that does not say"), Text::data),
        since: Moment::new(session.signed_in_at, now),
        last_seen: Moment::new(session.last_seen_at, now),
        is_this: session.id == this,
        id: session.id,
    }
}
