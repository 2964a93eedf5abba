//! `GET /revocations`.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::clock::Clock;
use super::what::{Names, What};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::log::choices::{self, Choice};
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{link, page};
use crate::model::page::{PAGE_ROWS, Page};
use crate::model::revocation::{Exposure, Recorded, Revocation};
use crate::oauth::UnixTime;
use crate::reports::upkeep;
use crate::store::{Conn, Error, revocations};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/revocations/index.html", blocks = ["results"])]
struct Index {
    chrome: Chrome,
    manages: bool,
    query: Query,
    /// `None`: too many to choose from.
    applications: Option<Vec<Choice>>,
    rows: Vec<Row>,
    next: Option<String>,
    /// In force here, and not in the database yet: what, and its subject.
    waiting: Vec<(&'static str, String)>,
}

pub(super) struct Row {
    pub revocation: Revocation,
    at: Moment,
    pub what: What,
    by: Text,
    /// What it hit, once that is known.
    pub exposure: Option<Exposure>,
    clock: Clock,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// A client id.
    application: String,
    before: String,
}

impl Query {
    pub(super) fn tidy(mut self) -> Self {
        self.application = self.application.trim().to_owned();
        self
    }

    /// The page after the revocation of this id.
    pub(super) fn before(mut self, id: Option<String>) -> Self {
        self.before = id.unwrap_or_default();
        self
    }

    pub(super) fn to_text(&self) -> String {
        link::query([("application", &self.application), ("before", &self.before)])
    }
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    let (asked, now) = (query.clone(), person.now());
    let read = move |conn: &mut Conn| {
        let applications = choices::applications(conn, &asked.application)?;
        Ok::<_, Error>((applications, rows(conn, &asked, now, PAGE_ROWS)?))
    };
    let (applications, found) = app.pages.read(read).await?;
    let index = Index {
        chrome: person.chrome("/revocations"),
        manages: person.manages(),
        query,
        applications,
        waiting: app
            .journal
            .waiting()
            .into_iter()
            .map(|late| (upkeep::kind(late.revocation.kind), late.revocation.subject))
            .collect(),
        rows: found.rows,
        next: found.next,
    };
    if page::wants_part(&request) { page::html(&index.as_results()) } else { page::html(&index) }
}

pub(super) fn rows(
    conn: &mut Conn,
    query: &Query,
    now: UnixTime,
    limit: usize,
) -> Result<Page<Row>, Error> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (application, before) = (given(&query.application), given(&query.before));
    let page = revocations::page(conn, application.as_deref(), before.as_deref(), limit)?;
    let names = Names::read(conn, page.rows.iter().map(|row| &row.revocation))?;
    Ok(page.map(|recorded| Row::new(recorded, &names, now)))
}

impl Row {
    fn new(recorded: Recorded, names: &Names, now: UnixTime) -> Self {
        Self {
            at: Moment::new(recorded.revocation.created_at, now),
            what: names.what(&recorded.revocation),
            by: by(&recorded.revocation),
            exposure: recorded.exposure,
            clock: Clock::new(&recorded, now),
            revocation: recorded.revocation,
        }
    }
}

/// Who made it, as one would say it.
pub fn by(revocation: &Revocation) -> Text {
    if revocation.client_id.as_ref() == Some(&revocation.created_by) {
        return text!("The application itself");
    }
    Text::data(&revocation.created_by)
}

impl Index {
    fn older_href(&self, before: &str) -> String {
        format!("/revocations?{}", self.query.clone().before(Some(before.to_owned())).to_text())
    }

    /// All that the list is narrowed to, as a file.
    fn file_href(&self) -> String {
        link::to("/revocations.csv", &self.query.clone().before(None).to_text())
    }
}
