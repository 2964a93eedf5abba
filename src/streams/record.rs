//! An event as every stream tells it: one JSON text, the same everywhere.
use serde_json::Value;

use crate::config::streams::Format;
use crate::model::audit_event::{Event, Outcome};
use crate::model::ocsf as schema;
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
    /// `{"entry", "chain", "batch", "position", "event"}`, on one line, or the
    /// same as OCSF has it. The event is the text that the log hashes.
    pub json: String,
}

impl Record {
    pub fn new(entry: i64, row: StoredEvent, format: Format) -> Self {
        let chain = Value::from(row.chain);
        let json = format!(
            r#"{{"entry":{entry},"chain":{chain},"batch":{},"position":{},"event":{}}}"#,
            row.batch, row.position, row.body
        );
        let at = UnixTime(row.at);
        Self { id: row.id, at, code: row.code, outcome: row.outcome, json }.told_as(format)
    }

    /// The same in a format. A row that somebody spoiled stays as it is.
    #[must_use]
    pub fn told_as(self, format: Format) -> Self {
        match format {
            Format::Json => self,
            Format::Ocsf => Self { json: ocsf(&self.json).unwrap_or(self.json), ..self },
        }
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

/// The event by the schema, with its place in the log among what that has none
/// for.
fn ocsf(json: &str) -> Option<String> {
    let mut record: Value = serde_json::from_str(json).ok()?;
    let record = record.as_object_mut()?;
    let event: Event = serde_json::from_value(record.remove("event")?).ok()?;
    let mut object = schema::object(&event);
    object.get_mut("unmapped")?.as_object_mut()?.append(record);
    Some(object.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_where_it_stands_in_every_format() {
        let record = Record::test("01K", UnixTime(5_000)).told_as(Format::Ocsf);
        let object: Value = serde_json::from_str(&record.json).unwrap();
        assert_eq!(object["metadata"]["uid"], "01K");
        assert_eq!((&object["time"], &object["unmapped"]["entry"]), (&5.into(), &(-1).into()));
        let spoiled = Record { json: "not JSON".into(), ..record };
        assert_eq!(spoiled.told_as(Format::Ocsf).json, "not JSON");
    }
}
