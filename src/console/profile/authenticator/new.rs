//! `/profile/authenticator/new`.
use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::draft::{self, Draft, Shown};
use crate::admin::sessions::Which;
use crate::admin::{self, factors, sessions};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::profile::recovery_codes;
use crate::console::signed_in::SignedIn;
use crate::texts::filters;
use crate::web::App;
use crate::web::session_store::SECOND_FACTOR;

#[derive(Template)]
#[template(path = "console/profile/authenticator/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    shown: Shown,
}

#[derive(Deserialize)]
pub struct Input {
    draft: String,
    code: String,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let shown = Draft::new(&person.administrator, &person.actor).shown(&app)?;
    let chrome = person.chrome("/profile");
    page::secret(&New { chrome, errors: FieldErrors::default(), shown })
}

/// Sets it up, and ends the other sessions: they were begun without it.
pub async fn post(
    person: SignedIn,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let typed = (form.draft.as_str(), form.code.as_str());
    let confirmed = match draft::confirm(&app, &person.actor, &person.administrator, typed)? {
        Ok(confirmed) => confirmed,
        Err((errors, shown)) => {
            let chrome = person.chrome("/profile");
            return page::unprocessable(&New { chrome, errors, shown });
        }
    };
    let (actor, id, new) = (person.actor.clone(), person.administrator.id.clone(), confirmed.app);
    let (kept, limits) = (person.session_id(), app.session_limits());
    let set_up = app.store.write::<_, admin::Error, _>(move |conn| {
        factors::set_up(conn, &actor, &id, &new)?;
        sessions::revoke(conn, &actor, &id, Which::Others(&kept), limits)
    });
    set_up.await?;
    let proved = session.insert(SECOND_FACTOR, true);
    proved.map_err(|error| Failure::Broken(error.to_string()))?;
    recovery_codes::page(&person, confirmed.codes)
}
