//! Rows of the log as a file: in which formats, and what a row is in each.
use serde_json::{Value, json};

use super::table::{Cell, Column, Table, column};
use crate::model::audit_event::Event;
use crate::model::{cef, ocsf};
use crate::oauth::UnixTime;
use crate::store::audit_log::StoredEvent;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line: the row as it was hashed, and what hashing takes.
    Jsonl,
    /// RFC 4180, for spreadsheets: no text in it becomes a formula.
    Csv,
    /// Common Event Format, for security monitors.
    Cef,
    /// Open Cybersecurity Schema Framework, a JSON object a line.
    Ocsf,
}

const COLUMNS: &[Column] = &[
    column("time", "Time"),
    column("id", "ID"),
    column("code", "Code"),
    column("outcome", "Outcome"),
    column("reason", "Reason"),
    column("actor_kind", "Actor"),
    column("actor_id", "Actor ID"),
    column("actor_name", "Name"),
    column("actor_role", "Role"),
    column("method", "Method"),
    column("credential_id", "Credential"),
    column("address", "Address"),
    column("user_agent", "User agent"),
    column("request_id", "Request"),
    column("client_id", "Client ID"),
    column("resource", "API"),
    column("scope_requested", "Scope asked for"),
    column("scope_granted", "Scope granted"),
    column("scope_refused", "Scope refused"),
    column("jti", "Token"),
    column("kid", "Signing key"),
    column("http_status", "Status"),
    column("target_kind", "Target"),
    column("target_id", "Target ID"),
    column("target_name", "Target name"),
    column("changes", "Changes"),
    column("access_via", "Access via"),
    column("access_method", "Access method"),
    column("access_route", "Route"),
    column("count", "Count"),
    column("detail", "Detail"),
    column("because", "Reason given"),
    column("chain", "Chain"),
    column("position", "Position"),
    column("batch", "Batch"),
];

impl Format {
    pub const ALL: [Self; 4] = [Self::Jsonl, Self::Csv, Self::Cef, Self::Ocsf];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Cef => "cef",
            Self::Ocsf => "ocsf",
        }
    }

    /// What the names of its files end in.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Ocsf => "ocsf.jsonl",
            _ => self.as_str(),
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl | Self::Ocsf => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Cef => "text/plain; charset=utf-8",
        }
    }

    /// What stands above the first row.
    pub fn head(self) -> String {
        if self == Self::Csv { Table::new(COLUMNS).csv() } else { String::new() }
    }

    /// The lines of these rows, each with its end.
    pub fn lines(self, rows: &[StoredEvent]) -> String {
        match self {
            Self::Jsonl => rows.iter().map(|row| format!("{}\n", object(row))).collect(),
            Self::Csv => {
                let rows = rows.iter().map(cells).collect();
                Table { rows, ..Table::new(COLUMNS) }.csv_rows()
            }
            Self::Cef => rows.iter().map(|row| cef::line(&readable(row)) + "\n").collect(),
            Self::Ocsf => {
                rows.iter().map(|row| format!("{}\n", ocsf::object(&readable(row)))).collect()
            }
        }
    }
}

/// A row that somebody spoiled is exported as it is: it is evidence too.
fn object(row: &StoredEvent) -> Value {
    let salt: String = row.salt.iter().map(|byte| format!("{byte:02x}")).collect();
    let event: Option<Value> = serde_json::from_str(&row.body).ok();
    if row.is_redacted() {
        return json!({
            "chain": row.chain,
            "position": row.position,
            "batch": row.batch,
            // Text and salt were taken away; this is the hash that they made.
            "leaf": salt,
            "event": event,
        });
    }
    json!({
        "chain": row.chain,
        "position": row.position,
        "batch": row.batch,
        "salt": salt,
        // The text is what was hashed; the object is the same for reading.
        "body": row.body,
        "event": event,
    })
}

/// The event, or of a row that somebody spoiled what its columns say.
fn readable(row: &StoredEvent) -> Event {
    use crate::model::audit_event::{Mark, Outcome};
    let read = serde_json::from_str::<Event>(&row.body).ok();
    read.unwrap_or_else(|| {
        let mark = Mark { id: row.id.clone(), salt: [0; 16] };
        let mut event = Event::new(mark, UnixTime(row.at), "", Outcome::Error);
        event.code = row.code.clone().into();
        event.client_id.clone_from(&row.client_id);
        event.detail = Some(format!("this row cannot be read: {}", row.body));
        event
    })
}

fn cells(row: &StoredEvent) -> Vec<Cell> {
    let event = readable(row);
    let text = |text: Option<&str>| Cell::text(text.unwrap_or_default());
    let words = |text: Option<&str>| match text {
        Some(text) if !text.is_empty() => Cell::Words(text.to_owned()),
        _ => Cell::Nothing,
    };
    let changes = if event.changes.is_empty() {
        Cell::Nothing
    } else {
        Cell::text(serde_json::to_string(&event.changes).unwrap_or_default())
    };
    let resource = event.resource();
    let (actor, token) = (&event.actor, event.token.as_ref());
    let (target, access) = (event.target.as_ref(), event.access.as_ref());
    let count = event.flood.as_ref().map(|flood| flood.count);
    let count = count.or(access.and_then(|access| access.count));
    let count = count.map_or(Cell::Nothing, |count| Cell::Number(count.try_into().unwrap_or(0)));
    let status = token.map_or(Cell::Nothing, |token| Cell::Number(token.http_status.into()));
    vec![
        Cell::Time(UnixTime(event.at)),
        Cell::Event(event.id.clone()),
        text(Some(&event.code)),
        text(Some(event.outcome.as_str())),
        text(event.reason.as_deref()),
        text(Some(&actor.kind)),
        text(actor.id.as_deref()),
        text(actor.name.as_deref()),
        text(actor.role.as_deref()),
        text(actor.method.as_deref()),
        text(actor.credential_id.as_deref()),
        text(event.source.address.as_deref()),
        text(event.source.user_agent.as_deref()),
        text(event.request_id.as_deref()),
        text(event.client_id.as_deref()),
        text(resource.as_deref()),
        words(token.and_then(|token| token.scope_requested.as_deref())),
        words(token.and_then(|token| token.scope_granted.as_deref())),
        words(token.and_then(|token| token.scope_refused.as_deref())),
        text(token.and_then(|token| token.jti.as_deref())),
        text(token.and_then(|token| token.kid.as_deref())),
        status,
        text(target.map(|target| &*target.kind)),
        text(target.map(|target| target.id.as_str())),
        text(target.map(|target| target.name.as_str())),
        changes,
        text(access.map(|access| &*access.via)),
        text(access.and_then(|access| access.method.as_deref())),
        text(access.and_then(|access| access.route.as_deref())),
        count,
        text(event.detail.as_deref()),
        text(event.because.as_deref()),
        text(Some(&row.chain)),
        Cell::Number(row.position),
        Cell::Number(row.batch),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(body: &str) -> StoredEvent {
        StoredEvent {
            chain: "main".into(),
            position: 1,
            batch: 1,
            id: "01K".into(),
            at: 0,
            category: "application".into(),
            code: "application.created".into(),
            outcome: "success".into(),
            reason: None,
            client_id: None,
            resource: None,
            body: body.into(),
            salt: vec![1; 16],
        }
    }

    const BODY: &str = r#"{"v":1,"id":"01K","at":0,"code":"application.created","outcome":"success","actor":{"kind":"operator","name":"=cmd()"},"source":{},"detail":"a,\"b\"\r\nc"}"#;

    #[test]
    fn each_row_of_a_spreadsheet_has_every_column() {
        let text = Format::Csv.head() + &Format::Csv.lines(&[row(BODY), row("not JSON")]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap().len(), COLUMNS.len());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!((&rows[0][7], &rows[0][30]), ("'=cmd()", "a,\"b\"\r\nc"));
        assert!(rows[1][30].contains("cannot be read: not JSON"));
        assert!(text.lines().next().unwrap().starts_with("time,id,code,"));
    }

    #[test]
    fn a_line_of_json_or_cef_is_one_line() {
        for format in [Format::Jsonl, Format::Cef, Format::Ocsf] {
            let text = format.lines(&[row(BODY), row("not\nJSON")]);
            assert_eq!(text.lines().count(), 2, "{text}");
        }
    }
}
