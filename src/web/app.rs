//! The running server: everything a request may use.
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use crate::admin::{self, Actor, approvals};
use crate::audit::recorder::Recorder;
use crate::audit::tail::Tail;
use crate::audit::writer::{self, Writer};
use crate::config::{self, Config};
use crate::directory::Directory;
use crate::host::{Clock, Entropy};
use crate::keys::{Hsm, KeyRing, MasterKey, Tagged};
use crate::limits::{Guesses, Herd, TokenLimits};
use crate::model::session::Limits;
use crate::model::signing_key::{SigningKey, State};
use crate::model::status_list::SIZE;
use crate::model::timetable::{Policy, ends_at};
use crate::model::usage;
use crate::oauth::UnixTime;
use crate::oauth::metadata::Metadata;
use crate::oauth::time::Seconds;
use crate::openid::Provider;
use crate::revocations::Revocations;
use crate::revocations::journal::Journal;
use crate::sealing::{self, Sequencer};
use crate::status_lists::{Sources, StatusLists, Terms};
use crate::store::{self, Conn, Fault, Store, limits};
use crate::streams::{self, Streams};
use crate::telemetry::Metrics;
use crate::texts::Texts;
use crate::web::hashing::Hashing;
use crate::web::opening::{OpenError, open_provider, open_relying_party, open_store, open_texts};
use crate::web::relying_party::RelyingParty;
use crate::web::signing_keys;

/// How long it is kept who met a limit on tokens.
const MET_KEPT: Seconds = Seconds::days(9);

pub struct App {
    pub config: Config,
    pub store: Store,
    /// The same database, for what people look at: a page that reads for long never
    /// keeps a token waiting for a connection.
    pub pages: Store,
    pub keys: KeyRing,
    pub directory: Directory,
    pub revocations: Arc<Revocations>,
    /// Those that the database could not take.
    pub journal: Journal,
    pub status_lists: Arc<StatusLists>,
    pub recorder: Recorder,
    pub sealing: Sequencer,
    /// Copies of the log to where others look.
    pub streams: Streams,
    /// For those who watch the log.
    pub tail: Tail,
    /// What the console says, in each language there is.
    pub texts: Texts,
    pub clock: Clock,
    pub entropy: Entropy,
    pub metrics: Arc<Metrics>,
    /// The discovery document; it does not change while we run.
    pub metadata: Tagged,
    /// Wrong secrets, by address and claimed client id.
    pub secret_guesses: Guesses<(Option<IpAddr>, String)>,
    /// Wrong passwords of people in a session, by account.
    pub password_guesses: Guesses<(Option<IpAddr>, String)>,
    /// Challenges for passkeys that strangers asked for, by address.
    pub challenges: Guesses<Option<IpAddr>>,
    /// `None`: where the console is, there can be no passkeys.
    pub relying_party: Option<RelyingParty>,
    /// Token requests that are worked on.
    pub in_flight: Arc<Semaphore>,
    /// Those who got no turn.
    pub herd: Herd,
    /// How many tokens applications and APIs had.
    pub token_limits: TokenLimits,
    pub hashing: Hashing,
    /// Who else may say who people are.
    pub openid: Option<Arc<Provider>>,
    /// How often an address went to the provider.
    pub openid_journeys: Guesses<Option<IpAddr>>,
    /// One at a time: an exam keeps a thread for as long as the API is slow.
    pub exams: Semaphore,
    stopping: watch::Sender<bool>,
}

impl App {
    /// Opens the database, the keys and the audit log. Blocks.
    pub fn open(config: Config, clock: Clock, entropy: Entropy) -> Result<Self, OpenError> {
        // First: with a token that does not open nothing may be changed.
        let hsm = Hsm::configured(config.pkcs11.as_ref())?;
        let store = open_store(&config)?;
        let master = MasterKey::load(&config.master_key, store.is_sqlite(), &entropy)?;
        let keys = KeyRing::new(master).with_hsm(hsm);
        Self::open_with(config, store, keys, clock, entropy)
    }

    /// [`App::open`] with what it reads from outside given to it.
    pub fn open_with(
        config: Config,
        store: Store,
        keys: KeyRing,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, OpenError> {
        let metrics = Arc::new(Metrics::new());
        prepare(&store, &keys, &config, &Actor::system(clock.now(), &config.instance, &entropy))?;
        let directory =
            Directory::open(store.clone(), clock.clone(), config.cached_clients, metrics.clone())?;
        let revocations = Arc::new(Revocations::open(
            store.clone(),
            clock.clone(),
            Seconds(config.revocation_patience_seconds),
            metrics.clone(),
        )?);
        let sources = Sources {
            store: store.clone(),
            keys: keys.clone(),
            revocations: revocations.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            metrics: metrics.clone(),
        };
        let sealing = open_sequencer(&config, &sources)?;
        let writer = start_writer(&config, &store, &clock, &entropy, &metrics)?;
        let opened = Self {
            streams: open_streams(&config, &store, &clock, &entropy, &metrics)?,
            recorder: Recorder::new(writer, metrics.clone()),
            sealing,
            metadata: describe(&config),
            secret_guesses: Guesses::new(20, Duration::from_secs(3), clock.clone()),
            password_guesses: Guesses::new(5, Duration::from_mins(1), clock.clone()),
            challenges: Guesses::new(60, Duration::from_secs(2), clock.clone()),
            relying_party: open_relying_party(&config)?,
            texts: open_texts(&config)?,
            token_limits: TokenLimits::new(clock.clone()),
            herd: Herd::default(),
            in_flight: Arc::new(Semaphore::new(config.limits.requests_in_flight)),
            hashing: Hashing::new(),
            openid: open_provider(&config)?,
            openid_journeys: Guesses::new(30, Duration::from_secs(10), clock.clone()),
            exams: Semaphore::new(1),
            stopping: watch::channel(false).0,
            tail: Tail::new(store.clone()),
            status_lists: Arc::new(StatusLists::new(terms(&config), sources)),
            journal: Journal::new(&config.emergency.journal),
            pages: store.apart(config.connections.div_ceil(2)),
            config,
            store,
            keys,
            directory,
            revocations,
            clock,
            entropy,
            metrics,
        };
        // What was in force when the last process ended is in force.
        opened.take_up_journal();
        Ok(opened)
    }

    /// Runs an administrative act in one transaction. When it returns, its
    /// effect on tokens is there.
    pub async fn act<T, E, F>(self: &Arc<Self>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<store::Error> + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let done = self.store.write(work).await?;
        let app = self.clone();
        // Done is done: what cannot be taken up now is taken up by the poll.
        let _ = tokio::task::spawn_blocking(move || app.take_up_changes()).await;
        Ok(done)
    }

    /// Writes who met a limit on tokens since it was last written.
    pub async fn write_met_limits(&self) {
        let met = self.token_limits.take_met();
        if met.is_empty() {
            return;
        }
        let before = usage::hour(self.clock.now() - MET_KEPT);
        let rows = met.clone();
        let write = move |conn: &mut Conn| {
            limits::add(conn, &rows)?;
            limits::forget(conn, before)
        };
        if let Err(error) = self.store.write(write).await {
            tracing::warn!(%error, "limits.not_written");
            self.token_limits.keep_met(met);
        }
    }

    /// Takes up what changed in the registry, by this process or another, and
    /// makes the keys that it asks for.
    pub fn take_up_changes(&self) {
        if self.refresh() {
            self.reconcile_keys();
        }
    }

    /// Takes up what was revoked, and what changed of clients. Whether anything
    /// had.
    pub fn refresh(&self) -> bool {
        let now = self.clock.now();
        let refreshed = self.revocations.refresh_blocking();
        match refreshed.and_then(|()| self.directory.refresh_blocking()) {
            Ok(true) => true,
            Ok(false) => {
                self.keys.confirm(now);
                false
            }
            Err(error) => {
                self.metrics.refresh_failures.inc();
                tracing::warn!(%error, "registry.refresh_failed");
                if error.fault() == Fault::Broken {
                    self.recorder.condition().suspect();
                }
                false
            }
        }
    }

    /// Takes the signing keys to where they should be by now. An RSA key takes
    /// up to seconds to make.
    pub fn reconcile_keys(&self) {
        let (system, policy) = (self.system(), self.key_policy());
        let done = signing_keys::reconcile(&self.store, &self.keys, &system, policy);
        match done {
            Ok(keys) => self.count_keys(&keys, policy),
            Err(error) => {
                self.metrics.key_failures.inc();
                tracing::warn!(%error, "signing_keys.reconcile_failed");
            }
        }
    }

    fn count_keys(&self, keys: &[SigningKey], policy: Policy) {
        for state in [State::Next, State::Current, State::Retired] {
            let count = keys.iter().filter(|key| key.state == state).count();
            self.metrics.signing_keys(state.as_str(), count);
        }
        let next = keys.iter().filter(|key| key.state == State::Current);
        let next = next.filter_map(|key| ends_at(key, policy)).min();
        self.metrics.next_rotation.set(next.map_or(0, UnixTime::seconds));
    }

    /// The server as the one who acts, now.
    pub fn system(&self) -> Actor {
        Actor::system(self.clock.now(), &self.config.instance, &self.entropy)
    }

    pub fn session_limits(&self) -> Limits {
        Limits {
            idle: Seconds(self.config.session_idle_minutes.saturating_mul(60)),
            longest: Seconds(self.config.session_hours.saturating_mul(3_600)),
        }
    }

    pub fn key_policy(&self) -> Policy {
        policy(self.config.keys)
    }

    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Returns once the server is told to stop.
    pub async fn stopping(&self) {
        let mut stopping = self.stopping.subscribe();
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// From now on `/readyz` says that no more requests should come.
    pub fn begin_stopping(&self) {
        self.stopping.send_replace(true);
    }
}

/// The discovery document.
fn describe(config: &Config) -> Tagged {
    let metadata = Metadata::new(&config.issuer.url, config.authorization_endpoint);
    // A struct of texts: this cannot fail.
    Tagged::new(serde_json::to_string(&metadata).unwrap_or_default())
}

/// Brings the keys where they should be, and tells the database what takes two
/// persons, so that commands keep to it.
fn prepare(
    store: &Store,
    keys: &KeyRing,
    config: &Config,
    system: &Actor,
) -> Result<(), OpenError> {
    signing_keys::reconcile(store, keys, system, policy(config.keys))?;
    let told = |conn: &mut Conn| approvals::establish(conn, system, &config.two_persons);
    store.write_blocking(told).map_err(|error| match error {
        admin::Error::Store(error) => OpenError::Store(error),
        // The system may.
        other => OpenError::Store(store::Error::Unavailable(other.to_string())),
    })
}

fn terms(config: &Config) -> Terms {
    Terms {
        issuer: config.issuer.url.clone(),
        base: config.url("/oauth/status-lists"),
        ttl: Seconds(config.status_list_ttl_seconds),
        capacity: SIZE,
    }
}

fn start_writer(
    config: &Config,
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    metrics: &Arc<Metrics>,
) -> std::io::Result<Writer> {
    Writer::start(writer::Sources {
        store: store.clone(),
        chain: config.instance.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: metrics.clone(),
    })
}

/// What seals the log: the chain of this process, among others.
fn open_sequencer(config: &Config, from: &Sources) -> Result<Sequencer, OpenError> {
    let sources = sealing::Sources {
        store: from.store.clone(),
        keys: from.keys.clone(),
        clock: from.clock.clone(),
        entropy: from.entropy.clone(),
        metrics: from.metrics.clone(),
        chain: config.instance.clone(),
        issuer: config.issuer.url.clone(),
    };
    Ok(Sequencer::new(sources, &config.sealing)?)
}

/// Reads where copies of the log go.
fn open_streams(
    config: &Config,
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
    metrics: &Arc<Metrics>,
) -> Result<Streams, OpenError> {
    let read = config.streams_file.as_deref().map(config::streams::read).transpose();
    let from = streams::Sources {
        store: store.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: metrics.clone(),
        instance: config.instance.clone(),
        origin: config.issuer.host(),
    };
    Ok(Streams::new(read.map_err(OpenError::Streams)?.unwrap_or_default(), from))
}

pub fn policy(keys: config::Keys) -> Policy {
    Policy {
        lead: Seconds(keys.lead_seconds),
        period: (keys.rotation_days > 0).then(|| Seconds::days(keys.rotation_days)),
    }
}
