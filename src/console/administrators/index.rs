//! `GET /people`.
use actix_web::{HttpResponse, web};
use askama::Template;

use super::role_title;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::store::administrators;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/administrators/index.html")]
struct Index {
    chrome: Chrome,
    is_owner: bool,
    rows: Vec<Row>,
}

struct Row {
    role: &'static str,
    signed_in: Option<Moment>,
    person: Administrator,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let all = app.store.read(administrators::all).await?;
    let row = |found: Administrator| Row {
        role: role_title(found.role),
        signed_in: found.last_signed_in_at.map(|at| Moment::new(at, person.now())),
        person: found,
    };
    page::html(&Index {
        chrome: person.chrome("/people"),
        is_owner: person.is_owner(),
        rows: all.into_iter().map(row).collect(),
    })
}
