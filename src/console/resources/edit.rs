//! `/apis/{id}/edit`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, resources};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::resource::{LONG_TOKEN_LIFETIME, Resource, ResourceDetails};
use crate::model::role::Right;
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/edit.html")]
struct Edit {
    chrome: Chrome,
    errors: FieldErrors,
    /// As it is stored now.
    resource: Resource,
    input: Input,
    /// Somebody else changed it meanwhile.
    is_stale: bool,
}

/// The fields as they were typed, and the version they were made from.
#[derive(Deserialize)]
pub struct Input {
    name: String,
    description: String,
    token_lifetime_seconds: String,
    version: i64,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let resource = super::show::find(&app, id.into_inner()).await?;
    let input = Input {
        name: resource.name.clone(),
        description: resource.description.clone(),
        token_lifetime_seconds: resource.token_lifetime.0.to_string(),
        version: resource.version,
    };
    page::html(&fill(&person, resource, input, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (id, mut input, app) = (id.into_inner(), form.into_inner(), app.into_inner());
    let resource = super::show::find(&app, id.clone()).await?;
    let read =
        ResourceDetails::read(&input.name, &input.description, &input.token_lifetime_seconds);
    let details = match read {
        Ok(details) => details,
        Err(errors) => {
            return page::unprocessable(&fill(&person, resource, input, errors.into()));
        }
    };
    let (actor, target, version) = (person.actor.clone(), id.clone(), input.version);
    let update = move |conn: &mut crate::store::Conn| {
        resources::update(conn, &actor, &target, version, &details)
    };
    match app.act(update).await {
        Ok(()) => {
            person.notice(text!("{name} is saved.", name = input.name.trim()));
            Ok(page::see_other(&format!("/apis/{id}")))
        }
        Err(admin::Error::Conflict(why)) => {
            let resource = super::show::find(&app, id).await?;
            let errors = FieldErrors::one("name", Text::from(why).and(text!("Nothing was saved.")));
            // Whoever saves again has seen what is stored now.
            input.version = resource.version;
            page::conflict(&Edit { is_stale: true, ..fill(&person, resource, input, errors) })
        }
        Err(error) => {
            page::unprocessable(&fill(&person, resource, input, FieldErrors::from_act(error)?))
        }
    }
}

fn fill(person: &SignedIn, resource: Resource, input: Input, errors: FieldErrors) -> Edit {
    Edit { chrome: person.chrome("/apis"), errors, resource, input, is_stale: false }
}

impl Edit {
    fn is_long(&self) -> bool {
        self.resource.token_lifetime > LONG_TOKEN_LIFETIME
    }
}
