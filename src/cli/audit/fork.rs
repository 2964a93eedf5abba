//! `countersign audit fork`.
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::admin;
use crate::cli::operator::Operator;
use crate::cli::output::Output;
use crate::host::Entropy;
use crate::keys::MasterKey;
use crate::sealing::{Sequencer, Sources};
use crate::telemetry::Metrics;

#[derive(Args)]
pub struct Fork {
    /// Begin the log anew: checkpoints of the old one will not be gone on from.
    #[arg(long)]
    acknowledge: bool,
    /// Why, for the audit log.
    #[arg(long, requires = "acknowledge")]
    reason: Option<String>,
}

impl Fork {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let master = MasterKey::load(&operator.config.master_key, false, &Entropy::System)?;
        let sources = Sources {
            store: operator.store.clone(),
            keys: operator.key_ring(master)?,
            clock: operator.clock.clone(),
            entropy: Entropy::System,
            metrics: Arc::new(Metrics::new()),
            chain: operator.config.instance.clone(),
            issuer: operator.config.issuer.url.clone(),
        };
        let sequencer = Sequencer::new(sources, &operator.config.sealing)?;
        let Some(found) = sequencer.look_blocking()? else {
            output.done("The log goes on from what was signed.", &json!({ "fork": null }));
            return Ok(());
        };
        if !self.acknowledge {
            anyhow::bail!("{found}; once that is explained: --acknowledge --reason …");
        }
        let reason = self.reason.filter(|reason| !reason.trim().is_empty());
        let Some(reason) = reason else { anyhow::bail!("say why, with --reason") };
        let issuer = operator.config.issuer.url.clone();
        let name = operator.act(|conn, actor| {
            admin::audit::acknowledge_fork(conn, actor, &issuer, (&found, &reason))
        })?;
        let signed = sequencer.begin_blocking()?;
        let sentence = format!(
            "The log goes on as {name}, from {} batches. Tell those who verify it: its keys have \
             that name now (countersign audit keys).",
            signed.checkpoint.size
        );
        let told = json!({ "fork": found, "log": name, "tree_size": signed.checkpoint.size });
        output.done(&sentence, &told);
        Ok(())
    }
}
