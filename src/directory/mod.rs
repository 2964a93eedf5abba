//! What the token endpoint knows of clients without asking the database.
//!
//! A client is read once and kept. Every change of the registry has a version;
//! a change made by this process is taken up before its page is answered, one
//! made by another within a second. A client that was read while a change was
//! being made is not kept: what is in memory is never older than the last
//! version that was taken up.
mod grants;
pub mod resources;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;
use quick_cache::UnitWeighter;

use self::grants::Shared;
use self::resources::Protected;
use crate::host::Clock;
use crate::oauth::UnixTime;
use crate::oauth::client::Client;
use crate::oauth::time::Seconds;
use crate::store::registry::Touched;
use crate::store::{self, Store, clients, registry};
use crate::telemetry::Metrics;

/// How long it is remembered that there is no such client.
const UNKNOWN_FOR: Seconds = Seconds(5);

/// How long a token request waits for a client to be read.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most ids that are remembered as unknown.
const UNKNOWN: u64 = 65_536;

/// The clients that there is room for at the start. There may be as many more as
/// are configured.
const EXPECTED: usize = 1_024;

/// How many changes are remembered for clients that are being read now.
const RECENT: usize = 1_024;

pub struct Directory {
    store: Store,
    clock: Clock,
    known: quick_cache::sync::Cache<Key, Arc<Client>>,
    unknown: Cache<Key, UnixTime>,
    grants: Shared,
    /// By id and by identifier. Few, and asked for with each access: without a
    /// lock.
    resources: ArcSwap<HashMap<String, Arc<Protected>>>,
    /// Names that no API has.
    unknown_resources: Cache<String, ()>,
    seen: Mutex<Seen>,
    metrics: Arc<Metrics>,
}

/// A client id without its prefix: 128 bits.
type Key = u128;

/// The registry up to a version.
#[derive(Default)]
struct Seen {
    version: i64,
    /// The last changes, oldest first.
    recent: VecDeque<(i64, Touched)>,
}

impl Directory {
    /// # Errors
    /// `Unavailable`: the version of the registry cannot be read.
    pub fn open(
        store: Store,
        clock: Clock,
        most: u64,
        metrics: Arc<Metrics>,
    ) -> Result<Self, store::Error> {
        let version = store.read_blocking(registry::version)?;
        let expected = usize::try_from(most).unwrap_or(usize::MAX).min(EXPECTED);
        Ok(Self {
            store,
            clock,
            known: quick_cache::sync::Cache::with_weighter(expected, most, UnitWeighter),
            unknown: Cache::new(UNKNOWN),
            grants: Shared::default(),
            resources: ArcSwap::default(),
            unknown_resources: Cache::new(UNKNOWN),
            seen: Mutex::new(Seen { version, recent: VecDeque::new() }),
            metrics,
        })
    }

    /// The client of this id; `None` when there is none.
    ///
    /// # Errors
    /// `Unavailable`: it is not in memory and cannot be read.
    pub async fn find(&self, client_id: &str) -> Result<Option<Arc<Client>>, store::Error> {
        let Some(key) = key(client_id) else { return Ok(None) };
        if let Some(client) = self.known.get(&key) {
            return Ok(Some(client));
        }
        if self.unknown.get(&key).is_some_and(|until| self.clock.now() < until) {
            return Ok(None);
        }
        self.metrics.client_reads.inc();
        let id = client_id.to_owned();
        let read = self.store.read(move |conn| clients::find(conn, &id));
        let found = tokio::time::timeout(PATIENCE, read)
            .await
            .map_err(|_| store::Error::Unavailable("no answer within a second".to_owned()))??;
        Ok(self.keep((client_id, key), found))
    }

    /// Takes up the changes that were made since it was last asked.
    ///
    /// # Errors
    /// `Unavailable`: they cannot be read. What is in memory stays.
    pub fn refresh_blocking(&self) -> Result<bool, store::Error> {
        let since = self.lock().version;
        let changes = self.store.read_blocking(|conn| {
            Ok::<_, store::Error>(match registry::changes_since(conn, since)? {
                Some(changes) => Ok(changes),
                None => Err(registry::version(conn)?),
            })
        })?;
        let changes = match changes {
            Ok(changes) if changes.is_empty() => return Ok(false),
            Ok(changes) => changes,
            Err(version) => vec![(version, Touched::Everything)],
        };
        let mut seen = self.lock();
        for (version, touched) in changes.into_iter().filter(|(v, _)| *v > since) {
            match &touched {
                Touched::Client(client_id) => {
                    if let Some(key) = key(client_id) {
                        self.known.remove(&key);
                        self.unknown.invalidate(&key);
                    }
                }
                Touched::Everything => {
                    self.known.clear();
                    self.resources.store(Arc::default());
                    self.unknown_resources.invalidate_all();
                }
                Touched::Tokens => {}
            }
            seen.version = seen.version.max(version);
            seen.recent.push_back((version, touched));
            if seen.recent.len() > RECENT {
                seen.recent.pop_front();
            }
        }
        self.metrics.clients_cached.set(i64::try_from(self.known.len()).unwrap_or(0));
        Ok(true)
    }

    fn keep(&self, (client_id, key): (&str, Key), found: clients::Found) -> Option<Arc<Client>> {
        let client = found
            .client
            .map(|client| Arc::new(Client { grants: self.grants.share(client.grants), ..client }));
        let seen = self.lock();
        // Kept only when no change of it came after the version it was read at.
        let forgotten = seen.recent.front().is_some_and(|(oldest, _)| *oldest > found.version + 1)
            && seen.recent.len() == RECENT;
        let outdated = seen.recent.iter().any(|(version, touched)| {
            let about = match touched {
                Touched::Client(id) => id == client_id,
                Touched::Everything => true,
                Touched::Tokens => false,
            };
            about && *version > found.version
        });
        if forgotten || outdated {
            return client;
        }
        match &client {
            Some(client) => self.known.insert(key, client.clone()),
            None => self.unknown.insert(key, self.clock.now() + UNKNOWN_FOR),
        }
        client
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The key of what could be an id of ours: what could not is not looked up.
fn key(client_id: &str) -> Option<Key> {
    let rest = client_id.strip_prefix("m2m_")?;
    let mut bytes = [0; 16];
    let written = URL_SAFE_NO_PAD.decode_slice(rest, &mut bytes).ok()?;
    (written == bytes.len()).then(|| Key::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_texts_are_one_client() {
        assert_eq!(key("m2m_AAAAAAAAAAAAAAAAAAAAAQ"), Some(1));
        // The last four bits of 22 characters say nothing, and must be none.
        for other in
            ["AAAAAAAAAAAAAAAAAAAAAR", "AAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA", ""]
        {
            assert_eq!(key(&format!("m2m_{other}")), None, "{other}");
        }
        assert_eq!(key("AAAAAAAAAAAAAAAAAAAAAQ"), None);
        assert_eq!(key("m2m_AAAAAAAAAAAAAAAAAAAAAQ=="), None);
    }
}
