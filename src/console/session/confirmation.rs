//! `/session/confirmation`: whoever has been signed in for a while says again
//! that it is them, before what cannot be undone.
use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::code;
use super::openid::departure;
use super::passkey::{self, Answer};
use crate::admin::factors::{self, Proof};
use crate::admin::sessions::{self, Refused, RefusedPasskey};
use crate::admin::{self};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::SignedIn;
use crate::console::{page, profile};
use crate::model::audit_event::Event;
use crate::model::passkey::Purpose;
use crate::model::password::NOBODY;
use crate::store;
use crate::text;
use crate::texts::filters;
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
    /// Whether there is a passkey that can be shown here.
    has_passkey: bool,
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
    #[serde(flatten)]
    passkey: Answer,
    next: Option<String>,
}

/// Why it is not them, as far as we know.
enum Denied {
    Code(Refused),
    Passkey(RefusedPasskey),
    Password,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let next = page::local(query.into_inner().next);
    page::html(&fill(&person, &app, next, FieldErrors::default()).await?)
}

/// `POST /session/confirmation/challenge`.
pub async fn post_challenge(
    person: SignedIn,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let (actor, of) = (&person.actor, &person.administrator);
    passkey::ask_person(&app, actor, of, Purpose::Confirmation).await
}

pub async fn post(
    person: SignedIn,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let (app, form) = (app.into_inner(), form.into_inner());
    let pair = (None, person.administrator.id.clone());
    if let Some(wait) = app.password_guesses.wait(&pair) {
        let email = &person.administrator.email;
        app.recorder.record(sessions::refusal(&person.actor, email, Refused::Throttled)).await?;
        return Err(Failure::TooMany { wait });
    }
    let next = page::local(form.next.clone());
    let denied = if !form.passkey.credential.is_empty() {
        by_passkey(&person, &app, &form.passkey).await?
    } else if form.code.trim().is_empty() {
        by_password(&person, &app, &form.password).await?
    } else {
        by_code(&person, &app, &form.code).await?
    };
    if let Some(denied) = denied {
        app.password_guesses.failed(&pair);
        let (event, errors) = told(&person, &denied);
        app.recorder.record(event).await?;
        return page::unprocessable(&fill(&person, &app, next, errors).await?);
    }
    let now = person.now().0;
    let kept = session.insert(CONFIRMED_AT, now);
    kept.map_err(|error| Failure::Broken(error.to_string()))?;
    Ok(page::see_other(&next))
}

fn told(person: &SignedIn, denied: &Denied) -> (Event, FieldErrors) {
    let (actor, email) = (&person.actor, &person.administrator.email);
    match denied {
        Denied::Code(why) => (
            sessions::refusal(actor, email, *why),
            FieldErrors::one("code", text!("This code is not right, or was used before.")),
        ),
        Denied::Passkey(refused) => (
            sessions::passkey_refusal(actor, Some(email), refused),
            FieldErrors::one("passkey", text!("This passkey was not accepted. Try again.")),
        ),
        Denied::Password => (
            sessions::refusal(actor, email, Refused::BadPassword),
            FieldErrors::one("password", text!("This is not your password.")),
        ),
    }
}

async fn by_passkey(
    person: &SignedIn,
    app: &App,
    answer: &Answer,
) -> Result<Option<Denied>, Failure> {
    let (of, now) = (&person.administrator, person.now());
    let proof = match passkey::proof(app, of, Purpose::Confirmation, answer, now).await? {
        Ok(proof) => proof,
        Err(refused) => return Ok(Some(Denied::Passkey(refused))),
    };
    let named = proof.passkey().unwrap_or_default().to_owned();
    let spent = spend(person, app, proof, sessions::PASSKEY).await?;
    Ok((!spent).then(|| Denied::Passkey(passkey::spent(&named))))
}

/// Uses a proof up, and notes that it was them.
async fn spend(
    person: &SignedIn,
    app: &App,
    proof: Proof,
    how: &'static str,
) -> Result<bool, Failure> {
    let (actor, id) = (person.actor.clone(), person.administrator.id.clone());
    let spent = app.store.write::<_, admin::Error, _>(move |conn| {
        let spent = factors::spend(conn, &actor, &id, &proof)?;
        if spent {
            sessions::confirm_with(conn, &actor, (how, proof.passkey()))?;
        }
        Ok(spent)
    });
    Ok(spent.await?)
}

async fn by_password(
    person: &SignedIn,
    app: &App,
    password: &str,
) -> Result<Option<Denied>, Failure> {
    let email = person.administrator.email.clone();
    let found =
        app.store.read(move |conn| store::administrators::find_by_email(conn, &email)).await?;
    let stored = found.map(|(_, hash)| hash).unwrap_or_default();
    if !profile::password::verify(app, password, stored).await? {
        return Ok(Some(Denied::Password));
    }
    let actor = person.actor.clone();
    let confirm = move |conn: &mut store::Conn| sessions::confirm(conn, &actor, sessions::PASSWORD);
    app.store.write::<_, admin::Error, _>(confirm).await?;
    Ok(None)
}

async fn by_code(person: &SignedIn, app: &App, text: &str) -> Result<Option<Denied>, Failure> {
    let proof = match code::read(app, &person.administrator.id, text, person.now()).await? {
        Ok(proof @ Proof::App { .. }) => proof,
        // Recovery codes are for who is locked out.
        Ok(_) => return Ok(Some(Denied::Code(Refused::BadCode))),
        Err(why) => return Ok(Some(Denied::Code(why))),
    };
    let spent = spend(person, app, proof, sessions::CODE).await?;
    Ok((!spent).then_some(Denied::Code(Refused::UsedCode)))
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
        let known = store::administrators::find_by_email(conn, &email)?;
        let has_password = known.is_some_and(|(_, hash)| hash != NOBODY);
        Ok((factors::of(conn, &id)?, has_password))
    };
    let (found, has_password) = app.store.read(read).await?;
    Ok(Confirmation {
        chrome: person.chrome(""),
        errors,
        email: person.administrator.email.clone(),
        has_app: found.app.is_some(),
        has_passkey: !found.passkeys.is_empty() && app.relying_party.is_some(),
        provider: departure::is_offered(app, &person.administrator.id).await?,
        has_password,
        next,
    })
}
