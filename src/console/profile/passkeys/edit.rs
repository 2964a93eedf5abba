//! `/profile/passkeys/{id}/edit`: another name.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::find;
use crate::admin::{self, passkeys};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::passkey::read_name;
use crate::store::Conn;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/profile/passkeys/edit.html")]
struct Edit {
    chrome: Chrome,
    errors: FieldErrors,
    id: String,
    /// As it is, and as it was typed.
    before: String,
    name: String,
}

#[derive(Deserialize)]
pub struct Input {
    name: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let found = find(&person, &app, id.into_inner()).await?;
    let (chrome, name) = (person.chrome("/profile"), found.name.clone());
    let errors = FieldErrors::default();
    page::html(&Edit { chrome, errors, id: found.id, before: found.name, name })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let found = find(&person, &app, id.into_inner()).await?;
    let name = match read_name(&form.name, &found.aaguid) {
        Ok(name) => name,
        Err(why) => {
            let (chrome, name) = (person.chrome("/profile"), form.into_inner().name);
            let errors = FieldErrors::one("name", why);
            let page = Edit { chrome, errors, id: found.id, before: found.name, name };
            return page::unprocessable(&page);
        }
    };
    let (actor, id) = (person.actor.clone(), found.id);
    let rename = move |conn: &mut Conn| passkeys::rename(conn, &actor, &id, &name);
    app.store.write::<_, admin::Error, _>(rename).await?;
    person.notice(text!("The passkey has its new name."));
    Ok(page::see_other("/profile"))
}
