//! What the rest of the program tells its events to.
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::NotRecorded;
use super::access::{self, Access, Accesses};
use super::condition::Condition;
use super::flood::{Count, Flood, Kind};
use super::writer::Writer;
use crate::model::audit_event::{Actor, Event, FloodFacts, Mark, Outcome, Source};
use crate::model::resource::AccessRecords;
use crate::model::revocation::Revocation;
use crate::oauth::UnixTime;
use crate::oauth::reason::Reason;
use crate::telemetry::Metrics;

/// Applies the flood rule, then hands on to the writer.
pub struct Recorder {
    writer: Writer,
    flood: Mutex<Flood>,
    accesses: Mutex<Accesses>,
    /// Which refused accesses are written out; all others are among `accesses`.
    refused: Mutex<Flood>,
    metrics: std::sync::Arc<Metrics>,
}

impl Recorder {
    pub fn new(writer: Writer, metrics: std::sync::Arc<Metrics>) -> Self {
        let (flood, accesses, refused) = Default::default();
        Self { writer, flood, accesses, refused, metrics }
    }

    /// Returns once `event` is on disk; a refusal that is one of a flood, once
    /// it is counted.
    ///
    /// # Errors
    /// As [`Writer::record`].
    pub async fn record(&self, event: Event) -> Result<(), NotRecorded> {
        let may_flood = matches!(event.category(), "token" | "session");
        if event.outcome == Outcome::Denied && may_flood && !self.admits(&event) {
            self.metrics.audit_flood_counted.inc();
            return Ok(());
        }
        self.writer.record(event, None).await
    }

    /// As [`Writer::record_patiently`].
    ///
    /// # Errors
    /// As [`Writer::record`].
    pub async fn record_patiently(&self, event: Event) -> Result<(), NotRecorded> {
        self.writer.record_patiently(event).await
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

    /// Records an access as the API's policy says. Only where it is `Full` is it
    /// on disk when this returns; there too refusals of a flood are only counted.
    ///
    /// # Errors
    /// As [`Writer::record`], where it is waited for.
    pub async fn record_access(
        &self,
        policy: AccessRecords,
        access: Access<'_>,
        mark: impl Fn() -> Mark,
    ) -> Result<(), NotRecorded> {
        match policy {
            AccessRecords::Counted => {}
            AccessRecords::Sampled => {
                let mark = mark();
                // Of those that pass one in a hundred, by the chance of its id.
                let chosen = mark.salt.first().is_some_and(|byte| u16::from(*byte) * 100 < 256);
                let passed = access.kind.is_allowed();
                let wanted = if passed { chosen } else { self.admits_refused(&access) };
                if wanted && !self.writer.submit(access.event(mark)) {
                    self.metrics.access_records_lost.inc();
                }
            }
            // Whoever has no token at all can be refused as often as they like.
            AccessRecords::Full if access.kind.is_allowed() || self.admits_refused(&access) => {
                return self.writer.record(access.event(mark()), None).await;
            }
            AccessRecords::Full => {
                self.metrics.audit_flood_counted.inc();
            }
        }
        self.lock_accesses().note(access.kind, access.at);
        Ok(())
    }

    /// Writes what was counted in minutes that are over: refusals of a flood,
    /// and accesses.
    ///
    /// # Errors
    /// As [`Writer::record`]. Counts that could not be written are kept.
    pub async fn record_counts(
        &self,
        now: UnixTime,
        mark: impl Fn() -> Mark,
        everything: bool,
    ) -> Result<(), NotRecorded> {
        let accesses = {
            let mut accesses = self.lock_accesses();
            if everything { accesses.take_all() } else { accesses.take_finished(now) }
        };
        // Those that it did not admit are among the accesses.
        drop(self.lock_refused().take_finished(now));
        let refusals = {
            let mut flood = self.lock_flood();
            if everything { flood.take_all() } else { flood.take_finished(now) }
        };
        // Together: one commit takes as many as there are.
        let (kept_accesses, kept_refusals) = futures_util::future::join(
            self.write(accesses, |(kind, count)| access::counted(mark(), now, kind, count)),
            self.write(refusals, |(kind, count)| aggregate(mark(), now, kind, count)),
        )
        .await;
        if kept_accesses.is_empty() && kept_refusals.is_empty() {
            return Ok(());
        }
        for (kind, count) in kept_accesses {
            self.lock_accesses().keep(kind, count);
        }
        for (kind, count) in kept_refusals {
            self.lock_flood().keep(kind, count);
        }
        Err(NotRecorded::Failed)
    }

    /// Writes counts, and returns those that could not be written.
    async fn write<C: Clone>(&self, counts: Vec<C>, event: impl Fn(C) -> Event) -> Vec<C> {
        let written = counts.into_iter().map(|count| {
            let recording = self.writer.record(event(count.clone()), None);
            async move { recording.await.err().map(|_| count) }
        });
        futures_util::future::join_all(written).await.into_iter().flatten().collect()
    }

    fn lock_accesses(&self) -> MutexGuard<'_, Accesses> {
        self.accesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_refused(&self) -> MutexGuard<'_, Flood> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admits_refused(&self, access: &Access<'_>) -> bool {
        let client_id = access.kind.client_id.map(str::to_owned);
        let kind = Kind::new(None, client_id, access.kind.decision);
        self.lock_refused().admits(kind, "", access.at)
    }

    fn lock_flood(&self) -> MutexGuard<'_, Flood> {
        self.flood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the log can be written.
    pub fn condition(&self) -> &Condition {
        self.writer.condition()
    }

    pub async fn stop(&self) {
        self.writer.stop().await;
    }

    /// As [`Writer::settle`].
    pub async fn settle(&self) {
        self.writer.settle().await;
    }

    fn admits(&self, event: &Event) -> bool {
        let address: Option<IpAddr> = event.source.address.as_deref().and_then(|a| a.parse().ok());
        let reason = event.reason.as_deref().unwrap_or_default();
        let known = reason != Reason::UnknownClient.as_str();
        let client_id = event.client_id.clone().filter(|_| known);
        let kind = Kind::new(address, client_id, reason);
        let kind = if event.category() == "session" { kind.of_sessions() } else { kind };
        self.lock_flood().admits(
            kind,
            event.request_id.as_deref().unwrap_or_default(),
            UnixTime(event.at),
        )
    }
}

fn aggregate(mark: Mark, now: UnixTime, kind: Kind, count: Count) -> Event {
    let code =
        if kind.is_sign_in { "session.denied_repeatedly" } else { "token.denied_repeatedly" };
    let mut event = Event::new(mark, now, code, Outcome::Denied);
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
