//! Who met a limit, counted until it is written.
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::limit::{Hits, Met};

/// The most that is counted apart until it is written. Of what comes then it is
/// not counted who it was.
const MOST: usize = 50_000;

#[derive(Default)]
pub struct Counted(Mutex<HashMap<Met, Hits>>);

impl Counted {
    pub fn note(&self, mut met: Met, watched: bool) {
        let mut counted = self.lock();
        if counted.len() >= MOST && !counted.contains_key(&met) {
            met.client_id = String::new();
        }
        let hits = counted.entry(met).or_default();
        *(if watched { &mut hits.watched } else { &mut hits.refused }) += 1;
    }

    /// What was counted since it was last taken, in the order of its keys: two
    /// processes write in the same order.
    pub fn take(&self) -> Vec<(Met, Hits)> {
        let mut taken: Vec<_> = std::mem::take(&mut *self.lock()).into_iter().collect();
        taken.sort_by(|(a, _), (b, _)| a.cmp(b));
        taken
    }

    /// Keeps what could not be written.
    pub fn keep(&self, taken: Vec<(Met, Hits)>) {
        let mut counted = self.lock();
        for (met, more) in taken {
            let hits = counted.entry(met).or_default();
            hits.refused += more.refused;
            hits.watched += more.watched;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Met, Hits>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
