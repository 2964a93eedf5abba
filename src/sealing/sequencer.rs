//! Sealing: each pass adds what is new to the tree, and signs what it came to.
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::checkpoint_file::CheckpointFile;
use super::witnesses::{Witness, Witnesses};
use super::{Error, Status, guard};
use crate::config::Sealing;
use crate::host::{Clock, Entropy};
use crate::keys::KeyRing;
use crate::keys::ring::CHECKPOINT_ALGORITHM;
use crate::model::audit_event::{Event, Outcome};
use crate::model::checkpoint::{Checkpoint, SignedCheckpoint, origin};
use crate::model::signing_key::{Purpose, SigningKey};
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;
use crate::store::audit_tree::{self, Recorded, State};
use crate::store::{self, Conn, Store, audit_chains, audit_seals, signing_keys};
use crate::telemetry::Metrics;

/// For how long a process may seal without saying that it still does. Another
/// takes over after that.
pub const LEASE: Seconds = Seconds(3);
/// A checkpoint is signed at least so often: that nothing happened is a
/// statement too.
pub const SILENCE: Seconds = Seconds(60);
/// One in so many seconds is kept for good.
pub const KEPT: Seconds = Seconds(300);
/// How many batches are sealed in one transaction: it locks SQLite.
const AT_ONCE: i64 = 2_048;
/// How long others get SQLite's lock in between: who waits for it looks again after
/// a tenth of a second at the latest.
const TURN: Duration = Duration::from_millis(120);

/// What the sequencer works with.
pub struct Sources {
    pub store: Store,
    pub keys: KeyRing,
    pub clock: Clock,
    pub entropy: Entropy,
    pub metrics: Arc<Metrics>,
    /// The chain of this process.
    pub chain: String,
    /// Names the log when it begins.
    pub issuer: String,
}

pub struct Sequencer {
    from: Sources,
    file: CheckpointFile,
    witnesses: Witnesses,
    /// Names this process, and no other that ever was.
    holder: String,
    /// The last checkpoint that this process signed or saw.
    known: Mutex<Option<SignedCheckpoint>>,
    status: ArcSwap<Status>,
}

impl Sequencer {
    /// # Errors
    /// `Setting`: a witness has no key.
    pub fn new(from: Sources, settings: &Sealing) -> Result<Self, Error> {
        let witnesses: Result<Vec<_>, _> = settings.witnesses.iter().map(Witness::new).collect();
        let holder = format!("{} {}", from.chain, from.entropy.ulid(from.clock.now()));
        Ok(Self {
            file: CheckpointFile::new(&settings.checkpoint_file),
            witnesses: Witnesses::new(witnesses?),
            known: Mutex::new(None),
            status: ArcSwap::default(),
            holder,
            from,
        })
    }

    pub fn status(&self) -> Arc<Status> {
        self.status.load_full()
    }

    /// The file that keeps the last checkpoint.
    pub const fn file(&self) -> &CheckpointFile {
        &self.file
    }

    /// Seals what is new, if it is this process's turn; else looks whether what
    /// another sealed is in order. Blocks: call it each second.
    ///
    /// # Errors
    /// Whatever went wrong; the status has it too.
    pub fn pass_blocking(&self) -> Result<(), Error> {
        let now = self.from.clock.now();
        let done = self.take_turn(now);
        let mut status = Status { witnesses: self.witnesses.heard(), ..Status::default() };
        status.seals = matches!(done, Ok(true));
        match &done {
            Ok(_) => status.looked_at = Some(now),
            Err(Error::Fork(why)) => status.fork = Some(why.clone()),
            Err(error) => {
                status.failure = Some(error.to_string());
                status.looked_at = self.status().looked_at;
            }
        }
        let told = self.measure(now, &mut status);
        let metrics = &self.from.metrics;
        metrics.audit_seal_failures.inc_by(u64::from(status.failure.is_some()));
        metrics.audit_fork.set(i64::from(status.fork.is_some()));
        metrics.audit_sequencer.set(i64::from(status.seals));
        let failing = status.witnesses.iter().filter(|witness| witness.failure.is_some()).count();
        metrics.audit_witnesses_failing.set(i64::try_from(failing).unwrap_or(i64::MAX));
        self.status.store(Arc::new(status));
        done.and(told)
    }

    /// Lets another process take over at once.
    pub fn stop_blocking(&self) {
        let release = |conn: &mut Conn| audit_tree::release(conn, &self.holder);
        if let Err(error) = self.from.store.write_blocking::<_, store::Error>(release) {
            tracing::debug!(%error, "sealing.lease_not_released");
        }
    }

    /// Why the tree does not go on from the file's last checkpoint, if so.
    pub fn look_blocking(&self) -> Result<Option<String>, Error> {
        let known = self.known()?;
        self.from.store.read_blocking(|conn| {
            let state = audit_tree::find(conn)?;
            if !state.fork.is_empty() {
                return Ok(Some(state.fork));
            }
            Ok(inspect(conn, &state, known.as_ref())?.err())
        })
    }

    /// Signs the first checkpoint of a log that was begun anew.
    pub fn begin_blocking(&self) -> Result<SignedCheckpoint, Error> {
        let state = self.from.store.read_blocking(audit_tree::find)?;
        self.sign(state.epoch, self.from.clock.now())?;
        let state = self.from.store.read_blocking(audit_tree::find)?;
        SignedCheckpoint::parse(&state.note).map_err(Error::File)
    }

    /// Whether it was this process's turn.
    fn take_turn(&self, now: UnixTime) -> Result<bool, Error> {
        let store = &self.from.store;
        let known = self.known()?;
        let (state, chains) = store.read_blocking::<_, store::Error>(|conn| {
            Ok((audit_tree::find(conn)?, audit_seals::progress(conn)?))
        })?;
        let is_new = chains.iter().any(|chain| chain.sealed < chain.batch);
        // Who has nothing to write writes nothing, not even a lease.
        if !is_new && self.due(&state, now)?.is_none() {
            self.follow(known.as_ref())?;
            return Ok(state.holder == self.holder);
        }
        let lease = |conn: &mut Conn| audit_tree::lease(conn, &self.holder, now, LEASE);
        let epoch = store.write_blocking::<_, store::Error>(lease)?;
        let Some(epoch) = epoch else {
            self.follow(known.as_ref())?;
            return Ok(false);
        };
        loop {
            let seal = |conn: &mut Conn| self.seal(conn, epoch, known.as_ref());
            match store.write_blocking::<_, Error>(seal)? {
                Pass::Sealed(count) if count >= AT_ONCE => {}
                Pass::Sealed(_) => break,
                Pass::Lost => return Ok(false),
                Pass::Forked(why) => return Err(Error::Fork(why)),
            }
            // Much is to be sealed after an import: tokens do not wait for all of it.
            std::thread::sleep(TURN);
            // Another's lease would begin while this one catches up.
            let now = self.from.clock.now();
            let lease = |conn: &mut Conn| audit_tree::lease(conn, &self.holder, now, LEASE);
            if store.write_blocking::<_, store::Error>(lease)? != Some(epoch) {
                return Ok(false);
            }
        }
        self.sign(epoch, now)?;
        Ok(true)
    }

    /// One transaction: what is stored goes on from what was signed, and what
    /// is new is added.
    fn seal(
        &self,
        conn: &mut Conn,
        epoch: i64,
        known: Option<&SignedCheckpoint>,
    ) -> Result<Pass, Error> {
        let Some(state) = audit_tree::lock_under(conn, epoch)? else { return Ok(Pass::Lost) };
        if !state.fork.is_empty() {
            return Ok(Pass::Forked(state.fork));
        }
        if let Err(why) = inspect(conn, &state, known)? {
            return self.halt(conn, why);
        }
        let batches = audit_seals::unsealed(conn, AT_ONCE)?;
        if batches.is_empty() {
            return Ok(Pass::Sealed(0));
        }
        let size = audit_seals::append(conn, state.size, &batches)?;
        let name = match state.origin.as_str() {
            "" => origin(&self.from.issuer, state.generation),
            known => known.to_owned(),
        };
        audit_tree::grow(conn, &name, size)?;
        self.from.metrics.audit_sealed_batches.inc_by(batches.len() as u64);
        Ok(Pass::Sealed(size - state.size))
    }

    /// Seals nothing from now on, and records why.
    fn halt(&self, conn: &mut Conn, why: String) -> Result<Pass, Error> {
        tracing::error!(why, "audit.forked");
        audit_tree::halt(conn, &why)?;
        let now = self.from.clock.now();
        let mut event =
            Event::new(self.from.entropy.mark(now), now, "audit.fork_found", Outcome::Error);
        event.actor.kind = "system".into();
        event.detail = Some(why.clone());
        audit_chains::append(conn, &self.from.chain, &[event])?;
        Ok(Pass::Forked(why))
    }

    /// Whether there is something to sign, and what its record would be numbered,
    /// if it is to be kept.
    fn due(&self, state: &State, now: UnixTime) -> Result<Option<Due>, Error> {
        if state.origin.is_empty() {
            return Ok(None);
        }
        let kid = self.from.keys.current_kid(Purpose::Checkpoints, CHECKPOINT_ALGORITHM)?;
        let last = self.from.store.read_blocking(audit_tree::last_recorded)?;
        let differs =
            last.as_ref().is_none_or(|last| last.kid != kid || last.origin != state.origin);
        let is_due = differs
            || state.size > state.published_size
            || state.published_at() + SILENCE <= now
            || state.note.is_empty();
        let is_old = last.as_ref().is_none_or(|last| UnixTime(last.at) + KEPT <= now);
        let number = last.map_or(1, |last| last.number + 1);
        Ok(is_due.then_some(Due { number, is_kept: differs || is_old }))
    }

    /// Signs what is sealed, if there is something to say. It is on the disk
    /// here before anybody is told.
    fn sign(&self, epoch: i64, now: UnixTime) -> Result<(), Error> {
        let (store, keys) = (&self.from.store, &self.from.keys);
        let state = store.read_blocking(audit_tree::find)?;
        let Some(Due { number, is_kept }) = self.due(&state, now)? else { return Ok(()) };
        let root = store.read_blocking(|conn| {
            let size = u64::try_from(state.size).unwrap_or(0);
            audit_seals::tree(conn, state.size).root_at(size).map_err(audit_seals::fault)
        })?;
        let size = u64::try_from(state.size).unwrap_or(0);
        let checkpoint = Checkpoint { origin: state.origin.clone(), size, root };
        let (signed, kid) = keys.sign_checkpoint(&checkpoint, now)?;
        let recorded = Recorded {
            number,
            origin: state.origin,
            size: state.size,
            at: now.0,
            kid,
            note: signed.to_string(),
        };
        self.file.replace(&recorded.note)?;
        if is_kept {
            self.file.remember(&recorded.note)?;
        }
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(signed.clone());
        store.write_blocking::<_, store::Error>(|conn| {
            if audit_tree::lock_under(conn, epoch)?.is_some_and(|state| state.fork.is_empty()) {
                audit_tree::publish(conn, &recorded)?;
                if is_kept {
                    audit_tree::record(conn, &recorded)?;
                }
            }
            Ok(())
        })?;
        self.ask_witnesses(&signed, now)
    }

    fn ask_witnesses(&self, signed: &SignedCheckpoint, now: UnixTime) -> Result<(), Error> {
        let Some(cosigned) = self.witnesses.ask(signed, now, &self.from.store)? else {
            return Ok(());
        };
        let text = cosigned.to_string();
        Ok(self.from.store.write_blocking::<_, store::Error>(|conn| {
            // Of another log since: what a witness said of this one is history.
            if audit_tree::lock(conn)?.origin == cosigned.checkpoint.origin {
                audit_tree::cosign(conn, &text)?;
            }
            Ok(())
        })?)
    }

    /// Another process seals: takes note of what it published, once that goes
    /// on from what is known here.
    fn follow(&self, known: Option<&SignedCheckpoint>) -> Result<(), Error> {
        let store = &self.from.store;
        let state = store.read_blocking(audit_tree::find)?;
        if !state.fork.is_empty() {
            return Err(Error::Fork(state.fork));
        }
        let found = store.read_blocking(|conn| inspect(conn, &state, known))?;
        if let Err(why) = found {
            store.write_blocking::<_, Error>(|conn| {
                // What was read without a lock may have been of two moments.
                let state = audit_tree::lock(conn)?;
                match inspect(conn, &state, known)? {
                    Err(why) if state.fork.is_empty() => self.halt(conn, why).map(|_| ()),
                    _ => Ok(()),
                }
            })?;
            return Err(Error::Fork(why));
        }
        let Ok(published) = SignedCheckpoint::parse(&state.note) else { return Ok(()) };
        let newer = known.is_none_or(|known| {
            known.checkpoint.origin != published.checkpoint.origin
                || known.checkpoint.size < published.checkpoint.size
        });
        let keys = store.read_blocking(signing_keys::all)?;
        if newer && is_ours(&published, &keys) {
            self.file.replace(&state.note)?;
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(published);
        }
        Ok(())
    }

    /// What the file has, or this process remembers when somebody took the file
    /// away or put an older one in its place.
    fn known(&self) -> Result<Option<SignedCheckpoint>, Error> {
        let in_file = self.file.last()?;
        let remembered = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (Some(file), Some(memory)) = (&in_file, &remembered) else {
            return Ok(in_file.or(remembered));
        };
        let (file, memory) = (&file.checkpoint, &memory.checkpoint);
        // Another name: an operator acknowledged a fork on this machine.
        let newer = file.origin != memory.origin || file.size >= memory.size;
        Ok(if newer { in_file } else { remembered })
    }

    fn measure(&self, now: UnixTime, status: &mut Status) -> Result<(), Error> {
        let (state, chains) = self.from.store.read_blocking::<_, store::Error>(|conn| {
            Ok((audit_tree::find(conn)?, audit_seals::progress(conn)?))
        })?;
        let since = chains.iter().filter_map(|chain| chain.unsealed_since).min().map(UnixTime);
        status.unsealed_since = since;
        let age = since.map_or(0, |since| now.0.saturating_sub(since.0).max(0));
        let age = Duration::from_micros(u64::try_from(age).unwrap_or(0));
        self.from.metrics.audit_tree_size.set(state.size);
        self.from.metrics.audit_unsealed_age_seconds.set(age.as_secs_f64());
        Ok(())
    }
}

/// A checkpoint that is to be signed.
struct Due {
    number: i64,
    /// It is kept for good.
    is_kept: bool,
}

/// What came of a transaction.
enum Pass {
    Sealed(i64),
    /// Another process seals by now.
    Lost,
    Forked(String),
}

/// Why the tree does not go on from what is known, if so.
fn inspect(
    conn: &mut Conn,
    state: &State,
    known: Option<&SignedCheckpoint>,
) -> Result<Result<(), String>, Error> {
    let keys = signing_keys::all(conn)?;
    let published = SignedCheckpoint::parse(&state.note).ok();
    for checkpoint in known.into_iter().chain(&published) {
        match guard::check(conn, state, checkpoint, &keys) {
            Ok(()) => {}
            Err(Error::Fork(why)) => return Ok(Err(why)),
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(()))
}

fn is_ours(checkpoint: &SignedCheckpoint, keys: &[SigningKey]) -> bool {
    let keys = crate::keys::checkpoints::verifier_keys(keys, &checkpoint.checkpoint.origin);
    let keys: Vec<_> = keys.map(|(_, key)| key).collect();
    matches!(checkpoint.signer(&keys), Ok(Some(_)))
}
