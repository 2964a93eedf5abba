//! From revocations to statements. One look does it all; the server looks four
//! times a second, a test when it wants to.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::statements::{Draft, Statement};
use super::statuses::{Listed, Of, Search};
use super::{StatusLists, lock};
use crate::keys::ring::STATUS_ALGORITHM;
use crate::model::audit_event::Event;
use crate::model::signing_key::Purpose;
use crate::model::status_list::StatusList;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_log::{self, StoredEvent};
use crate::store::{self, revocations, status_lists};

/// Rows that are read at once.
const CHUNK: i64 = 2_000;

/// How many chunks one look reads, so that what is found is published between.
const CHUNKS: usize = 20;

/// The id of a token is minted when its request comes, which may be so long
/// before its list is opened for another.
const SLACK: Seconds = Seconds(60);

impl StatusLists {
    /// Takes up revocations, finds the tokens that they touch, and signs the
    /// lists that changed or grew old. Whether more of it is due. Blocks.
    ///
    /// # Errors
    /// `Unavailable`: something cannot be read. What is published stays and
    /// grows old: no statement is signed that revocations may be missing from.
    pub fn look_blocking(&self) -> Result<bool, store::Error> {
        let looked = self.look();
        if looked.is_err() {
            self.sources.metrics.status_list_failures.inc();
        }
        looked
    }

    fn look(&self) -> Result<bool, store::Error> {
        let now = self.sources.clock.now();
        self.sources.revocations.refresh_blocking()?;
        self.take_up(now)?;
        self.take_lists(now)?;
        let searched = self.search(now)?;
        if searched {
            // A list is there before its tokens: those that were found have theirs.
            self.take_lists(now)?;
        }
        let behind = lock(&self.statuses).is_behind(now);
        if !behind {
            self.ready.store(true, Ordering::Release);
        }
        let complete = lock(&self.statuses).take_complete();
        self.publish(now)?;
        self.forget(now);
        for made in complete.into_iter().filter(|made| *made >= self.started_at) {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of a few seconds")]
            let seconds = (self.sources.clock.now().0 - made.0) as f64 / 1e6;
            self.sources.metrics.status_list_delay_seconds.observe(seconds);
        }
        Ok(behind)
    }

    /// Searches for the tokens of revocations; whether there was any to do.
    fn search(&self, now: UnixTime) -> Result<bool, store::Error> {
        let opened = |id: &str| self.lists.load().get(id).map(|listed| listed.opened());
        for chunk in 0..CHUNKS {
            let Some(search) = lock(&self.statuses).next(now) else { return Ok(chunk > 0) };
            match self.read(&search) {
                Ok((events, rest)) => {
                    let mut statuses = lock(&self.statuses);
                    statuses.found(&search, &events, now, opened);
                    match rest {
                        Some(rest) => statuses.put_back(rest),
                        None => statuses.finish(search),
                    }
                }
                Err(error) => {
                    lock(&self.statuses).put_back(search);
                    return Err(error);
                }
            }
        }
        Ok(true)
    }

    /// Takes up what was revoked since it was last asked.
    fn take_up(&self, now: UnixTime) -> Result<(), store::Error> {
        loop {
            let position = lock(&self.statuses).position();
            let new = self
                .sources
                .store
                .read_blocking(|conn| revocations::after(conn, position, now, CHUNK))?;
            if new.is_empty() {
                return Ok(());
            }
            lock(&self.statuses).take_up(new, now);
        }
    }

    /// Looks which lists there are.
    fn take_lists(&self, now: UnixTime) -> Result<(), store::Error> {
        let living = self.sources.store.read_blocking(|conn| status_lists::living(conn, now))?;
        self.know(living);
        Ok(())
    }

    /// A part of what a search is for, and what remains to be searched.
    fn read(&self, search: &Search) -> Result<(Vec<Event>, Option<Search>), store::Error> {
        let (rows, rest) = match &search.of {
            Of::Tokens(ids) => {
                (self.sources.store.read_blocking(|conn| audit_log::of_ids(conn, ids))?, None)
            }
            Of::Issued { revocation, after, before } => {
                let lists = self.lists.load();
                let oldest = lists.values().map(|listed| listed.list.opened_at).min();
                let Some(oldest) = oldest else { return Ok((Vec::new(), None)) };
                let from = oldest - SLACK;
                let issued = audit_log::Issued {
                    client_id: revocation.client_id.clone(),
                    from: after.map_or(from, |after| from.max(after)),
                    to: *before,
                    after: search.cursor.clone(),
                };
                let rows = self
                    .sources
                    .store
                    .read_blocking(|conn| audit_log::issued(conn, &issued, CHUNK))?;
                let full = rows.len() >= usize::try_from(CHUNK).unwrap_or(usize::MAX);
                let last = rows.last().filter(|_| full).map(|row| row.id.clone());
                let rest = last.map(|last| search.after(last));
                (rows, rest)
            }
        };
        Ok((rows.iter().filter_map(StoredEvent::event).collect(), rest))
    }

    /// Signs a statement on a list that another process has just opened.
    pub(super) fn publish_new(
        &self,
        list: StatusList,
        now: UnixTime,
    ) -> Result<Arc<Statement>, store::Error> {
        let id = list.id.clone();
        self.know([list]);
        let lists = self.lists.load();
        let kid = self
            .sources
            .keys
            .current_kid(Purpose::TokenStatus, STATUS_ALGORITHM)
            .map_err(unavailable)?;
        let listed = lists.get(&id).ok_or_else(|| unavailable("the list expired"))?;
        let statement = self.renew(listed, None, &kid, now)?;
        let statement = Arc::new(statement.ok_or_else(|| unavailable("nothing to sign"))?);
        self.statements.rcu(|known| {
            let mut all = HashMap::clone(known);
            all.insert(id.clone(), statement.clone());
            all
        });
        Ok(statement)
    }

    /// Signs the statements that changed or grew old.
    fn publish(&self, now: UnixTime) -> Result<(), store::Error> {
        let started = Instant::now();
        let kid = self
            .sources
            .keys
            .current_kid(Purpose::TokenStatus, STATUS_ALGORITHM)
            .map_err(unavailable)?;
        let known = self.statements.load_full();
        let lists = self.lists.load_full();
        let mut new: HashMap<String, Arc<Statement>> = HashMap::new();
        for listed in lists.values().filter(|listed| listed.list.expires_at > now) {
            let last = known.get(&listed.list.id).map(AsRef::as_ref);
            if let Some(statement) = self.renew(listed, last, &kid, now)? {
                new.insert(listed.list.id.clone(), Arc::new(statement));
            }
        }
        if !new.is_empty() {
            self.statements.rcu(|known| {
                let mut all = HashMap::clone(known);
                all.extend(new.iter().map(|(id, statement)| (id.clone(), statement.clone())));
                all
            });
            self.sources
                .metrics
                .status_list_publish_seconds
                .observe(started.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// A new statement on a list, when the last one will not do.
    fn renew(
        &self,
        listed: &Listed,
        last: Option<&Statement>,
        kid: &str,
        now: UnixTime,
    ) -> Result<Option<Statement>, store::Error> {
        let id = &listed.list.id;
        let dead = self.sources.revocations.not_before(&listed.subjects);
        let statuses = lock(&self.statuses);
        let key = statuses.key(&listed.list, dead);
        let same = last.filter(|last| last.key == key);
        if same.is_some_and(|last| !last.is_old(kid, now)) {
            return Ok(None);
        }
        let encoded = same.map_or_else(|| statuses.encode(id, key), |last| last.encoded.clone());
        drop(statuses);
        let draft =
            Draft { uri: self.uri(id), list_expires_at: listed.list.expires_at, encoded, key };
        Statement::sign(&self.sources.keys, &self.terms.issuer, self.terms.ttl, draft, now)
            .map(Some)
            .map_err(unavailable)
    }

    /// Forgets what has expired.
    fn forget(&self, now: UnixTime) {
        let living = |listed: &Listed| listed.list.expires_at > now;
        if self.lists.load().values().any(|listed| !living(listed)) {
            self.lists.rcu(|lists| {
                let mut lists = HashMap::clone(lists);
                lists.retain(|_, listed| living(listed));
                lists
            });
            self.statements.rcu(|statements| {
                let mut statements = HashMap::clone(statements);
                statements.retain(|_, statement| statement.list_expires_at > now);
                statements
            });
        }
        let lists = self.lists.load();
        lock(&self.statuses).forget(|id| lists.contains_key(id));
        let mut leases = lock(&self.leases);
        leases.forget_closed(now);
        let left = leases.left();
        drop(leases);
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.sources.metrics.status_lists_living.set(gauge(lists.len()));
        self.sources.metrics.status_list_indexes_left.set(gauge(left));
    }
}

fn unavailable(error: impl std::fmt::Display) -> store::Error {
    store::Error::Unavailable(error.to_string())
}
