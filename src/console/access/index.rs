//! `GET /access`.
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::matrix;
use super::query::Query;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::log::choices::{self, Choice};
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::model::page::PAGE_ROWS;
use crate::oauth::UnixTime;
use crate::reports::access::{self, Asked};
use crate::store::Conn;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/access/index.html")]
struct Index {
    chrome: Chrome,
    filter: Filter,
    rows: Vec<Row>,
    /// Where the next page is.
    next: Option<String>,
}

/// The form above the list, and what it asks.
pub struct Filter {
    pub query: Query,
    pub errors: FieldErrors,
    /// `None`: too many to choose from.
    pub apis: Option<Vec<Choice>>,
    /// The moment in the past that is shown.
    pub past: Option<Moment>,
}

struct Row {
    held: access::Row,
    class: &'static str,
    since: Moment,
    last_token: Option<Moment>,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    if !request.query_string().is_empty() && request.query_string() != query.to_text() {
        let mut found = HttpResponse::Found();
        return Ok(found.insert_header((LOCATION, query.href())).finish());
    }
    let now = person.now();
    let asked = query.asked(now);
    let filter = Filter::read(&app, query, &asked, now).await?;
    let Ok(asked) = asked else {
        let index = Index { chrome: person.chrome("/access"), filter, rows: vec![], next: None };
        return page::unprocessable(&index);
    };
    if filter.query.view == "matrix" {
        return matrix::get(&person, &app, filter, asked).await;
    }
    let after = Some(filter.query.after.clone()).filter(|after| !after.is_empty());
    let read =
        move |conn: &mut Conn| access::page_with_use(conn, &asked, after.as_deref(), PAGE_ROWS);
    let found = app.pages.read(read).await?;
    let next = found.next.map(|after| Query { after, ..filter.query.clone() }.href());
    let rows = found.rows.into_iter().map(|row| Row::new(row, now)).collect();
    page::html(&Index { chrome: person.chrome("/access"), filter, rows, next })
}

impl Filter {
    async fn read(
        app: &App,
        query: Query,
        asked: &Result<Asked, FieldErrors>,
        now: UnixTime,
    ) -> Result<Self, Failure> {
        let chosen = query.api.clone();
        let apis = app.pages.read(move |conn| choices::resources(conn, &chosen)).await?;
        let (at, errors) = match asked {
            Ok(asked) => (asked.at, FieldErrors::default()),
            Err(errors) => (now, errors.clone()),
        };
        let past = (at < now).then(|| Moment::new(at, now));
        Ok(Self { query, errors, apis, past })
    }

    /// The same question, seen otherwise.
    pub fn other_view(&self, view: &str) -> String {
        let view = view.to_owned();
        let (after, column) = (String::new(), String::new());
        Query { view, after, column, ..self.query.clone() }.href()
    }

    /// The first page of it.
    pub fn first_href(&self) -> String {
        Query { after: String::new(), ..self.query.clone() }.href()
    }
}

impl Row {
    fn new(row: access::Row, now: UnixTime) -> Self {
        Self {
            class: line::class(&row.resource.identifier),
            since: Moment::new(row.holding.since, now),
            last_token: row.used.at.map(|at| Moment::new(at, now)),
            held: row,
        }
    }

    /// The list of what this application ever held at this API.
    fn history(&self) -> String {
        let pairs =
            [("application", &self.held.application.client_id), ("api", &self.held.resource.id)];
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/access/history?{query}")
    }
}
