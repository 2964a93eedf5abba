//! `GET /changes`.
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::query::Query;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::log::act::Act;
use crate::console::log::called::ACTS;
use crate::console::log::choices::{Choice, options};
use crate::console::log::diff::Diff;
use crate::console::log::entry;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::audit_event::{Event, Outcome};
use crate::model::page::{PAGE_ROWS, Page};
use crate::oauth::UnixTime;
use crate::store::audit_log::{self, Filter};
use crate::store::{Conn, Error};
use crate::texts::{Text, filters};
use crate::web::App;

/// The most fields that a row shows.
const FIELDS: usize = 4;

#[derive(Template)]
#[template(path = "console/changes/index.html", blocks = ["results"])]
struct Index {
    chrome: Chrome,
    query: Query,
    actions: Vec<Choice>,
    errors: FieldErrors,
    rows: Vec<Row>,
    older: Option<String>,
}

struct Row {
    id: String,
    at: Moment,
    clock: String,
    date: Text,
    aspect: &'static str,
    outcome: &'static str,
    act: Act,
    /// The name under which the log has who did it.
    actor: Option<String>,
    /// Why they did it.
    because: Option<String>,
    diffs: Vec<Diff>,
    more: usize,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (query, now) = (query.into_inner().tidy(), person.now());
    let is_part = page::wants_part(&request);
    if !is_part && request.query_string() != query.to_text() {
        let found = HttpResponse::build(StatusCode::FOUND);
        return Ok({ found }.insert_header((LOCATION, query.href())).finish());
    }
    let filter = query.filter();
    let errors = filter.as_ref().err().cloned().unwrap_or_default();
    let before = query.before.clone();
    let load = move |conn: &mut Conn| read(conn, filter.ok(), &before, now);
    let rows = app.pages.read(load).await?;
    let index = Index {
        chrome: person.chrome("/changes"),
        older: rows.next.map(|before| Query { before, ..query.clone() }.href()),
        rows: rows.rows,
        actions: options(
            ACTS.map(|(code, name)| (code.to_owned(), name.to_owned())),
            &query.action,
        ),
        query,
        errors,
    };
    answer(&index, is_part)
}

fn answer(index: &Index, is_part: bool) -> Result<HttpResponse, Failure> {
    let mut response = match (is_part, index.errors.is_empty()) {
        (false, true) => page::html(index),
        (false, false) => page::unprocessable(index),
        (true, true) => page::html(&index.as_results()),
        (true, false) => page::unprocessable(&index.as_results()),
    }?;
    if let (true, Ok(href)) = (is_part, HeaderValue::from_str(&index.query.href())) {
        response.headers_mut().insert(HeaderName::from_static("hx-push-url"), href);
    }
    Ok(response)
}

fn read(
    conn: &mut Conn,
    filter: Option<Filter>,
    before: &str,
    now: UnixTime,
) -> Result<Page<Row>, Error> {
    let Some(filter) = filter else { return Ok(Page { rows: Vec::new(), next: None }) };
    let before = Some(before).filter(|id| !id.is_empty());
    let page = audit_log::page(conn, &filter, before, PAGE_ROWS)?;
    let events = page.rows.iter().filter_map(audit_log::StoredEvent::event);
    Ok(Page { rows: events.map(|event| Row::new(&event, now)).collect(), next: page.next })
}

impl Row {
    fn new(event: &Event, now: UnixTime) -> Self {
        let at = UnixTime(event.at);
        let mut diffs = Diff::all(&event.changes);
        let more = diffs.len().saturating_sub(FIELDS);
        diffs.truncate(FIELDS);
        Self {
            id: event.id.clone(),
            at: Moment::new(at, now),
            clock: Moment::clock(at),
            date: Moment::date(at),
            aspect: if event.outcome == Outcome::Success { "clear" } else { "danger" },
            outcome: entry::outcome(event),
            act: Act::new(event),
            actor: event.actor.name.clone(),
            because: event.because.clone(),
            diffs,
            more,
        }
    }

    /// All that the same person did.
    fn actor_href(&self) -> Option<String> {
        let actor = self.actor.clone()?;
        Some(Query { actor, ..Query::default() }.href())
    }
}

impl Index {
    fn is_narrowed(&self) -> bool {
        self.query != Query::default()
    }

    /// The same view from its newest row.
    fn newest_href(&self) -> String {
        Query { before: String::new(), ..self.query.clone() }.href()
    }
}
