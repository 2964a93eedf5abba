//! `GET /apis`.
use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, line, page};
use crate::model::page::{PAGE_ROWS, Page};
use crate::model::resource::Resource;
use crate::store::{Conn, Error, grants, resources, scopes};
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/resources/index.html", blocks = ["results"])]
struct Index {
    chrome: Chrome,
    manages: bool,
    q: String,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    resource: Resource,
    line: &'static str,
    lifetime: Text,
    scopes: i64,
    callers: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    q: String,
    after: String,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let Query { q, after } = query.into_inner();
    let q = q.trim().to_owned();
    let search = q.clone();
    let found = app.store.read(move |conn| rows(conn, &search, &after)).await?;
    let chrome = person.chrome("/apis");
    let index = Index { chrome, manages: person.manages(), q, rows: found.rows, next: found.next };
    if page::wants_part(&request) { page::html(&index.as_results()) } else { page::html(&index) }
}

fn rows(conn: &mut Conn, search: &str, after: &str) -> Result<Page<Row>, Error> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (search, after) = (given(search), given(after));
    let page = resources::page(conn, search.as_deref(), after.as_deref(), PAGE_ROWS)?;
    let ids: Vec<String> = page.rows.iter().map(|resource| resource.id.clone()).collect();
    let scopes: HashMap<_, _> = scopes::counts(conn, &ids)?.into_iter().collect();
    let callers: HashMap<_, _> = grants::caller_counts(conn, &ids)?.into_iter().collect();
    Ok(page.map(|resource| Row {
        line: line::class(&resource.identifier),
        lifetime: duration::text(resource.token_lifetime),
        scopes: scopes.get(&resource.id).copied().unwrap_or_default(),
        callers: callers.get(&resource.id).copied().unwrap_or_default(),
        resource,
    }))
}
