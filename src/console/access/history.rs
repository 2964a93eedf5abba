//! `GET /access/history`: what an application ever held, or who ever held an API.
use std::collections::{BTreeMap, HashMap};

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{line, page};
use crate::model::history::{GrantSpan, Held};
use crate::oauth::UnixTime;
use crate::reports::access;
use crate::store::holdings::{self, KnownApplication, KnownResource};
use crate::store::{Conn, Error};
use crate::texts::filters;
use crate::web::App;

/// The most spans of one page.
const MOST: i64 = 500;

#[derive(Template)]
#[template(path = "console/access/history.html")]
struct History {
    chrome: Chrome,
    application: Option<KnownApplication>,
    resource: Option<KnownResource>,
    rows: Vec<Row>,
    is_cut: bool,
}

struct Row {
    span: GrantSpan,
    application: Option<KnownApplication>,
    resource: Option<KnownResource>,
    class: &'static str,
    from: Moment,
    until: Option<Moment>,
    begun_by: Option<String>,
    ended_by: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    application: String,
    /// The id of an API.
    api: String,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (query, now) = (query.into_inner(), person.now());
    let read = move |conn: &mut Conn| load(conn, &query, now);
    let Some((application, resource, rows)) = app.pages.read(read).await? else {
        return Err(Failure::NotFound);
    };
    let is_cut = i64::try_from(rows.len()).unwrap_or(i64::MAX) == MOST;
    page::html(&History { chrome: person.chrome("/access"), application, resource, rows, is_cut })
}

type Loaded = (Option<KnownApplication>, Option<KnownResource>, Vec<Row>);

/// `None`: what is asked for never was.
fn load(conn: &mut Conn, query: &Query, now: UnixTime) -> Result<Option<Loaded>, Error> {
    let application = match query.application.as_str() {
        "" => None,
        client_id => match holdings::application(conn, client_id)? {
            None => return Ok(None),
            found => found,
        },
    };
    let resource = match query.api.as_str() {
        "" => None,
        id => match holdings::resources_of_ids(conn, &[id.to_owned()])?.pop() {
            None => return Ok(None),
            found => found,
        },
    };
    let client_id = application.as_ref().map(|known| known.client_id.as_str());
    let resource_id = resource.as_ref().map(|known| known.id.as_str());
    if client_id.is_none() && resource_id.is_none() {
        return Ok(None);
    }
    let spans = holdings::grants_ever(conn, client_id, resource_id, MOST)?;
    let acts = spans.iter().map(|span| &span.span);
    let acts = acts.flat_map(|span| [Some(span.begun_by.clone()), span.ended_by.clone()]);
    let names = access::granters(conn, &acts.flatten().collect::<Vec<_>>())?;
    let known = Known::read(conn, &spans)?;
    let rows = spans.into_iter().map(|span| Row::new(span, &known, &names, now)).collect();
    Ok(Some((application, resource, rows)))
}

struct Known {
    applications: HashMap<String, KnownApplication>,
    resources: HashMap<String, KnownResource>,
}

impl Known {
    fn read(conn: &mut Conn, spans: &[GrantSpan]) -> Result<Self, Error> {
        let mut client_ids: Vec<String> = spans.iter().map(|s| s.client_id.clone()).collect();
        client_ids.sort_unstable();
        client_ids.dedup();
        let mut resource_ids: Vec<String> = spans.iter().map(|s| s.resource_id.clone()).collect();
        resource_ids.sort_unstable();
        resource_ids.dedup();
        let applications = holdings::applications_of_ids(conn, &client_ids)?;
        let resources = holdings::resources_of_ids(conn, &resource_ids)?;
        Ok(Self {
            applications: applications.into_iter().map(|a| (a.client_id.clone(), a)).collect(),
            resources: resources.into_iter().map(|r| (r.id.clone(), r)).collect(),
        })
    }
}

impl Row {
    fn new(
        span: GrantSpan,
        known: &Known,
        names: &BTreeMap<String, String>,
        now: UnixTime,
    ) -> Self {
        let resource = known.resources.get(&span.resource_id).cloned();
        let ended_by = span.span.ended_by.as_ref();
        Self {
            application: known.applications.get(&span.client_id).cloned(),
            class: resource.as_ref().map_or("", |resource| line::class(&resource.identifier)),
            resource,
            from: Moment::new(span.span.from, now),
            until: span.span.until.map(|until| Moment::new(until, now)),
            begun_by: names.get(&span.span.begun_by).cloned(),
            ended_by: ended_by.and_then(|id| names.get(id)).cloned(),
            span,
        }
    }

    fn what(&self) -> Option<&str> {
        self.span.held.scope()
    }

    fn is_whole(&self) -> bool {
        self.span.held == Held::AllScopes
    }
}
