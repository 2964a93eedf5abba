//! Metrics of whether the database can be written.
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(super) struct StoreState {
    state: &'static str,
}

impl Metrics {
    pub(super) fn register_store(&self, registry: &mut Registry) {
        registry.register(
            "store_state",
            "1 for the state that the audit log is in: ok, low, stalled, failed, recovering",
            self.store_states.clone(),
        );
        registry.register_with_unit(
            "disk_free",
            "Space that is left where the SQLite database is",
            Unit::Bytes,
            self.disk_free_bytes.clone(),
        );
        registry.register(
            "journal_revocations",
            "Revocations in force here that the database does not have yet",
            self.journal_revocations.clone(),
        );
    }

    /// In which of all states the log is.
    pub fn store_state(&self, now: &'static str, all: &[&'static str]) {
        for state in all {
            let gauge = self.store_states.get_or_create(&StoreState { state });
            gauge.set(i64::from(*state == now));
        }
    }
}
