//! `/session/second-factor`: what is asked after the password.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::beginning::Ahead;
use super::candidate::Candidate;
use super::guard::Asked;
use super::{beginning, code, guard};
use crate::admin::factors::{self, Proof};
use crate::admin::sessions::{self, Refused};
use crate::admin::{self, Actor};
use crate::console::chrome::Notice;
use crate::console::count::counted;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::model::administrator::Administrator;
use crate::web::App;
use crate::web::session_store::NOTICE;

#[derive(Template)]
#[template(path = "console/session/second_factor.html")]
struct SecondFactor {
    errors: FieldErrors,
    email: String,
}

#[derive(Deserialize)]
pub struct Input {
    code: String,
}

pub async fn get(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let candidate = Candidate::of(&request, &app).await?;
    let ahead = Ahead::of(&app, &candidate.person).await?;
    if let Some(path) = ahead.path().filter(|_| ahead != Ahead::Code) {
        return Ok(page::see_other(path));
    }
    page::html(&SecondFactor { errors: FieldErrors::default(), email: candidate.person.email })
}

/// The same answer for every code that is not right; the audit log knows which
/// it was.
pub async fn post(
    request: HttpRequest,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let Candidate { person, actor, session, next, through_provider } =
        Candidate::of(&request, &app).await?;
    let app = app.into_inner();
    let account = (person.email.as_str(), Some(&person));
    let admission = guard::admit(&app, &actor, &request, account, Asked::Code).await?;
    let spent = match code::read(&app, &person.id, &form.code, actor.now).await {
        Ok(Ok(proof)) => spend(&app, &actor, &person, (proof, through_provider)).await,
        Ok(Err(why)) => Ok(Err(why)),
        Err(failure) => Err(failure),
    };
    match spent {
        Ok(Ok(left)) => {
            admission.acquit(&app, &actor).await?;
            app.metrics.sign_in("success");
            beginning::begin(&session, &actor, &person, true)?;
            if let Some(left) = left {
                let _ = session.insert(NOTICE, told(left));
            }
            let mut answer = page::see_other(&page::local(Some(next)));
            beginning::remember(&mut answer, &app, &actor, &person)?;
            Ok(answer)
        }
        Ok(Err(why)) => {
            app.metrics.sign_in(why.as_str());
            app.recorder.record(sessions::refusal(&actor, &person.email, why)).await?;
            let errors = FieldErrors::one(
                "code",
                "This code is not right, or was used before. The app shows the next within half \
                 a minute.",
            );
            page::unprocessable(&SecondFactor { errors, email: person.email })
        }
        Err(failure) => {
            // Nothing was guessed.
            admission.refund(&app, &actor).await?;
            Err(failure)
        }
    }
}

/// Uses the proof up and begins the session, in one transaction. Returns how many
/// recovery codes are left, if it was one.
async fn spend(
    app: &App,
    actor: &Actor,
    person: &Administrator,
    (proof, through_provider): (Proof, bool),
) -> Result<Result<Option<i64>, Refused>, Failure> {
    let (actor, id) = (actor.clone(), person.id.clone());
    let done = app.store.write::<_, admin::Error, _>(move |conn| {
        if !factors::spend(conn, &actor, &id, &proof)? {
            let used = matches!(proof, Proof::App { .. });
            return Ok(Err(if used { Refused::UsedCode } else { Refused::BadCode }));
        }
        let left = match proof {
            Proof::App { .. } => None,
            Proof::Recovery(_) => Some(factors::of(conn, &id)?.map_or(0, |found| found.codes)),
        };
        let how = match (left.is_some(), through_provider) {
            (true, false) => sessions::RECOVERY_CODE,
            (false, false) => sessions::APP,
            (true, true) => sessions::OPENID_RECOVERY_CODE,
            (false, true) => sessions::OPENID_APP,
        };
        sessions::begin(conn, &actor, &id, how)?;
        Ok(Ok(left))
    });
    match done.await {
        Ok(done) => Ok(done),
        Err(admin::Error::NotFound) => Ok(Err(Refused::Suspended)),
        Err(error) => Err(error.into()),
    }
}

fn told(left: i64) -> Notice {
    let left = counted(usize::try_from(left).unwrap_or(0), "recovery code");
    Notice {
        text: format!("You have {left} left."),
        link: Some(("/profile".to_owned(), "Your account".to_owned())),
    }
}
