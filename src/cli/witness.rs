//! `countersign witness`.
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::audit::verification::read_keys;
use super::output;
use crate::config::Config;
use crate::host::Clock;
use crate::telemetry::logs;
use crate::witness::{self, Memory};

#[derive(Args)]
pub struct Witness {
    /// The name it signs with, such as witness.auditor.example/countersign.
    #[arg(long)]
    name: String,
    /// A log to watch: its verifier key, or a file of them.
    #[arg(long, required = true)]
    log: Vec<String>,
    /// Where its key and what it has seen are kept.
    #[arg(long, default_value = "./witness")]
    folder: PathBuf,
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

impl Witness {
    pub fn run(self, config: &Config) -> anyhow::Result<()> {
        logs::start(&config.log).map_err(anyhow::Error::msg)?;
        let mut logs = Vec::new();
        for given in &self.log {
            logs.extend(read_keys(given)?);
        }
        let memory = Memory::open(&self.folder, &self.name, logs)?;
        let key = memory.key().text();
        let started = move |at| {
            output::tell(format!("Witness key: {key}"));
            output::tell(format!(
                "For the log's server: COUNTERSIGN_WITNESSES=\"http://{at} {key}\""
            ));
        };
        let serve = witness::run(memory, Clock::System, self.listen, started);
        Ok(actix_web::rt::System::new().block_on(serve)?)
    }
}
