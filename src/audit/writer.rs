//! Hands audit events to the thread that writes them, and answers once they are
//! on disk.
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use super::NotRecorded;
use super::condition::Condition;
use super::scribe::Scribe;
use crate::host::{Clock, Entropy};
use crate::model::audit_chain::Leaf;
use crate::model::audit_event::{Event, Outcome};
use crate::model::revocation::Revocation;
use crate::store::Store;
use crate::telemetry::Metrics;

/// The most events that wait. Full means that the database is far behind.
const QUEUE: usize = 16_384;

/// How long an answer may wait for its event, so that no request takes longer
/// than two seconds.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// The same after something of ours failed: part of the two seconds is gone.
const PATIENCE_LEFT: Duration = Duration::from_millis(800);

/// Hands events to the thread that writes them. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Message>,
    condition: Arc<Condition>,
    metrics: Arc<Metrics>,
}

/// What the thread works with.
pub struct Sources {
    pub store: Store,
    /// The chain that it appends to.
    pub chain: String,
    pub clock: Clock,
    pub entropy: Entropy,
    pub metrics: Arc<Metrics>,
}

/// An event, and what is true only once it is written. Its text is made by whoever
/// hands it over: there are several of them, and one thread that writes.
pub(super) struct Entry {
    pub(super) leaf: Leaf,
    pub(super) revocation: Option<Revocation>,
}

pub(super) enum Message {
    Record(Box<Entry>, oneshot::Sender<Result<(), NotRecorded>>),
    /// Write all that was counted.
    Settle(oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread.
    pub fn start(from: Sources) -> std::io::Result<Self> {
        let (queue, inbox) = sync_channel(QUEUE);
        let condition: Arc<Condition> = Arc::default();
        let metrics = from.metrics.clone();
        let scribe = Scribe::new(from, condition.clone());
        std::thread::Builder::new().name("audit".into()).spawn(move || scribe.run(&inbox))?;
        Ok(Self { queue, condition, metrics })
    }

    /// Returns once `event` is committed, and `revocation` with it.
    ///
    /// # Errors
    /// * `Behind`: too much waits already; at once.
    /// * `Unwritable`: it would not be written now; at once.
    /// * `Failed`: not committed within two seconds. A token must not be sent
    ///   then, though its event may still be written.
    pub async fn record(
        &self,
        event: Event,
        revocation: Option<Revocation>,
    ) -> Result<(), NotRecorded> {
        let failed = event.outcome == Outcome::Error;
        let patience = if failed { PATIENCE_LEFT } else { PATIENCE };
        let committed = self.hand_over(event, revocation)?;
        match tokio::time::timeout(patience, committed).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(NotRecorded::Failed),
        }
    }

    /// [`Writer::record`] for who has time: returns once it is known whether `event`
    /// is committed. After an error it is not, and may be recorded anew.
    ///
    /// # Errors
    /// As [`Writer::record`].
    pub async fn record_patiently(&self, event: Event) -> Result<(), NotRecorded> {
        self.hand_over(event, None)?.await.unwrap_or(Err(NotRecorded::Failed))
    }

    /// Hands `event` over without waiting for it to be committed; whether it was
    /// taken.
    pub fn submit(&self, event: Event) -> bool {
        self.hand_over(event, None).is_ok()
    }

    /// Queues `event`, unless it would not be written now.
    fn hand_over(
        &self,
        event: Event,
        revocation: Option<Revocation>,
    ) -> Result<oneshot::Receiver<Result<(), NotRecorded>>, NotRecorded> {
        self.condition
            .admits(revocation.is_none() && is_of_tokens(&event))
            .map_err(NotRecorded::Unwritable)?;
        let (done, committed) = oneshot::channel();
        let entry = Box::new(Entry { leaf: event.into(), revocation });
        self.queue.try_send(Message::Record(entry, done)).map_err(|error| match error {
            TrySendError::Full(_) => NotRecorded::Behind,
            TrySendError::Disconnected(_) => NotRecorded::Failed,
        })?;
        self.metrics.audit_queue.inc();
        Ok(committed)
    }

    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Ends the thread after everything that was queued before.
    pub async fn stop(&self) {
        self.wait_for(Message::Stop).await;
    }

    /// Returns once everything that was recorded before is counted, unless the
    /// database is away.
    pub async fn settle(&self) {
        self.wait_for(Message::Settle).await;
    }

    async fn wait_for(&self, message: fn(oneshot::Sender<()>) -> Message) {
        let (done, answered) = oneshot::channel();
        let queue = self.queue.clone();
        let sent = tokio::task::spawn_blocking(move || queue.send(message(done))).await;
        if matches!(sent, Ok(Ok(()))) {
            let _ = answered.await;
        }
    }
}

/// What is refused first when space runs out: whoever asks could use it up.
fn is_of_tokens(event: &Event) -> bool {
    matches!(event.category(), "token" | "access")
}
