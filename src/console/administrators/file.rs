//! `GET /people.csv`: all who may sign in, as the list shows them.
use actix_web::{HttpResponse, web};

use super::index::{self, Row};
use crate::console::csv;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::model::page::Page;
use crate::reports::table::{Cell, Column, column};
use crate::web::App;

const COLUMNS: &[Column] = &[
    column("name", "Name"),
    column("email", "Email address"),
    column("role", "Role"),
    column("state", "State"),
    column("added", "Added"),
    column("last_sign_in", "Last sign-in"),
    column("second_factor", "Second factor"),
];

/// Without what is for owners alone.
const FOR_OTHERS: &[Column] = match COLUMNS.split_last() {
    Some((_, others)) => others,
    None => COLUMNS,
};

pub async fn get(person: SignedIn, app: web::Data<App>) -> Result<HttpResponse, Failure> {
    let columns = if person.is_owner() { COLUMNS } else { FOR_OTHERS };
    let now = person.now();
    let file = csv::File { name: "people", narrowed: String::new(), columns };
    file.send(&person, app, move |conn, _| {
        let cells = |row: Row| row.cells().into_iter().take(columns.len()).collect();
        Ok(Page { rows: index::rows(conn, now)?.into_iter().map(cells).collect(), next: None })
    })
    .await
}

impl Row {
    fn cells(self) -> Vec<Cell> {
        let Self { person, factors, .. } = self;
        vec![
            Cell::text(person.name),
            Cell::text(person.email),
            Cell::text(person.role.as_str()),
            Cell::text(if person.active { "active" } else { "suspended" }),
            Cell::Time(person.created_at),
            Cell::time(person.last_signed_in_at),
            Cell::text(factors.to_lowercase()),
        ]
    }
}
