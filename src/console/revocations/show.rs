//! `GET /revocations/{id}`: what it hit, and the clock.
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::clock::Clock;
use super::index::by;
use super::record;
use super::what::{Names, What};
use crate::console::chrome::Chrome;
use crate::console::failure::Failure;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::console::{duration, page};
use crate::model::revocation::{Recorded, Revocation};
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, revocations};
use crate::texts::{Text, filters};
use crate::web::App;

#[derive(Template)]
#[template(path = "console/revocations/show.html", blocks = ["clock_part"])]
struct Show {
    chrome: Chrome,
    revocation: Revocation,
    what: What,
    at: Moment,
    by: Text,
    live_tokens: Option<u64>,
    clock: Clock,
    /// The id of its entry in the audit log.
    entry: Option<String>,
    /// How long status lists are kept.
    ttl: Text,
}

struct Found {
    recorded: Recorded,
    what: What,
    entry: Option<String>,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let id = id.into_inner();
    let found = app.pages.read(move |conn| read(conn, &id)).await?.ok_or(Failure::NotFound)?;
    let now = person.now();
    let show = Show {
        chrome: person.chrome("/revocations"),
        at: Moment::new(found.recorded.revocation.created_at, now),
        by: by(&found.recorded.revocation),
        live_tokens: found.recorded.exposure.map(|exposure| exposure.live_tokens),
        clock: Clock::new(&found.recorded, now),
        revocation: found.recorded.revocation,
        what: found.what,
        entry: found.entry,
        ttl: duration::text(Seconds(app.config.status_list_ttl_seconds)),
    };
    if page::wants_part(&request) { page::html(&show.as_clock_part()) } else { page::html(&show) }
}

fn read(conn: &mut Conn, id: &str) -> Result<Option<Found>, Error> {
    let Some(recorded) = revocations::find(conn, id)? else { return Ok(None) };
    let names = Names::read(conn, std::iter::once(&recorded.revocation))?;
    Ok(Some(Found {
        what: names.what(&recorded.revocation),
        entry: record::of_revocation(conn, &recorded.revocation)?,
        recorded,
    }))
}
