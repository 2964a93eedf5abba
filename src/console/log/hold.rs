//! `/log/hold`: nothing is removed from the log any more; or again.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, retention};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::store::audit_retention;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/log/hold.html")]
struct Hold {
    chrome: Chrome,
    errors: FieldErrors,
    reason: String,
    /// Why it is held, who said so, and when.
    held: Option<(String, String, Moment)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    reason: String,
    release: bool,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    person.must(Right::RetainLog)?;
    page::html(&fill(&person, &app, String::new(), FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::RetainLog)?;
    let (actor, input, app) = (person.actor.clone(), form.into_inner(), app.into_inner());
    let (release, reason) = (input.release, input.reason.clone());
    let done = app.act::<_, admin::Error, _>(move |conn| {
        if release {
            retention::release(conn, &actor)
        } else {
            retention::hold(conn, &actor, &reason)
        }
    });
    if let Err(error) = done.await {
        let errors = FieldErrors::from_act(error)?;
        return page::unprocessable(&fill(&person, &app, input.reason, errors).await?);
    }
    person.notice(if release {
        text!("The hold is over.")
    } else {
        text!("The log keeps every row.")
    });
    Ok(page::see_other("/log/integrity"))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    reason: String,
    errors: FieldErrors,
) -> Result<Hold, Failure> {
    let found = app.pages.read(audit_retention::find).await?;
    let at = Moment::new(found.held_at(), person.now());
    Ok(Hold {
        chrome: person.chrome("/log/integrity"),
        errors,
        reason,
        held: (!found.hold.is_empty()).then_some((found.hold, found.held_by, at)),
    })
}
