//! A whole server on a database of its own, with the clock standing still.
pub mod authenticator;
pub mod browser;
pub mod catalogue;
pub mod database;
pub mod flips;
pub mod http;
pub mod provider;
pub mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};

use countersign::admin::Actor;
use countersign::admin::actor::{Consent, Who};
use countersign::audit::condition::State;
use countersign::config::Config;
use countersign::host::{Clock, Entropy};
use countersign::model::audit_event::{Event, Source};
use countersign::oauth::UnixTime;
use countersign::oauth::time::Seconds;
use countersign::server::listeners;
use countersign::server::sockets::Handed;
use countersign::store::{Conn, audit_log};
use countersign::web::App;
use countersign::web::opening::OpenError;

use database::TestDatabase;

/// Where the clock stands at the start: 14 November 2023, 22:13:20 UTC.
pub const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);

pub const ISSUER: &str = "https://issuer.example";

pub struct Server {
    pub app: Arc<App>,
    pub clock: Clock,
    pub address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    // Last: the database goes after everything that uses it.
    pub database: Arc<TestDatabase>,
}

impl Server {
    /// A server on a new database.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With these settings besides.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_on(Arc::new(TestDatabase::new()), settings)
    }

    /// On a database that others may use too.
    pub fn start_on(database: Arc<TestDatabase>, settings: &[(&str, &str)]) -> Self {
        let clock = Clock::standing_at(NOW);
        let config = config(&database, settings);
        let app = Arc::new(App::open(config, clock.clone(), Entropy::System).unwrap());
        let (address, stop, thread) = listen(app.clone());
        Self { app, clock, address, stop: Some(stop), thread: Some(thread), database }
    }

    /// What it opens on a new database, or why it does not.
    pub fn open(settings: &[(&str, &str)]) -> Result<App, OpenError> {
        let database = TestDatabase::new();
        let clock = Clock::standing_at(NOW);
        App::open(config(&database, settings), clock, Entropy::System)
    }

    /// Somebody at the server's own machine.
    pub fn operator(&self) -> Actor {
        Actor {
            who: Who::Operator { name: "root".into() },
            source: Source::default(),
            request_id: None,
            because: None,
            now: self.clock.now(),
            chain: self.app.config.instance.as_str().into(),
            entropy: Entropy::System,
            consent: Consent::default(),
        }
    }

    /// Moves the clock on, and looks around as a running server does.
    pub fn advance(&self, by: Seconds) {
        self.clock.advance(by);
        self.app.take_up_changes();
    }

    /// Does an act as the operator, and takes up its effect.
    pub fn act<T>(
        &self,
        act: impl FnOnce(&mut Conn, &Actor) -> Result<T, countersign::admin::Error>,
    ) -> T {
        let done = self.try_act(act).unwrap();
        self.app.take_up_changes();
        done
    }

    /// Does an act as the operator, as another process would: this one does
    /// not hear of it until it looks.
    pub fn try_act<T>(
        &self,
        act: impl FnOnce(&mut Conn, &Actor) -> Result<T, countersign::admin::Error>,
    ) -> Result<T, countersign::admin::Error> {
        let actor = self.operator();
        self.app.store.write_blocking(|conn| act(conn, &actor))
    }

    pub fn read<T>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T, countersign::store::Error>,
    ) -> T {
        self.app.store.read_blocking(query).unwrap()
    }

    /// Writes what was counted in minutes that are over.
    pub fn count(&self) {
        let now = self.clock.now();
        let mark = || self.app.entropy.mark(now);
        let written = self.app.recorder.record_counts(now, mark, false);
        tokio::runtime::Runtime::new().unwrap().block_on(written).unwrap();
    }

    /// Seals what is new, as a running server does each second.
    pub fn seal(&self) -> Result<(), countersign::sealing::Error> {
        self.app.sealing.pass_blocking()
    }

    /// Returns once the log can be written again: the server looks by itself.
    pub fn recovers(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while self.app.recorder.condition().state() != State::Ok {
            assert!(
                std::time::Instant::now() < deadline,
                "{:?}",
                self.app.recorder.condition().outage()
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Returns once everything that was recorded is counted.
    pub fn settle(&self) {
        let settled = self.app.recorder.settle();
        tokio::runtime::Runtime::new().unwrap().block_on(settled);
    }

    /// What the log says, oldest first, of the code given.
    pub fn events(&self, code: &str) -> Vec<Event> {
        let chain = self.app.config.instance.clone();
        let rows = self.read(|conn| audit_log::after(conn, &chain, 0, 10_000));
        let events = rows.iter().map(|row| row.event().unwrap());
        events.filter(|event| event.code == code).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The configuration of a test server.
pub fn config(database: &TestDatabase, settings: &[(&str, &str)]) -> Config {
    let master_key = "0f".repeat(32);
    let checkpoint_file = database.folder().join("checkpoint").display().to_string();
    let fixed = [
        ("DATABASE_URL", database.url.as_str()),
        ("COUNTERSIGN_ISSUER", ISSUER),
        ("COUNTERSIGN_LISTEN", "127.0.0.1:0"),
        ("COUNTERSIGN_METRICS_LISTEN", "off"),
        ("COUNTERSIGN_WORKERS", "1"),
        ("COUNTERSIGN_CONNECTIONS", "4"),
        ("COUNTERSIGN_SHUTDOWN_SECONDS", "1"),
        ("COUNTERSIGN_MASTER_KEY", master_key.as_str()),
        ("COUNTERSIGN_CHECKPOINT_FILE", checkpoint_file.as_str()),
    ];
    let environment: BTreeMap<String, String> = fixed
        .iter()
        .chain(settings)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::from_values(&environment, None).unwrap()
}

type Listening = (SocketAddr, tokio::sync::oneshot::Sender<()>, std::thread::JoinHandle<()>);

fn listen(app: Arc<App>) -> Listening {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let doors = listeners::open(&app, Handed::default()).unwrap();
            tell.send(doors.addresses[0]).unwrap();
            let _ = stopped.await;
            app.recorder.stop().await;
            doors.drain(std::time::Duration::from_millis(10)).await;
        });
    });
    (told.recv().unwrap(), stop, thread)
}
