//! The revocations in force, in memory: what introspection and the gate ask,
//! and what the feed tells verifiers.
//!
//! One made by this process counts before its page is answered, one made by
//! another as soon as it is looked for, four times a second. Whoever cannot
//! look says so instead of guessing ([`Stale`]).
pub mod exposure;
pub mod journal;

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{broadcast, watch};

use crate::host::Clock;
use crate::model::revocation::{Recorded, Revocation};
use crate::oauth::UnixTime;
use crate::oauth::access_token::Verified;
use crate::oauth::revocation::{Kind, RevocationSet, SubjectDigest, subjects};
use crate::oauth::revocation_feed::{Entry, MOST, Statement};
use crate::oauth::time::Seconds;
use crate::store::{self, Store, revocations};
use crate::telemetry::Metrics;

/// How many statements a slow receiver may be behind before it is told to come
/// again.
const ANNOUNCED: usize = 256;

/// How many rows are read at a time.
const ROWS: i64 = 10_000;

pub struct Revocations {
    store: Store,
    clock: Clock,
    view: RwLock<View>,
    /// The last position that was taken up.
    taken_up: watch::Sender<i64>,
    announcements: broadcast::Sender<Arc<Announcement>>,
    /// How old the view may be.
    patience: Seconds,
    metrics: Arc<Metrics>,
}

/// A signed statement for everybody who listens.
pub struct Announcement {
    pub position: i64,
    pub jwt: String,
}

/// The database was not heard from for too long: whether a token is revoked
/// cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("revocations were last read {} seconds ago", .0.0)]
pub struct Stale(pub Seconds);

struct View {
    set: RevocationSet,
    /// In the order of positions.
    entries: VecDeque<(i64, SubjectDigest, i64, i64)>,
    position: i64,
    as_of: UnixTime,
}

impl View {
    /// Two may read at once: what the other took up is not taken twice.
    fn take_up(&mut self, row: &Recorded) {
        if row.position <= self.position {
            return;
        }
        let (subject, revocation) = (row.revocation.digest(), &row.revocation);
        let (not_before, end) = (revocation.not_before.seconds(), revocation.expires_at.seconds());
        self.set.add(subject, not_before, end);
        self.entries.push_back((row.position, subject, not_before, end));
        self.position = row.position;
    }
}

impl Revocations {
    /// Reads those that still matter.
    ///
    /// # Errors
    /// `Unavailable`: they cannot be read.
    pub fn open(
        store: Store,
        clock: Clock,
        patience: Seconds,
        metrics: Arc<Metrics>,
    ) -> Result<Self, store::Error> {
        let view = View {
            set: RevocationSet::default(),
            entries: VecDeque::new(),
            position: 0,
            as_of: clock.now(),
        };
        let opened = Self {
            store,
            clock,
            view: RwLock::new(view),
            taken_up: watch::channel(0).0,
            announcements: broadcast::channel(ANNOUNCED).0,
            patience,
            metrics,
        };
        opened.refresh_blocking()?;
        Ok(opened)
    }

    /// Takes up what was revoked since it was last asked.
    ///
    /// # Errors
    /// `Unavailable`: it cannot be read. The view grows old then.
    pub fn refresh_blocking(&self) -> Result<(), store::Error> {
        let mut position = self.read().position;
        loop {
            let now = self.clock.now();
            let rows =
                self.store.read_blocking(|conn| revocations::after(conn, position, now, ROWS))?;
            let all = rows.len() < usize::try_from(ROWS).unwrap_or(usize::MAX);
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            for row in &rows {
                view.take_up(row);
            }
            position = view.position;
            if all {
                view.as_of = view.as_of.max(now);
                self.metrics.revocations.set(i64::try_from(view.set.len()).unwrap_or(0));
                drop(view);
                break;
            }
        }
        self.taken_up.send_if_modified(|known| std::mem::replace(known, position) != position);
        Ok(())
    }

    /// Makes a revocation count that was committed just now. Receivers of the
    /// feed learn it with the next refresh, in its place.
    pub fn add(&self, revocation: &Revocation) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        view.set.add(
            revocation.digest(),
            revocation.not_before.seconds(),
            revocation.expires_at.seconds(),
        );
    }

    /// Drops what no living token can be touched by.
    pub fn forget_expired(&self) {
        let now = self.clock.now().seconds();
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        view.set.forget_expired(now);
        view.entries.retain(|(.., end)| *end > now);
    }

    /// # Errors
    /// `Stale`: the database was not heard from for too long.
    pub fn must_be_fresh(&self) -> Result<(), Stale> {
        self.fresh().map(drop)
    }

    fn fresh(&self) -> Result<RwLockReadGuard<'_, View>, Stale> {
        let view = self.read();
        let age = self.clock.now().since(view.as_of);
        if age > self.patience { Err(Stale(age)) } else { Ok(view) }
    }

    /// By which of its subjects `token` is revoked.
    ///
    /// # Errors
    /// `Stale`.
    pub fn covers(&self, token: &Verified) -> Result<Option<Kind>, Stale> {
        let view = self.fresh()?;
        if view.set.is_empty() {
            return Ok(None);
        }
        Ok(view.set.covers(&subjects(token), token.claims.iat))
    }

    /// Whether `token` is revoked by what was heard of, however long ago that
    /// was.
    pub fn is_known_to_cover(&self, token: &Verified) -> bool {
        let view = self.read();
        !view.set.is_empty() && view.set.covers(&subjects(token), token.claims.iat).is_some()
    }

    /// From when on tokens of all these subjects are good: now, or at most two
    /// seconds later when one of them was revoked just now.
    pub fn good_from<'s>(&self, subjects: impl Iterator<Item = (Kind, &'s str)>) -> UnixTime {
        let view = self.read();
        if view.set.is_empty() {
            return UnixTime(i64::MIN);
        }
        let everything = [(Kind::Everything, "")];
        let latest = subjects
            .chain(everything)
            .map(|(kind, subject)| view.set.not_before(&SubjectDigest::new(kind, subject)))
            .max();
        UnixTime::from_seconds(latest.unwrap_or(i64::MIN))
    }

    /// The latest time before which tokens of one of these subjects are dead, in
    /// seconds; the smallest there is when none are.
    pub fn not_before(&self, subjects: &[(Kind, SubjectDigest)]) -> i64 {
        let view = self.read();
        subjects.iter().map(|(_, s)| view.set.not_before(s)).max().unwrap_or(i64::MIN)
    }

    /// The position that was last taken up.
    pub fn position(&self) -> i64 {
        self.read().position
    }

    /// What was revoked after `since`; everything, when that lies ahead of us,
    /// as after a restored backup.
    pub fn statement(&self, issuer: &str, since: i64) -> Statement {
        let view = self.read();
        let since = if since > view.position { 0 } else { since };
        let first = view.entries.partition_point(|(position, ..)| *position <= since);
        let entries: Vec<_> = view.entries.iter().skip(first).take(MOST + 1).collect();
        let more = entries.len() > MOST;
        let told = entries.get(..entries.len().min(MOST)).unwrap_or_default();
        let last = told.last().map_or(view.position, |(position, ..)| *position);
        Statement {
            iss: issuer.to_owned(),
            iat: view.as_of.seconds(),
            since,
            position: if more { last } else { view.position },
            more,
            revocations: told
                .iter()
                .map(|(_, subject, not_before, exp)| Entry {
                    subject: subject.encode(),
                    not_before: *not_before,
                    exp: *exp,
                })
                .collect(),
        }
    }

    /// Told whenever something was taken up.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.taken_up.subscribe()
    }

    /// What is announced from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Announcement>> {
        self.announcements.subscribe()
    }

    /// Hands a statement to everybody who listens.
    pub fn announce(&self, announcement: Announcement) {
        // Nobody listens: nobody has to know.
        let _ = self.announcements.send(Arc::new(announcement));
    }

    fn read(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }
}
