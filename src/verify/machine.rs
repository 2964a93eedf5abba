//! What a verifier asks its machine, so that a test can answer in its place.
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::oauth::UnixTime;

/// The time, and chance for spreading requests. Nothing secret is made of it.
#[derive(Clone)]
pub struct Machine {
    pub now: Arc<dyn Fn() -> UnixTime + Send + Sync>,
    pub chance: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Machine {
    pub fn now(&self) -> UnixTime {
        (self.now)()
    }

    /// `of` and up to half of it less, so that those who fail together do not
    /// come back together.
    pub fn spread(&self, of: std::time::Duration) -> std::time::Duration {
        let part = u32::try_from((self.chance)() % 512).unwrap_or(0);
        of.saturating_sub(of * part / 1_024)
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self { now: Arc::new(system_time), chance: Arc::new(|| RandomState::new().hash_one(0)) }
    }
}

fn system_time() -> UnixTime {
    #[expect(clippy::disallowed_methods, reason = "an API that uses this brings no clock")]
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    UnixTime(elapsed.map_or(0, |e| i64::try_from(e.as_micros()).unwrap_or(i64::MAX)))
}
