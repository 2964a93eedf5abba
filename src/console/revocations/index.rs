//! `GET /revocations`.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::clock::Clock;
use super::what::{Names, What, word};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::log::choices::{self, Choice};
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::page::{PAGE_ROWS, Page};
use crate::model::revocation::{Recorded, Revocation};
use crate::oauth::UnixTime;
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

struct Row {
    revocation: Revocation,
    at: Moment,
    what: What,
    by: Text,
    /// How many living tokens it hit, once that is known.
    live_tokens: Option<u64>,
    clock: Clock,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// A client id.
    application: String,
    before: String,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let mut query = query.into_inner();
    query.application = query.application.trim().to_owned();
    let (asked, now) = (query.clone(), person.now());
    let read = move |conn: &mut Conn| {
        let applications = choices::applications(conn, &asked.application)?;
        Ok::<_, Error>((applications, rows(conn, &asked, now)?))
    };
    let (applications, found) = app.store.read(read).await?;
    let index = Index {
        chrome: person.chrome("/revocations"),
        manages: person.manages(),
        query,
        applications,
        waiting: app
            .journal
            .waiting()
            .into_iter()
            .map(|late| (word(late.revocation.kind), late.revocation.subject))
            .collect(),
        rows: found.rows,
        next: found.next,
    };
    if page::wants_part(&request) { page::html(&index.as_results()) } else { page::html(&index) }
}

fn rows(conn: &mut Conn, query: &Query, now: UnixTime) -> Result<Page<Row>, Error> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let (application, before) = (given(&query.application), given(&query.before));
    let page = revocations::page(conn, application.as_deref(), before.as_deref(), PAGE_ROWS)?;
    let names = Names::read(conn, page.rows.iter().map(|row| &row.revocation))?;
    Ok(page.map(|recorded| Row::new(recorded, &names, now)))
}

impl Row {
    fn new(recorded: Recorded, names: &Names, now: UnixTime) -> Self {
        Self {
            at: Moment::new(recorded.revocation.created_at, now),
            what: names.what(&recorded.revocation),
            by: by(&recorded.revocation),
            live_tokens: recorded.exposure.map(|exposure| exposure.live_tokens),
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
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.query.application.is_empty() {
            query.append_pair("application", &self.query.application);
        }
        format!("/revocations?{}", query.append_pair("before", before).finish())
    }
}
