//! `GET /access.csv`: all rows that the list is narrowed to.
use actix_web::{HttpResponse, web};

use super::query::Query;
use crate::admin;
use crate::console::csv;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::model::page::Page;
use crate::reports::access::{self, Asked, COLUMNS, Row};
use crate::store::{Conn, Error, Store};
use crate::web::App;

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
    csv::stream("access", COLUMNS, move |after| {
        let (store, asked) = (app.store.clone(), asked.clone());
        async move {
            let rows = rows(store, asked, after).await?;
            Ok(Page { rows: access::table(&rows.rows).rows, next: rows.next })
        }
    })
    .await
}

async fn rows(store: Store, asked: Asked, after: Option<String>) -> Result<Page<Row>, Failure> {
    let read = move |conn: &mut Conn| -> Result<Page<Row>, Error> {
        access::page_with_use(conn, &asked, after.as_deref(), csv::AT_ONCE)
    };
    Ok(store.read(read).await?)
}
