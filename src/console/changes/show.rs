//! `GET /changes/{id}`: one act, and the tokens that were issued before it.
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::log::detail::Detail;
use crate::console::log::entry::{Entry, What};
use crate::console::log::fate::Fate;
use crate::console::log::names::Names;
use crate::console::log::query::event_id;
use crate::console::moment;
use crate::console::page;
use crate::console::revocations::record;
use crate::console::signed_in::SignedIn;
use crate::model::audit_event::{Event, Outcome};
use crate::oauth::UnixTime;
use crate::store::{Conn, Error, audit_log, resources};
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/changes/show.html")]
struct Show {
    chrome: Chrome,
    manages: bool,
    change: Change,
}

struct Change {
    entry: Entry,
    detail: Detail,
    /// The log, narrowed to tokens that were issued as things were before.
    before: Option<String>,
    /// Other changes of the same thing.
    others: Option<String>,
}

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (id, now) = (event_id(&id).ok_or(Failure::NotFound)?.to_owned(), person.now());
    let change = app.pages.read(move |conn| read(conn, &id, now)).await?;
    let change = change.ok_or(Failure::NotFound)?;
    let (chrome, manages) = (person.chrome("/changes"), person.manages());
    page::html(&Show { chrome, manages, change })
}

/// `None`: there is no such event, or it is no act.
fn read(conn: &mut Conn, id: &str, now: UnixTime) -> Result<Option<Change>, Error> {
    let Some(stored) = audit_log::find(conn, id)? else { return Ok(None) };
    let Some(event) = stored.event() else {
        return Err(Error::Corrupt { table: "audit_events", column: "body", id: id.to_owned() });
    };
    if matches!(event.category(), "token" | "access") {
        return Ok(None);
    }
    let names = Names::read(conn, std::slice::from_ref(&event))?;
    let made = record::of_event(conn, &event)?;
    let detail = Detail {
        revocation: made.map(|made| format!("/revocations/{}", made.revocation.id)),
        ..Detail::new(&stored, &event, &names, now)
    };
    let target = event.target.as_ref().filter(|_| event.category() != "session");
    let others = target.map(|target| {
        let id = event.client_id.as_ref().unwrap_or(&target.id);
        super::query::Query { target: id.clone(), ..Default::default() }.href()
    });
    let before = before(conn, &event)?;
    Ok(Some(Change { entry: Entry::new(&event, &names, now), detail, before, others }))
}

/// What was issued up to an act that changed an application or an API.
fn before(conn: &mut Conn, event: &Event) -> Result<Option<String>, Error> {
    if event.outcome != Outcome::Success || event.code.ends_with(".created") {
        return Ok(None);
    }
    let api = match event.target.as_ref() {
        Some(target) if target.kind == "resource" => {
            resources::find(conn, &target.id)?.map(|resource| resource.identifier)
        }
        _ => None,
    };
    if event.client_id.is_none() && api.is_none() {
        return Ok(None);
    }
    let query = crate::console::log::query::Query {
        kind: "token".to_owned(),
        outcome: "issued".to_owned(),
        application: event.client_id.clone().unwrap_or_default(),
        api: api.unwrap_or_default(),
        period: "custom".to_owned(),
        to: moment::to_the_second(UnixTime(event.at)),
        ..Default::default()
    };
    Ok(Some(query.href()))
}
