//! What holds back who asks too often: guesses of secrets and passwords, and
//! limits on tokens; and when a herd is to come back.
mod guesses;
mod herd;
mod hits;
mod tokens;

use std::time::Duration;

use governor::nanos::Nanos;

pub use self::guesses::Guesses;
pub use self::herd::Herd;
pub use self::tokens::{Allowance, Exceeded, Taken, TokenLimits};
use crate::host::Clock;

/// Our clock in the library's words, so that tests move it.
#[derive(Clone, Debug)]
struct HostClock(Clock);

impl governor::clock::Clock for HostClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let micros = u64::try_from(self.0.now().0).unwrap_or(0);
        Nanos::from(Duration::from_micros(micros))
    }
}
