//! The issuer's keys, fetched in the background.
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};

use super::bell::{Bell, back_off};
use super::configuration::Timing;
use super::http::Http;
use super::issuer::{Endpoints, Issuer};
use super::jws::{self, PublicKey};
use super::machine::Machine;
use crate::oauth::UnixTime;
use crate::oauth::time::Seconds;

const BYTES: u64 = 256 * 1_024;

/// How many requests may wait for keys at a time; more are refused at once.
const WAITING: usize = 64;

/// The keys of one moment.
#[derive(Default)]
pub struct Keys {
    pub by_kid: HashMap<String, PublicKey>,
    /// Another number whenever a key went or changed.
    pub generation: u64,
    fetched_at: Option<UnixTime>,
}

/// Fetches until it is dropped.
pub struct Jwks(Arc<Shared>);

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The issuer does not have it.
    Unknown,
    /// The issuer is being asked.
    Later,
    /// There are no keys, or only ones that are too old.
    Unavailable,
}

struct Shared {
    issuer: Arc<Issuer>,
    http: Http,
    machine: Machine,
    timing: Timing,
    keys: ArcSwap<Keys>,
    endpoints: ArcSwapOption<Endpoints>,
    attempts: Mutex<Attempts>,
    attempted: Condvar,
    bell: Bell,
}

/// The fetches of the past, and the one that goes on.
struct Attempts {
    last: UnixTime,
    /// Asked for or going on.
    pending: bool,
    waiting: usize,
}

impl Jwks {
    pub fn start(issuer: Arc<Issuer>, timing: &Timing, machine: &Machine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            issuer,
            http: Http::new(Duration::from_secs(5)),
            machine: machine.clone(),
            timing: timing.clone(),
            keys: ArcSwap::default(),
            endpoints: ArcSwapOption::empty(),
            attempts: Mutex::new(Attempts { last: machine.now(), pending: true, waiting: 0 }),
            attempted: Condvar::new(),
            bell: Bell::default(),
        });
        let worker = shared.clone();
        std::thread::Builder::new().name("verify-keys".into()).spawn(move || worker.run())?;
        Ok(Self(shared))
    }

    pub fn keys(&self) -> Arc<Keys> {
        self.0.keys.load_full()
    }

    pub fn endpoints(&self) -> Option<Arc<Endpoints>> {
        self.0.endpoints.load_full()
    }

    /// The keys of now when `kid` is among them. One that is not known has
    /// them fetched anew, at most once in a cool-down; `wait`: for the result.
    pub fn with(&self, kid: &str, wait: bool) -> Result<Arc<Keys>, Missing> {
        let found = self.look(kid);
        if found.is_ok() || !self.0.ask() {
            return found;
        }
        if !wait {
            return Err(Missing::Later);
        }
        self.0.wait();
        self.look(kid)
    }

    fn look(&self, kid: &str) -> Result<Arc<Keys>, Missing> {
        let keys = self.keys();
        let end = keys.fetched_at.map(|at| at + self.0.timing.keys_end);
        if end.is_none_or(|end| end <= self.0.machine.now()) {
            return Err(Missing::Unavailable);
        }
        if keys.by_kid.contains_key(kid) { Ok(keys) } else { Err(Missing::Unknown) }
    }
}

impl Drop for Jwks {
    fn drop(&mut self) {
        self.0.bell.end();
    }
}

impl Shared {
    fn run(&self) {
        let mut failures = 0;
        while !self.bell.has_ended() {
            self.attempts().last = self.machine.now();
            let next = match self.fetch() {
                Ok(next) => {
                    failures = 0;
                    next
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(error, "verify.keys_not_fetched");
                    // The endpoints may be others by now.
                    self.endpoints.store(None);
                    let wait =
                        back_off(failures, self.timing.first_retry, self.timing.longest_retry);
                    self.machine.spread(wait)
                }
            };
            self.attempts().pending = false;
            self.attempted.notify_all();
            self.bell.wait(next);
        }
    }

    /// Takes the keys as they are now, and says when to come back.
    fn fetch(&self) -> Result<Duration, String> {
        let endpoints = match self.endpoints.load_full() {
            Some(endpoints) => endpoints,
            None => Arc::new(self.issuer.discover(&self.http)?),
        };
        let accept = "application/jwk-set+json, application/json";
        let answer = self.http.get(&endpoints.jwks, accept, BYTES)?;
        let by_kid = jws::read_set(&answer.body)?;
        if by_kid.is_empty() {
            return Err(format!("{} has no key that can be used", endpoints.jwks));
        }
        self.endpoints.store(Some(endpoints));
        let before = self.keys.load();
        let kept = before.by_kid.iter().all(|(kid, key)| by_kid.get(kid) == Some(key));
        self.keys.store(Arc::new(Keys {
            by_kid,
            generation: before.generation + u64::from(!kept),
            fetched_at: Some(self.machine.now()),
        }));
        let (least, most) = (self.timing.keys_at_least.0, self.timing.keys_at_most.0);
        let next = answer.max_age.unwrap_or(least).min(most).max(least);
        Ok(Duration::from_secs(u64::try_from(next).unwrap_or(60)))
    }

    /// Whether the keys are being fetched, or are from now on.
    fn ask(&self) -> bool {
        let mut attempts = self.attempts();
        if !attempts.pending {
            let Seconds(passed) = self.machine.now().since(attempts.last);
            if (0..self.timing.cool_down.0).contains(&passed) {
                return false;
            }
            attempts.pending = true;
            self.bell.ring();
        }
        true
    }

    fn wait(&self) {
        let mut attempts = self.attempts();
        if attempts.waiting >= WAITING {
            return;
        }
        attempts.waiting += 1;
        let pending = |attempts: &mut Attempts| attempts.pending;
        let (mut attempts, _) = self
            .attempted
            .wait_timeout_while(attempts, self.timing.patience, pending)
            .unwrap_or_else(PoisonError::into_inner);
        attempts.waiting -= 1;
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
