//! `/session/confirmation`: whoever has been signed in for a while says again
//! that it is them, before what cannot be undone.
use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::code;
use super::openid::departure;
use crate::admin::factors::{self, Proof};
use crate::admin::sessions::{self, Refused};
use crate::admin::{self};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::SignedIn;
use crate::console::{page, profile};
use crate::model::password::NOBODY;
use crate::store;
use crate::web::App;
use crate::web::session_store::CONFIRMED_AT;

#[derive(Template)]
#[template(path = "console/session/confirmation.html")]
struct Confirmation {
    chrome: Chrome,
    errors: FieldErrors,
    email: String,
    /// Whether a code of an app will do too.
    has_app: bool,
    /// The name of the OpenID provider, if it knows them.
    provider: Option<String>,
    /// Whether they have a password.
    has_password: bool,
    next: String,
}

#[derive(Deserialize)]
pub struct Query {
    next: Option<String>,
}

#[derive(Deserialize)]
pub struct Input {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    next: Option<String>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let next = page::local(query.into_inner().next);
    page::html(&fill(&person, &app, next, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let (app, form) = (app.into_inner(), form.into_inner());
    let pair = (None, person.administrator.id.clone());
    let record = |why| sessions::refusal(&person.actor, &person.administrator.email, why);
    if let Some(wait) = app.password_guesses.wait(&pair) {
        app.recorder.record(record(Refused::Throttled)).await?;
        return Err(Failure::TooMany { wait });
    }
    let next = page::local(form.next.clone());
    let refused = if form.code.trim().is_empty() {
        by_password(&person, &app, &form.password).await?
    } else {
        by_code(&person, &app, &form.code).await?
    };
    if let Some((field, why)) = refused {
        app.password_guesses.failed(&pair);
        app.recorder.record(record(why)).await?;
        let errors = FieldErrors::one(
            field,
            match field {
                "code" => "This code is not right, or was used before.",
                _ => "This is not your password.",
            },
        );
        return page::unprocessable(&fill(&person, &app, next, errors).await?);
    }
    let now = person.now().0;
    let kept = session.insert(CONFIRMED_AT, now);
    kept.map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(page::see_other(&next))
}

/// What is wrong and with which field; `None`: it is them.
type Wrong = Option<(&'static str, Refused)>;

async fn by_password(person: &SignedIn, app: &App, password: &str) -> Result<Wrong, Failure> {
    let email = person.administrator.email.clone();
    let found =
        app.store.read(move |conn| store::administrators::find_by_email(conn, &email)).await?;
    let stored = found.map(|(_, hash)| hash).unwrap_or_default();
    if !profile::password::verify(app, password, stored).await? {
        return Ok(Some(("password", Refused::BadPassword)));
    }
    let actor = person.actor.clone();
    let confirm = move |conn: &mut store::Conn| sessions::confirm(conn, &actor, sessions::PASSWORD);
    app.store.write::<_, admin::Error, _>(confirm).await?;
    Ok(None)
}

async fn by_code(person: &SignedIn, app: &App, text: &str) -> Result<Wrong, Failure> {
    let id = person.administrator.id.clone();
    let proof = match code::read(app, &id, text, person.now()).await? {
        Ok(proof @ Proof::App { .. }) => proof,
        // Recovery codes are for who is locked out.
        Ok(Proof::Recovery(_)) => return Ok(Some(("code", Refused::BadCode))),
        Err(why) => return Ok(Some(("code", why))),
    };
    let actor = person.actor.clone();
    let spent = app.store.write::<_, admin::Error, _>(move |conn| {
        let spent = factors::spend(conn, &actor, &id, &proof)?;
        if spent {
            sessions::confirm(conn, &actor, sessions::CODE)?;
        }
        Ok(spent)
    });
    Ok((!spent.await?).then_some(("code", Refused::UsedCode)))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    next: String,
    errors: FieldErrors,
) -> Result<Confirmation, Failure> {
    let id = person.administrator.id.clone();
    let email = person.administrator.email.clone();
    let read = move |conn: &mut store::Conn| {
        let found = store::administrators::find_by_email(conn, &email)?;
        let has_password = found.is_some_and(|(_, hash)| hash != NOBODY);
        Ok((store::authenticator_apps::find(conn, &id)?.is_some(), has_password))
    };
    let (has_app, has_password) = app.store.read(read).await?;
    Ok(Confirmation {
        chrome: person.chrome(""),
        errors,
        email: person.administrator.email.clone(),
        has_app,
        has_password,
        provider: departure::is_offered(app, &person.administrator.id).await?,
        next,
    })
}
