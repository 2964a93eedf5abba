//! Metrics of the token status lists.
use prometheus_client::registry::{Registry, Unit};

use super::Metrics;

impl Metrics {
    pub(super) fn register_status_lists(&self, registry: &mut Registry) {
        registry.register(
            "status_lists",
            "Token status lists whose tokens may be living",
            self.status_lists_living.clone(),
        );
        registry.register(
            "status_list_indexes_left",
            "Indexes of status lists that this process may still give out",
            self.status_list_indexes_left.clone(),
        );
        registry.register_with_unit(
            "status_list_publish",
            "Time to sign the status lists that changed or grew old",
            Unit::Seconds,
            self.status_list_publish_seconds.clone(),
        );
        registry.register_with_unit(
            "status_list_delay",
            "Time from a revocation until the status lists here say so",
            Unit::Seconds,
            self.status_list_delay_seconds.clone(),
        );
        registry.register(
            "status_list_failures",
            "Times that an index could not be had or a status list not be brought up to date",
            self.status_list_failures.clone(),
        );
    }
}
