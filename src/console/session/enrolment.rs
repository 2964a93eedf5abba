//! `/session/enrolment`: a second factor for whoever must have one and has none,
//! before they are signed in.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::beginning::{self, Ahead};
use super::candidate::Candidate;
use super::recovery_codes;
use crate::admin::{self, factors, sessions};
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::profile::authenticator::draft::{self, Draft, Shown};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/session/enrolment.html")]
struct Enrolment {
    errors: FieldErrors,
    shown: Shown,
}

#[derive(Deserialize)]
pub struct Input {
    draft: String,
    code: String,
}

pub async fn get(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let candidate = Candidate::of(&request, &app).await?;
    let ahead = Ahead::of(&app, &candidate.person).await?;
    if ahead != Ahead::SetUp {
        return Ok(page::see_other(ahead.path().unwrap_or("/sign-in")));
    }
    let draft = Draft::new(&candidate.person, &candidate.actor);
    let shown = draft.shown(&app)?;
    page::secret(&Enrolment { errors: FieldErrors::default(), shown })
}

pub async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let Candidate { person, actor, session, next, through_provider } =
        Candidate::of(&request, &app).await?;
    let ahead = Ahead::of(&app, &person).await?;
    if ahead != Ahead::SetUp {
        return Ok(page::see_other(ahead.path().unwrap_or("/sign-in")));
    }
    let confirmed = match draft::confirm(&app, &actor, &person, (&form.draft, &form.code))? {
        Ok(confirmed) => confirmed,
        Err((errors, shown)) => return page::unprocessable(&Enrolment { errors, shown }),
    };
    let (visitor, id, new) = (actor.clone(), person.id.clone(), confirmed.app);
    let begun = app.store.write::<_, admin::Error, _>(move |conn| {
        factors::set_up_first(conn, &visitor, &id, &new)?;
        let how = if through_provider { sessions::OPENID_APP } else { sessions::APP };
        sessions::begin(conn, &visitor, &id, how)
    });
    let person = begun.await?;
    app.metrics.sign_in("success");
    beginning::begin(&session, &actor, &person, true)?;
    let mut answer = recovery_codes::page(&confirmed.codes, &page::local(Some(next)))?;
    beginning::remember(&mut answer, &app, &actor, &person)?;
    Ok(answer)
}
