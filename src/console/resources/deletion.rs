//! `/apis/{id}/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::show::Callers;
use crate::admin;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::impact::Impact;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, page};
use crate::model::resource::Resource;
use crate::model::role::Right;
use crate::oauth::revocation::Kind;
use crate::store::{Conn, resources, revocations, scopes};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/resources/deletion.html")]
struct Deletion {
    chrome: Chrome,
    errors: FieldErrors,
    loss: Loss,
    lifetime: Text,
    impact: Impact,
}

/// What is gone with the API.
struct Loss {
    resource: Resource,
    scopes: usize,
    callers: Callers,
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
    let loss = Loss::load(&app, id.into_inner()).await?;
    page::html(&fill(&person, &app, loss, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, app) = (id.into_inner(), app.into_inner());
    let loss = Loss::load(&app, id.clone()).await?;
    let name = loss.resource.name.clone();
    if loss.callers.count > 0 && form.name.trim() != name {
        let errors = FieldErrors::one("name", text!("Type {name} to delete it.", name));
        return page::unprocessable(&fill(&person, &app, loss, errors).await?);
    }
    let actor = person.actor.clone();
    let identifier = loss.resource.identifier.clone();
    let delete = move |conn: &mut Conn| {
        admin::resources::delete(conn, &actor, &id)?;
        Ok(revocations::find_by_subject(conn, Kind::Resource, &identifier)?)
    };
    let made = match act_or_ask(&app, &person.actor, delete).await? {
        Settled::Done(made) => made,
        Settled::Asked(request) => return Ok(person.asked(&request)),
    };
    let text = text!("{name} is deleted, and its tokens are revoked.", name);
    person.notice_of(text, made.as_ref());
    Ok(page::see_other("/apis"))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    loss: Loss,
    errors: FieldErrors,
) -> Result<Deletion, Failure> {
    let lifetime = duration::text(loss.resource.token_lifetime);
    let (now, identifier) = (person.now(), loss.resource.identifier.clone());
    let impact = app.pages.read(move |conn| Impact::of_api(conn, &identifier, "", now)).await?;
    Ok(Deletion { chrome: person.chrome("/apis"), errors, loss, lifetime, impact })
}

impl Loss {
    async fn load(app: &App, id: String) -> Result<Self, Failure> {
        let read = move |conn: &mut Conn| {
            let Some(resource) = resources::find(conn, &id)? else { return Ok(None) };
            Ok(Some(Self {
                scopes: scopes::all(conn, &id)?.len(),
                callers: Callers::read(conn, &id)?,
                resource,
            }))
        };
        app.pages.read(read).await?.ok_or(Failure::NotFound)
    }
}
