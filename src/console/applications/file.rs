//! `GET /applications.csv`: all applications that the list is narrowed to.
use actix_web::{HttpResponse, web};

use super::index::{self, Query};
use crate::console::csv;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::reports::table::{Cell, Column, column};
use crate::web::App;

const COLUMNS: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("description", "What it does"),
    column("owner", "Owner"),
    column("contact", "Contact"),
    column("state", "State"),
    column("registered", "Registered"),
    column("apis", "May call"),
    column("secrets", "Working secrets"),
    column("next_end", "Next end of a secret"),
    column("last_token", "Last token"),
];

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (query, now) = (query.into_inner().tidy(), person.now());
    let file = csv::File { name: "applications", narrowed: query.to_text(), columns: COLUMNS };
    file.send(&person, app, move |conn, after| {
        let query = query.clone().after(after);
        Ok(index::rows(conn, &query, None, now, csv::AT_ONCE)?.map(index::Row::cells))
    })
    .await
}

impl index::Row {
    fn cells(self) -> Vec<Cell> {
        let Self { application, apis, secrets, next_expiry, last_used } = self;
        let details = application.details;
        vec![
            Cell::text(details.name),
            Cell::Client(application.client_id),
            Cell::text(details.description),
            Cell::text(details.owner),
            Cell::text(details.contact),
            Cell::text(if application.active { "active" } else { "suspended" }),
            Cell::Time(application.created_at),
            Cell::text(apis.join(", ")),
            Cell::number(secrets),
            Cell::time(next_expiry),
            Cell::time(last_used),
        ]
    }
}
