//! `GET /log/stream`: rows of the log as server-sent events.
//!
//! A stream ends by itself after a while and the browser comes again from
//! where it was, which asks anew who it is: a session that ended watches no
//! longer than that.
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template as _;
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::entry::Entry;
use super::live::narrow;
use super::names::Names;
use super::query::Query;
use super::reading;
use super::show::Row;
use crate::audit::tail::{Cursor, News, Seat};
use crate::console::failure::Failure;
use crate::console::language;
use crate::console::signed_in::SignedIn;
use crate::model::audit_event::{Event, Outcome};
use crate::oauth::UnixTime;
use crate::store::administrators;
use crate::store::audit_log::{Filter, OutcomeFilter, StoredEvent};
use crate::texts::Language;
use crate::web::App;

/// How often rows are sent.
const BEAT: Duration = Duration::from_millis(500);
/// The most rows that are sent at once: twenty in a second.
const AT_ONCE: usize = 10;
/// The most that are sent of what came while nobody watched.
const MISSED: usize = 200;
/// How often the rate is told, and whether the person may still read it.
const SUMMARY: Duration = Duration::from_secs(5);
/// How long a stream lasts.
const LENGTH: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
pub struct From {
    /// What the page showed already.
    #[serde(default)]
    after: String,
}

pub async fn get(
    request: HttpRequest,
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
    from: web::Query<From>,
) -> Result<HttpResponse, Failure> {
    let query = narrow(query.into_inner());
    let filter = query.filter(person.now()).map_err(|_| Failure::Malformed)?;
    // Live rows have no period.
    let filter = Filter { from: None, to: None, ..filter };
    let Some(seat) = app.tail.sit() else {
        let full = HttpResponse::ServiceUnavailable();
        return Ok({ full }.insert_header((RETRY_AFTER, "10")).finish());
    };
    reading::note(&app, &person, format!("live {}", reading::of(&query)).trim_end().to_owned())
        .await;
    app.tail.look().await?;
    let broken_off = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let after = broken_off.unwrap_or(&from.after);
    let cursor = match after {
        "" => app.tail.cursor(),
        after => Cursor::parse(after).ok_or(Failure::Malformed)?,
    };
    // Listens before it reads what was missed: nothing falls between.
    let news = app.tail.listen();
    let watch = Watch {
        missed: Some(app.tail.since(cursor.clone()).await?),
        administrator: person.administrator.id.clone(),
        began: Instant::now(),
        told: Instant::now(),
        came: 0,
        left_out: 0,
        filter,
        cursor,
        news,
        language: language::current(),
        app,
        _seat: seat,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Else a compressor would hold events back until it has enough.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(beats(watch)))
}

/// Somebody who watches.
struct Watch {
    app: web::Data<App>,
    administrator: String,
    filter: Filter,
    cursor: Cursor,
    news: Receiver<Arc<News>>,
    /// What came while nobody watched.
    missed: Option<News>,
    began: Instant,
    /// When the rate was told, and what came since.
    told: Instant,
    came: u64,
    left_out: u64,
    language: Language,
    _seat: Seat,
}

fn beats(watch: Watch) -> impl Stream<Item = Result<web::Bytes, actix_web::Error>> {
    stream::unfold(watch, |mut watch| async move {
        let text = watch.next().await?;
        Some((Ok(web::Bytes::from(text)), watch))
    })
}

impl Watch {
    /// What is to be sent next; `None`: the stream ends.
    async fn next(&mut self) -> Option<String> {
        if let Some(missed) = self.missed.take() {
            let text = self.rows(&missed, MISSED).await?;
            return Some(format!("retry: 1000\n\n{text}"));
        }
        loop {
            // A stop ends the stream: the server would wait for it in vain.
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                () = self.app.stopping() => return None,
            }
            if self.began.elapsed() >= LENGTH {
                return None;
            }
            self.app.tail.look().await.ok()?;
            let mut text = String::new();
            loop {
                match self.news.try_recv() {
                    Ok(news) => text.push_str(&self.rows(&news, AT_ONCE).await?),
                    Err(TryRecvError::Empty) => break,
                    // Too slow: it comes again, and gets what it missed.
                    Err(TryRecvError::Lagged(_) | TryRecvError::Closed) => return None,
                }
            }
            if self.told.elapsed() >= SUMMARY {
                text.push_str(&self.summary().await?);
            }
            if !text.is_empty() {
                return Some(text);
            }
        }
    }

    /// The rows that fit, the newest of them when there are too many.
    async fn rows(&mut self, news: &News, most: usize) -> Option<String> {
        let new: Vec<_> = news.rows.iter().filter(|row| self.cursor.see(row)).collect();
        let events = new.into_iter().filter_map(StoredEvent::event);
        let mut events: Vec<Event> = events.filter(|event| fits(event, &self.filter)).collect();
        self.came += u64::try_from(events.len()).unwrap_or(0) + news.left_out;
        self.left_out += news.left_out;
        if events.is_empty() {
            return Some(String::new());
        }
        events.sort_by(|a, b| a.id.cmp(&b.id));
        let over = events.len().saturating_sub(most);
        self.left_out += u64::try_from(over).unwrap_or(0);
        let events = events.split_off(over);
        let (now, language) = (self.app.clock.now(), self.language.clone());
        let html = self.app.pages.read(move |conn| {
            let names = Names::read(conn, &events)?;
            Ok(events.iter().map(|event| row(event, &names, now, &language)).collect::<String>())
        });
        let html = html.await.ok()?.replace(['\n', '\r'], " ");
        Some(format!("event: rows\nid: {}\ndata: {html}\n\n", self.cursor))
    }

    /// How much came, unless the person may not know any more.
    async fn summary(&mut self) -> Option<String> {
        let id = self.administrator.clone();
        let person = self.app.pages.read(move |conn| administrators::find(conn, &id)).await.ok()?;
        person.filter(|person| person.active)?;
        let seconds = self.told.elapsed().as_secs().max(1);
        let (came, left_out) = (self.came, self.left_out);
        (self.told, self.came, self.left_out) = (Instant::now(), 0, 0);
        let told = serde_json::json!({ "came": came, "leftOut": left_out, "seconds": seconds });
        Some(format!("event: summary\ndata: {told}\n\n"))
    }
}

fn row(event: &Event, names: &Names, now: UnixTime, language: &Language) -> String {
    Row { manages: false, entry: Entry::new(event, names, now), detail: None }
        .render_with_values(language)
        .unwrap_or_default()
}

/// What `audit_log::page` asks the database for, asked of one event.
fn fits(event: &Event, filter: &Filter) -> bool {
    let is = |wanted: &Option<String>, is: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| is == Some(wanted))
    };
    let resource = event.resource().unwrap_or_default();
    let of_resource = |wanted: &String| resource.split(' ').any(|name| name == wanted);
    is(&filter.category, Some(event.category()))
        && (!filter.acts_only || !matches!(event.category(), "token" | "access"))
        && match filter.outcome {
            None => true,
            Some(OutcomeFilter::Success) => event.outcome == Outcome::Success,
            Some(OutcomeFilter::Refused) => event.outcome != Outcome::Success,
        }
        && is(&filter.client_id, event.client_id.as_deref())
        && is(&filter.reason, event.reason.as_deref())
        && filter.resource.as_ref().is_none_or(of_resource)
        && filter.passes(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{Mark, TokenFacts};

    #[test]
    fn live_rows_are_narrowed_as_the_log_is() {
        let mark = Mark { id: "01K".into(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(0), "token.denied", Outcome::Denied);
        event.client_id = Some("m2m_1".into());
        event.reason = Some("bad_secret".into());
        let resource = vec!["https://a".to_owned(), "https://b".to_owned()];
        event.token = Some(TokenFacts { resource, ..TokenFacts::default() });
        let fits = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            fits(&event, &filter)
        };
        assert!(fits(&|_| {}));
        assert!(fits(&|f| f.category = Some("token".into())));
        assert!(fits(&|f| f.resource = Some("https://b".into())));
        assert!(fits(&|f| f.outcome = Some(OutcomeFilter::Refused)));
        for change in [
            (|f| f.category = Some("access".into())) as fn(&mut Filter),
            |f| f.acts_only = true,
            |f| f.outcome = Some(OutcomeFilter::Success),
            |f| f.client_id = Some("m2m_2".into()),
            |f| f.reason = Some("unknown_client".into()),
            |f| f.resource = Some("https://".into()),
        ] {
            assert!(!fits(&|f| change(f)));
        }
    }
}
