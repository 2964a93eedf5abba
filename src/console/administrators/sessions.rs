//! `POST /people/{id}/sessions/deletion` and
//! `POST /people/{id}/sessions/{session}/deletion`.
use actix_web::{HttpResponse, web};

use crate::admin::{self, sessions};
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::text;
use crate::web::App;

/// Ends all of them.
pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    end(&person, &app, id.into_inner(), None).await
}

/// Ends one.
pub async fn post_one(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (id, session) = path.into_inner();
    end(&person, &app, id, Some(session)).await
}

async fn end(
    person: &SignedIn,
    app: &App,
    id: String,
    session: Option<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let found = super::find(app, id).await?;
    let (actor, limits, id) = (person.actor.clone(), app.session_limits(), found.id.clone());
    let revoke = move |conn: &mut crate::store::Conn| {
        let which = session.as_deref().map_or(sessions::Which::All, sessions::Which::One);
        sessions::revoke(conn, &actor, &id, which, limits)
    };
    let ended = app.store.write::<_, admin::Error, _>(revoke).await?;
    let name = found.name;
    person.notice(
        text!(ended => "{n} session of {name} ended.", "{n} sessions of {name} ended.", name),
    );
    Ok(page::see_other(&format!("/people/{}", found.id)))
}
