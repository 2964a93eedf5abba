//! `/applications/{client_id}/secrets/{secret_id}/first-use`: server-sent
//! events that end with the secret's first token. The page that shows a secret
//! waits for it.
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::stream;

use crate::console::failure::Failure;
use crate::console::language;
use crate::console::moment::Moment;
use crate::console::signed_in::SignedIn;
use crate::model::usage::hour;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::{Conn, Error, secrets, usage};
use crate::text;
use crate::texts::Language;
use crate::web::App;

/// How often it is looked, and for how long: then the page asks again.
const EVERY: Duration = Duration::from_secs(1);
const TIMES: usize = 300;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let (client_id, id) = path.into_inner();
    let looked = (client_id.clone(), id.clone());
    let known = app.pages.read(move |conn| find(conn, &looked.0, &looked.1)).await?;
    known.ok_or(Failure::NotFound)?;
    drop(person);
    let language = language::current();
    let watch = Watch { app: app.into_inner(), client_id, id, looks: 0, language };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // Compression would hold events back.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(stream::unfold(Some(watch), |watch| async move {
            let mut watch = watch?;
            match watch.next().await {
                Some(Event::Waiting) => Some((
                    Ok::<_, std::convert::Infallible>(Bytes::from_static(b":\n\n")),
                    Some(watch),
                )),
                Some(Event::Used(text)) => {
                    let event = format!("event: used\ndata: {text}\n\n");
                    Some((Ok(Bytes::from(event)), None))
                }
                None => None,
            }
        })))
}

struct Watch {
    app: Arc<App>,
    client_id: String,
    id: String,
    looks: usize,
    language: Language,
}

enum Event {
    Waiting,
    /// `2 min ago from 192.0.2.1`.
    Used(String),
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        if self.looks > 0 {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = self.app.stopping() => return None,
            }
        }
        self.looks += 1;
        if self.looks > TIMES {
            return None;
        }
        let (client_id, id) = (self.client_id.clone(), self.id.clone());
        let found = self.app.pages.read(move |conn| find(conn, &client_id, &id)).await;
        match found {
            Ok(Some((Some(at), address))) => {
                let at = Moment::clock(at);
                let text = match address {
                    Some(address) => text!("{at} UTC from {address}", at, address),
                    None => text!("{at} UTC", at),
                };
                Some(Event::Used(text.in_words_of(&self.language)))
            }
            Ok(Some((None, _))) => Some(Event::Waiting),
            // Gone, or the database is: the page says what it said.
            Ok(None) | Err(_) => None,
        }
    }
}

/// When a secret was last used, and from where.
type LastUse = (Option<UnixTime>, Option<String>);

/// `None`: there is no such secret.
fn find(conn: &mut Conn, client_id: &str, id: &str) -> Result<Option<LastUse>, Error> {
    let found = secrets::find(conn, id)?.filter(|secret| secret.client_id == client_id);
    let Some(secret) = found else { return Ok(None) };
    let Some(at) = secret.last_used_at else { return Ok(Some((None, None))) };
    let mut hosts = usage::presented(conn, client_id, hour(at - Seconds::HOUR), 100)?;
    hosts.retain(|host| host.secret_id == id && host.issued > 0 && !host.address.is_empty());
    Ok(Some((Some(at), hosts.into_iter().next().map(|host| host.address))))
}
