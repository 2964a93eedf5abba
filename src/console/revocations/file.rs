//! `GET /revocations.csv`: all revocations that the list is narrowed to, newest
//! first.
use actix_web::{HttpResponse, web};

use super::index::{self, Query};
use crate::console::csv;
use crate::console::failure::Failure;
use crate::console::signed_in::SignedIn;
use crate::oauth::revocation::Kind;
use crate::reports::table::{Cell, Column, column};
use crate::reports::upkeep;
use crate::web::App;

const COLUMNS: &[Column] = &[
    column("revocation", "Revocation"),
    column("time", "Time"),
    column("kind", "Kind"),
    column("subject", "Of what"),
    column("name", "Name"),
    column("client_id", "Client ID"),
    column("reason", "Reason"),
    column("by", "By"),
    column("living_tokens", "Living tokens hit"),
    column("accepted_until", "May be accepted until"),
];

pub async fn get(
    person: SignedIn,
    app: web::Data<App>,
    query: web::Query<Query>,
) -> Result<HttpResponse, Failure> {
    let (query, now) = (query.into_inner().tidy(), person.now());
    let file = csv::File { name: "revocations", narrowed: query.to_text(), columns: COLUMNS };
    file.send(&person, app, move |conn, before| {
        let query = query.clone().before(before);
        Ok(index::rows(conn, &query, now, csv::AT_ONCE)?.map(index::Row::cells))
    })
    .await
}

impl index::Row {
    fn cells(self) -> Vec<Cell> {
        let Self { revocation, what, exposure, .. } = self;
        // What has no name of its own is told by its subject.
        let is_named = !what.is_code && revocation.kind != Kind::Everything;
        let until = exposure.and_then(|exposure| exposure.accepted_until);
        let live = exposure.map(|exposure| exposure.live_tokens);
        vec![
            Cell::Event(revocation.id),
            Cell::Time(revocation.created_at),
            Cell::text(upkeep::kind(revocation.kind)),
            Cell::Words(revocation.subject),
            Cell::text(if is_named { what.name.to_string() } else { String::new() }),
            revocation.client_id.map_or(Cell::Nothing, Cell::Client),
            Cell::text(revocation.reason),
            Cell::text(revocation.created_by),
            live.map_or(Cell::Nothing, |live| {
                Cell::Number(i64::try_from(live).unwrap_or(i64::MAX))
            }),
            Cell::time(until),
        ]
    }
}
