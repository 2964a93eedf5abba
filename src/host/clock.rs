//! The only reader of the clock.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// The machine's clock, or one that stands still until it is moved.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    Standing(Arc<AtomicI64>),
}

impl Clock {
    pub fn standing_at(now: UnixTime) -> Self {
        Self::Standing(Arc::new(AtomicI64::new(now.0)))
    }

    pub fn now(&self) -> UnixTime {
        match self {
            Self::Standing(now) => UnixTime(now.load(Ordering::Relaxed)),
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the clock")]
                let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                UnixTime(elapsed.map_or(0, |e| i64::try_from(e.as_micros()).unwrap_or(i64::MAX)))
            }
        }
    }

    /// Moves a standing clock on; a running one is not ours to move.
    pub fn advance(&self, by: Seconds) {
        if let Self::Standing(now) = self {
            now.fetch_add(by.0.saturating_mul(1_000_000), Ordering::Relaxed);
        }
    }
}
