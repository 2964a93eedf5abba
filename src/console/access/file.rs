//! `GET /access.csv`: all rows that the list is narrowed to.
use actix_web::{HttpResponse, web};

use super::query::Query;
use crate::console::csv;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::model::page::Page;
use crate::reports::access::{self, COLUMNS};
use crate::web::App;

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    let asked = query.asked(person.now()).map_err(|_| Failure::Malformed)?;
    let file = csv::File { name: "access", narrowed: asked.describe(), columns: COLUMNS };
    file.send(&person, app, move |conn, after| {
        let page = access::page_with_use(conn, &asked, after.as_deref(), csv::AT_ONCE)?;
        Ok(Page { rows: access::table(&page.rows).rows, next: page.next })
    })
    .await
}
