//! `/password-reset`.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, links};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::anonymous;
use crate::console::{page, profile};
use crate::model::administrator::Administrator;
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/password_reset/new.html")]
struct New {
    errors: FieldErrors,
    token: String,
    person: Administrator,
}

#[derive(Deserialize)]
pub struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub struct Input {
    token: String,
    password: String,
}

pub async fn get(app: web::Data<App>, link: web::Query<Link>) -> Result<HttpResponse, Failure> {
    let token = link.into_inner().token;
    let person = find(&app, &token).await?;
    page::secret(&New { errors: FieldErrors::default(), token, person })
}

/// Sets the password, and leads to the sign-in: what it asks besides a password
/// is asked there.
pub async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let (form, app) = (form.into_inner(), app.into_inner());
    let actor = anonymous(&request, &app);
    // Asked first: only who holds the link may make the server hash.
    let person = find(&app, &form.token).await?;
    let about = [person.email.as_str(), person.name.as_str()];
    let hash = match profile::password::hash(&app, &form.password, &about).await? {
        Ok(hash) => hash,
        Err(error) => {
            return page::unprocessable(&New {
                errors: vec![error].into(),
                token: form.token,
                person,
            });
        }
    };
    match app.act(move |conn| links::complete_reset(conn, &actor, &form.token, &hash)).await {
        Ok(()) => Ok(page::see_other("/sign-in")),
        Err(admin::Error::NotFound) => Err(spent()),
        Err(error) => Err(error.into()),
    }
}

async fn find(app: &App, token: &str) -> Result<Administrator, Failure> {
    let (token, now) = (token.to_owned(), app.clock.now());
    let found = app.pages.read(move |conn| links::reset(conn, &token, now)).await?;
    found.ok_or_else(spent)
}

fn spent() -> Failure {
    Failure::Conflict(
        en("This link is spent, too old, or another was made after it. Ask an owner for another.")
            .to_owned(),
    )
}
