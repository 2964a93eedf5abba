//! `/log/pruning`: what of the log would go, and then it.
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::admin::{self, retention};
use crate::console::chrome::Chrome;
use crate::console::count;
use crate::console::failure::Failure;
use crate::console::form::FieldErrors;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::model::role::Right;
use crate::oauth::UnixTime;
use crate::sealing::pruning;
use crate::store::audit_retention::Cut;
use crate::store::{self, Conn};
use crate::text;
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/log/pruning.html")]
struct Pruning {
    chrome: Chrome,
    errors: FieldErrors,
    before: String,
    /// Once a day was named that can be taken.
    plan: Option<Plan>,
}

/// What would go.
struct Plan {
    rows: String,
    groups: String,
    /// `None`: nothing.
    from: Option<(Moment, Moment)>,
    /// The stream that has not delivered the rest.
    waits_for: Option<String>,
    /// What is to be sent along: whoever confirms saw this, and no other.
    end: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Input {
    /// A day in UTC.
    before: String,
    end: Option<i64>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    input: web::Query<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::RetainLog)?;
    if input.before.is_empty() {
        return page::html(&fill(&person, input.into_inner(), FieldErrors::default(), None));
    }
    let now = person.now();
    match read(&app, &input.before, now).await? {
        Ok(cut) => {
            let plan = Plan::new(&cut, now);
            page::html(&fill(&person, input.into_inner(), FieldErrors::default(), Some(plan)))
        }
        Err(errors) => page::unprocessable(&fill(&person, input.into_inner(), errors, None)),
    }
}

pub async fn post(
    person: SignedIn,
    app: web::Data<App>,
    form: web::Form<Input>,
) -> Result<HttpResponse, Failure> {
    person.must(Right::RetainLog)?;
    let (input, now) = (form.into_inner(), person.now());
    let cut = match read(&app, &input.before, now).await? {
        Ok(cut) => cut,
        Err(errors) => return page::unprocessable(&fill(&person, input, errors, None)),
    };
    if Some(cut.end) != input.end || cut.is_empty() {
        let plan = Plan::new(&cut, now);
        return page::html(&fill(&person, input, FieldErrors::default(), Some(plan)));
    }
    let (actor, app) = (person.actor.clone(), app.into_inner());
    let rows = count::text(cut.rows);
    app.act::<_, admin::Error, _>(move |conn| retention::prune(conn, &actor, &cut)).await?;
    // From here on they count as pruned; what is left to delete now, the server
    // deletes within a minute.
    let store = app.store.clone();
    match tokio::task::spawn_blocking(move || pruning::delete_blocking(&store)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, "audit.not_pruned"),
        Err(error) => tracing::error!(%error, "audit.not_pruned"),
    }
    person.notice(text!("{rows} rows were removed from the log.", rows));
    Ok(page::see_other("/log/integrity"))
}

/// What would go of before this day, or what is wrong with it.
async fn read(app: &App, before: &str, now: UnixTime) -> Result<Result<Cut, FieldErrors>, Failure> {
    let Some(before) = day(before) else {
        let example = text!("Give a day, such as 2026-01-31.");
        return Ok(Err(FieldErrors::one("before", example)));
    };
    // An error of the act is no error of the read.
    let plan = move |conn: &mut Conn| Ok::<_, store::Error>(retention::plan(conn, before, now));
    match app.pages.read(plan).await? {
        Ok(cut) => Ok(Ok(cut)),
        Err(error) => Ok(Err(FieldErrors::from_act(error)?)),
    }
}

/// The beginning of a day in UTC.
pub(super) fn day(text: &str) -> Option<UnixTime> {
    let day: jiff::civil::Date = text.trim().parse().ok()?;
    let begin = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(UnixTime(begin.timestamp().as_microsecond()))
}

impl Plan {
    fn new(cut: &Cut, now: UnixTime) -> Self {
        let at = |time| Moment::new(UnixTime(time), now);
        Self {
            rows: count::text(cut.rows),
            groups: count::text(cut.end - cut.first),
            from: (!cut.is_empty()).then(|| (at(cut.from), at(cut.until))),
            waits_for: cut.waits_for.clone(),
            end: cut.end,
        }
    }
}

fn fill(person: &SignedIn, input: Input, errors: FieldErrors, plan: Option<Plan>) -> Pruning {
    Pruning { chrome: person.chrome("/log/integrity"), errors, before: input.before, plan }
}
