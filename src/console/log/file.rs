//! `GET /log.csv`, `/log.jsonl`, `/log.cef` and `/log.ocsf`: all rows that the log is
//! narrowed to, oldest first.
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use futures_util::stream;

use super::query::Query;
use crate::admin::{self, Actor};
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::model::page::Page;
use crate::reports::rows::Format;
use crate::store::audit_log::{self, Filter, StoredEvent};
use crate::store::{Conn, Error};
use crate::web::App;

/// Rows read at a time.
const AT_ONCE: usize = 500;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    format: web::Path<String>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let known = Format::ALL.into_iter().find(|known| known.as_str() == *format);
    let format = known.ok_or(Failure::NotFound)?;
    let query = Query { before: String::new(), ..query.into_inner() }.tidy();
    let filter = query.filter(person.now()).map_err(|_| Failure::Malformed)?;
    send(person, app, (format, "audit-log"), filter).await
}

/// All rows of a filter as a file of this name, once that is recorded.
pub async fn send(
    person: SignedIn,
    app: web::Data<App>,
    (format, name): (Format, &str),
    filter: Filter,
) -> Result<HttpResponse, Failure> {
    let (app, actor) = (app.into_inner(), person.actor.clone());
    let narrowed = filter.describe();
    // Recorded before the first byte leaves.
    let act = move |conn: &mut Conn| admin::audit::export(conn, &actor, format.as_str(), &narrowed);
    app.act(act).await?;
    let begun = Sending { app, actor: person.actor, format, filter, next: Next::Head, rows: 0 };
    let lines = stream::unfold(begun, Sending::step);
    let name = format!("attachment; filename=\"{name}.{}\"", format.ending());
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, format.content_type()))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(lines))
}

/// A file on its way.
struct Sending {
    app: Arc<App>,
    actor: Actor,
    format: Format,
    filter: Filter,
    next: Next,
    rows: u64,
}

enum Next {
    Head,
    /// What comes after the row of this id; `None`: from the first.
    Rows(Option<String>),
    /// That all of it left is to be recorded.
    End,
    Nothing,
}

impl Sending {
    /// Who reads no further has no `audit.export_ended`: the rest never left.
    async fn step(mut self) -> Option<(Result<web::Bytes, Failure>, Self)> {
        loop {
            let text = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Head => {
                    self.next = Next::Rows(None);
                    self.format.head()
                }
                Next::Rows(after) => match self.read(after).await {
                    Ok(page) => {
                        self.next = page.next.map_or(Next::End, |id| Next::Rows(Some(id)));
                        self.rows += page.rows.len() as u64;
                        self.format.lines(&page.rows)
                    }
                    // Cut off rather than ended: nobody takes the part for the
                    // whole.
                    Err(error) => return Some((Err(error), self)),
                },
                Next::End => {
                    if let Err(error) = self.end().await {
                        return Some((Err(error), self));
                    }
                    return None;
                }
                Next::Nothing => return None,
            };
            if !text.is_empty() {
                return Some((Ok(web::Bytes::from(text)), self));
            }
        }
    }

    async fn read(&self, after: Option<String>) -> Result<Page<StoredEvent>, Failure> {
        let filter = self.filter.clone();
        let read = move |conn: &mut Conn| -> Result<_, Error> {
            audit_log::page_onward(conn, &filter, after.as_deref(), AT_ONCE)
        };
        Ok(self.app.pages.read(read).await?)
    }

    async fn end(&self) -> Result<(), Failure> {
        let actor = Actor { now: self.app.clock.now(), ..self.actor.clone() };
        let (format, rows) = (self.format.as_str(), self.rows);
        let act = move |conn: &mut Conn| admin::audit::end_export(conn, &actor, format, rows);
        Ok(self.app.act(act).await?)
    }
}
