//! `/applications/{client_id}/deletion`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::deleted;
use super::show::{self, Loaded};
use crate::admin::{self, applications};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::impact::Impact;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::{SignedIn, page_of};
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;
use crate::oauth::time::Seconds;
use crate::store::revocations;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/deletion.html")]
struct Deletion {
    chrome: Chrome,
    errors: FieldErrors,
    loaded: Loaded,
    last_used: Option<Moment>,
    is_in_use: bool,
    impact: Impact,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    /// The application's name, typed again when it is in use.
    name: String,
}

/// Used within this time, an application counts as in use.
const LATELY: Seconds = Seconds::days(30);

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let loaded = show::load(&app, client_id.into_inner()).await?;
    page::html(&fill(&person, &app, loaded, FieldErrors::default()).await?)
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (client_id, app) = (client_id.into_inner(), app.into_inner());
    let loaded = show::load(&app, client_id.clone()).await?;
    let name = loaded.application.details.name.clone();
    if is_in_use(&loaded, person.now()) && form.name.trim() != name {
        let errors = FieldErrors::one("name", text!("Type {name} to delete it.", name));
        return page::unprocessable(&fill(&person, &app, loaded, errors).await?);
    }
    let actor = person.actor.clone();
    let back = (deleted::restoration_href(&client_id), text!("Restore it"));
    let (until, made) = app
        .act::<_, admin::Error, _>(move |conn| {
            let until = applications::delete(conn, &actor, &client_id)?;
            Ok((until, revocations::find_by_subject(conn, Kind::Application, &client_id)?))
        })
        .await?;
    let until = Moment::new(until, person.now()).full;
    let text = text!(
        "{name} is deleted, and its tokens are revoked. It can be restored until {until}.",
        name,
        until
    );
    person.notice_linked(text, std::iter::once(back).chain(made.as_ref().map(page_of)).collect());
    Ok(page::see_other("/applications"))
}

async fn fill(
    person: &SignedIn,
    app: &App,
    loaded: Loaded,
    errors: FieldErrors,
) -> Result<Deletion, Failure> {
    let (now, client_id) = (person.now(), loaded.application.client_id.clone());
    let impact = app.pages.read(move |conn| Impact::of_application(conn, &client_id, None, now));
    Ok(Deletion {
        impact: impact.await?,
        chrome: person.chrome("/applications"),
        errors,
        last_used: loaded.last_used().map(|at| Moment::new(at, now)),
        is_in_use: is_in_use(&loaded, now),
        loaded,
    })
}

fn is_in_use(loaded: &Loaded, now: UnixTime) -> bool {
    loaded.last_used().is_some_and(|at| now.since(at) < LATELY)
}
