//! `/apis/{id}/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::show::{self, Loaded};
use crate::admin::{self, resources};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, page};
use crate::model::role::Right;
use crate::oauth::revocation::Kind;
use crate::store::revocations;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/deletion.html")]
struct Deletion {
    chrome: Chrome,
    errors: FieldErrors,
    loaded: Loaded,
    lifetime: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    /// The API's name, typed again when somebody calls it.
    name: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let loaded = show::load(&app, id.into_inner()).await?;
    page::html(&fill(&person, loaded, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, app) = (id.into_inner(), app.into_inner());
    let loaded = show::load(&app, id.clone()).await?;
    let name = loaded.resource.name.clone();
    if loaded.caller_count > 0 && form.name.trim() != name {
        let errors = FieldErrors::one("name", format!("Type {name} to delete it."));
        return page::unprocessable(&fill(&person, loaded, errors));
    }
    let actor = person.actor.clone();
    let identifier = loaded.resource.identifier.clone();
    let made = app
        .act::<_, admin::Error, _>(move |conn| {
            resources::delete(conn, &actor, &id)?;
            Ok(revocations::find_by_subject(conn, Kind::Resource, &identifier)?)
        })
        .await?;
    person.notice_of(format!("{name} is deleted, and its tokens are revoked."), made.as_ref());
    Ok(page::see_other("/apis"))
}

fn fill(person: &SignedIn, loaded: Loaded, errors: FieldErrors) -> Deletion {
    let lifetime = duration::text(loaded.resource.token_lifetime);
    Deletion { chrome: person.chrome("/apis"), errors, loaded, lifetime }
}
