//! Open, listen, drain.
pub mod background;
mod checkpointer;
pub mod connections;
pub mod disk;
pub mod health;
pub mod listeners;
pub mod parts;
pub mod removal;
pub mod retention;
pub mod sockets;
pub mod supervisor;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::sockets::Handed;
use self::supervisor::Supervisor;
use crate::model::audit_event::Outcome;
use crate::web::App;

/// How long a start may wait for the database.
const MOST_WAIT: Duration = Duration::from_secs(10);

/// Why the server stopped, or never ran.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    #[error("LISTEN_FDS names a socket that cannot be listened on: {0}")]
    Handed(std::io::Error),
    #[error(
        "a socket for {0} was handed over, and no door has that address: set COUNTERSIGN_LISTEN, \
         COUNTERSIGN_CONSOLE_LISTEN or COUNTERSIGN_METRICS_LISTEN to it"
    )]
    NoDoor(std::net::SocketAddr),
    #[error("cannot record the start in the audit log: {0}")]
    NotRecorded(#[from] crate::audit::NotRecorded),
    #[error(transparent)]
    Keys(#[from] crate::keys::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Serves until it is told to stop, then answers what is in flight, writes
/// what is queued, and returns. `handed` are sockets that others opened for it;
/// `started` is called once every door is open.
pub async fn run(app: Arc<App>, handed: Handed, started: impl FnOnce()) -> Result<(), Error> {
    let supervisor = Supervisor::from_environment();
    supervisor::raise_open_files();
    record_start(&app).await?;
    let doors = listeners::open(&app, handed)?;
    let tasks = background::start(&app)?;
    tracing::info!(issuer = app.config.issuer.url, listen = %app.config.listen, "server.started");
    started();
    supervisor.ready();
    stop_signal().await;
    tracing::info!("server.stopping");
    supervisor.stopping();
    app.begin_stopping();
    doors.drain(Duration::from_secs(app.config.shutdown_seconds)).await;
    tasks.stop().await;
    let actor = app.system();
    let (now, entropy) = (actor.now, app.entropy.clone());
    let _ = app.recorder.record_counts(now, || entropy.mark(now), true).await;
    let stopped = app.recorder.record(actor.event("server.stopped", Outcome::Success)).await;
    app.recorder.stop().await;
    if let Err(error) = stopped {
        tracing::error!(%error, "server.stop_not_recorded");
    }
    // What was recorded last is sealed too, and another may go on at once.
    let sealed = app.clone();
    let _ = tokio::task::spawn_blocking(move || {
        let _ = sealed.sealing.pass_blocking();
        sealed.sealing.stop_blocking();
    })
    .await;
    tracing::info!("server.stopped");
    Ok(())
}

/// Another process may keep a busy database to itself for a moment.
async fn record_start(app: &App) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let event = app.system().event("server.started", Outcome::Success);
        match app.recorder.record_patiently(event).await {
            Err(error) if begun.elapsed() > MOST_WAIT => return Err(error.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            Ok(()) => return Ok(()),
        }
    }
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("server.no_signals");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
