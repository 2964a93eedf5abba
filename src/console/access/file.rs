//! `GET /access.csv`: all rows that the list is narrowed to.
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use futures_util::stream;

use super::query::Query;
use crate::admin;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::model::page::Page;
use crate::reports::access::{self, Asked, COLUMNS, Row};
use crate::reports::table::Table;
use crate::store::{Conn, Error, Store};
use crate::web::App;

/// Rows read at a time.
const AT_ONCE: usize = 500;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    let asked = query.asked(person.now()).map_err(|_| Failure::Malformed)?;
    let (app, actor) = (app.into_inner(), person.actor.clone());
    let what = format!("access {}", asked.describe());
    app.act(move |conn| admin::audit::report(conn, &actor, &what)).await?;
    let first = rows(app.store.clone(), asked.clone(), None).await?;
    let head = Table::new(COLUMNS).csv() + &access::table(&first.rows).csv_rows();
    let state = (app.store.clone(), asked, first.next, Some(head));
    let lines = stream::unfold(state, |(store, asked, next, head)| async move {
        if let Some(head) = head {
            return Some((Ok(web::Bytes::from(head)), (store, asked, next, None)));
        }
        // Cut off rather than ended: nobody takes the part for the whole.
        match rows(store.clone(), asked.clone(), Some(next?)).await {
            Ok(page) => {
                let lines = web::Bytes::from(access::table(&page.rows).csv_rows());
                Some((Ok(lines), (store, asked, page.next, None)))
            }
            Err(error) => Some((Err(error), (store, asked, None, None))),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"access.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(lines))
}

async fn rows(store: Store, asked: Asked, after: Option<String>) -> Result<Page<Row>, Failure> {
    let read = move |conn: &mut Conn| -> Result<Page<Row>, Error> {
        access::page_with_use(conn, &asked, after.as_deref(), AT_ONCE)
    };
    Ok(store.read(read).await?)
}
