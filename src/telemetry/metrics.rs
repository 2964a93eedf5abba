//! Every metric, its unit and its labels, in one place.
mod approvals;
mod status_lists;
mod store;
mod streams;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answer {
    /// `issued`, or the reason of the refusal: a closed list.
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KeyState {
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SignIn {
    result: &'static str,
}

use store::StoreState;
use streams::StreamName;

/// Cheap to share; counting takes no lock that waits on I/O.
pub struct Metrics {
    registry: Registry,
    tokens: Family<Answer, Counter>,
    token_seconds: Histogram,
    sign_ins: Family<SignIn, Counter>,
    /// By all processes, ever.
    pub break_glass_uses: Counter,
    pub audit_commit_seconds: Histogram,
    pub audit_group_events: Histogram,
    pub audit_events: Counter,
    pub audit_failures: Counter,
    store_states: Family<StoreState, Gauge>,
    pub disk_free_bytes: Gauge,
    pub journal_revocations: Gauge,
    /// Writes of counts and last uses that failed; they are tried again.
    pub usage_failures: Counter,
    pub audit_queue: Gauge,
    pub audit_flood_counted: Counter,
    pub tokens_above_limit: Counter,
    pub audit_unsealed_age_seconds: Gauge<f64, AtomicU64>,
    pub audit_sealed_batches: Counter,
    pub audit_retention_waits: Gauge,
    pub audit_months_ahead: Gauge,
    pub audit_tree_size: Gauge,
    pub audit_seal_failures: Counter,
    pub audit_fork: Gauge,
    pub audit_sequencer: Gauge,
    pub audit_witnesses_failing: Gauge,
    stream_events: Family<StreamName, Counter>,
    stream_failures: Family<StreamName, Counter>,
    stream_rejected: Family<StreamName, Counter>,
    stream_lag_batches: Family<StreamName, Gauge>,
    stream_lag: Family<StreamName, Gauge>,
    pub client_reads: Counter,
    pub clients_cached: Gauge,
    pub registry_age_seconds: Gauge<f64, AtomicU64>,
    pub refresh_failures: Counter,
    pub status_lists_living: Gauge,
    pub status_list_indexes_left: Gauge,
    pub status_list_publish_seconds: Histogram,
    pub status_list_delay_seconds: Histogram,
    pub status_list_failures: Counter,
    pub revocations: Gauge,
    pub feed_receivers: Gauge,
    signing_keys: Family<KeyState, Gauge>,
    pub key_failures: Counter,
    /// When the next key takes over, in seconds since 1970; 0 when none does by
    /// itself.
    pub next_rotation: Gauge,
    gate: Family<Answer, Counter>,
    gate_seconds: Histogram,
    pub access_records_lost: Counter,
    pub approvals_open: Gauge,
    pub approvals_oldest_seconds: Gauge,
    introspections: Family<Answer, Counter>,
    token_revocations: Family<Answer, Counter>,
}

impl Metrics {
    pub fn new() -> Self {
        Self {
            tokens: Family::default(),
            token_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
            sign_ins: Family::default(),
            break_glass_uses: Counter::default(),
            audit_commit_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 15)),
            audit_group_events: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            audit_events: Counter::default(),
            audit_failures: Counter::default(),
            store_states: Family::default(),
            disk_free_bytes: Gauge::default(),
            journal_revocations: Gauge::default(),
            usage_failures: Counter::default(),
            audit_queue: Gauge::default(),
            audit_flood_counted: Counter::default(),
            tokens_above_limit: Counter::default(),
            audit_unsealed_age_seconds: Gauge::default(),
            audit_sealed_batches: Counter::default(),
            audit_retention_waits: Gauge::default(),
            audit_months_ahead: Gauge::default(),
            audit_tree_size: Gauge::default(),
            audit_seal_failures: Counter::default(),
            audit_fork: Gauge::default(),
            audit_sequencer: Gauge::default(),
            audit_witnesses_failing: Gauge::default(),
            stream_events: Family::default(),
            stream_failures: Family::default(),
            stream_rejected: Family::default(),
            stream_lag_batches: Family::default(),
            stream_lag: Family::default(),
            client_reads: Counter::default(),
            clients_cached: Gauge::default(),
            registry_age_seconds: Gauge::default(),
            refresh_failures: Counter::default(),
            status_lists_living: Gauge::default(),
            status_list_indexes_left: Gauge::default(),
            status_list_publish_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 15)),
            status_list_delay_seconds: Histogram::new(exponential_buckets(0.015_625, 2.0, 12)),
            status_list_failures: Counter::default(),
            revocations: Gauge::default(),
            feed_receivers: Gauge::default(),
            signing_keys: Family::default(),
            key_failures: Counter::default(),
            next_rotation: Gauge::default(),
            gate: Family::default(),
            gate_seconds: Histogram::new(exponential_buckets(0.000_02, 2.0, 16)),
            access_records_lost: Counter::default(),
            approvals_open: Gauge::default(),
            approvals_oldest_seconds: Gauge::default(),
            introspections: Family::default(),
            token_revocations: Family::default(),
            registry: Registry::with_prefix("countersign"),
        }
        .registered()
    }

    fn registered(mut self) -> Self {
        let mut registry = std::mem::take(&mut self.registry);
        self.register_requests(&mut registry);
        self.register_audit(&mut registry);
        self.register_streams(&mut registry);
        self.register_approvals(&mut registry);
        self.register_clients(&mut registry);
        self.register_status_lists(&mut registry);
        self.register_revocations(&mut registry);
        self.register_keys(&mut registry);
        self.registry = registry;
        self
    }

    fn register_requests(&self, registry: &mut Registry) {
        registry.register("token_requests", "Token requests by their answer", self.tokens.clone());
        registry.register_with_unit(
            "token_request_duration",
            "Time from a token request to its answer, the audit log included",
            Unit::Seconds,
            self.token_seconds.clone(),
        );
        registry.register(
            "tokens_above_limit",
            "Tokens issued above a limit that is only watched",
            self.tokens_above_limit.clone(),
        );
        registry.register(
            "break_glass_uses",
            "Sign-ins with a break-glass account, as the database has counted them",
            self.break_glass_uses.clone(),
        );
        registry.register("sign_ins", "Attempts to sign in to the console", self.sign_ins.clone());
    }

    fn register_audit(&self, registry: &mut Registry) {
        self.register_store(registry);
        self.register_sealing(registry);
        registry.register_with_unit(
            "audit_commit",
            "Time of one commit of audit events",
            Unit::Seconds,
            self.audit_commit_seconds.clone(),
        );
        registry.register(
            "audit_group_events",
            "Events in one commit",
            self.audit_group_events.clone(),
        );
        registry.register("audit_events", "Events committed", self.audit_events.clone());
        registry.register(
            "audit_failures",
            "Commits of audit events that failed",
            self.audit_failures.clone(),
        );
        registry.register(
            "usage_failures",
            "Writes of counts of use that failed; they are tried again",
            self.usage_failures.clone(),
        );
        registry.register(
            "audit_queue_events",
            "Events that wait for a commit",
            self.audit_queue.clone(),
        );
        registry.register(
            "audit_flood_events",
            "Refusals that were counted instead of written one by one",
            self.audit_flood_counted.clone(),
        );
    }

    fn register_sealing(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "audit_unsealed_age",
            "Age of the oldest event that is in no signed tree",
            Unit::Seconds,
            self.audit_unsealed_age_seconds.clone(),
        );
        registry.register(
            "audit_sealed_batches",
            "Batches that this process added to the tree",
            self.audit_sealed_batches.clone(),
        );
        registry.register(
            "audit_tree_size_batches",
            "Batches in the tree",
            self.audit_tree_size.clone(),
        );
        registry.register(
            "audit_seal_failures",
            "Times that sealing or signing failed",
            self.audit_seal_failures.clone(),
        );
        registry.register(
            "audit_fork",
            "1: what is stored does not go on from what was signed, and nothing is sealed",
            self.audit_fork.clone(),
        );
        registry.register(
            "audit_sequencer",
            "1: it is this process that seals",
            self.audit_sequencer.clone(),
        );
        registry.register(
            "audit_witnesses_failing",
            "Witnesses that did not sign when they were last asked",
            self.audit_witnesses_failing.clone(),
        );
    }

    fn register_clients(&self, registry: &mut Registry) {
        registry.register(
            "client_reads",
            "Clients read from the database, being unknown to memory",
            self.client_reads.clone(),
        );
        registry.register("clients_cached", "Clients in memory", self.clients_cached.clone());
        registry.register_with_unit(
            "registry_age",
            "Time since changes of other processes were last looked for",
            Unit::Seconds,
            self.registry_age_seconds.clone(),
        );
        registry.register(
            "registry_refresh_failures",
            "Times that changes of other processes could not be read",
            self.refresh_failures.clone(),
        );
    }

    fn register_revocations(&self, registry: &mut Registry) {
        registry.register(
            "introspections",
            "Introspection requests by their answer",
            self.introspections.clone(),
        );
        registry.register(
            "token_revocations",
            "Revocation requests of clients by their answer",
            self.token_revocations.clone(),
        );
        registry.register("gate_requests", "Requests to the gate by decision", self.gate.clone());
        registry.register_with_unit(
            "gate_request_duration",
            "Time from a request to the gate to its answer",
            Unit::Seconds,
            self.gate_seconds.clone(),
        );
        registry.register(
            "access_records_lost",
            "Sampled accesses that were counted but not written, the queue being full",
            self.access_records_lost.clone(),
        );
        registry.register("revocations", "Revocations in force", self.revocations.clone());
        registry.register(
            "revocation_feed_receivers",
            "Open streams of the revocation feed",
            self.feed_receivers.clone(),
        );
    }

    fn register_keys(&self, registry: &mut Registry) {
        registry.register("signing_keys", "Published signing keys", self.signing_keys.clone());
        registry.register(
            "signing_key_failures",
            "Times that signing keys could not be brought up to date",
            self.key_failures.clone(),
        );
        registry.register(
            "signing_key_next_rotation_timestamp_seconds",
            "When the next signing key takes over by itself; 0: never",
            self.next_rotation.clone(),
        );
    }

    /// How many published keys are in a state.
    pub fn signing_keys(&self, state: &'static str, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.signing_keys.get_or_create(&KeyState { state }).set(count);
    }

    pub fn gate_answered(&self, decision: &'static str, took: Duration) {
        self.gate.get_or_create(&Answer { result: decision }).inc();
        self.gate_seconds.observe(took.as_secs_f64());
    }

    pub fn introspected(&self, result: &'static str) {
        self.introspections.get_or_create(&Answer { result }).inc();
    }

    pub fn token_revocation(&self, result: &'static str) {
        self.token_revocations.get_or_create(&Answer { result }).inc();
    }

    pub fn token_answered(&self, result: &'static str, took: Duration) {
        self.tokens.get_or_create(&Answer { result }).inc();
        self.token_seconds.observe(took.as_secs_f64());
    }

    pub fn sign_in(&self, result: &'static str) {
        self.sign_ins.get_or_create(&SignIn { result }).inc();
    }

    /// The text that Prometheus reads.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_our_prefix_and_a_help_text() {
        let metrics = Metrics::new();
        metrics.token_answered("issued", Duration::from_millis(1));
        let text = metrics.encode();
        assert!(text.contains("countersign_token_requests_total{result=\"issued\"} 1"), "{text}");
        assert!(
            text.lines().filter(|l| !l.starts_with('#')).all(|l| l.starts_with("countersign_"))
        );
    }
}
