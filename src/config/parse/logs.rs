//! What the server tells of itself, and how.
use super::Reader;
use crate::config::Log;

impl Reader<'_> {
    pub(super) fn log(&mut self) -> Option<Log> {
        let json = self.checked("log_format", |text| match text {
            "text" => Ok(false),
            "json" => Ok(true),
            other => Err(format!("{other:?} is neither text nor json")),
        })?;
        Some(Log { level: self.text("log_level").to_owned(), json })
    }
}
