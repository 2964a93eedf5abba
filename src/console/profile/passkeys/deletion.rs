//! `/profile/passkeys/{id}/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::find;
use crate::admin::{self, factors, passkeys};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::passkey::Passkey;
use crate::store::Conn;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/profile/passkeys/deletion.html")]
struct Deletion {
    chrome: Chrome,
    errors: FieldErrors,
    id: String,
    name: String,
    /// Whether it is their last factor.
    is_last: bool,
    /// Whether their role may not be without one.
    required: bool,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let found = find(&person, &app, id.into_inner()).await?;
    page::html(&fill(&person, &app, found, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let found = find(&person, &app, id.into_inner()).await?;
    let required = app.config.second_factor_required.contains(&person.administrator.role);
    if required && is_last(&person, &app).await? {
        let errors = FieldErrors::one("remove", text!("Your role needs a second factor."));
        return page::conflict(&fill(&person, &app, found, errors).await?);
    }
    let (actor, id) = (person.actor.clone(), found.id);
    let remove = move |conn: &mut Conn| passkeys::remove(conn, &actor, &id);
    app.store.write::<_, admin::Error, _>(remove).await?;
    person.notice(text!(
        "The passkey “{name}” is removed. It opens nothing here any more. Remove it from your device or password manager too.",
        name = found.name,
    ));
    Ok(page::see_other("/profile"))
}

async fn is_last(person: &SignedIn, app: &App) -> Result<bool, Failure> {
    let id = person.administrator.id.clone();
    let found = app.pages.read(move |conn| factors::of(conn, &id)).await?;
    Ok(found.app.is_none() && found.passkeys.len() <= 1)
}

async fn fill(
    person: &SignedIn,
    app: &App,
    found: Passkey,
    errors: FieldErrors,
) -> Result<Deletion, Failure> {
    Ok(Deletion {
        is_last: is_last(person, app).await?,
        required: app.config.second_factor_required.contains(&person.administrator.role),
        chrome: person.chrome("/profile"),
        errors,
        id: found.id,
        name: found.name,
    })
}
