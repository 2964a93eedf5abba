//! `/applications/{client_id}/suspension`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::show::{self, Loaded};
use crate::admin::{self, applications};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::impact::Impact;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::oauth::revocation::Kind;
use crate::store::revocations;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/suspension.html")]
struct Suspension {
    chrome: Chrome,
    loaded: Loaded,
    last_used: Option<Moment>,
    impact: Impact,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let loaded = show::load(&app, client_id.into_inner()).await?;
    let last_used = loaded.last_used().map(|at| Moment::new(at, person.now()));
    let (now, client_id) = (person.now(), loaded.application.client_id.clone());
    let impact = app.pages.read(move |conn| Impact::of_application(conn, &client_id, None, now));
    let impact = impact.await?;
    page::html(&Suspension { chrome: person.chrome("/applications"), loaded, last_used, impact })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageApplication)?;
    let (actor, client_id) = (person.actor.clone(), client_id.into_inner());
    let back = format!("/applications/{client_id}");
    let made = app
        .into_inner()
        .act::<_, admin::Error, _>(move |conn| {
            applications::suspend(conn, &actor, &client_id)?;
            Ok(revocations::find_by_subject(conn, Kind::Application, &client_id)?)
        })
        .await?;
    let text = text!("The application is suspended, and its tokens are revoked.");
    person.notice_of(text, made.as_ref());
    Ok(page::see_other(&back))
}
