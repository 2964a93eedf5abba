//! `/applications/{client_id}/edit`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::show;
use crate::admin::{self, applications};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::{Application, ApplicationDetails, ApplicationInput};
use crate::model::role::Right;
use crate::store::Conn;
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/edit.html")]
struct Edit {
    chrome: Chrome,
    errors: FieldErrors,
    /// As it is stored now.
    application: Application,
    input: Input,
    /// Somebody else changed it meanwhile.
    is_stale: bool,
}

/// The fields as they were typed, and the version they were made from.
#[derive(Deserialize)]
pub struct Input {
    name: String,
    description: String,
    owner: String,
    contact: String,
    token_lifetime_seconds: String,
    version: i64,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let application = show::load(&app, client_id.into_inner()).await?.application;
    let details = application.details.clone();
    let lifetime = details.token_lifetime.map(|seconds| seconds.0.to_string());
    let input = Input {
        name: details.name,
        description: details.description,
        owner: details.owner,
        contact: details.contact,
        token_lifetime_seconds: lifetime.unwrap_or_default(),
        version: application.version,
    };
    page::html(&fill(&person, application, input, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (client_id, mut input, app) = (client_id.into_inner(), form.into_inner(), app.into_inner());
    let application = show::load(&app, client_id.clone()).await?.application;
    let details = match input.read() {
        Ok(details) => details,
        Err(errors) => {
            return page::unprocessable(&fill(&person, application, input, errors));
        }
    };
    let (actor, id, version) = (person.actor.clone(), client_id.clone(), input.version);
    let update = move |conn: &mut Conn| applications::update(conn, &actor, &id, version, &details);
    match app.act(update).await {
        Ok(()) => {
            person.notice(text!("{name} is saved.", name = input.name.trim()));
            Ok(page::see_other(&format!("/applications/{client_id}")))
        }
        Err(admin::Error::Conflict(why)) => {
            let application = show::load(&app, client_id).await?.application;
            let errors = FieldErrors::one("name", Text::from(why).and(text!("Nothing was saved.")));
            // Whoever saves again has seen what is stored now.
            input.version = application.version;
            page::conflict(&Edit { is_stale: true, ..fill(&person, application, input, errors) })
        }
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&person, application, input, errors))
        }
    }
}

fn fill(person: &SignedIn, application: Application, input: Input, errors: FieldErrors) -> Edit {
    let chrome = person.chrome("/applications");
    Edit { chrome, errors, application, input, is_stale: false }
}

impl Input {
    fn read(&self) -> Result<ApplicationDetails, FieldErrors> {
        let read = ApplicationDetails::read(ApplicationInput {
            name: &self.name,
            description: &self.description,
            owner: &self.owner,
            contact: &self.contact,
            token_lifetime_seconds: &self.token_lifetime_seconds,
        });
        read.map_err(FieldErrors::from)
    }
}
