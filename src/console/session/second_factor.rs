//! `/session/second-factor`: what is asked after the password.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::beginning::Ahead;
use super::candidate::Candidate;
use super::guard::Asked;
use super::passkey::{self, Answer};
use super::{beginning, code, guard};
use crate::admin::factors::{self, Factors, Proof};
use crate::admin::sessions::{self, Refused, RefusedPasskey};
use crate::admin::{self, Actor};
use crate::console::chrome::Notice;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::language;
use crate::console::page;
use crate::model::administrator::Administrator;
use crate::model::audit_event::Event;
use crate::model::passkey::Purpose;
use crate::oauth::UnixTime;
use crate::text;
use crate::texts::filters;
use crate::web::App;
use crate::web::session_store::NOTICE;

#[derive(Template)]
#[template(path = "console/session/second_factor.html")]
struct SecondFactor {
    errors: FieldErrors,
    email: String,
    has_app: bool,
    /// Whether there is a passkey that can be shown here.
    has_passkey: bool,
}

#[derive(Deserialize)]
pub struct Input {
    #[serde(default)]
    code: String,
    #[serde(flatten)]
    passkey: Answer,
}

/// Why what was shown is not accepted.
enum Denied {
    Code(Refused),
    Passkey(RefusedPasskey),
}

pub async fn get(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let candidate = Candidate::of(&request, &app).await?;
    let ahead = Ahead::of(&app, &candidate.person).await?;
    if let Some(path) = ahead.path().filter(|_| ahead != Ahead::Factor) {
        return Ok(page::see_other(path));
    }
    page::html(&fill(&app, &candidate.person, FieldErrors::default()).await?)
}

async fn fill(
    app: &App,
    person: &Administrator,
    errors: FieldErrors,
) -> Result<SecondFactor, Failure> {
    let id = person.id.clone();
    let Factors { app: has, passkeys, .. } =
        app.store.read(move |conn| factors::of(conn, &id)).await?;
    Ok(SecondFactor {
        errors,
        email: person.email.clone(),
        has_app: has.is_some(),
        has_passkey: !passkeys.is_empty() && app.relying_party.is_some(),
    })
}

/// `POST /session/second-factor/challenge`.
pub async fn post_challenge(
    request: HttpRequest,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let Candidate { person, actor, .. } = Candidate::of(&request, &app).await?;
    passkey::ask_person(&app, &actor, &person, Purpose::SecondFactor).await
}

/// The same answer for everything that is not right; the audit log knows which
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
    let by_passkey = !form.passkey.credential.is_empty();
    let asked = if by_passkey { Asked::Passkey } else { Asked::Code };
    let admission = guard::admit(&app, &actor, &request, account, asked).await?;
    let spent = match read(&app, &person, &form, actor.now).await {
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
                let _ = session.insert(NOTICE, self::left(left));
            }
            let mut answer = page::see_other(&page::local(Some(next)));
            beginning::remember(&mut answer, &app, &actor, &person)?;
            Ok(answer)
        }
        Ok(Err(denied)) => {
            let (why, event, errors) = told(&actor, &person, &denied);
            app.metrics.sign_in(why.as_str());
            app.recorder.record(event).await?;
            page::unprocessable(&fill(&app, &person, errors).await?)
        }
        Err(failure) => {
            // Nothing was guessed.
            admission.refund(&app, &actor).await?;
            Err(failure)
        }
    }
}

fn told(actor: &Actor, person: &Administrator, denied: &Denied) -> (Refused, Event, FieldErrors) {
    match denied {
        Denied::Code(why) => {
            let errors = FieldErrors::one(
                "code",
                text!(
                    "This code is not right, or was used before. The app shows the next within \
                     half a minute."
                ),
            );
            (*why, sessions::refusal(actor, &person.email, *why), errors)
        }
        Denied::Passkey(refused) => {
            let errors =
                FieldErrors::one("passkey", text!("This passkey was not accepted. Try again."));
            let event = sessions::passkey_refusal(actor, Some(&person.email), refused);
            (refused.why, event, errors)
        }
    }
}

async fn read(
    app: &App,
    person: &Administrator,
    form: &Input,
    now: UnixTime,
) -> Result<Result<Proof, Denied>, Failure> {
    if form.passkey.credential.is_empty() {
        return Ok(code::read(app, &person.id, &form.code, now).await?.map_err(Denied::Code));
    }
    let proof = passkey::proof(app, person, Purpose::SecondFactor, &form.passkey, now).await?;
    Ok(proof.map_err(Denied::Passkey))
}

/// Uses the proof up and begins the session, in one transaction. Returns how many
/// recovery codes are left, if it was one.
async fn spend(
    app: &App,
    actor: &Actor,
    person: &Administrator,
    (proof, through_provider): (Proof, bool),
) -> Result<Result<Option<i64>, Denied>, Failure> {
    let (actor, id) = (actor.clone(), person.id.clone());
    let done = app.store.write::<_, admin::Error, _>(move |conn| {
        if !factors::spend(conn, &actor, &id, &proof)? {
            return Ok(Err(match &proof {
                Proof::App { .. } => Denied::Code(Refused::UsedCode),
                Proof::Recovery(_) => Denied::Code(Refused::BadCode),
                Proof::Passkey { id, .. } => Denied::Passkey(passkey::spent(id)),
            }));
        }
        let left = match &proof {
            Proof::Recovery(_) => Some(factors::of(conn, &id)?.codes),
            Proof::App { .. } | Proof::Passkey { .. } => None,
        };
        let how = (how(&proof, through_provider), proof.passkey());
        sessions::begin_with(conn, &actor, &id, how)?;
        Ok(Ok(left))
    });
    match done.await {
        Ok(done) => Ok(done),
        Err(admin::Error::NotFound) => Ok(Err(Denied::Code(Refused::Suspended))),
        Err(error) => Err(error.into()),
    }
}

/// How they signed in, in the words of the log.
const fn how(proof: &Proof, through_provider: bool) -> &'static str {
    match (proof, through_provider) {
        (Proof::App { .. }, false) => sessions::APP,
        (Proof::App { .. }, true) => sessions::OPENID_APP,
        (Proof::Passkey { .. }, false) => sessions::PASSWORD_AND_PASSKEY,
        (Proof::Passkey { .. }, true) => sessions::OPENID_PASSKEY,
        (Proof::Recovery(_), false) => sessions::RECOVERY_CODE,
        (Proof::Recovery(_), true) => sessions::OPENID_RECOVERY_CODE,
    }
}

fn left(left: i64) -> Notice {
    let left = usize::try_from(left).unwrap_or(0);
    let text =
        text!(left => "You have {n} recovery code left.", "You have {n} recovery codes left.");
    let language = language::current();
    Notice {
        text: text.in_words_of(&language),
        links: vec![("/profile".to_owned(), text!("Your account").in_words_of(&language))],
    }
}
