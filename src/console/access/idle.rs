//! `GET /access/idle`: what is granted and was not used for long.
use std::collections::HashSet;

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::console::applications::diet;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::model::page::{PAGE_ROWS, Page};
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::reports::access::{self, Asked};
use crate::store::uses::Use;
use crate::store::{Conn, Error, days as counted, uses};
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/access/idle.html")]
struct Idle {
    chrome: Chrome,
    manages: bool,
    days: i64,
    rows: Vec<Row>,
    next: Option<String>,
    /// Use is counted since then only, which is less than `days` ago.
    counted_since: Option<Moment>,
}

/// A grant of which something is idle.
struct Row {
    held: access::Held,
    class: &'static str,
    /// Empty: no token at all, and no scopes.
    idle: Vec<String>,
    /// No token was for this API.
    is_whole: bool,
    since: Moment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    days: String,
    after: String,
}

/// How many grants are looked at in one step, and how many steps are made. One less
/// than the applications that are read for it: most hold one.
const STEP: usize = 99;
const STEPS: usize = 4;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (days, now) = (diet::days(&query.days), person.now());
    let after = Some(query.after.clone()).filter(|after| !after.is_empty());
    let read =
        move |conn: &mut Conn| Ok((load(conn, now, days, after)?, counted::first_day(conn)?));
    let (found, first) = app.pages.read(read).await?;
    let first = first.map_or(now, usage::begin_of_day);
    let next = found.next.map(|after| {
        let pairs = [("days", days.to_string()), ("after", after)];
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/access/idle?{query}")
    });
    page::html(&Idle {
        chrome: person.chrome("/access"),
        manages: person.manages(),
        days,
        rows: found.rows,
        next,
        counted_since: (first > now - Seconds::days(days)).then(|| Moment::new(first, now)),
    })
}

fn load(
    conn: &mut Conn,
    now: UnixTime,
    days: i64,
    mut after: Option<String>,
) -> Result<Page<Row>, Error> {
    let asked = Asked { at: now, ..Asked::default() };
    let begin = now - Seconds::days(days);
    let mut rows = Vec::new();
    for _ in 0..STEPS {
        let page = access::held(conn, &asked, after.as_deref(), STEP)?;
        let asked: Vec<Use> = page.rows.iter().flat_map(access::Held::uses).collect();
        let used = uses::used(conn, &asked, (usage::day(begin), usage::day(now)))?;
        for held in page.rows {
            let key = held.key();
            // What is held for less cannot be told yet.
            if held.holding.since <= begin
                && let Some(row) = Row::new(held, &used, now)
            {
                rows.push(row);
                if rows.len() == PAGE_ROWS {
                    return Ok(Page { rows, next: Some(key) });
                }
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Page { rows, next: after })
}

impl Row {
    fn new(held: access::Held, used: &HashSet<Use>, now: UnixTime) -> Option<Self> {
        let (client_id, api) = (&held.application.client_id, &held.resource.identifier);
        let is_used =
            |scope: &str| used.contains(&(client_id.clone(), api.clone(), scope.to_owned()));
        let is_whole = !is_used("");
        let idle: Vec<String> =
            held.holding.scopes.iter().filter(|scope| !is_used(scope)).cloned().collect();
        let class = line::class(api);
        let since = Moment::new(held.holding.since, now);
        (is_whole || !idle.is_empty()).then_some(Self { held, class, idle, is_whole, since })
    }
}
