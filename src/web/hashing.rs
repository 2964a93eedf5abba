//! Argon2 takes 19 MiB and a core: only so many at a time, only so many wait,
//! and whoever is known has a turn of their own while strangers guess.
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many strangers are hashed for at once, and how many wait besides.
const STRANGERS: (usize, usize) = (2, 16);
/// The same for people in a browser that signed in before, and in a session.
const KNOWN: (usize, usize) = (1, 8);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Stranger,
    Known,
}

/// Everything is taken, and enough wait already.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Full;

#[derive(Debug)]
pub struct Hashing {
    strangers: Queue,
    known: Queue,
}

#[derive(Debug)]
struct Queue {
    /// Who is in here, hashed for or waiting.
    places: Semaphore,
    turns: Semaphore,
}

/// Held while hashing.
pub struct Turn<'h> {
    _place: SemaphorePermit<'h>,
    _turn: SemaphorePermit<'h>,
}

impl Hashing {
    pub fn new() -> Self {
        Self { strangers: Queue::new(STRANGERS), known: Queue::new(KNOWN) }
    }

    /// Returns when it is one's turn.
    ///
    /// # Errors
    /// At once, when too many wait already.
    pub async fn turn(&self, lane: Lane) -> Result<Turn<'_>, Full> {
        let queue = match lane {
            Lane::Stranger => &self.strangers,
            Lane::Known => &self.known,
        };
        let place = queue.places.try_acquire().map_err(|_| Full)?;
        // Never closed.
        let turn = queue.turns.acquire().await.map_err(|_| Full)?;
        Ok(Turn { _place: place, _turn: turn })
    }
}

impl Default for Hashing {
    fn default() -> Self {
        Self::new()
    }
}

impl Queue {
    fn new((at_once, waiting): (usize, usize)) -> Self {
        Self { places: Semaphore::new(at_once + waiting), turns: Semaphore::new(at_once) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn when_enough_wait_the_next_is_sent_away_and_who_is_known_is_not() {
        let hashing = Hashing::new();
        let mut places = Vec::new();
        for _ in 0..STRANGERS.0 + STRANGERS.1 {
            places.push(hashing.strangers.places.try_acquire().unwrap());
        }
        assert!(hashing.turn(Lane::Stranger).await.is_err());
        assert!(hashing.turn(Lane::Known).await.is_ok());
        drop(places);
        assert!(hashing.turn(Lane::Stranger).await.is_ok());
    }
}
