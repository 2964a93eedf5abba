//! `GET /apis.csv`: all APIs that the list is narrowed to.
use actix_web::{HttpResponse, web};

use super::index::{self, Query};
use crate::console::csv;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::reports::table::{Cell, Column, column};
use crate::store::grants;
use crate::web::App;

const COLUMNS: &[Column] = &[
    column("api", "API"),
    column("identifier", "Identifier"),
    column("description", "What it does"),
    column("scopes", "Scopes"),
    column("callers", "Callers"),
    column("token_lifetime_seconds", "Token lifetime, seconds"),
    column("algorithm", "Signed with"),
    column("sensitive", "Sensitive"),
    column("registered", "Registered"),
];

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let query = query.into_inner().tidy();
    let file = csv::File { name: "apis", narrowed: query.to_text(), columns: COLUMNS };
    file.send(&person, app, move |conn, after| {
        let query = query.clone().after(after);
        let rows = index::rows(conn, &query, csv::AT_ONCE, grants::count_callers)?;
        Ok(rows.map(index::Row::cells))
    })
    .await
}

impl index::Row<i64> {
    fn cells(self) -> Vec<Cell> {
        let Self { resource, scopes, callers, .. } = self;
        vec![
            Cell::text(resource.name),
            Cell::Api(resource.identifier),
            Cell::text(resource.description),
            Cell::Number(scopes),
            Cell::Number(callers),
            Cell::Number(resource.token_lifetime.0),
            Cell::text(resource.algorithm.to_string()),
            Cell::text(if resource.sensitive { "yes" } else { "no" }),
            Cell::Time(resource.created_at),
        ]
    }
}
