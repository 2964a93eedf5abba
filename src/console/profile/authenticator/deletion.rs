//! `/profile/authenticator/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::sessions::Which;
use crate::admin::{self, factors, sessions};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::session::passkey;
use crate::console::signed_in::SignedIn;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/profile/authenticator/deletion.html")]
struct Deletion {
    chrome: Chrome,
    errors: FieldErrors,
    /// Whether their role may not be without one.
    required: bool,
    has_passkey: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, &app, FieldErrors::default()).await?)
}

/// Takes it away, and ends the other sessions.
pub async fn post(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let page = fill(&person, &app, FieldErrors::default()).await?;
    if page.required && !page.has_passkey {
        let errors = FieldErrors::one("remove", text!("Your role needs a second factor."));
        return page::conflict(&Deletion { errors, ..page });
    }
    let (actor, id) = (person.actor.clone(), person.administrator.id.clone());
    let (kept, limits) = (person.session_id(), app.session_limits());
    let removed = app.store.write::<_, admin::Error, _>(move |conn| {
        factors::remove_app(conn, &actor, &id)?;
        sessions::revoke(conn, &actor, &id, Which::Others(&kept), limits)
    });
    removed.await?;
    person.notice(if page.has_passkey {
        text!("The authenticator app is removed.")
    } else {
        text!("The authenticator app is removed. A password is enough to sign in now.")
    });
    Ok(page::see_other("/profile"))
}

async fn fill(person: &SignedIn, app: &App, errors: FieldErrors) -> Result<Deletion, Failure> {
    let required = app.config.second_factor_required.contains(&person.administrator.role);
    let has_passkey = !passkey::of(app, &person.administrator).await?.is_empty();
    Ok(Deletion { chrome: person.chrome("/profile"), errors, required, has_passkey })
}
