//! `/apis/new`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::resources;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::resource::{DEFAULT_TOKEN_LIFETIME, NewResource, ResourceDetails};
use crate::model::role::Right;
use crate::oauth::algorithm::Algorithm;
use crate::text;
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    input: Input,
}

/// The fields as they were typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    identifier: String,
    name: String,
    description: String,
    token_lifetime_seconds: String,
    algorithm: String,
    scopes: String,
}

pub async fn get(person: SignedIn) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let input = Input {
        token_lifetime_seconds: DEFAULT_TOKEN_LIFETIME.0.to_string(),
        algorithm: Algorithm::default().to_string(),
        ..Input::default()
    };
    page::html(&New { chrome: person.chrome("/apis"), errors: FieldErrors::default(), input })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let input = form.into_inner();
    let again =
        |input, errors| page::unprocessable(&New { chrome: person.chrome("/apis"), errors, input });
    let details =
        ResourceDetails::read(&input.name, &input.description, &input.token_lifetime_seconds);
    let new = match NewResource::read(&input.identifier, details, &input.algorithm, &input.scopes) {
        Ok(new) => new,
        Err(errors) => return again(input, errors.into()),
    };
    let actor = person.actor.clone();
    match app.into_inner().act(move |conn| resources::create(conn, &actor, new)).await {
        Ok(resource) => {
            person.notice(text!("{name} is registered.", name = resource.name));
            Ok(page::see_other(&format!("/apis/{}", resource.id)))
        }
        Err(error) => again(input, FieldErrors::from_act(error)?),
    }
}

impl New {
    /// The algorithms to choose from, and a line on each.
    fn algorithms(&self) -> [(&'static str, &'static str, bool); 4] {
        Algorithm::ALL.map(|algorithm| {
            let about = match algorithm {
                Algorithm::Es256 => {
                    en("Small and quick, and every library knows it. Take this one.")
                }
                Algorithm::EdDsa => en("Ed25519: the quickest, where the API's library knows it."),
                Algorithm::Ps256 => en("RSA with modern padding, where a rule asks for it."),
                Algorithm::Rs256 => en("RSA as it was: for libraries that know nothing else."),
            };
            (algorithm.as_str(), about, self.input.algorithm == algorithm.as_str())
        })
    }
}
