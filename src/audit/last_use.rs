//! When secrets were last used, written to the database seldom.
use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

/// The most that is written at a time, so that no token waits long behind it.
const AT_ONCE: usize = 256;

/// The most secrets of which it is remembered that they were written lately.
const REMEMBERED: usize = 100_000;

/// Uses that are not in the database yet. One secret is written at most once
/// a minute.
#[derive(Debug, Default)]
pub struct LastUses {
    /// In the order of ids: two processes write in the same order, and never
    /// wait for one another in a circle.
    pending: BTreeMap<String, UnixTime>,
    written: HashMap<String, UnixTime>,
}

impl LastUses {
    pub fn note(&mut self, secret_id: &str, at: UnixTime) {
        let lately = |written: &UnixTime| at.since(*written) < Seconds::MINUTE;
        if !self.written.get(secret_id).is_some_and(lately) {
            self.pending.insert(secret_id.to_owned(), at);
        }
    }

    pub fn is_due(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Some of what is to be written now, ordered by id.
    pub fn take_due(&mut self) -> Vec<(String, UnixTime)> {
        if self.written.len() > REMEMBERED {
            self.written.clear();
        }
        let mut due = Vec::new();
        while due.len() < AT_ONCE
            && let Some((id, at)) = self.pending.pop_first()
        {
            self.written.insert(id.clone(), at);
            due.push((id, at));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_at_most_once_a_minute() {
        let start = UnixTime::from_seconds(1_000);
        let mut uses = LastUses::default();
        uses.note("b", start);
        uses.note("a", start);
        assert_eq!(uses.take_due(), [("a".to_owned(), start), ("b".to_owned(), start)]);

        uses.note("a", start + Seconds(59));
        assert!(!uses.is_due());
        uses.note("a", start + Seconds(60));
        assert_eq!(uses.take_due(), [("a".to_owned(), start + Seconds(60))]);
    }
}
