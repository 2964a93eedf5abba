//! `/applications/{client_id}/resumption`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::show::{self, Loaded};
use crate::admin::{self, applications};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/resumption.html")]
struct Resumption {
    chrome: Chrome,
    loaded: Loaded,
    last_used: Option<Moment>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let loaded = show::load(&app, client_id.into_inner()).await?;
    let last_used = loaded.last_used().map(|at| Moment::new(at, person.now()));
    page::html(&Resumption { chrome: person.chrome("/applications"), loaded, last_used })
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    client_id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (actor, client_id) = (person.actor.clone(), client_id.into_inner());
    let back = format!("/applications/{client_id}");
    app.into_inner()
        .act::<_, admin::Error, _>(move |conn| applications::resume(conn, &actor, &client_id))
        .await?;
    person.notice(text!("The application is resumed."));
    Ok(page::see_other(&back))
}
