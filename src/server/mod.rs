//! Open, listen, drain.
pub mod background;
pub mod health;
pub mod listeners;
pub mod parts;
pub mod retention;

use std::sync::Arc;
use std::time::Duration;

use crate::model::audit_event::Outcome;
use crate::web::App;

/// Why the server stopped, or never ran.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    #[error("cannot record the start in the audit log: {0}")]
    NotRecorded(#[from] crate::audit::NotRecorded),
    #[error(transparent)]
    Keys(#[from] crate::keys::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Serves until it is told to stop, then answers what is in flight, writes
/// what is queued, and returns. `started` is called once every door is open.
pub async fn run(app: Arc<App>, started: impl FnOnce()) -> Result<(), Error> {
    let actor = app.system();
    app.recorder.record(actor.event("server.started", Outcome::Success)).await?;
    let doors = listeners::open(&app)?;
    let tasks = background::start(&app)?;
    tracing::info!(issuer = app.config.issuer.url, listen = %app.config.listen, "server.started");
    started();
    stop_signal().await;
    tracing::info!("server.stopping");
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
