//! Writes audit events in groups, and answers once they are on disk.
//!
//! One thread commits whatever is queued. While a commit runs the next group
//! gathers, so groups grow with the load and nothing waits on a timer.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::NotRecorded;
use super::last_use::LastUses;
use super::tally::Tally;
use crate::model::audit_event::{Event, Outcome};
use crate::model::revocation::Revocation;
use crate::oauth::UnixTime;
use crate::store::{self, Conn, Store, audit_chains, revocations, secrets};
use crate::telemetry::Metrics;

/// The most events in one commit.
const GROUP: usize = 512;

/// The most events that wait. Full means that the database is far behind.
const QUEUE: usize = 16_384;

/// How long an answer may wait for its event, so that no request takes longer
/// than two seconds.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// The same after something of ours failed: part of the two seconds is gone.
const PATIENCE_LEFT: Duration = Duration::from_millis(800);

/// How long last uses of secrets and counts gather. Writing them is a commit of
/// its own, which the next group waits for.
const USAGE_EVERY: Duration = Duration::from_millis(250);

/// How long the thread sleeps when it has nothing to do, and when there are
/// counts to be written.
const IDLE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// SQLite's write-ahead log is emptied between groups once it is this long.
/// What is left to move by then is little: a checkpoint runs beside us.
const WAL_BYTES: u64 = 64 * 1_024 * 1_024;

/// Hands events to the thread that writes them. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: SyncSender<Message>,
    healthy: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

/// An event, and what is true only once it is written.
struct Entry {
    event: Event,
    revocation: Option<Revocation>,
}

enum Message {
    Record(Box<Entry>, oneshot::Sender<Result<(), NotRecorded>>),
    /// Write all that was counted.
    Settle(oneshot::Sender<()>),
    Stop(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread. `chain` names the chain that it appends to.
    pub fn start(store: Store, chain: String, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let (queue, inbox) = sync_channel(QUEUE);
        let healthy = Arc::new(AtomicBool::new(true));
        let thread = Thread {
            wal: store.wal(),
            store,
            chain,
            conn: None,
            last_uses: LastUses::default(),
            tally: None,
            last_at: UnixTime::default(),
            usage_written: Instant::now(),
            healthy: healthy.clone(),
            metrics: metrics.clone(),
        };
        std::thread::Builder::new().name("audit".into()).spawn(move || thread.run(&inbox))?;
        Ok(Self { queue, healthy, metrics })
    }

    /// Returns once `event` is committed, and `revocation` with it.
    ///
    /// # Errors
    /// * `Behind`: too much waits already; at once.
    /// * `Failed`: not committed within two seconds. A token must not be sent
    ///   then, though its event may still be written.
    pub async fn record(
        &self,
        event: Event,
        revocation: Option<Revocation>,
    ) -> Result<(), NotRecorded> {
        let (done, committed) = oneshot::channel();
        let failed = event.outcome == Outcome::Error;
        let patience = if failed { PATIENCE_LEFT } else { PATIENCE };
        match self.queue.try_send(Message::Record(Box::new(Entry { event, revocation }), done)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(NotRecorded::Behind),
            Err(TrySendError::Disconnected(_)) => return Err(NotRecorded::Failed),
        }
        self.metrics.audit_queue.inc();
        match tokio::time::timeout(patience, committed).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(NotRecorded::Failed),
        }
    }

    /// Hands `event` over without waiting for it to be committed; whether it was
    /// taken.
    pub fn submit(&self, event: Event) -> bool {
        let (done, _) = oneshot::channel();
        let entry = Box::new(Entry { event, revocation: None });
        let taken = self.queue.try_send(Message::Record(entry, done)).is_ok();
        if taken {
            self.metrics.audit_queue.inc();
        }
        taken
    }

    /// Whether the last commit succeeded.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::Relaxed)
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

struct Thread {
    store: Store,
    chain: String,
    wal: Option<PathBuf>,
    /// A connection of our own: what the pool does cannot make us wait.
    conn: Option<Conn>,
    last_uses: LastUses,
    /// Opened with the first connection.
    tally: Option<Tally>,
    /// When the last event happened.
    last_at: UnixTime,
    usage_written: Instant,
    healthy: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
}

type Waiting = Vec<oneshot::Sender<Result<(), NotRecorded>>>;

/// What goes into one commit.
#[derive(Default)]
struct Group {
    events: Vec<Event>,
    revocations: Vec<Revocation>,
    waiting: Waiting,
    settle: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Thread {
    fn run(mut self, inbox: &Receiver<Message>) {
        loop {
            let first = match inbox.recv_timeout(self.sleep()) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let Group { events, revocations, waiting, settle, stop } =
                gather(first, inbox, &self.metrics);
            if !events.is_empty() {
                self.write(&events, &revocations, waiting);
            }
            if settle.is_some() || stop.is_some() {
                while self.write_usage() {}
            } else if self.usage_written.elapsed() >= USAGE_EVERY {
                self.write_usage();
            }
            let is_last = stop.is_some();
            for done in settle.into_iter().chain(stop) {
                let _ = done.send(());
            }
            if is_last {
                break;
            }
        }
    }

    fn sleep(&self) -> Duration {
        let is_behind = self.tally.as_ref().is_none_or(Tally::is_behind);
        if is_behind || self.last_uses.is_due() { PAUSE } else { IDLE }
    }

    fn write(&mut self, events: &[Event], revocations: &[Revocation], waiting: Waiting) {
        let started = Instant::now();
        let outcome = self.commit(events, revocations);
        match &outcome {
            Ok(position) => {
                self.metrics.audit_events.inc_by(events.len() as u64);
                self.note(events, *position);
            }
            Err(error) => {
                self.metrics.audit_failures.inc();
                tracing::error!(%error, events = events.len(), "audit.group_not_written");
                // Whatever is wrong with it, the next group starts afresh.
                self.conn = None;
            }
        }
        self.healthy.store(outcome.is_ok(), Ordering::Relaxed);
        self.metrics.audit_commit_seconds.observe(started.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "at most 512")]
        self.metrics.audit_group_events.observe(events.len() as f64);
        for done in waiting {
            // A caller that went away has its answer in the log.
            let _ = done.send(outcome.as_ref().map(drop).map_err(|_| NotRecorded::Failed));
        }
        self.empty_wal();
    }

    /// Counts what was written.
    fn note(&mut self, events: &[Event], position: i64) {
        for event in events {
            self.last_at = self.last_at.max(UnixTime(event.at));
            if let Some(secret) = &event.actor.credential_id
                && event.outcome == Outcome::Success
            {
                self.last_uses.note(secret, UnixTime(event.at));
            }
        }
        if let Some(tally) = &mut self.tally {
            tally.note(events, position);
        }
    }

    /// The position of the last event in the chain.
    fn commit(&mut self, events: &[Event], revoked: &[Revocation]) -> Result<i64, store::Error> {
        let chain = self.chain.clone();
        self.open_tally()?;
        self.connection()?.transaction(|conn| {
            // First the registry's version, then the chain: acts lock them in
            // this order too.
            if !revoked.is_empty() {
                revocations::insert(conn, revoked)?;
            }
            audit_chains::append(conn, &chain, events)
        })
    }

    fn connection(&mut self) -> Result<&mut Conn, store::Error> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.store.connect()?,
        };
        Ok(self.conn.insert(conn))
    }

    /// Before the first group: what is in the chain by then is not ours.
    fn open_tally(&mut self) -> Result<(), store::Error> {
        if self.tally.is_none() {
            let chain = self.chain.clone();
            self.tally = Some(Tally::open(self.connection()?, &chain)?);
        }
        Ok(())
    }

    /// Writes some of what was counted. Whether there is more, and it could be
    /// written.
    fn write_usage(&mut self) -> bool {
        self.usage_written = Instant::now();
        let written = self.write_last_uses().and_then(|()| self.write_counts());
        match written {
            Ok(more) => more || self.last_uses.is_due(),
            Err(error) => {
                self.metrics.usage_failures.inc();
                tracing::warn!(%error, "usage.not_written");
                self.conn = None;
                false
            }
        }
    }

    /// Not for the evidence, only for people: a lost minute is no loss.
    fn write_last_uses(&mut self) -> Result<(), store::Error> {
        let used = self.last_uses.take_due();
        if used.is_empty() {
            return Ok(());
        }
        self.connection()?.transaction(|conn| secrets::touch(conn, &used))
    }

    fn write_counts(&mut self) -> Result<bool, store::Error> {
        self.open_tally()?;
        let (now, mut tally) = (self.last_at, self.tally.take());
        let Some(counting) = tally.as_mut().filter(|tally| tally.is_behind()) else {
            self.tally = tally;
            return Ok(false);
        };
        let stepped = self.connection().and_then(|conn| counting.step(conn, now));
        let is_behind = counting.is_behind();
        self.tally = tally;
        stepped.map(|()| is_behind)
    }

    fn empty_wal(&mut self) {
        let long = self
            .wal
            .as_ref()
            .is_some_and(|path| std::fs::metadata(path).is_ok_and(|file| file.len() > WAL_BYTES));
        if long
            && let Ok(conn) = self.connection()
            && let Err(error) = conn.checkpoint(store::Checkpoint::Restart)
        {
            tracing::warn!(%error, "sqlite.checkpoint_failed");
        }
    }
}

/// Takes what is queued, up to a group. A token whose caller gave up is left
/// out: it was never handed over. A refusal is kept, or a caller could hide
/// one by hanging up.
fn gather(first: Option<Message>, inbox: &Receiver<Message>, metrics: &Metrics) -> Group {
    let mut group = Group::default();
    let mut next = first;
    while let Some(message) = next {
        match message {
            Message::Settle(done) => {
                group.settle = Some(done);
                return group;
            }
            Message::Stop(done) => {
                group.stop = Some(done);
                return group;
            }
            Message::Record(entry, done) => {
                metrics.audit_queue.dec();
                let abandoned = done.is_closed() && entry.event.code == "token.issued";
                if !abandoned {
                    group.events.push(entry.event);
                    group.revocations.extend(entry.revocation);
                    group.waiting.push(done);
                }
            }
        }
        next = if group.events.len() < GROUP { inbox.try_recv().ok() } else { None };
    }
    group
}
