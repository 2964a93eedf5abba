//! `GET /log/live`: the log as it is written.
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::choices::Choices;
use super::entry::{Entry, What};
use super::names::Names;
use super::query::Query;
use super::reading;
use crate::audit::tail::Cursor;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::audit_event::Event;
use crate::oauth::UnixTime;
use crate::store::audit_log::{self, Filter};
use crate::store::{Conn, Error};
use crate::texts::filters;
use crate::web::App;

/// How many rows are there from the start.
const ROWS: usize = 20;

#[derive(Template)]
#[template(path = "console/log/live.html")]
struct Live {
    chrome: Chrome,
    query: Query,
    choices: Choices,
    rows: Vec<Entry>,
    cursor: Cursor,
    since: String,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (query, now) = (narrow(query.into_inner()), person.now());
    if request.query_string() != query.to_text() {
        let href = with("/log/live", &query);
        return Ok(HttpResponse::build(StatusCode::FOUND).insert_header((LOCATION, href)).finish());
    }
    reading::note(&app, &person, format!("live {}", reading::of(&query)).trim_end().to_owned())
        .await;
    // Before the rows: what comes between is sent again and known by its id.
    app.tail.look().await?;
    let cursor = app.tail.cursor();
    let filter = query.filter(now).map_err(|_| Failure::Malformed)?;
    let asked = query.clone();
    let load = move |conn: &mut Conn| {
        let choices = Choices::read(conn, &asked)?;
        Ok::<_, Error>((choices, newest(conn, &filter, now)?))
    };
    let (choices, rows) = app.pages.read(load).await?;
    let since = crate::console::moment::Moment::clock(now);
    page::html(&Live { chrome: person.chrome("/log"), query, choices, rows, cursor, since })
}

/// Without what has no meaning for what is yet to come.
pub fn narrow(query: Query) -> Query {
    let kept = Query {
        kind: query.kind,
        outcome: query.outcome,
        application: query.application,
        api: query.api,
        scope: query.scope,
        secret: query.secret,
        reason: query.reason,
        ..Query::default()
    };
    kept.tidy()
}

fn newest(conn: &mut Conn, filter: &Filter, now: UnixTime) -> Result<Vec<Entry>, Error> {
    let page = audit_log::page(conn, filter, None, ROWS)?;
    let events: Vec<Event> = page.rows.iter().filter_map(audit_log::StoredEvent::event).collect();
    let names = Names::read(conn, &events)?;
    Ok(events.iter().map(|event| Entry::new(event, &names, now)).collect())
}

/// A path with the filter.
fn with(path: &str, query: &Query) -> String {
    let query = query.to_text();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

impl Live {
    fn stream(&self) -> String {
        with("/log/stream", &self.query)
    }
}
