//! Who held what, as a table for files and programs.
use super::access::Row;
use super::table::{Cell, Column, Table, column};
use crate::texts::en;

/// The rows as a table.
pub fn table(rows: &[Row]) -> Table {
    let cells = |row: &Row| {
        let (application, holding) = (&row.application, &row.holding);
        vec![
            Cell::text(&application.name),
            Cell::Client(application.client_id.clone()),
            Cell::text(&application.owner),
            Cell::said(row.state()),
            Cell::text(&row.resource.name),
            Cell::Api(row.resource.identifier.clone()),
            Cell::said(if holding.all { en("yes") } else { en("no") }),
            Cell::Words(holding.scopes.join(" ")),
            Cell::Time(holding.since),
            Cell::text(row.granted_by.clone().unwrap_or_default()),
            Cell::Event(holding.begun_by.clone()),
            Cell::number(row.secrets),
            Cell::time(row.used.at),
            Cell::Number(row.used.that_day),
        ]
    };
    Table { rows: rows.iter().map(cells).collect(), ..Table::new(COLUMNS) }
}

pub const COLUMNS: &[Column] = &[
    column("application", "Application"),
    column("client_id", "Client ID"),
    column("owner", "Owner"),
    column("state", "State"),
    column("api_name", "API"),
    column("api", "Identifier"),
    column("all_scopes", "All scopes"),
    column("scopes", "Scopes"),
    column("since", "Since"),
    column("granted_by", "Granted by"),
    column("event", "Event"),
    column("working_secrets", "Working secrets"),
    column("last_token", "Last token"),
    column("tokens_that_day", "Tokens that day"),
];
