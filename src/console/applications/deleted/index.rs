//! `GET /applications/deleted`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::restoration_href;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::deletion::Deletion;
use crate::model::page::PAGE_ROWS;
use crate::model::role::Right;
use crate::store::deletions;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/deleted/index.html")]
struct Index {
    chrome: Chrome,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    deletion: Deletion,
    href: String,
    at: Moment,
    until: Moment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    after: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::ManageRegistry)?;
    let (now, after) = (person.now(), query.into_inner().after);
    let read = app.pages.read(move |conn| {
        let after = (!after.is_empty()).then_some(after.as_str());
        deletions::page(conn, now, after, PAGE_ROWS)
    });
    let found = read.await?.map(|deletion| Row {
        href: restoration_href(&deletion.client_id),
        at: Moment::new(deletion.at, now),
        until: Moment::new(deletion.until, now),
        deletion,
    });
    let chrome = person.chrome("/applications");
    page::html(&Index { chrome, rows: found.rows, next: found.next })
}
