//! Delivers one stream, in sealed order, at least once.
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Sources;
use super::record::Record;
use super::sink::{PATIENCE, Sink, Taken};
use crate::config::streams::{Format, Stream};
use crate::model::audit_event::{Event, Outcome, Target};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::streams::Progress;
use crate::store::{
    self, Conn, audit_batches, audit_chains, audit_log, audit_retention, audit_seals, audit_tree,
    streams,
};

/// For how long a process may deliver without saying that it still does: longer
/// than a receiver may take.
const LEASE: Seconds = Seconds(45);
/// How often the log says that a receiver refuses events.
const AN_HOUR: Seconds = Seconds(3_600);
/// How soon before its end the lease is prolonged.
const EARLY: Seconds = Seconds(30);

/// The most batches that are read for one delivery, and when it is full.
const BATCHES: i64 = 64;
const EVENTS: usize = 500;
const BYTES: usize = 1_000_000;

/// How long to wait when there is nothing new, when another delivers, and after
/// the first failure; after more of them up to the last.
const IDLE: Duration = Duration::from_millis(500);
const STANDBY: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_mins(1);

pub struct Worker {
    stream: Stream,
    sink: Sink,
    from: Arc<Sources>,
    /// Names this process, and no other that ever was.
    holder: String,
    /// Our epoch, and until when the stream is ours.
    held: Option<(i64, UnixTime)>,
    /// Since the last success.
    failures: u32,
    /// The last entry of what was sent and may not have arrived. It is sent again
    /// as it was: whoever has it knows it by its id.
    promised: Option<i64>,
    /// What the receiver refused for good and the log does not say yet.
    rejected: u64,
    /// When the log said so last.
    told_at: Option<UnixTime>,
}

/// What a step came to.
enum Step {
    Sent,
    Nothing,
    /// Another process delivers.
    Standby,
}

/// What is sent at once.
struct Delivery {
    records: Vec<Record>,
    /// The entries of the first and last batch.
    first: i64,
    last: i64,
}

impl Worker {
    pub fn new(stream: Stream, sink: Sink, from: Arc<Sources>) -> Self {
        let holder = format!("{} {}", from.instance, from.entropy.ulid(from.clock.now()));
        Self {
            stream,
            sink,
            from,
            holder,
            held: None,
            failures: 0,
            promised: None,
            rejected: 0,
            told_at: None,
        }
    }

    /// Until told to stop.
    pub fn run(mut self, stop: &Receiver<()>) {
        loop {
            let wait = match self.step() {
                Ok(Step::Sent) => Duration::ZERO,
                Ok(Step::Nothing) => IDLE,
                Ok(Step::Standby) => STANDBY,
                Err(why) => self.failed(&why),
            };
            if stop.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        self.tell_rejected("the server is stopping", true);
        let (name, holder) = (&self.stream.name, &self.holder);
        self.from.metrics.stream_left(name);
        let _ = self.from.store.write_blocking(|conn| streams::release(conn, name, holder));
    }

    fn step(&mut self) -> Result<Step, String> {
        let now = self.from.clock.now();
        let told = |error: store::Error| error.to_string();
        let Some(progress) = self.progress(now).map_err(told)? else {
            self.from.metrics.stream_left(&self.stream.name);
            return Ok(Step::Standby);
        };
        let until = self.promised.filter(|last| *last > progress.entry);
        let read = |conn: &mut Conn| read(conn, &progress, (until, self.stream.format));
        let (generation, delivery, behind) = self.from.store.read_blocking(read).map_err(told)?;
        let since = delivery.as_ref().and_then(|next| next.records.first());
        let lag = since.map_or(Seconds(0), |record| now.since(record.at));
        self.from.metrics.stream_lag(&self.stream.name, behind, lag.0);
        let Some(Delivery { records, first, last }) = delivery else { return Ok(Step::Nothing) };
        if !self.has_time() {
            return Ok(Step::Nothing);
        }
        let mut taken = Taken::All;
        if !records.is_empty() {
            self.promised = Some(last);
            let id = format!("{}_{generation}_{first}_{last}", self.stream.name);
            taken = self.sink.send(&id, &records, now)?;
        }
        let (count, place) = (records.len(), (generation, last));
        let events = i64::try_from(count).unwrap_or(i64::MAX);
        let now = self.from.clock.now();
        let advanced = self
            .from
            .store
            .write_blocking(|conn| streams::advance(conn, &progress, place, events, now))
            .map_err(told)?;
        if !advanced {
            self.held = None;
        }
        (self.failures, self.promised) = (0, None);
        let rejected = match &taken {
            Taken::All => 0,
            Taken::AllBut { count, .. } => *count,
        };
        self.from
            .metrics
            .stream_delivered(&self.stream.name, (count as u64).saturating_sub(rejected));
        if let Taken::AllBut { count, why } = taken {
            self.from.metrics.stream_rejected(&self.stream.name, count);
            self.rejected += count;
            self.tell_rejected(&why, false);
        }
        Ok(Step::Sent)
    }

    /// Whether a receiver that takes its time is done before the stream may go to
    /// another. Reading took long when it is not.
    fn has_time(&mut self) -> bool {
        let end = self.from.clock.now() + Seconds(PATIENCE.as_secs().cast_signed());
        let has_time = self.held.is_some_and(|(_, until)| end < until);
        if !has_time {
            self.held = None;
        }
        has_time
    }

    /// Has the log say what a receiver refused, at once and then each hour: the
    /// row is an event of the stream itself, and may be refused too.
    fn tell_rejected(&mut self, why: &str, is_last: bool) {
        let now = self.from.clock.now();
        let is_due = is_last || self.told_at.is_none_or(|told| now >= told + AN_HOUR);
        if self.rejected == 0 || !is_due {
            return;
        }
        let (name, count) = (self.stream.name.as_str(), self.rejected);
        tracing::error!(stream = name, count, why, "stream.rejected");
        let mark = self.from.entropy.mark(now);
        let mut event = Event::new(mark, now, "stream.rejected", Outcome::Error);
        event.actor.kind = "system".into();
        event.target = Some(Target { kind: "stream".into(), id: name.into(), name: name.into() });
        event.detail = Some(format!("{count} events were refused for good: {why}"));
        let chain = self.from.instance.as_str();
        let appended =
            self.from.store.write_blocking(|conn| audit_chains::append(conn, chain, &[event]));
        match appended {
            Ok(_) => (self.rejected, self.told_at) = (0, Some(now)),
            Err(error) => tracing::error!(%error, "stream.rejection_not_recorded"),
        }
    }

    /// Where the stream is, when it is ours.
    fn progress(&mut self, now: UnixTime) -> Result<Option<Progress>, store::Error> {
        let (store, name) = (self.from.store.clone(), self.stream.name.clone());
        if let Some((epoch, until)) = self.held
            && until > now + EARLY
        {
            let found = store.read_blocking(|conn| streams::find(conn, &name))?;
            // Somebody set it back, and with that took it from us.
            if found.as_ref().is_some_and(|progress| progress.epoch == epoch) {
                return Ok(found);
            }
        }
        let leased = store.write_blocking(|conn| -> Result<Option<Progress>, store::Error> {
            if streams::find(conn, &name)?.is_none() {
                let tree = audit_tree::find(conn)?;
                let begin = if self.stream.from_beginning { -1 } else { tree.size - 1 };
                streams::begin(conn, &name, tree.generation, begin)?;
            }
            streams::lease(conn, &name, &self.holder, now, LEASE)
        })?;
        self.held = leased.as_ref().map(|progress| (progress.epoch, now + LEASE));
        Ok(leased)
    }

    /// Keeps why, and says how long to wait.
    fn failed(&mut self, why: &str) -> Duration {
        let name = &self.stream.name;
        tracing::warn!(stream = name, why, "stream.not_delivered");
        self.from.metrics.stream_failed(name);
        if let Some((epoch, _)) = self.held {
            let now = self.from.clock.now();
            let kept = |conn: &mut Conn| streams::fail(conn, name, epoch, why, now);
            let _ = self.from.store.write_blocking(kept);
        }
        self.failures += 1;
        let [chance] = self.from.entropy.bytes::<1>();
        pause(self.failures, chance)
    }
}

/// Twice as long each time, and by chance up to a quarter less: not everybody
/// comes back at once.
fn pause(failures: u32, chance: u8) -> Duration {
    let whole = AGAIN.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(LATEST);
    whole.mul_f64(1.0 - f64::from(chance) / 255.0 / 4.0)
}

/// What comes next, up to an entry: the generation of the log, what to send, and how many
/// batches there are after what was delivered.
fn read(
    conn: &mut Conn,
    progress: &Progress,
    (until, format): (Option<i64>, Format),
) -> Result<(i64, Option<Delivery>, i64), store::Error> {
    let tree = audit_tree::find(conn)?;
    let after = progress.place(tree.generation, audit_retention::find(conn)?.minimum);
    let behind = (tree.size - 1 - after).max(0);
    let batches = audit_seals::sealed_batches_after(conn, after, BATCHES)?;
    let Some(first) = batches.first().map(|batch| batch.entry) else {
        return Ok((tree.generation, None, behind));
    };
    let mut delivery = Delivery { records: Vec::new(), first, last: first };
    let mut bytes = 0;
    for batch in batches.into_iter().filter(|batch| until.is_none_or(|last| batch.entry <= last)) {
        let rows = audit_log::of_batch(conn, &batch.chain, batch.batch)?;
        if rows.is_empty() && audit_batches::find(conn, &batch.chain, batch.batch)?.is_some() {
            tracing::warn!(chain = batch.chain, batch = batch.batch, "stream.rows_are_gone");
        }
        let more = rows.into_iter().map(|row| Record::new(batch.entry, row, format));
        let more: Vec<Record> = more.collect();
        let size: usize = more.iter().map(|record| record.json.len()).sum();
        let is_full = delivery.records.len() + more.len() > EVENTS || bytes + size > BYTES;
        if is_full && !delivery.records.is_empty() {
            break;
        }
        bytes += size;
        delivery.records.extend(more);
        delivery.last = batch.entry;
    }
    Ok((tree.generation, Some(delivery), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_each_failure_it_waits_longer_and_never_longer_than_a_minute() {
        assert_eq!(pause(1, 0), Duration::from_secs(1));
        assert_eq!(pause(4, 0), Duration::from_secs(8));
        assert_eq!(pause(99, 0), LATEST);
        assert_eq!(pause(99, 255), Duration::from_secs(45));
    }
}
