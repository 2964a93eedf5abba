//! What was appended to the log, for those who watch it: read once for all of
//! them, and only while there are any.
//!
//! A chain's rows become visible in the order of their positions, whoever
//! appends to it, so a position for each chain says what was seen: nothing is
//! missed, and nothing comes twice.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use crate::store::audit_log::StoredEvent;
use crate::store::{Conn, Error, Store, audit_chains, audit_log};

/// The most who watch at a time.
const SEATS: usize = 50;

/// How often the database is asked, however many watch.
const PAUSE: Duration = Duration::from_millis(400);

/// The most rows of a chain that are read at a time; what is older is left out.
const MOST: i64 = 1_000;

/// How many readings a slow watcher may be behind.
const BEHIND: usize = 16;

/// The last position that was seen of each chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(BTreeMap<String, i64>);

/// Rows that came, of each chain in its order.
#[derive(Debug, Default)]
pub struct News {
    pub rows: Vec<StoredEvent>,
    /// Those that came besides, and were not read.
    pub left_out: u64,
}

pub struct Tail {
    store: Store,
    seen: Mutex<Seen>,
    is_looking: AtomicBool,
    seats: Arc<AtomicUsize>,
    news: broadcast::Sender<Arc<News>>,
}

#[derive(Default)]
struct Seen {
    /// `None`: nobody has looked yet.
    cursor: Option<Cursor>,
    looked: Option<Instant>,
}

/// A place among those who watch; given back when it is dropped.
pub struct Seat(Arc<AtomicUsize>);

impl Tail {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            seen: Mutex::default(),
            is_looking: AtomicBool::new(false),
            seats: Arc::default(),
            news: broadcast::channel(BEHIND).0,
        }
    }

    /// `None`: too many watch already.
    pub fn sit(&self) -> Option<Seat> {
        let seat = Seat(self.seats.clone());
        (self.seats.fetch_add(1, Ordering::Relaxed) < SEATS).then_some(seat)
    }

    /// What is read from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<News>> {
        self.news.subscribe()
    }

    /// What was read up to now.
    pub fn cursor(&self) -> Cursor {
        self.lock().cursor.clone().unwrap_or_default()
    }

    /// Reads what came, unless somebody else does or just did.
    ///
    /// # Errors
    /// `Unavailable`: the log cannot be read.
    pub async fn look(&self) -> Result<(), Error> {
        let is_early = self.lock().looked.is_some_and(|at| at.elapsed() < PAUSE);
        if is_early || self.is_looking.swap(true, Ordering::Acquire) {
            return Ok(());
        }
        let _turn = Turn(&self.is_looking);
        let known = self.lock().cursor.clone();
        let (cursor, news) = self.store.read(move |conn| read(conn, known)).await?;
        let mut seen = self.lock();
        *seen = Seen { cursor: Some(cursor), looked: Some(Instant::now()) };
        if !news.rows.is_empty() {
            // Nobody listens: nobody has to know.
            let _ = self.news.send(Arc::new(news));
        }
        Ok(())
    }

    /// What came after `cursor`, for somebody who was away: at most a thousand
    /// rows of each chain.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn since(&self, cursor: Cursor) -> Result<News, Error> {
        Ok(self.store.read(move |conn| read(conn, Some(cursor))).await?.1)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From `known` to the end of each chain; from its end when nothing is known.
fn read(conn: &mut Conn, known: Option<Cursor>) -> Result<(Cursor, News), Error> {
    let is_first = known.is_none();
    let mut cursor = known.unwrap_or_default();
    let mut news = News::default();
    for chain in audit_chains::names(conn)? {
        let head = audit_chains::position(conn, &chain)?;
        let from = cursor.0.get(&chain).copied().unwrap_or(if is_first { head } else { 0 });
        let start = from.max(head.saturating_sub(MOST));
        news.left_out += u64::try_from(start - from).unwrap_or(0);
        let rows = audit_log::after(conn, &chain, start, MOST)?;
        cursor.0.insert(chain, rows.last().map_or(start, |row| row.position));
        news.rows.extend(rows);
    }
    Ok((cursor, news))
}

/// Whose turn it is to look.
struct Turn<'t>(&'t AtomicBool);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Cursor {
    /// Notes that a row was seen; `false` when it was seen before.
    pub fn see(&mut self, row: &StoredEvent) -> bool {
        let known = self.0.entry(row.chain.clone()).or_default();
        let is_new = row.position > *known;
        *known = row.position.max(*known);
        is_new
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let pair = |pair: &str| {
            let (chain, position) = pair.rsplit_once(':')?;
            let position = position.parse().ok().filter(|position| *position >= 0)?;
            Some((chain.to_owned(), position))
        };
        let pairs = text.split(',').filter(|text| !text.is_empty());
        pairs.map(pair).collect::<Option<_>>().map(Self)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pairs = self.0.iter().map(|(chain, position)| format!("{chain}:{position}"));
        f.write_str(&pairs.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor = Cursor::parse("main:12,other.host:0").unwrap();
        assert_eq!(cursor.to_string(), "main:12,other.host:0");
        assert_eq!(Cursor::parse("").unwrap(), Cursor::default());
        for bad in ["main", "main:x", "main:-1", "main:1,other"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
