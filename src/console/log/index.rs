//! `GET /log`.
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::choices::Choices;
use super::entry::{Entry, What};
use super::fold;
use super::names::Names;
use super::query::{PERIODS, Query};
use super::reading;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::console::traffic::Traffic;
use crate::model::audit_event::Event;
use crate::model::page::Page;
use crate::model::usage::hour;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, Filter};
use crate::store::{Conn, Error, usage};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

/// Fewer than other lists have: rows of the log are long, and a page that comes
/// again is to take 8 kB at most.
const ROWS: usize = 28;

#[derive(Template)]
#[template(path = "console/log/index.html", blocks = ["results"])]
struct Index {
    chrome: Chrome,
    query: Query,
    choices: Choices,
    errors: FieldErrors,
    rows: Vec<Entry>,
    older: Option<String>,
    /// The same view with times that do not move on.
    kept_href: String,
    /// Of all that token requests came to, where the view is about them.
    traffic: Option<Traffic>,
    /// When nothing was found: the newest that a longer period would find.
    elsewhere: Option<Elsewhere>,
}

/// Something that fits, but is older than the period.
struct Elsewhere {
    at: Moment,
    href: String,
}

/// What was read for a page.
struct Found {
    choices: Choices,
    rows: Page<Entry>,
    newest: Option<UnixTime>,
    traffic: Option<Traffic>,
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
        return Ok(found(&query.href()));
    }
    let filter = query.filter(now);
    let errors = filter.as_ref().err().cloned().unwrap_or_default();
    let (filter, asked) = (filter.ok(), query.clone());
    let load = move |conn: &mut Conn| read(conn, filter, &asked, is_part, now);
    let Found { choices, rows, newest, traffic } = app.pages.read(load).await?;
    if errors.is_empty() {
        reading::note(&app, &person, reading::of(&query)).await;
    }
    if let (false, Some(_), [only]) = (is_part, query.event_id(), rows.rows.as_slice()) {
        return Ok(found(&format!("/log/{}", only.id)));
    }
    let index = Index {
        chrome: person.chrome("/log"),
        older: rows.next.map(|before| Query { before, ..query.clone() }.href()),
        rows: rows.rows,
        kept_href: query.frozen(now).href(),
        traffic: traffic.filter(|traffic| !traffic.is_empty()),
        elsewhere: newest.map(|at| elsewhere(at, now, &query)),
        query,
        choices,
        errors,
    };
    answer(&index, is_part)
}

fn answer(index: &Index, is_part: bool) -> Result<HttpResponse, Failure> {
    if !is_part {
        return with_errors(index, &index.errors);
    }
    let mut response = with_errors(&index.as_results(), &index.errors)?;
    // What the address bar shows: the shortest URL of this view.
    if let Ok(href) = HeaderValue::from_str(&index.query.href()) {
        response.headers_mut().insert(HeaderName::from_static("hx-push-url"), href);
    }
    Ok(response)
}

fn with_errors(page: &impl Template, errors: &FieldErrors) -> Result<HttpResponse, Failure> {
    if errors.is_empty() { page::html(page) } else { page::unprocessable(page) }
}

/// The same view at its shortest URL.
fn found(href: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::FOUND).insert_header((LOCATION, href)).finish()
}

fn read(
    conn: &mut Conn,
    filter: Option<Filter>,
    query: &Query,
    is_part: bool,
    now: UnixTime,
) -> Result<Found, Error> {
    let choices = if is_part { Choices::default() } else { Choices::read(conn, query)? };
    let Some(filter) = filter else {
        let rows = Page { rows: Vec::new(), next: None };
        return Ok(Found { choices, rows, newest: None, traffic: None });
    };
    let traffic = traffic(conn, query, now)?;
    let before = (!query.before.is_empty()).then_some(query.before.as_str());
    let depth = if query.each.is_empty() { ROWS * fold::DEPTH } else { ROWS };
    let page = audit_log::page(conn, &filter, before, depth)?;
    let events: Vec<Event> = page.rows.iter().filter_map(audit_log::StoredEvent::event).collect();
    let names = Names::read(conn, &events)?;
    let newest = if page.rows.is_empty() && query.period() != "custom" {
        let ever = Filter { from: None, to: None, ..filter };
        audit_log::page(conn, &ever, before, 1)?.rows.first().map(|row| UnixTime(row.at))
    } else {
        None
    };
    let (rows, next) = rows(&events, &names, query, now);
    let rows = Page { rows, next: next.or(page.next) };
    Ok(Found { choices, rows, newest, traffic })
}

/// The rows of a page, and where the next begins when not all were told.
fn rows(
    events: &[Event],
    names: &Names,
    query: &Query,
    now: UnixTime,
) -> (Vec<Entry>, Option<String>) {
    if !query.each.is_empty() {
        return (events.iter().map(|event| Entry::new(event, names, now)).collect(), None);
    }
    let (folds, told) = fold::fold(events, ROWS);
    let entry = |fold: &fold::Fold<'_>| Entry {
        alike: fold.alike(query, now),
        ..Entry::new(fold.newest, names, now)
    };
    let last =
        told.checked_sub(1).and_then(|last| events.get(last)).filter(|_| told < events.len());
    (folds.iter().map(entry).collect(), last.map(|event| event.id.clone()))
}

/// What was counted in the period, on the first page of a view that nothing but
/// the period, the API, the outcome or the reason narrows: the counts know of
/// those.
fn traffic(conn: &mut Conn, query: &Query, now: UnixTime) -> Result<Option<Traffic>, Error> {
    let period = PERIODS.iter().find(|(word, ..)| *word == query.period());
    let length = period.and_then(|(.., length)| *length).filter(|length| *length >= Seconds::DAY);
    let counted = Query {
        api: query.api.clone(),
        outcome: query.outcome.clone(),
        reason: query.reason.clone(),
        period: query.period.clone(),
        each: query.each.clone(),
        ..Query::default()
    };
    let (Some(length), true) = (length, *query == counted) else { return Ok(None) };
    let api = Some(query.api.as_str()).filter(|api| !api.is_empty());
    let mut hours = usage::traffic(conn, hour(now - length), hour(now) + 1, api)?;
    hours.retain(|row| {
        (query.reason.is_empty() || row.reason == query.reason)
            && match query.outcome.as_str() {
                "issued" => row.reason.is_empty(),
                "refused" => !row.reason.is_empty(),
                _ => true,
            }
    });
    Ok(Some(Traffic::new(&hours, length, now)))
}

/// The shortest period that goes back to `at`.
fn elsewhere(at: UnixTime, now: UnixTime, query: &Query) -> Elsewhere {
    let reaches = |length| now - length <= at;
    let period = PERIODS.iter().find(|(.., length)| length.is_none_or(reaches));
    let period = period.map(|(word, ..)| (*word).to_owned()).unwrap_or_default();
    let href = Query { period, ..query.clone() }.tidy().href();
    Elsewhere { at: Moment::new(at, now), href }
}

impl Index {
    /// That there is nothing, of what was asked for.
    fn nothing(&self) -> Text {
        let period = Text::new(self.period());
        match (self.is_narrowed(), self.query.before.is_empty()) {
            (false, true) => text!("Nothing happened {period}.", period),
            (true, true) => text!("Nothing that fits happened {period}.", period),
            (false, false) => text!("Nothing happened {period} before that.", period),
            (true, false) => text!("Nothing that fits happened {period} before that.", period),
        }
    }

    /// What the period is called within a sentence.
    fn period(&self) -> &'static str {
        match self.query.period() {
            "custom" => en("between these times"),
            "1h" => en("in the last hour"),
            "7d" => en("in the last 7 days"),
            "30d" => en("in the last 30 days"),
            "all" => en("since the beginning"),
            _ => en("in the last 24 hours"),
        }
    }

    /// Whether anything but the period narrows the view.
    fn is_narrowed(&self) -> bool {
        let whole = Query {
            period: self.query.period.clone(),
            each: self.query.each.clone(),
            ..Query::default()
        };
        self.query != whole
    }

    /// The same filter over what is yet to come.
    fn live_href(&self) -> String {
        let query = super::live::narrow(self.query.clone()).to_text();
        if query.is_empty() { "/log/live".to_owned() } else { format!("/log/live?{query}") }
    }

    /// The same view with refusals that are alike told in one row, or each.
    fn each_href(&self) -> String {
        let each = if self.query.each.is_empty() { "1" } else { "" };
        Query { each: each.to_owned(), ..self.query.clone() }.href()
    }

    fn folds(&self) -> bool {
        self.rows.iter().any(|entry| entry.alike.is_some())
    }

    /// The same view from its newest row.
    fn newest_href(&self) -> String {
        Query { before: String::new(), ..self.query.clone() }.href()
    }
}
