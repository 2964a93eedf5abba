//! Metrics of streams, by stream.
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct StreamName {
    /// As it is configured.
    stream: String,
}

impl Metrics {
    pub(super) fn register_streams(&self, registry: &mut Registry) {
        registry.register(
            "stream_events",
            "Events that this process delivered, by stream",
            self.stream_events.clone(),
        );
        registry.register(
            "stream_failures",
            "Deliveries that failed; they are tried again",
            self.stream_failures.clone(),
        );
        registry.register(
            "stream_rejected_events",
            "Events that a receiver refused for good; they are not sent again",
            self.stream_rejected.clone(),
        );
        registry.register(
            "stream_lag_batches",
            "Sealed batches that were not delivered yet, where this process delivers",
            self.stream_lag_batches.clone(),
        );
        registry.register(
            "audit_retention_waits",
            "1: rows that are due to go are kept for a stream that is behind",
            self.audit_retention_waits.clone(),
        );
        registry.register(
            "audit_months_ahead",
            "On PostgreSQL: months to come that the log has a part for, where this process seals",
            self.audit_months_ahead.clone(),
        );
        registry.register_with_unit(
            "stream_lag",
            "Age of the oldest event that was not delivered yet",
            Unit::Seconds,
            self.stream_lag.clone(),
        );
    }

    /// How far a stream is behind.
    pub fn stream_lag(&self, name: &str, batches: i64, seconds: i64) {
        let name = StreamName { stream: name.to_owned() };
        self.stream_lag_batches.get_or_create(&name).set(batches);
        self.stream_lag.get_or_create(&name).set(seconds);
    }

    /// This process delivers it no more: another says how far it is behind.
    pub fn stream_left(&self, name: &str) {
        let name = StreamName { stream: name.to_owned() };
        self.stream_lag_batches.remove(&name);
        self.stream_lag.remove(&name);
    }

    /// Events that a receiver refused for good.
    pub fn stream_rejected(&self, name: &str, events: u64) {
        let name = StreamName { stream: name.to_owned() };
        self.stream_rejected.get_or_create(&name).inc_by(events);
    }

    pub fn stream_delivered(&self, name: &str, events: u64) {
        let name = StreamName { stream: name.to_owned() };
        self.stream_events.get_or_create(&name).inc_by(events);
    }

    pub fn stream_failed(&self, name: &str) {
        self.stream_failures.get_or_create(&StreamName { stream: name.to_owned() }).inc();
    }
}
