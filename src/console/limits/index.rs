//! `GET /limits`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::limit::words;
use crate::console::signed_in::SignedIn;
use crate::console::{count, page};
use crate::model::limit::Hits;
use crate::model::page::{PAGE_ROWS, Page};
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::limit::{Limit, Subject};
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, applications, limits, resources};
use crate::texts::{Text, en, filters};
use crate::web::App;

/// The most that are named of those that were met.
const MET: i64 = 50;

#[derive(Template)]
#[template(path = "console/limits/index.html")]
struct Index {
    chrome: Chrome,
    /// They may open the page of a limit.
    manages: bool,
    /// Of the settings, in words; empty: there is none.
    default: Text,
    default_watched: bool,
    met: Vec<Met>,
    rows: Vec<Row>,
    /// The next page.
    next: Option<String>,
}

/// Whose it is.
struct Of {
    name: String,
    kind: &'static str,
    href: String,
}

struct Met {
    of: Of,
    refused: String,
    watched: String,
}

struct Row {
    of: Of,
    limit: Text,
    is_watched: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// `application` or `resource`, and a name, with a space between.
    after: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (now, after) = (person.now(), query.into_inner().after);
    let read = move |conn: &mut Conn| Ok::<_, Error>((met(conn, now)?, rows(conn, &after)?));
    let (met, page) = app.pages.read(read).await?;
    let default = app.config.limits.tokens;
    page::html(&Index {
        chrome: person.chrome("/limits"),
        manages: person.manages(),
        default: default.as_ref().map(words).unwrap_or_default(),
        default_watched: default.is_some_and(|limit| limit.watched),
        met,
        rows: page.rows,
        next: page.next.as_deref().map(href),
    })
}

fn href(after: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("/limits?{}", query.append_pair("after", after).finish())
}

fn met(conn: &mut Conn, now: UnixTime) -> Result<Vec<Met>, Error> {
    let since = usage::hour(now - Seconds::DAY);
    let mut met = Vec::new();
    for (subject, Hits { refused, watched }) in limits::most_met(conn, since, MET)? {
        if let Some(of) = Of::find(conn, &subject)? {
            met.push(Met { of, refused: count::text(refused), watched: count::text(watched) });
        }
    }
    Ok(met)
}

fn rows(conn: &mut Conn, after: &str) -> Result<Page<Row>, Error> {
    let after = match after.split_once(' ') {
        Some(("application", name)) => Some(Subject::Application(name.to_owned())),
        Some(("resource", name)) => Some(Subject::Resource(name.to_owned())),
        _ => None,
    };
    let most = i64::try_from(PAGE_ROWS).unwrap_or(i64::MAX).saturating_add(1);
    let found = limits::page(conn, after.as_ref(), most)?;
    let page =
        Page::of(found, PAGE_ROWS, |(subject, _)| format!("{} {}", subject.kind(), subject.name()));
    let mut rows = Vec::new();
    for (subject, limit) in &page.rows {
        if let Some(of) = Of::find(conn, subject)? {
            rows.push(Row::new(of, limit));
        }
    }
    Ok(Page { rows, next: page.next })
}

impl Of {
    /// `None`: it is gone.
    fn find(conn: &mut Conn, subject: &Subject) -> Result<Option<Self>, Error> {
        Ok(match subject {
            Subject::Application(id) => applications::find(conn, id)?.map(|found| Self {
                name: found.details.name,
                kind: en("Application"),
                href: format!("/applications/{id}"),
            }),
            Subject::Resource(uri) => resources::find_by_identifier(conn, uri)?.map(|found| Self {
                name: found.name,
                kind: en("API"),
                href: format!("/apis/{}", found.id),
            }),
        })
    }
}

impl Row {
    fn new(of: Of, limit: &Limit) -> Self {
        Self { of, limit: words(limit), is_watched: limit.watched }
    }
}
