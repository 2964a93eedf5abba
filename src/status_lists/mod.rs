//! Token status lists: an index for each token that is to have one, and for
//! each list a signed statement of which of its tokens are revoked.
//!
//! Indexes are leased in blocks, so a token costs no database access. Statuses
//! are not stored: they follow from the revocations and the audit log, in every
//! process alike.
pub mod leases;
mod publication;
pub mod statements;
pub mod statuses;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::host::{Clock, Entropy};
use crate::keys::KeyRing;
use crate::model::status_list::{Order, Series, StatusList};
use crate::oauth::UnixTime;
use crate::oauth::access_token::StatusReference;
use crate::oauth::client_credentials::Issuance;
use crate::oauth::time::Seconds;
use crate::revocations::Revocations;
use crate::store::status_lists::{self, Leased};
use crate::store::{self, Conn, Store};
use crate::telemetry::Metrics;

use leases::{CLOSING, Lease, Leases, Wanted};
use statements::Statement;
use statuses::{Listed, Statuses};

/// How long a token request waits for a lease.
const PATIENCE: Duration = Duration::from_secs(1);

/// The most unknown lists that are looked up in a second: anyone may ask.
const LOOKS: u32 = 50;

/// How long the row of a list is kept after its last token has expired.
const KEPT: Seconds = Seconds::HOUR;

/// What this server's lists have in common.
#[derive(Clone, Debug)]
pub struct Terms {
    pub issuer: String,
    /// Where lists are: an address is this and the id of a list.
    pub base: String,
    /// How long a verifier may keep a list.
    pub ttl: Seconds,
    /// How many indexes of a list are given out.
    pub capacity: u32,
}

/// What lists are made from.
pub struct Sources {
    pub store: Store,
    pub keys: KeyRing,
    pub revocations: Arc<Revocations>,
    pub clock: Clock,
    pub entropy: Entropy,
    pub metrics: Arc<Metrics>,
}

pub struct StatusLists {
    terms: Terms,
    sources: Sources,
    leases: Mutex<Leases>,
    leased: Notify,
    statuses: Mutex<Statuses>,
    lists: ArcSwap<HashMap<String, Arc<Listed>>>,
    statements: ArcSwap<HashMap<String, Arc<Statement>>>,
    /// Whether every revocation was taken up once. Nothing is said before.
    ready: AtomicBool,
    started_at: UnixTime,
    /// A second, and the lists that were looked up in it.
    looks: Mutex<(i64, u32)>,
}

impl StatusLists {
    pub fn new(terms: Terms, sources: Sources) -> Self {
        Self {
            terms,
            leases: Mutex::default(),
            leased: Notify::new(),
            statuses: Mutex::default(),
            lists: ArcSwap::default(),
            statements: ArcSwap::default(),
            ready: AtomicBool::new(false),
            started_at: sources.clock.now(),
            looks: Mutex::default(),
            sources,
        }
    }

    /// An index for the token of `issuance` that `kid` is to sign. From memory;
    /// waits up to a second where there is none.
    ///
    /// # Errors
    /// `Unavailable`: none could be leased in time.
    pub async fn refer(
        self: &Arc<Self>,
        issuance: &Issuance,
        kid: &str,
    ) -> Result<StatusReference, store::Error> {
        let lifetime = issuance.expires_at.since(issuance.issued_at);
        let series = Series::new(&issuance.resources, kid.to_owned(), lifetime);
        let taken = async {
            loop {
                // Registered before looking, so that no lease goes unheard.
                let mut leased = std::pin::pin!(self.leased.notified());
                leased.as_mut().enable();
                let dead = |subjects: &_| self.sources.revocations.not_before(subjects);
                let taken = lock(&self.leases).take(&series, issuance.issued_at, dead);
                if let Some(wanted) = taken.wanted {
                    let lists = self.clone();
                    drop(tokio::task::spawn_blocking(move || lists.lease_blocking(&wanted)));
                }
                match taken.reference {
                    Some(reference) => return reference,
                    None => leased.await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, taken).await.map_err(|_| {
            self.sources.metrics.status_list_failures.inc();
            store::Error::Unavailable("no index of a status list within a second".to_owned())
        })
    }

    /// Makes the lease that was asked for, opening a list where none is open.
    fn lease_blocking(&self, wanted: &Wanted) {
        let open_at = self.sources.clock.now().max(wanted.issued_at);
        let made = self.sources.store.write_blocking(|conn| -> Result<_, store::Error> {
            let times = (wanted.since, open_at + CLOSING);
            match status_lists::lease(conn, &wanted.series, times, wanted.count)? {
                Some(leased) => Ok((leased, false)),
                None => Ok((self.open(conn, wanted)?, true)),
            }
        });
        let lease = match made {
            Ok((leased, new)) => {
                if new {
                    let list = &leased.list;
                    tracing::info!(
                        id = list.id,
                        resources = list.series.resources,
                        kid = list.series.kid,
                        "status_list.opened"
                    );
                }
                self.know([leased.list.clone()]);
                let order = Order::new(&leased.list.seed);
                let uri = self.uri(&leased.list.id);
                Some(Lease::new(leased.list, order, uri, leased.sequence))
            }
            Err(error) => {
                self.sources.metrics.status_list_failures.inc();
                tracing::warn!(%error, "status_list.not_leased");
                None
            }
        };
        let done = lease.is_some();
        lock(&self.leases).leased(wanted, lease);
        if done {
            self.leased.notify_waiters();
        }
    }

    fn open(&self, conn: &mut Conn, wanted: &Wanted) -> Result<Leased, store::Error> {
        let list = StatusList::open(
            self.sources.entropy.id("lst_", wanted.issued_at),
            wanted.series.clone(),
            self.sources.entropy.bytes(),
            self.terms.capacity,
            wanted.issued_at,
        );
        status_lists::insert(conn, &list, wanted.count)?;
        let sequence = 0..wanted.count.min(list.capacity);
        Ok(Leased { list, sequence })
    }

    /// The statement on list `id`; `None` when there is no such list, or its
    /// last token has expired.
    ///
    /// # Errors
    /// `Unavailable`: the revocations are not all known yet, the list is not in
    /// memory and cannot be read, or too many unknown ones were asked for.
    pub async fn find(self: &Arc<Self>, id: &str) -> Result<Option<Arc<Statement>>, store::Error> {
        if !self.ready.load(Ordering::Acquire) {
            return Err(store::Error::Unavailable("revocations are being read".to_owned()));
        }
        let now = self.sources.clock.now();
        if let Some(statement) = self.statements.load().get(id) {
            return Ok((statement.list_expires_at > now).then(|| statement.clone()));
        }
        if !is_well_formed(id) {
            return Ok(None);
        }
        if !self.may_look(now) {
            return Err(store::Error::Unavailable("too many unknown lists".to_owned()));
        }
        // Another process may have made it since we last looked.
        let wanted = id.to_owned();
        let found = self.sources.store.read(move |conn| status_lists::find(conn, &wanted)).await?;
        let Some(list) = found.filter(|list| list.expires_at > now) else { return Ok(None) };
        self.publish_new(list, now).map(Some)
    }

    /// The addresses of the living lists, oldest first.
    pub fn aggregation(&self) -> Vec<String> {
        let now = self.sources.clock.now();
        let lists = self.lists.load();
        let mut ids: Vec<_> = lists
            .values()
            .filter(|listed| listed.list.expires_at > now)
            .map(|listed| listed.list.id.as_str())
            .collect();
        ids.sort_unstable();
        ids.into_iter().map(|id| self.uri(id)).collect()
    }

    /// How long a verifier may keep a list.
    pub fn ttl(&self) -> Seconds {
        self.terms.ttl
    }

    /// Deletes the rows of lists whose last token expired a while ago.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn sweep(&self) -> Result<(), store::Error> {
        let then = self.sources.clock.now() - KEPT;
        let delete = move |conn: &mut Conn| status_lists::delete_expired(conn, then);
        let deleted = self.sources.store.write(delete).await?;
        if deleted > 0 {
            tracing::info!(deleted, "status_lists.retired");
        }
        Ok(())
    }

    fn uri(&self, id: &str) -> String {
        format!("{}/{id}", self.terms.base)
    }

    /// Adds lists to those that are known.
    fn know(&self, new: impl IntoIterator<Item = StatusList>) {
        let known = self.lists.load();
        let new: Vec<_> = new
            .into_iter()
            .filter(|list| !known.contains_key(&list.id))
            .map(|list| Arc::new(Listed::new(list)))
            .collect();
        if new.is_empty() {
            return;
        }
        self.lists.rcu(|lists| {
            let mut lists = HashMap::clone(lists);
            for listed in &new {
                lists.entry(listed.list.id.clone()).or_insert_with(|| listed.clone());
            }
            lists
        });
    }

    fn may_look(&self, now: UnixTime) -> bool {
        let mut looks = lock(&self.looks);
        if looks.0 != now.seconds() {
            *looks = (now.seconds(), 0);
        }
        looks.1 += 1;
        looks.1 <= LOOKS
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether it could be an id of ours: what could not is not looked up.
fn is_well_formed(id: &str) -> bool {
    id.strip_prefix("lst_").is_some_and(|rest| {
        rest.len() == 26 && rest.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    })
}
