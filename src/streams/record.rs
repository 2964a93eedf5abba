//! An event as every stream tells it: one JSON text, the same everywhere.
use crate::model::audit_event::Outcome;
use crate::oauth::UnixTime;
use crate::store::audit_log::StoredEvent;

/// An event in its place in the log.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: String,
    pub at: UnixTime,
    /// What happened, such as `token.issued`.
    pub code: String,
    pub outcome: String,
    /// `{"entry", "chain", "batch", "position", "event"}`, on one line. The
    /// event is the text that the log hashes.
    pub json: String,
}

impl Record {
    pub fn new(entry: i64, row: StoredEvent) -> Self {
        let chain = serde_json::Value::from(row.chain);
        let json = format!(
            r#"{{"entry":{entry},"chain":{chain},"batch":{},"position":{},"event":{}}}"#,
            row.batch, row.position, row.body
        );
        Self { id: row.id, at: UnixTime(row.at), code: row.code, outcome: row.outcome, json }
    }

    /// What somebody sends to see whether it arrives; it is in no log.
    pub fn test(id: &str, at: UnixTime) -> Self {
        let json = format!(
            r#"{{"entry":-1,"chain":"","batch":0,"position":0,"event":{{"v":1,"id":"{id}","at":{},"code":"stream.tested","outcome":"success","actor":{{"kind":"system"}},"source":{{}}}}}}"#,
            at.0
        );
        let (code, outcome) = ("stream.tested".to_owned(), Outcome::Success.as_str().to_owned());
        Self { id: id.to_owned(), at, code, outcome, json }
    }

    pub fn is_success(&self) -> bool {
        self.outcome == Outcome::Success.as_str()
    }
}
