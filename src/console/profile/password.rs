//! `POST /profile/password`, and hashing what people choose.
use actix_session::Session;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::show;
use crate::admin::administrators;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::password::{self, Password};
use crate::model::text::FieldError;
use crate::store;
use crate::text;
use crate::web::App;
use crate::web::hashing::Lane;

#[derive(Deserialize)]
pub struct Input {
    current: String,
    password: String,
}

pub async fn post(
    person: SignedIn,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let app = app.into_inner();
    let pair = (None, person.administrator.id.clone());
    if let Some(wait) = app.password_guesses.wait(&pair) {
        return Err(Failure::TooMany { wait });
    }
    let email = person.administrator.email.clone();
    let found =
        app.pages.read(move |conn| store::administrators::find_by_email(conn, &email)).await?;
    let stored = found.map(|(_, hash)| hash).unwrap_or_default();
    if !verify(&app, &form.current, stored).await? {
        app.password_guesses.failed(&pair);
        let errors = FieldErrors::one("current", text!("This is not your current password."));
        return page::unprocessable(&show::fill(&person, &app, errors).await?);
    }
    let about = [person.administrator.email.as_str(), person.administrator.name.as_str()];
    let hash = match hash(&app, &form.password, &about).await? {
        Ok(hash) => hash,
        Err(error) => {
            return page::unprocessable(&show::fill(&person, &app, vec![error].into()).await?);
        }
    };
    let (actor, id) = (person.actor.clone(), person.administrator.id.clone());
    app.act(move |conn| administrators::set_password(conn, &actor, &id, &hash)).await?;
    session.purge();
    Ok(page::see_other("/sign-in"))
}

/// Hashes a password that somebody chose, or says why it cannot be taken.
/// `about` is what is known of them.
pub async fn hash(
    app: &App,
    text: &str,
    about: &[&str],
) -> Result<Result<String, FieldError>, Failure> {
    let (text, salt) = (Zeroizing::new(text.to_owned()), app.entropy.bytes());
    let about: Vec<String> = about.iter().map(|text| (*text).to_owned()).collect();
    let work = move || {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        Password::choose_for(&text, &about).map(|password| password::hash(&password, &salt))
    };
    let hashed = match off_thread(app, Lane::Known, work).await? {
        Ok(hashed) => hashed,
        Err(message) => return Ok(Err(FieldError { field: "password", message })),
    };
    hashed.map(Ok).map_err(|error| Failure::Broken(error.to_string()))
}

/// Whether `text` is the password that `stored` was made from. For people in a
/// session.
pub async fn verify(app: &App, text: &str, stored: String) -> Result<bool, Failure> {
    verify_in(app, Lane::Known, text, stored).await
}

/// The same in a lane of one's choice.
pub async fn verify_in(app: &App, lane: Lane, text: &str, stored: String) -> Result<bool, Failure> {
    // Too long is not told apart by its time.
    let password = Password::present(text).or_else(|| Password::present(""));
    let Some(password) = password else { return Ok(false) };
    let right = off_thread(app, lane, move || password::verify(&password, &stored)).await?;
    Ok(right && text.len() <= password::MAX_BYTES)
}

/// Argon2 on a thread of its own, and only so many at a time.
async fn off_thread<T: Send + 'static>(
    app: &App,
    lane: Lane,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let broken = |error: &dyn std::fmt::Display| Failure::Broken(error.to_string());
    let _turn = app.hashing.turn(lane).await.map_err(|_| Failure::Busy)?;
    tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))
}
