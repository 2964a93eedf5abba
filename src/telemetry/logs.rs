//! Log lines, on standard error: text for people, JSON for machines.
use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Starts logging for the whole process. A second call changes nothing.
///
/// # Errors
/// The sentence that says what is wrong with the filter.
pub fn start(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|error| format!("COUNTERSIGN_LOG_LEVEL: {error}"))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // Else a line that cannot be written is told on standard error too, and the
        // thread that logged it panics: a log on a full disk would stop the server.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    // Only the first start in a process takes effect; tests start many.
    let _ = if log.json { builder.json().try_init() } else { builder.try_init() };
    Ok(())
}
