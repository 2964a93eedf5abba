//! `GET /apis`.
use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, line, link, page};
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
    query: Query,
    /// Callers: `None`: more than [`MANY`].
    rows: Vec<Row<Option<i64>>>,
    next: Option<String>,
}

/// An API of the list. `C` is the number of its callers.
pub(super) struct Row<C> {
    pub resource: Resource,
    line: &'static str,
    lifetime: Text,
    pub scopes: i64,
    pub callers: C,
}

/// The most callers that the page counts; the file counts all.
const MANY: i64 = 1_000;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    q: String,
    after: String,
}

impl Query {
    pub(super) fn tidy(mut self) -> Self {
        self.q = self.q.trim().to_owned();
        self
    }

    /// The page after the API of this id.
    pub(super) fn after(mut self, id: Option<String>) -> Self {
        self.after = id.unwrap_or_default();
        self
    }

    pub(super) fn to_text(&self) -> String {
        link::query([("q", &self.q), ("after", &self.after)])
    }
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    let asked = query.clone();
    let load = move |conn: &mut Conn| {
        rows(conn, &asked, PAGE_ROWS, |conn, id| grants::count_callers_to(conn, id, MANY))
    };
    let Page { rows, next } = app.pages.read(load).await?;
    let chrome = person.chrome("/apis");
    let index = Index { chrome, manages: person.manages(), query, rows, next };
    if page::wants_part(&request) { page::html(&index.as_results()) } else { page::html(&index) }
}

pub(super) fn rows<C>(
    conn: &mut Conn,
    query: &Query,
    limit: usize,
    count: fn(&mut Conn, &str) -> Result<C, Error>,
) -> Result<Page<Row<C>>, Error> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (search, after) = (given(&query.q), given(&query.after));
    let page = resources::page(conn, search.as_deref(), after.as_deref(), limit)?;
    let ids: Vec<String> = page.rows.iter().map(|resource| resource.id.clone()).collect();
    let scopes: HashMap<_, _> = scopes::counts(conn, &ids)?.into_iter().collect();
    page.try_map(|resource| {
        Ok(Row {
            line: line::class(&resource.identifier),
            lifetime: duration::text(resource.token_lifetime),
            scopes: scopes.get(&resource.id).copied().unwrap_or_default(),
            callers: count(conn, &resource.id)?,
            resource,
        })
    })
}

impl Index {
    /// The page after this one.
    fn more_href(&self, after: &str) -> String {
        format!("/apis?{}", self.query.clone().after(Some(after.to_owned())).to_text())
    }

    /// All that the list is narrowed to, as a file.
    fn file_href(&self) -> String {
        link::to("/apis.csv", &self.query.clone().after(None).to_text())
    }
}
