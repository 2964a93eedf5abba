//! Writes audit events in groups.
//!
//! One thread commits whatever is queued. While a commit runs the next group
//! gathers, so groups grow with the load and nothing waits on a timer. After a
//! commit that failed nothing is written until the database was opened anew and
//! has what was committed before: a failed fsync may have lost pages that the
//! next one reports as written.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::NotRecorded;
use super::condition::Condition;
use super::last_use::LastUses;
use super::tally::Tally;
use super::writer::{Message, Sources};
use crate::model::audit_chain::Leaf;
use crate::model::audit_event::{Event, Outcome, printable};
use crate::model::revocation::Revocation;
use crate::oauth::UnixTime;
use crate::store::audit_chains::Tip;
use crate::store::{self, Conn, Fault, Files, audit_chains, revocations, secrets};
use crate::telemetry::Metrics;

/// The most events in one commit.
const GROUP: usize = 512;

/// How long last uses of secrets and counts gather, and when they became many.
/// Writing them is a commit of its own, which the next group waits for.
const USAGE_EVERY: Duration = Duration::from_millis(250);
const USAGE_OFTEN: Duration = Duration::from_millis(50);

/// How long the thread sleeps when it has nothing to do, and when there are
/// counts to be written.
const IDLE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// How long SQLite's write-ahead log may get before it is emptied between groups,
/// however much of it is still to be moved. Long before, it is emptied when little is.
const WAL_BYTES: u64 = 128 * 1_024 * 1_024;

/// How much of an SQLite file the thread keeps in memory, MiB: it writes all over it.
const CACHE: u32 = 32;

/// How often it is tried whether the database can be written again.
const PROBE: Duration = Duration::from_millis(100);

pub(super) struct Scribe {
    from: Sources,
    wal: Option<PathBuf>,
    /// A connection of our own: what the pool does cannot make us wait.
    conn: Option<Conn>,
    /// The files that it writes to.
    files: Option<Files>,
    /// What was committed last.
    tip: Option<Tip>,
    /// Why the last commit failed.
    fault: Option<Fault>,
    tried: Instant,
    last_uses: LastUses,
    /// Opened with the first connection.
    tally: Option<Tally>,
    /// When the last event happened.
    last_at: UnixTime,
    usage_due: Instant,
    condition: Arc<Condition>,
}

type Waiting = Vec<oneshot::Sender<Result<(), NotRecorded>>>;

/// What goes into one commit.
#[derive(Default)]
struct Group {
    leaves: Vec<Leaf>,
    revocations: Vec<Revocation>,
    waiting: Waiting,
    settle: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Scribe {
    pub(super) fn new(from: Sources, condition: Arc<Condition>) -> Self {
        Self {
            wal: from.store.wal(),
            from,
            conn: None,
            files: None,
            tip: None,
            fault: None,
            tried: Instant::now(),
            last_uses: LastUses::default(),
            tally: None,
            last_at: UnixTime::default(),
            usage_due: Instant::now() + USAGE_EVERY,
            condition,
        }
    }

    /// Writes until told to stop; after a panic once the database was opened anew.
    pub(super) fn run(mut self, inbox: &Receiver<Message>) {
        while catch_unwind(AssertUnwindSafe(|| self.serve(inbox))).is_err() {
            self.tally = None;
            self.fail(&store::Error::Unavailable("the thread that writes panicked".into()));
        }
    }

    fn serve(&mut self, inbox: &Receiver<Message>) {
        loop {
            let first = match inbox.recv_timeout(self.sleep()) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let Group { leaves, revocations, waiting, settle, stop } =
                gather(first, inbox, &self.from.metrics);
            if self.condition.take_suspicion() && self.fault.is_none() {
                self.fail(&store::Error::Unavailable("a page cannot be right: malformed".into()));
            }
            if self.fault.is_some() {
                // Nothing is written on what may not be what it was.
                let state = self.condition.state();
                for done in waiting {
                    let _ = done.send(Err(NotRecorded::Unwritable(state)));
                }
                if self.tried.elapsed() >= PROBE {
                    self.recover();
                }
            } else if !leaves.is_empty() {
                self.write(&leaves, &revocations, waiting);
            }
            if self.fault.is_some() {
                // Counts gather.
            } else if settle.is_some() || stop.is_some() {
                while self.write_usage() {}
            } else if Instant::now() >= self.usage_due {
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
        if self.fault.is_some() {
            return PROBE;
        }
        let is_behind = self.tally.as_ref().is_none_or(Tally::is_behind);
        if is_behind || self.last_uses.is_due() { PAUSE } else { IDLE }
    }

    fn write(&mut self, leaves: &[Leaf], revocations: &[Revocation], waiting: Waiting) {
        let started = Instant::now();
        let outcome = self.commit(leaves, revocations);
        if let Err(error) = &outcome {
            tracing::error!(%error, events = leaves.len(), "audit.group_not_written");
            self.from.metrics.audit_failures.inc();
            // What contradicts what is stored is wrong with the group alone.
            if matches!(error, store::Error::Unavailable(_)) {
                self.fail(error);
            }
            self.conn = None;
        }
        self.from.metrics.audit_commit_seconds.observe(started.elapsed().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "at most 512")]
        self.from.metrics.audit_group_events.observe(leaves.len() as f64);
        for done in waiting {
            // A caller that went away has its answer in the log.
            let _ = done.send(outcome.as_ref().copied().map_err(|_| NotRecorded::Failed));
        }
        // While the next group gathers: nobody waits for what is counted.
        if outcome.is_ok() {
            self.note(leaves);
        }
        self.empty_wal();
    }

    /// Counts what was written.
    fn note(&mut self, leaves: &[Leaf]) {
        self.from.metrics.audit_events.inc_by(leaves.len() as u64);
        let events = leaves.iter().map(|leaf| &leaf.event);
        for event in events.clone() {
            self.last_at = self.last_at.max(UnixTime(event.at));
            if let Some(secret) = &event.actor.credential_id
                && event.outcome == Outcome::Success
            {
                self.last_uses.note(secret, UnixTime(event.at));
            }
        }
        if let (Some(tally), Some(tip)) = (&mut self.tally, &self.tip) {
            tally.note(events, tip.position);
        }
    }

    fn commit(&mut self, leaves: &[Leaf], revoked: &[Revocation]) -> Result<(), store::Error> {
        self.condition.begin_commit();
        let committed = self.try_commit(leaves, revoked);
        self.condition.end_commit();
        committed
    }

    fn try_commit(&mut self, leaves: &[Leaf], revoked: &[Revocation]) -> Result<(), store::Error> {
        let chain = self.from.chain.clone();
        self.open_tally()?;
        let tip = self.connection()?.transaction(|conn| {
            // First the registry's version, then the chain: acts lock them in
            // this order too.
            if !revoked.is_empty() {
                revocations::insert(conn, revoked)?;
            }
            audit_chains::append_to(conn, &chain, leaves)
        })?;
        // What was written on a file that is not there any more is gone with us.
        self.files = self.files.or_else(|| self.from.store.files());
        self.from.store.must_be(self.files)?;
        self.tip = Some(tip);
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut Conn, store::Error> {
        let conn = if let Some(conn) = self.conn.take() {
            conn
        } else {
            self.files = None;
            let mut conn = self.from.store.connect()?;
            conn.cache(CACHE)?;
            conn
        };
        Ok(self.conn.insert(conn))
    }

    /// Before the first group: what is in the chain by then is not ours.
    fn open_tally(&mut self) -> Result<(), store::Error> {
        if self.tally.is_none() {
            let chain = self.from.chain.clone();
            self.tally = Some(Tally::open(self.connection()?, &chain)?);
        }
        Ok(())
    }

    /// From now on nothing is written until [`Scribe::recover`] says so.
    fn fail(&mut self, error: &store::Error) {
        let fault = error.fault();
        self.fault = Some(fault);
        self.conn = None;
        if self.condition.fail(error.to_string(), fault == Fault::Locked) {
            tracing::error!(%error, "store.failed");
        }
        self.tried = Instant::now();
    }

    /// Opens the database anew, sees that what was committed is there, and
    /// records how long nothing could be written: that is the proof that it can.
    fn recover(&mut self) {
        if self.fault != Some(Fault::Locked) {
            self.condition.recovering();
        }
        match self.examine() {
            Ok(()) => {
                self.fault = None;
                self.condition.recovered();
                tracing::warn!("store.recovered");
            }
            Err(error) => self.fail(&error),
        }
        self.tried = Instant::now();
    }

    fn examine(&mut self) -> Result<(), store::Error> {
        self.conn = None;
        if self.fault != Some(Fault::Locked) {
            self.from.store.renew();
        }
        let (chain, is_broken) = (self.from.chain.clone(), self.fault == Some(Fault::Broken));
        let tip = self.tip;
        let conn = self.connection()?;
        if is_broken {
            conn.quick_check()?;
        }
        if let Some(tip) = tip
            && !audit_chains::has(conn, &chain, &tip)?
        {
            return Err(store::Error::Unavailable(format!(
                "batch {} of chain {chain} was on disk and is not in this database",
                tip.batch
            )));
        }
        let (now, outage) = (self.from.clock.now(), self.condition.outage());
        let mark = self.from.entropy.mark(now);
        let mut event = Event::new(mark, now, "audit.recovered", Outcome::Success);
        event.actor.kind = "system".into();
        event.detail = outage.map(|outage| {
            let (seconds, refused) = (outage.began.elapsed().as_secs(), self.condition.refused());
            let why = printable(&outage.why, 200);
            format!("not written for {seconds} s, {refused} requests were sent away: {why}")
        });
        let leaves = [Leaf::from(event)];
        self.commit(&leaves, &[])?;
        self.note(&leaves);
        Ok(())
    }

    /// Writes some of what was counted. Whether there is more, and it could be
    /// written.
    fn write_usage(&mut self) -> bool {
        // Others wait for this commit too.
        self.condition.begin_commit();
        let written = self.write_last_uses().and_then(|()| self.write_counts());
        self.condition.end_commit();
        let is_behind = self.tally.as_ref().is_some_and(Tally::is_far_behind);
        self.usage_due = Instant::now() + if is_behind { USAGE_OFTEN } else { USAGE_EVERY };
        match written {
            Ok(more) => more || self.last_uses.is_due(),
            Err(error) => {
                self.from.metrics.usage_failures.inc();
                tracing::warn!(%error, "usage.not_written");
                self.conn = None;
                if error.fault() == Fault::Broken {
                    self.fail(&error);
                }
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
        let more = stepped.map(|()| counting.is_behind());
        self.tally = tally;
        more
    }

    fn empty_wal(&mut self) {
        let is_long = || {
            let wal = self.wal.as_ref().and_then(|path| std::fs::metadata(path).ok());
            wal.is_some_and(|file| file.len() > WAL_BYTES)
        };
        if (self.condition.take_moved() || is_long())
            && let Ok(conn) = self.connection()
            && let Err(error) = conn.checkpoint(store::Checkpoint::Restart)
        {
            tracing::warn!(%error, "sqlite.checkpoint_failed");
        }
    }
}

/// Takes what is queued, up to a group. A token whose caller gave up is left out: it
/// was never handed over; a revocation, because it is in the journal by then. A
/// refusal is kept, or a caller could hide one by hanging up.
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
                let goes = entry.leaf.event.code == "token.issued" || entry.revocation.is_some();
                let abandoned = done.is_closed() && goes;
                if !abandoned {
                    group.leaves.push(entry.leaf);
                    group.revocations.extend(entry.revocation);
                    group.waiting.push(done);
                }
            }
        }
        next = if group.leaves.len() < GROUP { inbox.try_recv().ok() } else { None };
    }
    group
}
