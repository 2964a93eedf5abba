//! Whether the log can be written, as far as this process knows: what became of
//! its last commits. Read by every request, so it is a few atomics.
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a commit may take before others are sent away instead of queued.
const STALL: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ok,
    /// Space on the disk runs out: acts and revocations are written, tokens are
    /// not issued.
    Low,
    /// A commit takes too long, or somebody else holds the lock.
    Stalled,
    /// A commit failed. Nothing is written until the database was opened anew
    /// and has what was committed before.
    Failed,
    /// That is being looked at.
    Recovering,
}

impl State {
    pub const ALL: [Self; 5] = [Self::Ok, Self::Low, Self::Stalled, Self::Failed, Self::Recovering];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Low => "low",
            Self::Stalled => "stalled",
            Self::Failed => "failed",
            Self::Recovering => "recovering",
        }
    }

    /// What it means for whoever waits.
    pub const fn caption(self) -> &'static str {
        match self {
            Self::Ok => "the audit log is written",
            Self::Low => "the disk is nearly full: no tokens are issued",
            Self::Stalled => {
                "the audit log cannot be written: the database does not answer in time"
            }
            Self::Failed => "the audit log cannot be written",
            Self::Recovering => "the audit log cannot be written: the database is being examined",
        }
    }
}

/// A time in which nothing was written.
#[derive(Clone, Debug)]
pub struct Outage {
    pub began: Instant,
    pub why: String,
}

pub struct Condition {
    origin: Instant,
    /// When the commit under way began, in milliseconds after `origin`; 0: none.
    busy_since: AtomicU64,
    /// 0 when the last commit succeeded, else a state's number.
    failure: AtomicU8,
    low: AtomicBool,
    suspected: AtomicBool,
    /// SQLite's write-ahead log is in the file but for a little.
    moved: AtomicBool,
    /// Requests that were sent away since the last commit.
    refused: AtomicU64,
    outage: Mutex<Option<Outage>>,
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
            busy_since: AtomicU64::new(0),
            failure: AtomicU8::new(0),
            low: AtomicBool::new(false),
            suspected: AtomicBool::new(false),
            moved: AtomicBool::new(false),
            refused: AtomicU64::new(0),
            outage: Mutex::new(None),
        }
    }
}

impl Condition {
    pub fn state(&self) -> State {
        match self.failure.load(Ordering::Relaxed) {
            0 if self.is_stalled() => State::Stalled,
            0 if self.is_low() => State::Low,
            0 => State::Ok,
            STALLED => State::Stalled,
            RECOVERING => State::Recovering,
            _ => State::Failed,
        }
    }

    /// Whether something may be queued: tokens and accesses, or anything else.
    ///
    /// # Errors
    /// The state in which it would not be written in time.
    pub fn admits(&self, tokens: bool) -> Result<(), State> {
        match self.state() {
            State::Ok => return Ok(()),
            State::Low if !tokens => return Ok(()),
            _ => {}
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(self.state())
    }

    fn is_stalled(&self) -> bool {
        let since = self.busy_since.load(Ordering::Relaxed);
        since != 0 && self.origin.elapsed() > Duration::from_millis(since) + STALL
    }

    /// Why nothing is written, and since when.
    pub fn outage(&self) -> Option<Outage> {
        self.lock().clone()
    }

    /// Space runs out, or there is enough again.
    pub fn set_low(&self, low: bool) {
        self.low.store(low, Ordering::Relaxed);
    }

    /// Whether space runs out, whatever else is the matter.
    pub fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// Something that was read cannot be right: what is there is to be examined.
    pub fn suspect(&self) {
        self.suspected.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_suspicion(&self) -> bool {
        self.suspected.load(Ordering::Relaxed) && self.suspected.swap(false, Ordering::Relaxed)
    }

    /// SQLite's write-ahead log is moved but for a little: who writes may move that,
    /// and begin it anew.
    pub fn set_moved(&self) {
        self.moved.store(true, Ordering::Relaxed);
    }

    pub(super) fn take_moved(&self) -> bool {
        self.moved.load(Ordering::Relaxed) && self.moved.swap(false, Ordering::Relaxed)
    }

    pub(super) fn begin_commit(&self) {
        let now = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.busy_since.store(now.max(1), Ordering::Relaxed);
    }

    pub(super) fn end_commit(&self) {
        self.busy_since.store(0, Ordering::Relaxed);
    }

    /// A commit failed. Whether that is news.
    pub(super) fn fail(&self, why: String, by_lock: bool) -> bool {
        self.failure.store(if by_lock { STALLED } else { FAILED }, Ordering::Relaxed);
        let mut outage = self.lock();
        let is_news = outage.as_ref().is_none_or(|known| known.why != why);
        let began = outage.as_ref().map_or_else(Instant::now, |known| known.began);
        *outage = Some(Outage { began, why });
        is_news
    }

    pub(super) fn recovering(&self) {
        self.failure.store(RECOVERING, Ordering::Relaxed);
    }

    /// How many requests were sent away so far.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn recovered(&self) {
        self.refused.store(0, Ordering::Relaxed);
        *self.lock() = None;
        self.failure.store(0, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const FAILED: u8 = 1;
const STALLED: u8 = 2;
const RECOVERING: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_full_disk_only_tokens_are_refused() {
        let condition = Condition::default();
        condition.set_low(true);
        assert_eq!(condition.admits(true), Err(State::Low));
        assert_eq!(condition.admits(false), Ok(()));
        condition.fail("disk I/O error".into(), false);
        assert_eq!(condition.admits(false), Err(State::Failed), "the worse counts");
        assert_eq!(condition.refused(), 2);
        condition.recovered();
        assert_eq!(condition.state(), State::Low);
        condition.set_low(false);
        assert_eq!(condition.admits(true), Ok(()));
    }

    #[test]
    fn an_outage_is_news_once_and_has_one_beginning() {
        let condition = Condition::default();
        assert!(condition.fail("a".into(), true));
        assert_eq!(condition.state(), State::Stalled);
        let began = condition.outage().unwrap().began;
        assert!(!condition.fail("a".into(), false) && condition.fail("b".into(), false));
        assert_eq!(condition.outage().unwrap().began, began);
    }
}
