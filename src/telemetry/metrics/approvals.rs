//! Metrics of acts that wait for a second person.
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;

impl Metrics {
    pub(super) fn register_approvals(&self, registry: &mut Registry) {
        registry.register(
            "approvals_open",
            "Acts that wait for a second person",
            self.approvals_open.clone(),
        );
        registry.register_with_unit(
            "approvals_oldest",
            "For how long the oldest of them has waited",
            Unit::Seconds,
            self.approvals_oldest_seconds.clone(),
        );
    }
}
