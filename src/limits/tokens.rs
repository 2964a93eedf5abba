//! Limits on tokens: by the minute as a bucket of this process, by the day as a
//! count that every process adds to.
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::Clock as _;
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use super::HostClock;
use super::hits::Counted;
use crate::host::Clock;
use crate::model::limit::{Hits, Met};
use crate::model::usage::{begin_of_day, day, hour};
use crate::oauth::UnixTime;
use crate::oauth::limit::{Limit, Subject};
use crate::oauth::time::Seconds;

/// The most subjects whose day is counted. Who is not kept is read again.
const DAYS: u64 = 1_000_000;

/// How old what the database says of a day may be: so long others go unnoticed.
const DAY_READ_EVERY: Seconds = Seconds(10);

/// How many different rates may be kept before those of nobody are forgotten.
const RATES: usize = 256;

type Rate = RateLimiter<Subject, DashMapStateStore<Subject>, HostClock, StateInformationMiddleware>;

/// Counts the tokens of each subject that has a limit.
pub struct TokenLimits {
    clock: HostClock,
    /// By the tokens a minute: the library has one quota for all its keys.
    rates: Mutex<HashMap<NonZeroU32, Arc<Rate>>>,
    days: Cache<Subject, Arc<Day>>,
    met: Counted,
}

/// The tokens of a subject in one day.
#[derive(Default)]
struct Day {
    /// Days since 1970.
    number: AtomicI64,
    count: AtomicI64,
    /// When the database was asked last, in microseconds.
    read_at: AtomicI64,
}

/// What is left within a limit, for the `RateLimit` fields
/// (draft-ietf-httpapi-ratelimit-headers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub quota: u32,
    pub window: Seconds,
    pub remaining: u32,
    /// Until all of it is there again.
    pub reset: Seconds,
}

/// A limit that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub subject: Subject,
    pub allowance: Allowance,
    pub wait: Seconds,
}

/// A token that may be issued.
#[derive(Debug, Default)]
pub struct Taken {
    /// The least that is left of an enforced limit; `None`: there is none.
    pub allowance: Option<Allowance>,
    /// The first limit that would have refused it, were it not only watched.
    pub watched: Option<Exceeded>,
}

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Allowance { quota, window, .. } = self.allowance;
        let time = if window == Seconds::DAY { "day" } else { "minute" };
        let (kind, name) = (self.subject.kind(), self.subject.name());
        write!(f, "more than the {quota} a {time} of {kind} {name}")
    }
}

impl TokenLimits {
    pub fn new(clock: Clock) -> Self {
        let (rates, met) = (Mutex::default(), Counted::default());
        Self { clock: HostClock(clock), rates, days: Cache::new(DAYS), met }
    }

    /// The subjects of which the database should be asked how many tokens they
    /// had today; they are given to one caller at a time.
    pub fn unread(&self, limits: &[(Subject, Limit)]) -> Vec<Subject> {
        let now = self.clock.0.now();
        let daily = limits.iter().filter(|(_, limit)| limit.per_day.is_some());
        daily
            .filter(|(subject, _)| {
                let counted = self.day(subject, now);
                let read_at = counted.read_at.load(Ordering::Relaxed);
                now.since(UnixTime(read_at)) >= DAY_READ_EVERY
                    && counted
                        .read_at
                        .compare_exchange(read_at, now.0, Ordering::Relaxed, Ordering::Relaxed)
                        .is_ok()
            })
            .map(|(subject, _)| subject.clone())
            .collect()
    }

    /// Takes up how many tokens the database says that `subject` had today.
    pub fn learn(&self, subject: &Subject, of_day: i64, issued: i64) {
        let now = self.clock.0.now();
        if day(now) == of_day {
            self.day(subject, now).count.fetch_max(issued, Ordering::Relaxed);
        }
    }

    /// Takes a token from each limit, for `client_id`.
    ///
    /// # Errors
    /// `Exceeded`: a limit that is enforced is met. Nothing is taken from those
    /// that come after it.
    pub fn take(&self, limits: &[(Subject, Limit)], client_id: &str) -> Result<Taken, Exceeded> {
        let mut taken = Taken::default();
        for (subject, limit) in limits {
            match self.take_one(subject, limit) {
                Ok(_) if limit.watched => {}
                Ok(left) => {
                    let least = taken.allowance.into_iter().chain(left);
                    taken.allowance = least.min_by_key(|allowance| allowance.remaining);
                }
                Err(exceeded) => {
                    self.note(subject, client_id, limit.watched);
                    if !limit.watched {
                        return Err(exceeded);
                    }
                    taken.watched.get_or_insert(exceeded);
                }
            }
        }
        Ok(taken)
    }

    /// Who met a limit since it was last asked.
    pub fn take_met(&self) -> Vec<(Met, Hits)> {
        self.met.take()
    }

    /// Keeps what could not be written.
    pub fn keep_met(&self, met: Vec<(Met, Hits)>) {
        self.met.keep(met);
    }

    /// Forgets subjects that have been quiet. Call it now and then.
    pub fn sweep(&self) {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        for rate in rates.values() {
            rate.retain_recent();
        }
        if rates.len() > RATES {
            rates.retain(|_, rate| !rate.is_empty());
        }
    }

    fn take_one(&self, subject: &Subject, limit: &Limit) -> Result<Option<Allowance>, Exceeded> {
        let minute = limit.per_minute.map(|per| self.take_of_minute(subject, per)).transpose()?;
        let day = limit.per_day.map(|per| self.take_of_day(subject, per)).transpose()?;
        Ok(minute.into_iter().chain(day).min_by_key(|allowance| allowance.remaining))
    }

    fn take_of_minute(&self, subject: &Subject, per: NonZeroU32) -> Result<Allowance, Exceeded> {
        let allowance = |remaining: u32| Allowance {
            quota: per.get(),
            window: Seconds::MINUTE,
            remaining,
            reset: Seconds(
                (60 * u64::from(per.get() - remaining))
                    .div_ceil(per.get().into())
                    .try_into()
                    .unwrap_or(60),
            ),
        };
        match self.rate(per).check_key(subject) {
            Ok(state) => Ok(allowance(state.remaining_burst_capacity())),
            Err(not_until) => {
                let wait = not_until.wait_time_from(self.clock.now());
                let wait = Seconds(i64::try_from(wait.as_secs()).unwrap_or(60) + 1);
                Err(Exceeded { subject: subject.clone(), allowance: allowance(0), wait })
            }
        }
    }

    fn take_of_day(&self, subject: &Subject, per: NonZeroU32) -> Result<Allowance, Exceeded> {
        let now = self.clock.0.now();
        let midnight = begin_of_day(day(now) + 1);
        let reset = Seconds(midnight.since(now).0.max(0) + 1);
        let counted = self.day(subject, now);
        let had = counted.count.fetch_add(1, Ordering::Relaxed);
        let left = i64::from(per.get()) - had - 1;
        let remaining = u32::try_from(left.max(0)).unwrap_or(0);
        let allowance = Allowance { quota: per.get(), window: Seconds::DAY, remaining, reset };
        if left < 0 {
            // A refusal is no token.
            counted.count.fetch_sub(1, Ordering::Relaxed);
            return Err(Exceeded { subject: subject.clone(), allowance, wait: reset });
        }
        Ok(allowance)
    }

    fn rate(&self, per: NonZeroU32) -> Arc<Rate> {
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let state = DashMapStateStore::default();
            let quota = Quota::per_minute(per);
            let rate =
                RateLimiter::<_, _, _, NoOpMiddleware<_>>::new(quota, state, self.clock.clone());
            Arc::new(rate.with_middleware())
        };
        rates.entry(per).or_insert_with(make).clone()
    }

    /// The count of today.
    fn day(&self, subject: &Subject, now: UnixTime) -> Arc<Day> {
        let counted = self.days.get_with_by_ref(subject, Arc::default);
        let (today, known) = (day(now), counted.number.load(Ordering::Relaxed));
        if known != today
            && counted
                .number
                .compare_exchange(known, today, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            counted.count.store(0, Ordering::Relaxed);
            counted.read_at.store(0, Ordering::Relaxed);
        }
        counted
    }

    fn note(&self, subject: &Subject, client_id: &str, watched: bool) {
        let hour = hour(self.clock.0.now());
        let met = Met { subject: subject.clone(), hour, client_id: client_id.to_owned() };
        self.met.note(met, watched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixTime = UnixTime::from_seconds(1_700_000_000);

    fn billing(per_minute: u32, per_day: u32, watched: bool) -> [(Subject, Limit); 1] {
        let limit = Limit {
            per_minute: NonZeroU32::new(per_minute),
            per_day: NonZeroU32::new(per_day),
            watched,
        };
        [(Subject::Application("m2m_1".into()), limit)]
    }

    #[test]
    fn a_bucket_of_a_minute_is_emptied_and_fills_again() {
        let clock = Clock::standing_at(START);
        let limits = TokenLimits::new(clock.clone());
        let billing = billing(3, 0, false);
        for left in [2, 1, 0] {
            let taken = limits.take(&billing, "m2m_1").unwrap();
            assert_eq!(taken.allowance.unwrap().remaining, left);
        }
        let exceeded = limits.take(&billing, "m2m_1").unwrap_err();
        assert!((20..=21).contains(&exceeded.wait.0), "{exceeded:?}");
        clock.advance(exceeded.wait);
        assert!(limits.take(&billing, "m2m_1").is_ok());
        assert!(limits.take(&billing, "m2m_1").is_err());
        let hits: Vec<Hits> = limits.take_met().into_iter().map(|(_, hits)| hits).collect();
        assert_eq!(hits, [Hits { refused: 2, watched: 0 }]);
        assert!(limits.take_met().is_empty());
    }

    #[test]
    fn a_day_counts_what_others_issued_and_ends_at_midnight() {
        let clock = Clock::standing_at(START);
        let limits = TokenLimits::new(clock.clone());
        let billing = billing(0, 5, false);
        let [(subject, _)] = &billing;
        assert_eq!(limits.unread(&billing), std::slice::from_ref(subject));
        assert!(limits.unread(&billing).is_empty(), "one asks at a time");
        limits.learn(subject, day(START), 4);
        assert_eq!(limits.take(&billing, "m2m_1").unwrap().allowance.unwrap().remaining, 0);
        let exceeded = limits.take(&billing, "m2m_1").unwrap_err();
        let midnight = begin_of_day(day(START) + 1);
        assert_eq!(exceeded.wait, Seconds(midnight.since(START).0 + 1));
        clock.advance(exceeded.wait);
        assert_eq!(limits.take(&billing, "m2m_1").unwrap().allowance.unwrap().remaining, 4);
        limits.learn(subject, day(START), 400);
        assert!(limits.take(&billing, "m2m_1").is_ok(), "what is said of yesterday is not today's");
    }

    #[test]
    fn who_is_only_watched_is_never_refused() {
        let limits = TokenLimits::new(Clock::standing_at(START));
        let billing = billing(1, 0, true);
        assert!(limits.take(&billing, "m2m_1").unwrap().watched.is_none());
        let taken = limits.take(&billing, "m2m_1").unwrap();
        assert!(taken.watched.is_some() && taken.allowance.is_none());
        assert_eq!(limits.take_met().first().unwrap().1, Hits { refused: 0, watched: 1 });
    }
}
