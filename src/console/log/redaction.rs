//! `/log/redaction`: which rows would lose their text, and then they do.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::pruning::day;
use crate::admin;
use crate::admin::redaction::{self, Reason, Redaction};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::administrator::Administrator;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::store::audit_log::StoredEvent;
use crate::store::{self, Checkpoint, Conn, administrators};
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/log/redaction.html")]
struct Page {
    chrome: Chrome,
    errors: FieldErrors,
    input: Input,
    people: Vec<Administrator>,
    plan: Option<Plan>,
}

/// What would be redacted.
struct Plan {
    rows: Vec<(String, String, Moment)>,
    /// There are more, for another time.
    more: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    /// The id of a row.
    id: String,
    /// Or of an administrator,
    person: String,
    /// before this day in UTC.
    before: String,
    basis: String,
    reason: String,
    /// How many rows were shown.
    count: Option<usize>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::RetainLog)?;
    show(&person, &app, query.into_inner(), FieldErrors::default()).await
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::RetainLog)?;
    let (input, app) = (form.into_inner(), app.into_inner());
    let Some(what) = input.what()? else {
        return show(&person, &app, input, FieldErrors::default()).await;
    };
    let (rows, _) = plan(&app, what).await?;
    // Others than those that were shown.
    if Some(rows.len()) != input.count {
        return show(&person, &app, input, FieldErrors::default()).await;
    }
    let (actor, count) = (person.actor.clone(), rows.len());
    let reason = Reason { basis: input.basis.clone(), why: input.reason.clone() };
    let done = app
        .act::<_, admin::Error, _>(move |conn| redaction::redact(conn, &actor, &rows, &reason))
        .await;
    if let Err(error) = done {
        let errors = FieldErrors::from_act(error)?;
        return show(&person, &app, input, errors).await;
    }
    // Not in SQLite's write-ahead log either. One that is busy is emptied in
    // time.
    let emptied = app.pages.read(|conn: &mut Conn| conn.checkpoint(Checkpoint::Truncate)).await;
    if let Err(error) = emptied {
        tracing::warn!(%error, "sqlite.checkpoint_failed");
    }
    person.notice(text!(count => "{n} row was redacted.", "{n} rows were redacted."));
    Ok(page::see_other("/log/integrity"))
}

impl Input {
    /// `None`: nothing was named yet.
    fn what(&self) -> Result<Option<Redaction>, Failure> {
        let (id, person) = (self.id.trim(), self.person.trim());
        if !id.is_empty() {
            return Ok(Some(Redaction::Row(id.to_owned())));
        }
        if person.is_empty() {
            return Ok(None);
        }
        let before = day(&self.before).ok_or(Failure::Malformed)?;
        Ok(Some(Redaction::Person { id: person.to_owned(), before }))
    }
}

async fn plan(app: &App, what: Redaction) -> Result<(Vec<StoredEvent>, bool), Failure> {
    // An error of the act is no error of the read.
    let plan = move |conn: &mut Conn| Ok::<_, store::Error>(redaction::plan(conn, &what));
    Ok(app.pages.read(plan).await??)
}

async fn show(
    person: &SignedIn,
    app: &App,
    input: Input,
    mut errors: FieldErrors,
) -> Result<HttpResponse, Failure> {
    if input.id.is_empty() && !input.person.is_empty() && day(&input.before).is_none() {
        errors = FieldErrors::one("before", text!("Give a day, such as 2026-01-31."));
    }
    let what = if errors.of("before").is_some() { None } else { input.what()? };
    let plan = match what {
        None => None,
        Some(what) => {
            let (rows, more) = plan(app, what).await?;
            let now = person.now();
            let row = |row: StoredEvent| (row.id, row.code, Moment::new(UnixTime(row.at), now));
            Some(Plan { rows: rows.into_iter().map(row).collect(), more })
        }
    };
    let refused = !errors.is_empty();
    let people = app.pages.read(administrators::all).await?;
    let page = Page { chrome: person.chrome("/log/integrity"), errors, input, people, plan };
    if refused { page::unprocessable(&page) } else { page::html(&page) }
}
