//! `GET /oauth/revocations`: what a verifier needs that keeps a set of its own.
//! A signed statement of what was revoked since a position, or a stream of
//! them.
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::document::is_known;
use super::failure::{Failure, uncached};
use crate::oauth::Error;
use crate::oauth::error::Code;
use crate::oauth::reason::Reason;
use crate::oauth::revocation_feed::{MEDIA_TYPE, TYPE};
use crate::revocations::Announcement;
use crate::web::App;

pub async fn get(request: HttpRequest, app: web::Data<App>) -> HttpResponse {
    let streams = header(&request, ACCEPT).is_some_and(|types| types.contains("text/event-stream"));
    let answered = since(&request).map_err(Failure::from).and_then(|since| {
        if streams { stream_from(&app, since) } else { statement(&request, &app, since) }
    });
    match answered {
        Ok(response) => response,
        Err(failure) => failure.response(),
    }
}

/// One statement. Its tag is the position: as long as nothing was revoked it
/// stays the same.
fn statement(request: &HttpRequest, app: &App, since: i64) -> Result<HttpResponse, Failure> {
    app.revocations.must_be_fresh()?;
    let statement = app.revocations.statement(&app.config.issuer.url, since);
    let etag = format!("\"{}-{}\"", statement.since, statement.position);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "public, max-age=1"))
        .insert_header((ETAG, etag.clone()))
        .insert_header((VARY, "Accept"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    if is_known(request, &etag) {
        return Ok(response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    let jwt = app.keys.sign_status(TYPE, &statement)?;
    Ok(response.insert_header((CONTENT_TYPE, MEDIA_TYPE)).body(jwt))
}

/// Statements as server-sent events: first what was missed, then what comes. A
/// receiver that cannot keep up is cut off, and comes again from where it was.
fn stream_from(app: &web::Data<App>, since: i64) -> Result<HttpResponse, Failure> {
    let Some(seat) = Seat::take(app.clone()) else {
        return Ok(uncached(actix_web::http::StatusCode::SERVICE_UNAVAILABLE)
            .insert_header(("retry-after", "5"))
            .finish());
    };
    app.revocations.must_be_fresh()?;
    // Listens before it looks: nothing falls between.
    let coming = app.revocations.listen();
    let missed = missed(app, since)?;
    let first = stream::once(async { Ok::<_, actix_web::Error>(web::Bytes::from(missed)) });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Else a compressor would hold events back until it has enough.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .streaming(first.chain(announced(coming, seat))))
}

/// Everything after `since`, in as many events as it takes.
fn missed(app: &App, since: i64) -> Result<String, Failure> {
    let mut events = format!("retry: {}\n\n", RETRY.as_millis());
    let mut since = since;
    loop {
        let statement = app.revocations.statement(&app.config.issuer.url, since);
        let jwt = app.keys.sign_status(TYPE, &statement)?;
        events.push_str(&event(statement.position, &jwt));
        if !statement.more {
            return Ok(events);
        }
        since = statement.position;
    }
}

/// When a receiver that was cut off comes again.
const RETRY: Duration = Duration::from_secs(1);

fn announced(
    coming: Receiver<Arc<Announcement>>,
    seat: Seat,
) -> impl Stream<Item = Result<web::Bytes, actix_web::Error>> {
    stream::unfold((coming, seat), |(mut coming, seat)| async move {
        // A stop ends the stream: the server would wait for it in vain.
        let next = tokio::select! {
            next = coming.recv() => next,
            () = seat.until_stopping() => Err(RecvError::Closed),
        };
        match next {
            Ok(announcement) => {
                let bytes = web::Bytes::from(event(announcement.position, &announcement.jwt));
                Some((Ok(bytes), (coming, seat)))
            }
            Err(RecvError::Lagged(_) | RecvError::Closed) => None,
        }
    })
}

fn event(position: i64, jwt: &str) -> String {
    format!("id: {position}\ndata: {jwt}\n\n")
}

/// `since`, or where a stream broke off: `Last-Event-ID` wins.
fn since(request: &HttpRequest) -> Result<i64, Error> {
    let broken_off = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
    let asked = request.query_string().split('&').find_map(|pair| pair.strip_prefix("since="));
    let text = broken_off.or(asked).unwrap_or("0");
    text.parse().ok().filter(|position| *position >= 0).ok_or_else(|| {
        Error::new(
            Code::InvalidRequest,
            Reason::RequestMalformed,
            "since must be the position of a statement",
        )
    })
}

fn header(request: &HttpRequest, name: actix_web::http::header::HeaderName) -> Option<&str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The most streams at a time.
const SEATS: i64 = 10_000;

/// A place among the receivers; given back when it is dropped.
struct Seat(web::Data<App>);

impl Seat {
    fn take(app: web::Data<App>) -> Option<Self> {
        if app.metrics.feed_receivers.inc() >= SEATS {
            app.metrics.feed_receivers.dec();
            return None;
        }
        Some(Self(app))
    }

    async fn until_stopping(&self) {
        self.0.stopping().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.metrics.feed_receivers.dec();
    }
}
