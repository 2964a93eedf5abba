//! `/session/enrolment`: a second factor for whoever must have one and has none,
//! before they are signed in.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::beginning::{self, Ahead};
use super::candidate::Candidate;
use super::passkey::{self, Answer};
use super::recovery_codes;
use crate::admin::{self, factors, passkeys, sessions};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::profile::authenticator::draft::{self, Draft, Shown};
use crate::console::profile::recovery_codes::Codes;
use crate::model::administrator::Administrator;
use crate::model::passkey::Purpose;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/session/enrolment.html")]
struct Enrolment {
    errors: FieldErrors,
    shown: Shown,
    /// Whether there can be passkeys where the console is.
    passkeys: bool,
}

#[derive(Deserialize)]
pub struct Input {
    draft: String,
    code: String,
}

#[derive(Deserialize)]
pub struct Made {
    #[serde(flatten)]
    answer: Answer,
    #[serde(default)]
    name: String,
}

pub async fn get(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let candidate = match enrolling(&request, &app).await? {
        Ok(candidate) => candidate,
        Err(elsewhere) => return Ok(elsewhere),
    };
    page::secret(&fill(&app, &candidate, FieldErrors::default())?)
}

fn fill(app: &App, candidate: &Candidate, errors: FieldErrors) -> Result<Enrolment, Failure> {
    let shown = Draft::new(&candidate.person, &candidate.actor).shown(app)?;
    Ok(Enrolment { errors, shown, passkeys: app.relying_party.is_some() })
}

/// Somebody who has to set one up; else where they go on.
async fn enrolling(
    request: &HttpRequest,
    app: &web::Data<App>,
) -> Result<Result<Candidate, HttpResponse>, Failure> {
    let candidate = Candidate::of(request, app).await?;
    let ahead = Ahead::of(app, &candidate.person).await?;
    if ahead == Ahead::SetUp {
        return Ok(Ok(candidate));
    }
    Ok(Err(page::see_other(ahead.path().unwrap_or("/sign-in"))))
}

/// `POST /session/enrolment/challenge`.
pub async fn post_challenge(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let Candidate { person, actor, .. } = match enrolling(&request, &app).await? {
        Ok(candidate) => candidate,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let question = passkey::relying_party(&app)?.ask_to_make(&person, &[]);
    let question = question.map_err(passkey::broken)?;
    passkey::ask(&app, &actor, (Purpose::Enrolment, &person.id), question).await
}

/// `POST /session/enrolment/passkey`.
pub async fn post_passkey(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Made>,
) -> Result<HttpResponse, Failure> {
    let candidate = match enrolling(&request, &app).await? {
        Ok(candidate) => candidate,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (person, given) = (&candidate.person, (&form.answer, form.name.as_str()));
    let now = candidate.actor.now;
    let made = passkey::made(&app, person, Purpose::Enrolment, given, now).await?;
    let new = match made {
        Ok(new) => new,
        Err(why) => {
            let errors = FieldErrors::one("passkey", why);
            return page::unprocessable(&fill(&app, &candidate, errors)?);
        }
    };
    let codes = Codes::new(&candidate.actor);
    let (visitor, id, digests) = (candidate.actor.clone(), person.id.clone(), codes.digests());
    let through = candidate.through_provider;
    let begun = app.store.write::<_, admin::Error, _>(move |conn| {
        let added = passkeys::add_first(conn, &visitor, &id, new, &digests)?;
        let how = if through { sessions::OPENID_PASSKEY } else { sessions::PASSWORD_AND_PASSKEY };
        sessions::begin_with(conn, &visitor, &id, (how, Some(added.id.as_str())))
    });
    match begun.await {
        Ok(person) => begin(&app, &candidate, &person, &codes),
        Err(error) => {
            let errors = FieldErrors::from_act(error)?;
            page::unprocessable(&fill(&app, &candidate, errors)?)
        }
    }
}

fn begin(
    app: &App,
    candidate: &Candidate,
    person: &Administrator,
    codes: &Codes,
) -> Result<HttpResponse, Failure> {
    let (actor, next) = (&candidate.actor, candidate.next.clone());
    app.metrics.sign_in("success");
    beginning::begin(&candidate.session, actor, person, true)?;
    let mut answer = recovery_codes::page(codes, &page::local(Some(next)))?;
    beginning::remember(&mut answer, app, actor, person)?;
    Ok(answer)
}

pub async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let candidate = match enrolling(&request, &app).await? {
        Ok(candidate) => candidate,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (actor, person) = (&candidate.actor, &candidate.person);
    let confirmed = match draft::confirm(&app, actor, person, (&form.draft, &form.code))? {
        Ok(confirmed) => confirmed,
        Err((errors, shown)) => {
            let passkeys = app.relying_party.is_some();
            return page::unprocessable(&Enrolment { errors, shown, passkeys });
        }
    };
    let (visitor, id, new) = (actor.clone(), person.id.clone(), confirmed.app);
    let through = candidate.through_provider;
    let begun = app.store.write::<_, admin::Error, _>(move |conn| {
        factors::set_up_first(conn, &visitor, &id, &new)?;
        let how = if through { sessions::OPENID_APP } else { sessions::APP };
        sessions::begin(conn, &visitor, &id, how)
    });
    let person = begun.await?;
    begin(&app, &candidate, &person, &confirmed.codes)
}
