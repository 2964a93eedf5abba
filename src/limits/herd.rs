//! When those for whom there was no turn are to come back.
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// The least and the most that they are spread over, in seconds.
const LEAST: u32 = 5;
const MOST: u32 = 30;

/// How many that are turned away within a second spread them all by a second
/// more. To turn somebody away costs nearly what a token costs.
const A_SECOND_MORE: u32 = 1_000;

/// Counts who is turned away, by the second.
#[derive(Debug, Default)]
pub struct Herd {
    second: AtomicI64,
    count: AtomicU32,
    before: AtomicU32,
}

impl Herd {
    /// How long to wait, for one who is turned away now; `chance` keeps those
    /// apart who came together.
    pub fn turn_away(&self, now: UnixTime, chance: u16) -> Seconds {
        let (second, known) = (now.seconds(), self.second.load(Ordering::Relaxed));
        let order = Ordering::Relaxed;
        if known != second && self.second.compare_exchange(known, second, order, order).is_ok() {
            let counted = self.count.swap(0, order);
            self.before.store(if known + 1 == second { counted } else { 0 }, order);
        }
        let count = self.count.fetch_add(1, order) + 1;
        let many = count.max(self.before.load(order));
        let spread = (LEAST + many / A_SECOND_MORE).min(MOST);
        Seconds(i64::from(u32::from(chance) % spread) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(herd: &Herd, second: i64, count: u16) -> i64 {
        let now = UnixTime::from_seconds(second);
        (0..count).map(|chance| herd.turn_away(now, chance).0).max().unwrap()
    }

    #[test]
    fn a_few_come_back_soon_and_many_are_spread_over_more_time() {
        let herd = Herd::default();
        assert_eq!(longest(&herd, 1_000, 500), 5);
        assert_eq!(longest(&herd, 1_001, 10_000), 14);
        assert_eq!(longest(&herd, 1_002, 20), 15, "as many as in the second before");
        assert_eq!(longest(&herd, 1_003, 20), 5, "it is over");
        assert_eq!(longest(&herd, 1_004, 60_000), 30);
    }
}
