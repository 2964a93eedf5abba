//! Whoever sits at the server's own machine.
use super::output::Exit;
use crate::admin::actor::{Consent, Who};
use crate::admin::{self, Actor, approvals};
use crate::config::Config;
use crate::host::{Clock, Entropy};
use crate::keys::{self, Hsm, KeyRing, MasterKey};
use crate::model::approval::Proposal;
use crate::model::audit_event::{Source, printable};
use crate::model::because::Because;
use crate::model::signing_key::Purpose;
use crate::model::timetable::missing;
use crate::oauth::algorithm::Algorithm;
use crate::store::{self, Checkpoint, Conn, Store, signing_keys};
use crate::web::opening::open_store;

/// Says what was looked for, where an act says only that it is not there.
pub trait Missing<T> {
    fn or_missing(self, what: &str, name: &str) -> anyhow::Result<T>;
}

impl<T> Missing<T> for anyhow::Result<T> {
    fn or_missing(self, what: &str, name: &str) -> Self {
        self.map_err(|error| match error.downcast_ref() {
            Some(admin::Error::NotFound) => anyhow::anyhow!("there is no {what} {name}"),
            _ => error,
        })
    }
}

/// A database to act on, and the name to act under.
pub struct Operator {
    pub config: Config,
    pub store: Store,
    pub clock: Clock,
    /// Why the command is given.
    pub because: Option<Because>,
    pub who: Who,
    /// They do alone what takes two persons.
    pub alone: bool,
}

impl Operator {
    pub fn open(mut config: Config) -> anyhow::Result<Self> {
        config.connections = 2;
        let store = open_store(&config)?;
        let (clock, who) = (Clock::System, Self::user());
        Ok(Self { config, store, clock, because: None, who, alone: false })
    }

    /// Does an act in one transaction. A running server takes it up within a
    /// second.
    pub fn act<T>(
        &self,
        act: impl FnOnce(&mut Conn, &Actor) -> Result<T, admin::Error>,
    ) -> anyhow::Result<T> {
        let actor = self.actor();
        let done = match self.store.write_blocking(|conn| act(conn, &actor)) {
            Err(admin::Error::SecondPerson(proposal)) => return Err(self.ask(&actor, *proposal)),
            done => done?,
        };
        self.checkpoint();
        Ok(done)
    }

    pub fn read<T>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, store::Error>,
    ) -> anyhow::Result<T> {
        Ok(self.store.read_blocking(query)?)
    }

    /// [`Operator::read`] for what may not be there.
    pub fn find<T>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, admin::Error>,
    ) -> anyhow::Result<T> {
        Ok(self.store.read_blocking(query)?)
    }

    pub fn actor(&self) -> Actor {
        let actor = Actor {
            because: self.because.clone(),
            who: self.who.clone(),
            ..Self::acting(&self.config, &self.clock)
        };
        let why = self.because.as_ref().filter(|_| self.alone);
        // Refused to whom it is not for; then they act like everybody.
        why.and_then(|why| actor.clone().alone(why.as_str()).ok()).unwrap_or(actor)
    }

    /// Whoever sits here, with or without a database.
    pub fn acting(config: &Config, clock: &Clock) -> Actor {
        Actor {
            who: Self::user(),
            source: Source::default(),
            request_id: None,
            because: None,
            now: clock.now(),
            chain: config.instance.as_str().into(),
            entropy: Entropy::System,
            consent: Consent::default(),
        }
    }

    fn user() -> Who {
        let set = |name: &&str| std::env::var(name).ok().filter(|user| !user.trim().is_empty());
        let user = ["USER", "LOGNAME"].iter().find_map(set);
        Who::Operator { name: printable(&user.unwrap_or_else(|| "cli".into()), 64) }
    }

    /// Asks for an act that takes two persons, instead of doing it.
    fn ask(&self, actor: &Actor, proposal: Proposal) -> anyhow::Error {
        let asked = self.store.write_blocking(|conn| approvals::ask(conn, actor, proposal));
        match asked {
            Ok(request) => {
                let sentence = format!(
                    "this takes two persons: {} waits for somebody else to approve it",
                    request.id
                );
                Exit { code: 3, sentence }.into()
            }
            Err(error) => error.into(),
        }
    }

    /// Makes the signing key that an API of this algorithm will need, so that it
    /// is there when the first token is asked for. Without the master key here,
    /// the server makes it when it hears of the API.
    pub fn prepare_key(&self, algorithm: Algorithm) {
        let prepared = MasterKey::load(&self.config.master_key, false, &Entropy::System)
            .and_then(|master| self.key_ring(master))
            .and_then(|ring| self.make_keys(&ring, algorithm));
        if let Err(error) = prepared {
            tracing::debug!(%error, "signing_key.left_to_the_server");
        }
    }

    /// The stored keys, opened.
    ///
    /// # Errors
    /// * `Sealed`: another master key sealed them.
    /// * `Hsm`: the PKCS#11 token does not open, or lacks one.
    pub fn key_ring(&self, master: MasterKey) -> Result<KeyRing, keys::Error> {
        let hsm = Hsm::configured(self.config.pkcs11.as_ref())?;
        let ring = KeyRing::new(master).with_hsm(hsm);
        ring.load(&self.store.read_blocking(signing_keys::all)?)?;
        ring.confirm(self.clock.now());
        Ok(ring)
    }

    fn make_keys(&self, ring: &KeyRing, algorithm: Algorithm) -> Result<(), keys::Error> {
        let tokens = (Purpose::AccessTokens, algorithm);
        let stored = self.store.read_blocking(signing_keys::all)?;
        for made in missing(&stored, &[tokens]) {
            let key = ring.make(made, self.clock.now())?;
            let actor = self.actor();
            let publish = |conn: &mut Conn| admin::signing_keys::publish(conn, &actor, &key);
            let published = self.store.write_blocking(publish);
            // A server was first: its key is the one.
            if let Err(admin::Error::Store(store::Error::Conflict(_))) = published {
                ring.discard(&key);
            }
        }
        Ok(())
    }

    /// Without a server nobody else empties SQLite's write-ahead log.
    fn checkpoint(&self) {
        let moved = |conn: &mut Conn| conn.checkpoint(Checkpoint::Passive);
        // What is not moved now is moved by the next command, or the server.
        let _ = self.store.read_blocking::<_, store::Error>(moved);
    }
}
