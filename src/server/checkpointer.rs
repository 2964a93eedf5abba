//! Moves SQLite's write-ahead log into its file, beside those who write to it.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::store::{self, Checkpoint, Conn, Flushed};
use crate::web::App;

/// How often.
const EVERY: Duration = Duration::from_millis(300);

/// From how many pages on the log is to begin anew: 32 MiB.
const LONG: i32 = 8_192;

/// What is written while the file is flushed is flushed again, until that took no
/// longer than this: as long as those who write will have to wait, about.
const SHORT: Duration = Duration::from_millis(5);

/// The most times. Each takes a quarter of the one before.
const FLUSHES: usize = 4;

/// A thread of its own: a checkpoint waits for the disk, and no request may
/// wait for it.
pub struct Checkpointer {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Checkpointer {
    pub fn start(app: &Arc<App>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, mut work) = (stop.clone(), Work { app: app.clone(), conn: None, file: None });
        let thread = std::thread::Builder::new().name("checkpoint".into()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(EVERY);
                if let Err(error) = work.step() {
                    tracing::warn!(%error, "sqlite.checkpoint_failed");
                    (work.conn, work.file) = (None, None);
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    pub fn stop_blocking(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

struct Work {
    app: Arc<App>,
    conn: Option<Conn>,
    file: Option<Flushed>,
}

impl Work {
    fn step(&mut self) -> Result<(), store::Error> {
        let store = &self.app.store;
        // That the database is away is said by whoever needs it.
        let Some(conn) = self.conn.take().or_else(|| store.connect().ok()) else { return Ok(()) };
        let conn = self.conn.insert(conn);
        let condition = self.app.recorder.condition();
        // The log itself may be what takes the space.
        let mode = if condition.is_low() { Checkpoint::GiveBack } else { Checkpoint::Passive };
        if conn.checkpoint(mode)?.pages < LONG {
            return Ok(());
        }
        let file = match self.file.take().filter(|file| file.is_of(store)) {
            Some(file) => self.file.insert(file),
            None => self.file.insert(Flushed::open(store)?),
        };
        for _ in 0..FLUSHES {
            let begun = Instant::now();
            if let Err(error) = file.flush() {
                // Whoever opens the file from now on does not hear of it.
                condition.suspect();
                return Err(error);
            }
            let took = begun.elapsed();
            conn.checkpoint(Checkpoint::Passive)?;
            if took < SHORT {
                break;
            }
        }
        condition.set_moved();
        Ok(())
    }
}
