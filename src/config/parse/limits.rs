//! How much may be asked for at a time.
use super::Reader;
use crate::config::Limits;
use crate::config::number::{rate, within};
use crate::oauth::limit::Limit;

impl Reader<'_> {
    pub(super) fn limits(&mut self) -> Option<Limits> {
        let seconds = self.checked("request_seconds", |text| within(text, 1..=3_600));
        let requests = self.checked("requests_in_flight", |text| within(text, 1..=1_000_000));
        let per_minute = self.checked("tokens_per_minute", rate)?;
        let watched = self.parsed("tokens_per_minute_watched", "true or false")?;
        let tokens = per_minute.map(|_| Limit { per_minute, per_day: None, watched });
        Some(Limits { request_seconds: seconds?, requests_in_flight: requests?, tokens })
    }
}
