//! `GET /approvals`.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::pending::Pending;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::approval::{Policy, Rule};
use crate::model::page::{PAGE_ROWS, Page};
use crate::store::approvals::{self, Filter};
use crate::store::{Conn, Error};
use crate::texts::{en, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/approvals/index.html")]
struct Index {
    chrome: Chrome,
    view: View,
    rows: Vec<Pending>,
    older: Option<String>,
    policy: Policy,
}

/// Which requests a list has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Open,
    Mine,
    Decided,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    show: String,
    before: String,
}

impl View {
    const ALL: [Self; 3] = [Self::Open, Self::Mine, Self::Decided];

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|view| view.as_str() == text).unwrap_or(Self::Open)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mine => "mine",
            Self::Decided => "decided",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Open => en("Waiting"),
            Self::Mine => en("Asked by you"),
            Self::Decided => en("Decided"),
        }
    }

    const fn none(self) -> &'static str {
        match self {
            Self::Open => en("Nothing waits for a second person."),
            Self::Mine => en("You have asked for nothing that takes two persons."),
            Self::Decided => en("Nothing was decided on yet."),
        }
    }

    fn filter(self, id: &str) -> Filter {
        match self {
            Self::Open => Filter { open: Some(true), ..Filter::default() },
            Self::Mine => Filter { asked_by: Some(id.to_owned()), ..Filter::default() },
            Self::Decided => Filter { open: Some(false), ..Filter::default() },
        }
    }
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (view, now) = (View::parse(query.show.trim()), person.now());
    let (filter, before) = (view.filter(&person.administrator.id), query.before.clone());
    let read = move |conn: &mut Conn| {
        let before = Some(before.as_str()).filter(|before| !before.is_empty());
        let rows: Page<_> = approvals::page(conn, &filter, before, PAGE_ROWS)?;
        Ok::<_, Error>((rows, approvals::policy(conn)?))
    };
    let (rows, policy) = app.pages.read(read).await?;
    let rows = rows.map(|request| Pending::new(&request, now));
    page::html(&Index {
        chrome: person.chrome("/approvals"),
        view,
        older: rows.next.map(|next| format!("/approvals?show={}&before={next}", view.as_str())),
        rows: rows.rows,
        policy,
    })
}

impl Index {
    /// What takes two persons besides what is marked.
    fn rules(&self) -> Vec<&'static str> {
        let words = |rule: &Rule| match rule {
            Rule::KillAll => en("revoking every token"),
            Rule::KeyRetirement => en("rotating, replacing and revoking signing keys"),
            Rule::Roles => en("making somebody an admin or an owner"),
        };
        self.policy.rules.iter().map(words).collect()
    }
}
