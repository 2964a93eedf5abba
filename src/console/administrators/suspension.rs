//! `/people/{id}/suspension`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::{self, administrators};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::model::role::Right;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/suspension.html")]
struct Suspension {
    chrome: Chrome,
    errors: FieldErrors,
    found: Administrator,
    is_own: bool,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let found = super::find(&app, id.into_inner()).await?;
    page::html(&fill(&person, found, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let app = app.into_inner();
    let found = super::find(&app, id.into_inner()).await?;
    let (actor, id) = (person.actor.clone(), found.id.clone());
    match app.act(move |conn| administrators::suspend(conn, &actor, &id)).await {
        Ok(()) => {
            person.notice(text!("{name} is suspended.", name = &found.name));
            Ok(page::see_other(&format!("/people/{}", found.id)))
        }
        Err(admin::Error::Conflict(why)) => {
            page::conflict(&fill(&person, found, FieldErrors::one("suspend", why)))
        }
        Err(error) => Err(error.into()),
    }
}

fn fill(person: &SignedIn, found: Administrator, errors: FieldErrors) -> Suspension {
    let is_own = person.administrator.id == found.id;
    Suspension { chrome: person.chrome("/people"), errors, found, is_own }
}
