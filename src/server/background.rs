//! Work that nobody asked for: started here, stopped here.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use super::checkpointer::Checkpointer;
use super::disk::Disk;
use super::{parts, removal, retention};
use crate::admin::{approvals, guard, identities, links, passkeys};
use crate::oauth::revocation_feed::TYPE;
use crate::revocations::{Announcement, exposure};
use crate::sealing;
use crate::store::{self, break_glass, dismissals, sessions};
use crate::web::App;

/// How often changes of other processes are looked for.
const POLL: Duration = Duration::from_millis(250);

/// How often receivers of the revocation feed hear that it still runs.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How often it is looked whether new revocations are to be looked into.
const EXPLORE: Duration = Duration::from_secs(1);
/// How often status lists are looked at, whether or not something was revoked:
/// others open lists, and statements grow old.
const LOOK: Duration = Duration::from_millis(500);

/// How often it is looked whether a signing key is due for a change.
const KEYS: Duration = Duration::from_secs(30);

/// How often what is new in the audit log is sealed.
const SEAL: Duration = Duration::from_secs(1);

/// How often it is written who met a limit on tokens.
const MET: Duration = Duration::from_secs(2);

/// How often it is looked whether rows of the log are to go, and whether they have
/// a place to come to.
const RETAIN: Duration = Duration::from_mins(1);

pub struct Tasks {
    running: Vec<JoinHandle<()>>,
    streams: crate::streams::Running,
    checkpointer: Option<Checkpointer>,
}

/// Starts everything.
pub fn start(app: &Arc<App>) -> std::io::Result<Tasks> {
    let running = vec![
        tokio::spawn(poll(app.clone())),
        tokio::spawn(watch_journal(app.clone())),
        tokio::spawn(watch_disk(app.clone())),
        tokio::spawn(announce(app.clone())),
        tokio::spawn(explore(app.clone())),
        tokio::spawn(publish_status_lists(app.clone())),
        tokio::spawn(keep_keys(app.clone())),
        tokio::spawn(write_counts(app.clone())),
        tokio::spawn(write_met(app.clone())),
        tokio::spawn(sweep(app.clone())),
        tokio::spawn(seal(app.clone())),
        tokio::spawn(retain(app.clone())),
        tokio::spawn(make_parts(app.clone())),
    ];
    let checkpointer = if app.store.is_sqlite() { Some(Checkpointer::start(app)?) } else { None };
    Ok(Tasks { running, streams: app.streams.start()?, checkpointer })
}

impl Tasks {
    pub async fn stop(self) {
        for task in &self.running {
            task.abort();
        }
        let streams = self.streams;
        let _ = tokio::task::spawn_blocking(move || streams.stop_blocking()).await;
        if let Some(checkpointer) = self.checkpointer {
            let _ = tokio::task::spawn_blocking(|| checkpointer.stop_blocking()).await;
        }
    }
}

async fn poll(app: Arc<App>) {
    let mut last = Instant::now();
    let mut ticks = tokio::time::interval(POLL);
    loop {
        ticks.tick().await;
        app.metrics.registry_age_seconds.set(last.elapsed().as_secs_f64());
        let polled = app.clone();
        let polled = tokio::task::spawn_blocking(move || polled.refresh()).await;
        if let Ok(changed) = polled {
            last = Instant::now();
            if changed {
                // Not awaited: no change may wait for a key that is made.
                let app = app.clone();
                drop(tokio::task::spawn_blocking(move || app.reconcile_keys()));
            }
        }
    }
}

/// Takes up what is added to the journal of revocations, whatever the database
/// does, and writes it there as soon as that takes it.
async fn watch_journal(app: Arc<App>) {
    let mut replay: Option<JoinHandle<()>> = None;
    let mut ticks = tokio::time::interval(POLL);
    loop {
        ticks.tick().await;
        let looked = app.clone();
        let _ = tokio::task::spawn_blocking(move || looked.look_into_journal()).await;
        if replay.as_ref().is_none_or(JoinHandle::is_finished) {
            let app = app.clone();
            replay = Some(tokio::task::spawn_blocking(move || app.replay_journal()));
        }
    }
}

/// Stops issuing before the disk of an SQLite database is full.
async fn watch_disk(app: Arc<App>) {
    let wal = app.store.wal();
    let Some(folder) = wal.as_deref().and_then(std::path::Path::parent) else { return };
    let mut disk = Disk::new(folder, &app.config.emergency);
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        match disk.look() {
            Ok(space) => {
                app.recorder.condition().set_low(space.is_low);
                app.metrics.disk_free_bytes.set(i64::try_from(space.free).unwrap_or(i64::MAX));
            }
            Err(error) => tracing::warn!(%error, "disk.not_seen"),
        }
    }
}

/// Tells those who listen to the revocation feed what was taken up, and now
/// and then that nothing was: signed once for all of them.
async fn announce(app: Arc<App>) {
    let mut taken_up = app.revocations.watch();
    let mut since = app.revocations.position();
    loop {
        tokio::select! {
            _ = taken_up.changed() => {}
            () = tokio::time::sleep(HEARTBEAT) => {}
        }
        loop {
            let statement = app.revocations.statement(&app.config.issuer.url, since);
            let position = statement.position;
            match app.keys.sign_status(TYPE, &statement) {
                Ok(jwt) => app.revocations.announce(Announcement { position, jwt }),
                Err(error) => {
                    tracing::error!(%error, "revocations.not_announced");
                    break;
                }
            }
            since = position;
            if !statement.more {
                break;
            }
        }
    }
}

/// Finds out what new revocations hit, for the console.
async fn explore(app: Arc<App>) {
    let mut ticks = tokio::time::interval(EXPLORE);
    loop {
        ticks.tick().await;
        let (store, ttl) = (app.store.clone(), app.status_lists.ttl());
        let explored = tokio::task::spawn_blocking(move || exposure::explore(&store, ttl));
        if let Ok(Err(error)) = explored.await {
            tracing::warn!(%error, "revocations.not_explored");
        }
    }
}

/// Brings the status lists up to date.
async fn publish_status_lists(app: Arc<App>) {
    let mut taken_up = app.revocations.watch();
    loop {
        let lists = app.status_lists.clone();
        let looked = tokio::task::spawn_blocking(move || lists.look_blocking()).await;
        match looked {
            Ok(Ok(behind)) if behind => continue,
            Ok(Err(error)) => tracing::warn!(%error, "status_lists.not_published"),
            _ => {}
        }
        tokio::select! {
            _ = taken_up.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn write_counts(app: Arc<App>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let now = app.clock.now();
        let mark = || app.entropy.mark(now);
        if let Err(error) = app.recorder.record_counts(now, mark, false).await {
            tracing::error!(%error, "audit.counts_not_written");
        }
    }
}

/// Writes who met a limit on tokens, for people: a lost second is no loss.
async fn write_met(app: Arc<App>) {
    let mut ticks = tokio::time::interval(MET);
    loop {
        ticks.tick().await;
        app.write_met_limits().await;
    }
}

/// The timetable of signing keys moves on by itself.
async fn keep_keys(app: Arc<App>) {
    let mut ticks = tokio::time::interval(KEYS);
    loop {
        ticks.tick().await;
        let app = app.clone();
        let _ = tokio::task::spawn_blocking(move || app.reconcile_keys()).await;
    }
}

/// Seals what is new; or watches who does.
async fn seal(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SEAL);
    // What could not be sealed in time is not made up for by haste.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        let passed = tokio::task::spawn_blocking(move || app.sealing.pass_blocking()).await;
        match passed {
            // It was told when it was found.
            Ok(Ok(()) | Err(sealing::Error::Fork(_))) => {}
            Ok(Err(error)) => tracing::warn!(%error, "audit.not_sealed"),
            Err(error) => tracing::error!(%error, "audit.not_sealed"),
        }
    }
}

/// Removes what the log need not keep any more.
async fn retain(app: Arc<App>) {
    let mut ticks = tokio::time::interval(RETAIN);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        let passed = tokio::task::spawn_blocking(move || retention::pass_blocking(&app)).await;
        match passed {
            Ok(Ok(0)) => {}
            Ok(Ok(rows)) => tracing::info!(rows, "audit.pruned"),
            Ok(Err(error)) => tracing::warn!(%error, "audit.not_pruned"),
            Err(error) => tracing::error!(%error, "audit.not_pruned"),
        }
    }
}

/// Has a place ready for what is written next month.
async fn make_parts(app: Arc<App>) {
    let mut ticks = tokio::time::interval(RETAIN);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let app = app.clone();
        let passed = tokio::task::spawn_blocking(move || parts::pass_blocking(&app)).await;
        if let Ok(Err(error)) = passed {
            tracing::warn!(%error, "audit.parts_not_made");
        }
    }
}

/// Break-glass accounts are used on any server, and counted in the database.
pub async fn count_broken_glass(app: &App) {
    if let Ok(uses) = app.store.read(break_glass::uses).await {
        app.metrics.break_glass_uses.inner().store(uses.unsigned_abs(), Ordering::Relaxed);
    }
}

async fn sweep(app: Arc<App>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(30));
    loop {
        ticks.tick().await;
        app.secret_guesses.sweep();
        app.token_limits.sweep();
        app.password_guesses.sweep();
        app.challenges.sweep();
        app.openid_journeys.sweep();
        app.revocations.forget_expired();
        let now = app.clock.now();
        if let Err(error) = watch_approvals(&app).await {
            tracing::warn!(%error, "approvals.not_swept");
        }
        if let Err(error) = removal::pass(&app).await {
            tracing::warn!(%error, "applications.not_removed");
        }
        let swept = app
            .store
            .write(move |conn| {
                guard::sweep(conn, now)?;
                links::sweep(conn, now)?;
                dismissals::delete_expired(conn, now)?;
                identities::sweep(conn, now)?;
                passkeys::sweep(conn, now)?;
                sessions::delete_expired(conn, now)
            })
            .await;
        count_broken_glass(&app).await;
        if let Err(error) = swept {
            tracing::warn!(%error, "sessions.not_swept");
        }
        if let Err(error) = app.status_lists.sweep().await {
            tracing::warn!(%error, "status_lists.not_swept");
        }
    }
}

/// Ends what waited too long for a second person, and counts what waits.
pub async fn watch_approvals(app: &App) -> Result<(), crate::admin::Error> {
    let system = app.system();
    let now = system.now;
    let overdue = app.store.read(move |conn| store::approvals::overdue(conn, now)).await?;
    if !overdue.is_empty() {
        app.store.write(move |conn| approvals::expire(conn, &system)).await?;
    }
    let waiting = app.store.read(move |conn| store::approvals::waiting(conn, "", now)).await?;
    app.metrics.approvals_open.set(waiting.count);
    let oldest = waiting.oldest.map_or(0, |oldest| now.since(oldest).0);
    app.metrics.approvals_oldest_seconds.set(oldest);
    Ok(())
}
