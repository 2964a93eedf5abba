//! `/sign-in`.
use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::beginning::Ahead;
use super::guard::Asked;
use super::{beginning, guard, openid};
use crate::admin::sessions::{self, Refused};
use crate::admin::{self, Actor};
use crate::console::draft::Draft;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::signed_in::anonymous;
use crate::console::{page, profile};
use crate::model::administrator::Administrator;
use crate::model::password::NOBODY;
use crate::store::Conn;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/session/new.html")]
struct New {
    errors: FieldErrors,
    email: String,
    next: String,
    /// The form that was sent after the session had ended, sealed; empty: none.
    draft: String,
    /// Whether there can be passkeys where the console is.
    passkeys: bool,
    provider: Option<Offered>,
}

/// The OpenID provider, on the page.
struct Offered {
    name: String,
    /// What else there is, is for break-glass accounts.
    only: bool,
}

impl Offered {
    fn of(app: &App) -> Option<Self> {
        let config = app.openid.as_ref()?.config();
        Some(Self { name: config.name.clone(), only: config.only })
    }
}

#[derive(Deserialize)]
pub struct Query {
    next: Option<String>,
}

#[derive(Deserialize)]
pub struct Credentials {
    email: String,
    password: String,
    next: Option<String>,
    #[serde(default)]
    draft: String,
}

pub async fn get(app: web::Data<App>, query: web::Query<Query>) -> Result<HttpResponse, Failure> {
    let next = page::local(query.into_inner().next);
    page::html(&fill(&app, FieldErrors::default(), String::new(), (next, String::new())))
}

fn fill(app: &App, errors: FieldErrors, email: String, (next, draft): (String, String)) -> New {
    let (passkeys, provider) = (app.relying_party.is_some(), Offered::of(app));
    New { errors, email, next, draft, passkeys, provider }
}

/// What a form is answered that was sent after the session had ended.
///
/// # Errors
/// None that a caller could cause.
pub fn ended(app: &App, next: &str, draft: String) -> Result<HttpResponse, Failure> {
    let page = fill(app, FieldErrors::default(), String::new(), (next.to_owned(), draft));
    page::html_with(StatusCode::UNAUTHORIZED, &page)
}

/// The page again, for somebody whose passkey was not accepted.
///
/// # Errors
/// None that a caller could cause.
pub fn refused_passkey(app: &App, next: String, draft: String) -> Result<HttpResponse, Failure> {
    let why = text!("This passkey was not accepted. Try again, or use your password.");
    let errors = FieldErrors::one("passkey", why);
    page::unprocessable(&fill(app, errors, String::new(), (next, draft)))
}

/// The same answer for an unknown account, a wrong password and a suspended
/// person; the audit log knows which it was.
pub async fn post(
    request: HttpRequest,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Credentials>,
) -> Result<HttpResponse, Failure> {
    let form = form.into_inner();
    let app = app.into_inner();
    let actor = anonymous(&request, &app);
    match authenticate(&app, &actor, &request, &form).await? {
        Ok((person, ahead)) if ahead != Ahead::Nothing => {
            app.metrics.sign_in("challenge");
            beginning::half(&session, &actor, &person, &page::local(form.next))?;
            keep(&session, &app, &form.draft, &actor);
            Ok(page::see_other(ahead.path().unwrap_or("/")))
        }
        Ok((administrator, _)) => {
            app.metrics.sign_in("success");
            beginning::begin(&session, &actor, &administrator, false)?;
            keep(&session, &app, &form.draft, &actor);
            let mut answer = page::see_other(&page::local(form.next));
            beginning::remember(&mut answer, &app, &actor, &administrator)?;
            Ok(answer)
        }
        Err(why) => {
            app.metrics.sign_in(why.as_str());
            app.recorder.record(sessions::refusal(&actor, &form.email, why)).await?;
            let errors =
                FieldErrors::one("password", text!("The email address or the password is wrong."));
            let on = (page::local(form.next), form.draft);
            page::unprocessable(&fill(&app, errors, form.email, on))
        }
    }
}

/// Keeps the form that was sent before, to be filled in on its page.
pub(super) fn keep(session: &Session, app: &App, draft: &str, actor: &Actor) {
    if let Some(draft) = Draft::open(app, draft, actor.now) {
        draft.keep(session);
    }
}

async fn authenticate(
    app: &std::sync::Arc<App>,
    actor: &Actor,
    request: &HttpRequest,
    form: &Credentials,
) -> Result<Result<(Administrator, Ahead), Refused>, Failure> {
    let email = form.email.clone();
    let found =
        app.store.read(move |conn| crate::store::administrators::find_by_email(conn, &email));
    let found = found.await?;
    let hash = found.as_ref().map_or(NOBODY, |(_, hash)| hash.as_str()).to_owned();
    let account = (form.email.as_str(), found.as_ref().map(|(person, _)| person));
    let admission = guard::admit(app, actor, request, account, Asked::Password).await?;
    let checked = profile::password::verify_in(app, admission.lane, &form.password, hash).await;
    let right = match checked {
        Ok(right) => right,
        Err(failure) => {
            // Nothing was guessed.
            admission.refund(app, actor).await?;
            return Err(failure);
        }
    };
    let refused = match &found {
        None => Some(Refused::UnknownAccount),
        Some(_) if !right => Some(Refused::BadPassword),
        Some((person, _)) if !person.active => Some(Refused::Suspended),
        Some(_) => None,
    };
    let (None, Some((person, _))) = (refused, found) else {
        return Ok(Err(refused.unwrap_or(Refused::UnknownAccount)));
    };
    if openid::must_say(app, &person.id).await? {
        return Ok(Err(Refused::NotThroughProvider));
    }
    let ahead = Ahead::of(app, &person).await?;
    if ahead != Ahead::Nothing {
        // Half of the proof forgives no failure: else who has the password could
        // go on guessing codes for ever.
        admission.refund(app, actor).await?;
        app.recorder.record(sessions::challenge(actor, &person)).await?;
        return Ok(Ok((person, ahead)));
    }
    admission.acquit(app, actor).await?;
    let (actor, id) = (actor.clone(), person.id);
    let begin = move |conn: &mut Conn| sessions::begin(conn, &actor, &id, sessions::PASSWORD);
    match app.store.write(begin).await {
        Ok(administrator) => Ok(Ok((administrator, ahead))),
        Err(admin::Error::NotFound) => Ok(Err(Refused::Suspended)),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::password::{self, Password};

    #[test]
    fn nobody_has_the_hash_of_nobody_but_it_can_be_read() {
        let password = Password::present("anything").unwrap();
        assert!(!password::verify(&password, NOBODY));
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODY).is_ok());
    }
}
