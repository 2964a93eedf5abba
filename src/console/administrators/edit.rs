//! `/people/{id}/edit`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::role_title;
use crate::admin::{self, administrators};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::{Administrator, AdministratorDetails};
use crate::model::role::Right;
use crate::store::Conn;
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;
use crate::web::second_person::{Settled, act_or_ask};

#[derive(Template)]
#[template(path = "console/administrators/edit.html")]
struct Edit {
    chrome: Chrome,
    errors: FieldErrors,
    /// As they are stored now.
    found: Administrator,
    input: Input,
    /// Somebody else changed them meanwhile.
    is_stale: bool,
}

/// The fields as they were typed, and the version they were made from.
#[derive(Deserialize)]
pub struct Input {
    name: String,
    email: String,
    role: String,
    version: i64,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let found = super::find(&app, id.into_inner()).await?;
    let input = Input {
        name: found.name.clone(),
        email: found.email.clone(),
        role: found.role.to_string(),
        version: found.version,
    };
    page::html(&fill(&person, found, input, FieldErrors::default()))
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageAdministrators)?;
    let (id, mut input, app) = (id.into_inner(), form.into_inner(), app.into_inner());
    let found = super::find(&app, id.clone()).await?;
    let details = match AdministratorDetails::read(&input.email, &input.name, &input.role) {
        Ok(details) => details,
        Err(errors) => return page::unprocessable(&fill(&person, found, input, errors.into())),
    };
    let (actor, target, version) = (person.actor.clone(), id.clone(), input.version);
    let update =
        move |conn: &mut Conn| administrators::update(conn, &actor, &target, version, &details);
    match act_or_ask(&app, &person.actor, update).await {
        Ok(Settled::Asked(request)) => Ok(person.asked(&request)),
        Ok(Settled::Done(())) => {
            person.notice(text!("{name} is saved.", name = input.name.trim()));
            Ok(page::see_other(&format!("/people/{id}")))
        }
        Err(admin::Error::Conflict(why)) => {
            let found = super::find(&app, id).await?;
            let is_stale = input.version != found.version;
            let field = if is_stale { "name" } else { "role" };
            let errors = FieldErrors::one(field, Text::from(why).and(text!("Nothing was saved.")));
            // Whoever saves again has seen what is stored now.
            input.version = found.version;
            page::conflict(&Edit { is_stale, ..fill(&person, found, input, errors) })
        }
        Err(error) => {
            page::unprocessable(&fill(&person, found, input, FieldErrors::from_act(error)?))
        }
    }
}

fn fill(person: &SignedIn, found: Administrator, input: Input, errors: FieldErrors) -> Edit {
    Edit { chrome: person.chrome("/people"), errors, found, input, is_stale: false }
}

impl Edit {
    fn roles(&self) -> super::Roles {
        super::roles(&self.input.role)
    }

    fn stored_role(&self) -> &'static str {
        role_title(self.found.role)
    }
}
