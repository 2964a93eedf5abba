//! `/applications/{client_id}/limit`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::admin::limits;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::limit::{self, Input, Shown, words};
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::application::Application;
use crate::model::role::Right;
use crate::oauth::limit::Subject;
use crate::store::{Conn, Error, applications};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/limit.html")]
struct Page {
    chrome: Chrome,
    errors: FieldErrors,
    application: Application,
    limit: Shown,
    action: String,
    back: String,
    /// What counts when nothing is set here.
    default: Text,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let client_id = client_id.into_inner();
    page::html(&fill(&person, &app, client_id, None, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (client_id, input, app) = (client_id.into_inner(), form.into_inner(), app.into_inner());
    let limit = match input.read() {
        Ok(limit) => limit,
        Err(errors) => {
            let page = fill(&person, &app, client_id, Some(input), errors).await?;
            return page::unprocessable(&page);
        }
    };
    let (actor, id) = (person.actor.clone(), client_id.clone());
    app.act(move |conn: &mut Conn| limits::set_for_application(conn, &actor, &id, limit.as_ref()))
        .await?;
    person.notice(text!("The limit is saved."));
    Ok(page::see_other(&format!("/applications/{client_id}/limit")))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    client_id: String,
    typed: Option<Input>,
    errors: FieldErrors,
) -> Result<Page, Failure> {
    let now = app.clock.now();
    let read = app.pages.read(move |conn| {
        let Some(application) = applications::find(conn, &client_id)? else { return Ok(None) };
        let subject = Subject::Application(client_id);
        let shown = limit::load(conn, &subject, typed, now)?;
        Ok::<_, Error>(Some((application, shown)))
    });
    let (application, limit) = read.await?.ok_or(Failure::NotFound)?;
    let default = match &app.config.limits.tokens {
        Some(limit) if limit.watched => {
            text!("Without one of its own {tokens} are watched.", tokens = words(limit))
        }
        Some(limit) => {
            text!("Without one of its own it may have {tokens}.", tokens = words(limit))
        }
        None => text!("Without one it may have any number."),
    };
    let back = format!("/applications/{}", application.client_id);
    let action = format!("{back}/limit");
    let chrome = person.chrome("/applications");
    Ok(Page { chrome, errors, application, limit, action, back, default })
}
