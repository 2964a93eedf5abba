//! `GET /applications`.
use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{link, page};
use crate::model::application::Application;
use crate::model::page::{PAGE_ROWS, Page};
use crate::model::secret::{Secret, State};
use crate::model::usage::hour;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::applications::{Filter, Show};
use crate::store::{
    Conn, Error, application_owners, applications, deletions, grants, secrets, usage,
};
use crate::text;
use crate::texts::{Text, en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/applications/index.html", blocks = ["results"])]
struct Index {
    chrome: Chrome,
    manages: bool,
    /// Whether one that was deleted can still be restored.
    has_deleted: bool,
    now: UnixTime,
    query: Query,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(super) struct Row {
    pub application: Application,
    /// The names of those that it may call.
    pub apis: Vec<String>,
    /// How many of its secrets work.
    pub secrets: usize,
    pub next_expiry: Option<UnixTime>,
    pub last_used: Option<UnixTime>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    q: String,
    /// `active`, `suspended`, or empty for both.
    state: String,
    /// A word of [`SHOWN`], or empty for all.
    show: String,
    after: String,
}

impl Query {
    pub(super) fn tidy(mut self) -> Self {
        self.q = self.q.trim().to_owned();
        self
    }

    /// The page after the application of this client id.
    pub(super) fn after(mut self, client_id: Option<String>) -> Self {
        self.after = client_id.unwrap_or_default();
        self
    }

    pub(super) fn to_text(&self) -> String {
        let pairs =
            [("q", &self.q), ("state", &self.state), ("show", &self.show), ("after", &self.after)];
        link::query(pairs)
    }
}

/// What one looks for: its word in the URL, and how people read it, alone and
/// within a sentence.
const SHOWN: [(&str, &str, &str); 4] = [
    ("ending", en("A secret ends within 14 days"), en("a secret ends within 14 days")),
    ("refused", en("Refused in 24 hours"), en("refused in 24 hours")),
    ("idle", en("No token in 90 days"), en("no token in 90 days")),
    ("stuck", en("Cannot get tokens"), en("cannot get tokens")),
];

/// The most applications that are looked for by their refusals, those with the
/// most of them.
const REFUSED: i64 = 500;

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    let (asked, now) = (query.clone(), person.now());
    let (only_own, manages) = (person.only_own(), person.manages());
    let found = app.pages.read(move |conn| {
        let has_deleted = manages && deletions::any(conn, now)?;
        let owned =
            only_own.map(|id| application_owners::of_administrator(conn, &id)).transpose()?;
        Ok((rows(conn, &asked, owned, now, PAGE_ROWS)?, has_deleted))
    });
    let (found, has_deleted) = found.await?;
    let chrome = person.chrome("/applications");
    let Page { rows, next } = found;
    let index = Index { chrome, manages, has_deleted, now, query, rows, next };
    if page::wants_part(&request) { page::html(&index.as_results()) } else { page::html(&index) }
}

/// A page of applications with what belongs to them: one query a table, never
/// one a row.
pub(super) fn rows(
    conn: &mut Conn,
    query: &Query,
    owned: Option<Vec<String>>,
    now: UnixTime,
    limit: usize,
) -> Result<Page<Row>, Error> {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let active = match query.state.as_str() {
        "active" => Some(true),
        "suspended" => Some(false),
        _ => None,
    };
    let show = match query.show.as_str() {
        "ending" => Some(Show::Ending { now, until: now + Seconds::days(14) }),
        "idle" => Some(Show::Idle { since: now - Seconds::days(90) }),
        "stuck" => Some(Show::Stuck { now }),
        "refused" => {
            let refused = usage::refused(conn, hour(now - Seconds::DAY), REFUSED)?;
            Some(Show::Among(refused.into_iter().map(|row| row.client_id).collect()))
        }
        _ => None,
    };
    let filter = Filter { search: given(&query.q), active, show, owned };
    let page = applications::page(conn, &filter, given(&query.after).as_deref(), limit)?;
    let ids: Vec<String> = page.rows.iter().map(|row| row.client_id.clone()).collect();
    let mut apis: HashMap<String, Vec<String>> = HashMap::new();
    for (client_id, name) in grants::resource_names(conn, &ids)? {
        apis.entry(client_id).or_default().push(name);
    }
    let mut held: HashMap<String, Vec<Secret>> = HashMap::new();
    for secret in secrets::of_clients(conn, &ids)? {
        held.entry(secret.client_id.clone()).or_default().push(secret);
    }
    Ok(page.map(|application| {
        let apis = apis.remove(&application.client_id).unwrap_or_default();
        let held = held.remove(&application.client_id).unwrap_or_default();
        Row::new(application, apis, &held, now)
    }))
}

impl Index {
    fn shown(&self) -> Option<&'static str> {
        SHOWN.iter().find(|(word, ..)| *word == self.query.show).map(|(.., within)| *within)
    }

    /// What is said when nothing is found: what was looked for.
    fn nothing(&self) -> Text {
        let query = &self.query;
        let what = match (query.state.as_str(), query.q.as_str()) {
            ("active", "") => text!("No application matches and is active"),
            ("active", q) => text!("No application matches “{q}” and is active", q),
            ("suspended", "") => text!("No application matches and is suspended"),
            ("suspended", q) => text!("No application matches “{q}” and is suspended", q),
            (_, "") => text!("No application matches"),
            (_, q) => text!("No application matches “{q}”", q),
        };
        match self.shown() {
            Some(shown) => text!("{what}: {shown}.", what, shown = Text::new(shown)),
            None => text!("{what}.", what),
        }
    }

    fn is_narrowed(&self) -> bool {
        !self.query.q.is_empty() || !self.query.state.is_empty() || self.shown().is_some()
    }

    /// The page after this one.
    fn more_href(&self, after: &str) -> String {
        format!("/applications?{}", self.query.clone().after(Some(after.to_owned())).to_text())
    }

    fn file_href(&self) -> String {
        link::to("/applications.csv", &self.query.clone().after(None).to_text())
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass by reference")]
    fn moment(&self, at: &UnixTime) -> Moment {
        Moment::new(*at, self.now)
    }
}

impl Row {
    fn new(application: Application, apis: Vec<String>, held: &[Secret], now: UnixTime) -> Self {
        let active = || held.iter().filter(|secret| secret.state(now) == State::Active);
        Self {
            application,
            apis,
            secrets: active().count(),
            next_expiry: active().filter_map(|secret| secret.expires_at).min(),
            last_used: held.iter().filter_map(|secret| secret.last_used_at).max(),
        }
    }
}
