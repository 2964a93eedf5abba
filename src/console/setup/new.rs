//! `/setup`: opened with the one-time link that the server prints on start.
use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, sessions, setup};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::session::beginning;
use crate::console::signed_in::anonymous;
use crate::console::{page, profile};
use crate::model::administrator::AdministratorDetails;
use crate::model::role::Role;
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/setup/new.html")]
struct New {
    errors: FieldErrors,
    token: String,
    name: String,
    email: String,
}

#[derive(Deserialize)]
pub struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub struct Input {
    token: String,
    name: String,
    email: String,
    password: String,
}

pub async fn get(
    request: HttpRequest,
    app: web::Data<App>,
    link: web::Query<Link>,
) -> Result<HttpResponse, Failure> {
    let actor = anonymous(&request, &app);
    let token = link.into_inner().token;
    let asked = token.clone();
    let good = app.store.write(move |conn| setup::is_good(conn, &actor, &asked)).await?;
    if !good {
        return Err(spent());
    }
    let (name, email) = (String::new(), String::new());
    page::html(&New { errors: FieldErrors::default(), token, name, email })
}

pub async fn post(
    request: HttpRequest,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let form = form.into_inner();
    let app = app.into_inner();
    let actor = anonymous(&request, &app);
    let (visitor, asked) = (actor.clone(), form.token.clone());
    // Asked first: only who holds the link may make the server hash.
    if !app.store.write(move |conn| setup::is_good(conn, &visitor, &asked)).await? {
        return Err(spent());
    }
    let details = AdministratorDetails::read(&form.email, &form.name, Role::Owner.as_str());
    let hash = profile::password::hash(&app, &form.password, &[&form.email, &form.name]).await?;
    let (details, hash) = match (details, hash) {
        (Ok(details), Ok(hash)) => (details, hash),
        (details, hash) => {
            let mut errors = details.err().unwrap_or_default();
            errors.extend(hash.err());
            return again(form, errors.into());
        }
    };
    let (visitor, token) = (actor.clone(), form.token.clone());
    let must_enrol = app.config.second_factor_required.contains(&Role::Owner);
    let begun = app.act(move |conn| {
        let made = setup::complete(conn, &visitor, &token, details, &hash)?;
        if must_enrol {
            return Ok(made);
        }
        sessions::begin(conn, &visitor, &made.id, sessions::PASSWORD)
    });
    match begun.await {
        Ok(administrator) if must_enrol => {
            beginning::half(&session, &actor, &administrator, "/")?;
            Ok(page::see_other("/session/enrolment"))
        }
        Ok(administrator) => {
            beginning::begin(&session, &actor, &administrator, false)?;
            let mut answer = page::see_other("/");
            beginning::remember(&mut answer, &app, &actor, &administrator)?;
            Ok(answer)
        }
        Err(admin::Error::NotFound) => Err(spent()),
        Err(error) => again(form, FieldErrors::from_act(error)?),
    }
}

fn again(form: Input, errors: FieldErrors) -> Result<HttpResponse, Failure> {
    page::unprocessable(&New { errors, token: form.token, name: form.name, email: form.email })
}

fn spent() -> Failure {
    Failure::Conflict(
        en("This set-up link is spent, too old, or was never one. As long as nobody can sign in, \
         the server prints a new one each time it starts.")
        .to_owned(),
    )
}
