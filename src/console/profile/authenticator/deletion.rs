//! `/profile/authenticator/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::sessions::Which;
use crate::admin::{self, factors, sessions};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/profile/authenticator/deletion.html")]
struct Deletion {
    chrome: Chrome,
    errors: FieldErrors,
    /// Whether their role may not be without one.
    required: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, &app, FieldErrors::default()))
}

/// Takes it away with the recovery codes, and ends the other sessions.
pub async fn post(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    if app.config.second_factor_required.contains(&person.administrator.role) {
        let errors = FieldErrors::one("remove", "Your role needs a second factor.");
        return page::conflict(&fill(&person, &app, errors));
    }
    let (actor, id) = (person.actor.clone(), person.administrator.id.clone());
    let (kept, limits) = (person.session_id(), app.session_limits());
    let removed = app.store.write::<_, admin::Error, _>(move |conn| {
        factors::remove(conn, &actor, &id)?;
        sessions::revoke(conn, &actor, &id, Which::Others(&kept), limits)
    });
    removed.await?;
    person.notice("The authenticator app is removed. A password is enough to sign in now.");
    Ok(page::see_other("/profile"))
}

fn fill(person: &SignedIn, app: &App, errors: FieldErrors) -> Deletion {
    let required = app.config.second_factor_required.contains(&person.administrator.role);
    Deletion { chrome: person.chrome("/profile"), errors, required }
}
