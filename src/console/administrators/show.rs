//! `GET /people/{id}`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::role_title;
use crate::admin::factors::{self, Factors};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::profile::passkeys;
use crate::console::profile::sessions::{self, Row};
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::texts::filters;
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
    /// For owners: when the authenticator app was last used, if there is one.
    app: Option<Moment>,
    /// For owners.
    passkeys: Vec<passkeys::Row>,
    /// For owners: recovery codes that are left.
    codes: i64,
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
    let read = app.pages.read(move |conn| factors::of(conn, &id));
    let nothing = Factors { app: None, passkeys: Vec::new(), codes: 0 };
    let factors = if person.is_owner() { read.await? } else { nothing };
    Ok(Show {
        sessions,
        app: factors.app.map(|found| Moment::new(found.last_used_at, now)),
        passkeys: factors.passkeys.iter().map(|one| passkeys::Row::new(one, now)).collect(),
        codes: factors.codes,
        chrome: person.chrome("/people"),
        is_owner: person.is_owner(),
        is_own: person.administrator.id == found.id,
        role: role_title(found.role),
        created: Moment::new(found.created_at, now),
        signed_in: found.last_signed_in_at.map(|at| Moment::new(at, now)),
        found,
    })
}
