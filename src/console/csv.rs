//! A list as a CSV file, read a page at a time.
use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use futures_util::stream;

use super::failure::Failure;
use super::signed_in::SignedIn;
use crate::admin;
use crate::model::page::Page;
use crate::reports::table::{Cell, Column, Table};
use crate::store::{Conn, Error};
use crate::web::App;

/// Rows read at a time.
pub const AT_ONCE: usize = 500;

/// A list as it is sent.
pub struct File {
    /// What the list is called: in the file's name, and in the log.
    pub name: &'static str,
    /// The query that it is narrowed to; empty: all of it.
    pub narrowed: String,
    pub columns: &'static [Column],
}

impl File {
    /// Records who takes it along, then sends all rows that `read` has, from the
    /// first page on: it is told where the page before ended. What fails before the
    /// first byte is a page of its own; after that the file is cut off rather than
    /// ended, so that nobody takes the part for the whole.
    ///
    /// # Errors
    /// It cannot be recorded, or as `read`, of the first page.
    pub async fn send<R>(
        self,
        person: &SignedIn,
        app: web::Data<App>,
        read: R,
    ) -> Result<HttpResponse, Failure>
    where
        R: Fn(&mut Conn, Option<String>) -> Result<Page<Vec<Cell>>, Error> + Send + Sync + 'static,
    {
        let (app, actor) = (app.into_inner(), person.actor.clone());
        let what = format!("{} {}", self.name, self.narrowed);
        // Recorded before the first byte leaves.
        app.act(move |conn| admin::audit::report(conn, &actor, what.trim_end())).await?;
        let read = Arc::new(read);
        stream(self.name, self.columns, move |after| {
            let (store, read) = (app.pages.clone(), read.clone());
            async move { Ok(store.read(move |conn| read(conn, after)).await?) }
        })
        .await
    }
}

async fn stream<R, F>(
    name: &str,
    columns: &'static [Column],
    read: R,
) -> Result<HttpResponse, Failure>
where
    R: Fn(Option<String>) -> F + 'static,
    F: Future<Output = Result<Page<Vec<Cell>>, Failure>> + 'static,
{
    let first = read(None).await?;
    let mut head = Table::new(columns).csv();
    let _ = write!(head, "{}", lines(columns, first.rows));
    let parts =
        stream::unfold((read, first.next, Some(head)), move |(read, next, head)| async move {
            if let Some(head) = head {
                return Some((Ok(web::Bytes::from(head)), (read, next, None)));
            }
            match read(Some(next?)).await {
                Ok(page) => {
                    let part = web::Bytes::from(lines(columns, page.rows));
                    Some((Ok(part), (read, page.next, None)))
                }
                Err(error) => Some((Err(error), (read, None, None))),
            }
        });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(parts))
}

fn lines(columns: &'static [Column], rows: Vec<Vec<Cell>>) -> String {
    Table { columns, rows, is_cut: false }.csv_rows()
}
