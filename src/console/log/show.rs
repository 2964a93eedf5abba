//! `GET /log/{id}`: one event, on a page of its own or within the list.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::detail::Detail;
use super::entry::{Entry, What};
use super::fate::Fate;
use super::names::Names;
use super::query::event_id;
use super::reading;
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::page;
use crate::console::revocations::record;
use crate::console::signed_in::SignedIn;
use crate::oauth::UnixTime;
use crate::store::{Conn, Error, audit_log};
use crate::texts::filters;
use crate::web::App;

#[derive(Template)]
#[template(path = "console/log/show.html")]
struct Show {
    chrome: Chrome,
    manages: bool,
    entry: Entry,
    detail: Detail,
}

/// A row of the list, with or without its detail below it.
#[derive(Template)]
#[template(path = "console/log/_row.html")]
pub(super) struct Row {
    pub manages: bool,
    pub entry: Entry,
    pub detail: Option<Detail>,
}

/// What a row of the list asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Whether to show the row closed again.
    closed: bool,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (id, now) = (event_id(&id).ok_or(Failure::NotFound)?.to_owned(), person.now());
    let what = format!("id={id}");
    let found = app.pages.read(move |conn| read(conn, &id, now)).await?;
    let (mut entry, detail) = found.ok_or(Failure::NotFound)?;
    reading::note(&app, &person, what).await;
    let manages = person.manages();
    if page::wants_part(&request) {
        entry.is_open = !query.closed;
        let detail = entry.is_open.then_some(detail);
        return page::html(&Row { manages, entry, detail });
    }
    page::html(&Show { chrome: person.chrome("/log"), manages, entry, detail })
}

fn read(conn: &mut Conn, id: &str, now: UnixTime) -> Result<Option<(Entry, Detail)>, Error> {
    let Some(stored) = audit_log::find(conn, id)? else { return Ok(None) };
    let Some(event) = stored.event() else {
        return Err(Error::Corrupt { table: "audit_events", column: "body", id: id.to_owned() });
    };
    let names = Names::read(conn, std::slice::from_ref(&event))?;
    let entry = Entry::new(&event, &names, now);
    let made = record::of_event(conn, &event)?;
    let detail = Detail {
        revocation: made.map(|made| format!("/revocations/{}", made.revocation.id)),
        fate: Fate::read(conn, &event, now)?,
        ..Detail::new(&stored, &event, &names, now)
    };
    Ok(Some((entry, detail)))
}
