//! `GET /streams`.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::config::streams::Stream;
use crate::console::chrome::Chrome;
use crate::console::count;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::page;
use crate::console::signed_in::SignedIn;
use crate::oauth::UnixTime;
use crate::store::streams::{self, Progress};
use crate::text;
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/streams/index.html")]
struct Index {
    chrome: Chrome,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    /// `None`: not configured at this process.
    to: Option<String>,
    /// `clear`, `caution` or `danger`.
    aspect: &'static str,
    state: Text,
    events: String,
    delivered: Option<Moment>,
    /// Why the last try failed, and when that was.
    failure: Option<(String, Moment)>,
}

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let known = app.pages.read(streams::with_backlog).await?;
    let configured = app.streams.all();
    let of = |name: &str| known.iter().find(|(known, _)| known.name == name);
    let now = person.now();
    let here = configured.iter().map(|stream| Row::new(Some(stream), of(&stream.name), now));
    let elsewhere = known
        .iter()
        .filter(|(known, _)| !configured.iter().any(|stream| stream.name == known.name));
    let elsewhere = elsewhere.map(|known| Row::new(None, Some(known), now));
    page::html(&Index { chrome: person.chrome("/streams"), rows: here.chain(elsewhere).collect() })
}

impl Row {
    fn new(stream: Option<&Stream>, known: Option<&(Progress, i64)>, now: UnixTime) -> Self {
        let behind = known.map_or(0, |(_, behind)| *behind);
        let known = known.map(|(known, _)| known);
        let failure = known.filter(|known| !known.failure.is_empty());
        let (aspect, state) = match (failure, behind) {
            (Some(_), _) => (
                "danger",
                text!(
                    behind => "Failing, {n} batch behind",
                    "Failing, {count} batches behind",
                    count = count::text(behind)
                ),
            ),
            (None, 0) => ("clear", text!("Delivered")),
            (None, behind) => {
                let count = count::text(behind);
                ("caution", text!(behind => "{n} batch behind", "{count} batches behind", count))
            }
        };
        Self {
            name: stream.map_or_else(
                || known.map(|known| known.name.clone()).unwrap_or_default(),
                |stream| stream.name.clone(),
            ),
            to: stream.map(|stream| stream.target.shown()),
            aspect,
            state,
            events: count::text(known.map_or(0, |known| known.events)),
            delivered: known.and_then(Progress::delivered_at).map(|at| Moment::new(at, now)),
            failure: failure
                .map(|known| (known.failure.clone(), Moment::new(known.failed_at(), now))),
        }
    }
}
