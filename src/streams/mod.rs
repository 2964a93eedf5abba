//! Streams of the audit log to where others look: at least once, in sealed
//! order, each with its own progress in the database.
//!
//! Of several processes one delivers a stream; which one says a lease.
mod address;
pub mod agent;
mod file;
mod http;
pub mod record;
mod sink;
mod syslog;
mod worker;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use crate::config::streams::Stream;
use crate::host::{Clock, Entropy};
use crate::store::Store;
use crate::telemetry::Metrics;

use record::Record;
use sink::{Sink, Taken};
use worker::Worker;

/// What deliveries work with.
pub struct Sources {
    pub store: Store,
    pub clock: Clock,
    pub entropy: Entropy,
    pub metrics: Arc<Metrics>,
    /// The chain of this process.
    pub instance: String,
    /// The host that tells.
    pub origin: String,
}

/// What is configured here.
pub struct Streams {
    all: Vec<Stream>,
    from: Arc<Sources>,
}

/// A thread for each stream: a receiver that is slow holds up no other.
pub struct Running(Vec<(Sender<()>, JoinHandle<()>)>);

impl Streams {
    pub fn new(all: Vec<Stream>, from: Sources) -> Self {
        Self { all, from: Arc::new(from) }
    }

    pub fn all(&self) -> &[Stream] {
        &self.all
    }

    /// # Errors
    /// A thread does not start, or roots of TLS cannot be read.
    pub fn start(&self) -> io::Result<Running> {
        let mut running = Vec::new();
        for stream in &self.all {
            let sink = Sink::new(stream, &self.from.origin).map_err(io::Error::other)?;
            let worker = Worker::new(stream.clone(), sink, self.from.clone());
            let (stop, stopped) = channel();
            let thread = std::thread::Builder::new().name(format!("stream {}", stream.name));
            running.push((stop, thread.spawn(move || worker.run(&stopped))?));
        }
        Ok(Running(running))
    }
}

impl Running {
    /// Returns once what is being sent was sent or given up.
    pub fn stop_blocking(self) {
        let threads: Vec<_> = self.0.into_iter().map(|(_, thread)| thread).collect();
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// Sends one record that is in no log, to see whether it arrives.
///
/// # Errors
/// Why it did not.
pub fn test(stream: &Stream, origin: &str, clock: &Clock, entropy: &Entropy) -> Result<(), String> {
    let now = clock.now();
    let id = entropy.ulid(now);
    let record = Record::test(&id, now).told_as(stream.format);
    match Sink::new(stream, origin)?.send(&format!("test_{id}"), &[record], now)? {
        Taken::All => Ok(()),
        Taken::AllBut { why, .. } => Err(format!("it refused the record: {why}")),
    }
}
