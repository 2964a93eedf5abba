//! Revocations win, though the database cannot take them.
use std::sync::Arc;

use super::App;
use crate::admin;
use crate::audit::condition::State;
use crate::model::revocation::Late;

impl App {
    /// What was kept in the journal is in force, and is written if it can be.
    pub fn take_up_journal(&self) {
        self.look_into_journal();
        self.replay_journal();
    }

    /// Makes a revocation count here though the database cannot take it, and
    /// keeps it on disk until it can.
    ///
    /// # Errors
    /// It counts here, and is forgotten when this process ends.
    pub async fn keep(self: &Arc<Self>, late: Late) -> std::io::Result<()> {
        self.revocations.add(&late.revocation);
        let app = self.clone();
        let kept = tokio::task::spawn_blocking(move || {
            app.journal.append(&late)?;
            app.look_into_journal();
            Ok(())
        });
        let kept = kept.await.unwrap_or_else(|panic| Err(std::io::Error::other(panic)));
        if let Err(error) = &kept {
            tracing::error!(%error, "revocations.not_kept");
        }
        kept
    }

    /// Takes up what was added to the journal, by this process or the command
    /// line.
    pub fn look_into_journal(&self) {
        match self.journal.look() {
            Ok(None) => {}
            Ok(Some(found)) => {
                for late in &found {
                    self.revocations.add(&late.revocation);
                }
                let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
                self.metrics.journal_revocations.set(count);
            }
            Err(error) => tracing::error!(%error, "revocations.journal_not_read"),
        }
    }

    /// Writes to the database what waits in the journal, when that can be.
    pub fn replay_journal(&self) {
        let waiting = self.journal.waiting();
        let state = self.recorder.condition().state();
        if waiting.is_empty() || !matches!(state, State::Ok | State::Low) {
            return;
        }
        let system = self.system();
        let written = self
            .store
            .write_blocking(|conn| admin::revocations::replay(conn, &system, &waiting))
            .map_err(|error| error.to_string())
            .and_then(|count| {
                self.journal.clear().map_err(|error| error.to_string())?;
                Ok(count)
            });
        match written {
            Ok(count) => {
                tracing::warn!(count, "revocations.replayed");
                self.metrics.journal_revocations.set(0);
                self.take_up_changes();
            }
            Err(error) => tracing::warn!(%error, "revocations.not_replayed"),
        }
    }
}
