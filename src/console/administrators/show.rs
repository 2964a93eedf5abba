//! `GET /people/{id}`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::role_title;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::profile::sessions::{self, Row};
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::store::authenticator_apps;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/show.html")]
struct Show {
    chrome: Chrome,
    is_owner: bool,
    /// Whether this is the person who looks.
    is_own: bool,
    found: Administrator,
    role: &'static str,
    created: Moment,
    signed_in: Option<Moment>,
    /// For owners: when the second factor was last used, if there is one.
    factor: Option<Moment>,
    /// For owners.
    sessions: Vec<Row>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let found = super::find(&app, id.into_inner()).await?;
    page::html(&fill(&person, &app, found).await?)
}

async fn fill(person: &SignedIn, app: &App, found: Administrator) -> Result<Show, Failure> {
    let now = person.now();
    let sessions =
        if person.is_owner() { sessions::rows(person, app, &found.id).await? } else { Vec::new() };
    let id = found.id.clone();
    let read = app.store.read(move |conn| authenticator_apps::find(conn, &id));
    let factor = if person.is_owner() { read.await? } else { None };
    Ok(Show {
        sessions,
        factor: factor.map(|found| Moment::new(found.last_used_at, now)),
        chrome: person.chrome("/people"),
        is_owner: person.is_owner(),
        is_own: person.administrator.id == found.id,
        role: role_title(found.role),
        created: Moment::new(found.created_at, now),
        signed_in: found.last_signed_in_at.map(|at| Moment::new(at, now)),
        found,
    })
}
