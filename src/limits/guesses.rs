//! Guesses: how many wrong secrets or passwords an address may present.
//!
//! Charged for failures only, and to the pair of address and account: nobody
//! can lock somebody else out by failing in their name.
use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use super::HostClock;
use crate::host::Clock;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// The most pairs that are held back at a time.
const HELD: u64 = 100_000;

/// Counts the failures of each key, and holds back those that had too many.
pub struct Guesses<K: Hash + Eq + Clone + Send + Sync + 'static> {
    clock: HostClock,
    failures: RateLimiter<K, DashMapStateStore<K>, HostClock, NoOpMiddleware<Nanos>>,
    held: Cache<K, UnixTime>,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Guesses<K> {
    /// `burst` failures at once, at least one, and one more each `every`.
    pub fn new(burst: u32, every: Duration, clock: Clock) -> Self {
        let (burst, clock) = (NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN), HostClock(clock));
        let quota =
            Quota::with_period(every).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
        Self {
            failures: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            held: Cache::new(HELD),
            clock,
        }
    }

    /// How long `key` must wait; `None` when it may try.
    pub fn wait(&self, key: &K) -> Option<Seconds> {
        let until = self.held.get(key)?;
        let now = self.clock.0.now();
        (until > now).then(|| Seconds(until.since(now).0.max(0) + 1))
    }

    /// Notes that `key` failed.
    pub fn failed(&self, key: &K) {
        if let Err(not_until) = self.failures.check_key(key) {
            let wait = not_until.wait_time_from(self.clock.now());
            let seconds = i64::try_from(wait.as_secs()).unwrap_or(60) + 1;
            self.held.insert(key.clone(), self.clock.0.now() + Seconds(seconds));
        }
    }

    /// Forgets keys that have been quiet. Call it now and then.
    pub fn sweep(&self) {
        self.failures.retain_recent();
        self.failures.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_count_and_only_against_their_own_pair() {
        let clock = Clock::standing_at(UnixTime::from_seconds(1_700_000_000));
        let guesses: Guesses<(&str, &str)> =
            Guesses::new(5, Duration::from_secs(10), clock.clone());
        let (mallory, billing) = (("10.0.0.9", "m2m_1"), ("10.0.0.1", "m2m_1"));

        for _ in 0..5 {
            guesses.failed(&mallory);
            assert_eq!(guesses.wait(&mallory), None);
        }
        guesses.failed(&mallory);

        assert!(guesses.wait(&mallory).is_some());
        assert_eq!(guesses.wait(&billing), None, "the client itself is not locked out");
        clock.advance(Seconds(12));
        assert_eq!(guesses.wait(&mallory), None);
    }
}
