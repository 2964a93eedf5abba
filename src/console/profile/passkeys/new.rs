//! `/profile/passkeys/new`.
use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::passkeys;
use crate::admin::sessions::Which;
use crate::admin::{self, factors, sessions};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::page;
use crate::console::profile::recovery_codes::{self, Codes};
use crate::console::session::passkey::{self, Answer};
use crate::console::signed_in::SignedIn;
use crate::model::passkey::Purpose;
use crate::store::Conn;
use crate::text;
use crate::texts::filters;
use crate::web::App;
use crate::web::session_store::SECOND_FACTOR;

#[derive(Template)]
#[template(path = "console/profile/passkeys/new.html")]
struct New {
    chrome: Chrome,
    errors: FieldErrors,
    name: String,
    /// Whether there can be passkeys where the console is.
    passkeys: bool,
}

#[derive(Deserialize)]
pub struct Input {
    #[serde(flatten)]
    answer: Answer,
    #[serde(default)]
    name: String,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    page::html(&fill(&person, &app, FieldErrors::default(), String::new()))
}

/// `POST /profile/passkeys/challenge`.
pub async fn post_challenge(
    person: SignedIn,
    app: web::Data<App>,
) -> Result<HttpResponse, Failure> {
    let of = &person.administrator;
    let known = passkey::of(&app, of).await?;
    let question = passkey::relying_party(&app)?.ask_to_make(of, &known);
    let question = question.map_err(passkey::broken)?;
    passkey::ask(&app, &person.actor, (Purpose::Registration, &of.id), question).await
}

/// With their first factor come recovery codes, and other sessions end: they were
/// begun without it.
pub async fn post(
    person: SignedIn,
    session: Session,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    let form = form.into_inner();
    let (of, given) = (&person.administrator, (&form.answer, form.name.as_str()));
    let made = passkey::made(&app, of, Purpose::Registration, given, person.now()).await?;
    let again = |errors| page::unprocessable(&fill(&person, &app, errors, form.name.clone()));
    let new = match made {
        Ok(new) => new,
        Err(why) => return again(FieldErrors::one("passkey", why)),
    };
    let codes = Codes::new(&person.actor);
    let (actor, id, digests) = (person.actor.clone(), of.id.clone(), codes.digests());
    let (kept, limits) = (person.session_id(), app.session_limits());
    let added = app.store.write::<_, admin::Error, _>(move |conn: &mut Conn| {
        let is_first = !factors::has_any(conn, &id)?;
        let added = passkeys::add(conn, &actor, &id, new, &digests)?;
        if is_first {
            sessions::revoke(conn, &actor, &id, Which::Others(&kept), limits)?;
        }
        Ok((added, is_first))
    });
    match added.await {
        Ok((_, true)) => {
            let proved = session.insert(SECOND_FACTOR, true);
            proved.map_err(|error| Failure::Broken(error.to_string()))?;
            recovery_codes::page(&person, codes)
        }
        Ok((added, false)) => {
            person.notice(text!("The passkey “{name}” is added.", name = added.name));
            Ok(page::see_other("/profile"))
        }
        Err(error) => again(FieldErrors::from_act(error)?),
    }
}

fn fill(person: &SignedIn, app: &App, errors: FieldErrors, name: String) -> New {
    let passkeys = app.relying_party.is_some();
    New { chrome: person.chrome("/profile"), errors, name, passkeys }
}
