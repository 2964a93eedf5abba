//! What the rest of the program tells its events to.
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::NotRecorded;
use super::flood::{Count, Flood, Kind};
use super::writer::Writer;
use crate::model::audit_event::{Actor, Event, FloodFacts, Mark, Outcome, Source};
use crate::model::revocation::Revocation;
use crate::oauth::UnixTime;
use crate::oauth::reason::Reason;
use crate::telemetry::Metrics;

/// Applies the flood rule, then hands on to the writer.
pub struct Recorder {
    writer: Writer,
    flood: Mutex<Flood>,
    metrics: std::sync::Arc<Metrics>,
}

impl Recorder {
    pub fn new(writer: Writer, metrics: std::sync::Arc<Metrics>) -> Self {
        Self { writer, flood: Mutex::default(), metrics }
    }

    /// Returns once `event` is on disk; a refusal that is one of a flood, once
    /// it is counted.
    ///
    /// # Errors
    /// As [`Writer::record`].
    pub async fn record(&self, event: Event) -> Result<(), NotRecorded> {
        let of_tokens = event.outcome == Outcome::Denied && event.category() == "token";
        if of_tokens && !self.admits(&event) {
            self.metrics.audit_flood_counted.inc();
            return Ok(());
        }
        self.writer.record(event, None).await
    }

    /// Returns once `revocation` and its `event` are on disk.
    ///
    /// # Errors
    /// As [`Writer::record`]: nothing may be claimed then.
    pub async fn record_revocation(
        &self,
        event: Event,
        revocation: Revocation,
    ) -> Result<(), NotRecorded> {
        self.writer.record(event, Some(revocation)).await
    }

    /// Writes what the flood rule counted in minutes that are over.
    pub async fn record_floods(
        &self,
        now: UnixTime,
        mark: impl Fn() -> Mark,
        everything: bool,
    ) -> Result<(), NotRecorded> {
        let finished = {
            let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
            if everything { flood.take_all() } else { flood.take_finished(now) }
        };
        for (kind, count) in finished {
            self.writer.record(aggregate(mark(), now, kind, count), None).await?;
        }
        Ok(())
    }

    pub fn is_healthy(&self) -> bool {
        self.writer.is_healthy()
    }

    pub async fn stop(&self) {
        self.writer.stop().await;
    }

    fn admits(&self, event: &Event) -> bool {
        let address: Option<IpAddr> = event.source.address.as_deref().and_then(|a| a.parse().ok());
        let reason = event.reason.as_deref().unwrap_or_default();
        let known = reason != Reason::UnknownClient.as_str();
        let client_id = event.client_id.clone().filter(|_| known);
        let kind = Kind::new(address, client_id, reason);
        let mut flood = self.flood.lock().unwrap_or_else(PoisonError::into_inner);
        flood.admits(kind, event.request_id.as_deref().unwrap_or_default(), UnixTime(event.at))
    }
}

fn aggregate(mark: Mark, now: UnixTime, kind: Kind, count: Count) -> Event {
    let mut event = Event::new(mark, now, "token.denied_repeatedly", Outcome::Denied);
    event.reason = Some(kind.reason.into());
    event.actor = Actor { kind: "anonymous".into(), ..Actor::default() };
    event.source = Source::new(kind.address.map(|address| address.to_string()), None);
    event.client_id = kind.client_id;
    event.flood = Some(FloodFacts {
        count: count.count,
        first_at: count.first_at.0,
        last_at: count.last_at.0,
        samples: count.samples,
    });
    event
}
