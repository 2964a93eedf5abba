//! `/people/new`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::administrators;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::SignedIn;
use crate::console::{page, profile};
use crate::model::administrator::AdministratorDetails;
use crate::model::role::{Right, Role};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    input: Input,
}

/// The fields as they were typed. The password is never shown again.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    name: String,
    email: String,
    role: String,
    password: String,
}

pub async fn get(person: SignedIn) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let input = Input { role: Role::Auditor.to_string(), ..Input::default() };
    page::html(&New { chrome: person.chrome("/people"), errors: FieldErrors::default(), input })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let (input, app) = (form.into_inner(), app.into_inner());
    let again = |input, errors| {
        page::unprocessable(&New { chrome: person.chrome("/people"), errors, input })
    };
    let details = AdministratorDetails::read(&input.email, &input.name, &input.role);
    let hash = profile::password::hash(&app, &input.password).await?;
    let (details, hash) = match (details, hash) {
        (Ok(details), Ok(hash)) => (details, hash),
        (details, hash) => {
            let mut errors = details.err().unwrap_or_default();
            errors.extend(hash.err());
            return again(input, errors.into());
        }
    };
    let actor = person.actor.clone();
    match app.act(move |conn| administrators::create(conn, &actor, details, &hash)).await {
        Ok(made) => {
            person.notice(format!(
                "{} may sign in now. Hand over the password, and have them change it at once.",
                made.name
            ));
            Ok(page::see_other(&format!("/people/{}", made.id)))
        }
        Err(error) => again(input, FieldErrors::from_act(error)?),
    }
}

impl New {
    fn roles(&self) -> [(&'static str, &'static str, &'static str, bool); 3] {
        super::roles(&self.input.role)
    }
}
