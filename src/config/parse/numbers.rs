//! Settings that are plain numbers.
use super::Reader;
use crate::config::number::within;

/// `None`: what was given is none.
pub(super) struct Numbers {
    pub connections: Option<u32>,
    pub cached_clients: Option<u64>,
    pub workers: Option<usize>,
    pub session_idle_minutes: Option<i64>,
    pub session_hours: Option<i64>,
    pub shutdown_seconds: Option<u64>,
    pub revocation_patience_seconds: Option<i64>,
    pub status_list_ttl_seconds: Option<i64>,
}

impl Reader<'_> {
    pub(super) fn numbers(&mut self) -> Numbers {
        Numbers {
            connections: self.parsed("connections", "a number"),
            cached_clients: self.parsed("cached_clients", "a number"),
            workers: self.parsed("workers", "a number"),
            session_idle_minutes: self.parsed("session_idle_minutes", "a number"),
            session_hours: self.parsed("session_hours", "a number"),
            shutdown_seconds: self.parsed("shutdown_seconds", "a number"),
            revocation_patience_seconds: self.parsed("revocation_patience_seconds", "a number"),
            status_list_ttl_seconds: self
                .checked("status_list_ttl_seconds", |text| within(text, 5..=3_600)),
        }
    }
}
