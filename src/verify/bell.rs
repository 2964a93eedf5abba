//! What the background threads sleep on.
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Wakes one thread early, or ends it.
#[derive(Default)]
pub struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Default)]
struct State {
    rung: bool,
    ended: bool,
}

impl Bell {
    pub fn ring(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rung = true;
        self.rung.notify_all();
    }

    pub fn end(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.rung.notify_all();
    }

    pub fn has_ended(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended
    }

    /// Sleeps for `time`, or until it is rung.
    pub fn wait(&self, time: Duration) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |state: &mut State| !state.rung && !state.ended;
        let (mut state, _) = self
            .rung
            .wait_timeout_while(state, time, quiet)
            .unwrap_or_else(PoisonError::into_inner);
        state.rung = false;
    }
}

/// Twice as long after each failure, from `first` up to `longest`.
pub fn back_off(failures: u32, first: Duration, longest: Duration) -> Duration {
    first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_twice_as_long_up_to_an_end() {
        let wait = |failures| {
            back_off(failures, Duration::from_millis(500), Duration::from_secs(30)).as_millis()
        };
        assert_eq!([wait(1), wait(2), wait(3)], [500, 1_000, 2_000]);
        assert_eq!([wait(7), wait(1_000)], [30_000, 30_000]);
    }

    #[test]
    fn a_bell_that_was_rung_before_does_not_let_sleep() {
        let bell = Bell::default();
        bell.ring();
        bell.wait(Duration::from_hours(1));
        assert!(!bell.has_ended());
        bell.end();
        bell.wait(Duration::from_hours(1));
        assert!(bell.has_ended());
    }
}
