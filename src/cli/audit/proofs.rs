//! `countersign audit prove`, `check-proof`, `consistency` and `keys`.
use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Value, json};

use super::verification::{read_checkpoint, read_keys};
use crate::cli::operator::Operator;
use crate::cli::output::{self, Exit, Output, time};
use crate::keys::checkpoints::verifier_keys;
use crate::model::proof::Proof;
use crate::model::tree_proof::extends;
use crate::oauth::UnixTime;
use crate::sealing::proving::{self, Unproved};
use crate::store::{audit_seals, audit_tree, signing_keys};

#[derive(Args)]
pub struct Prove {
    /// The row's id. A token's `jti` is the id of the row that it was issued
    /// with; a request id is one with `req_` before it.
    #[arg(long, alias = "jti", value_name = "JTI")]
    id: String,
    /// Where to write the proof; else standard output.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Prove {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let id = self.id.strip_prefix("req_").unwrap_or(&self.id).to_owned();
        let proof = match operator.store.read_blocking(|conn| proving::prove(conn, &id)) {
            Ok(proof) => proof,
            Err(Unproved::NotThere) => anyhow::bail!("there is no row {id}"),
            Err(why @ Unproved::Redacted) => anyhow::bail!("{id}: {why}"),
            Err(Unproved::NotSealed) => {
                let sentence = format!(
                    "row {id} is in no signed tree yet: a running server seals within seconds"
                );
                return Err(Exit { code: 13, sentence }.into());
            }
            Err(Unproved::Store(error)) => return Err(error.into()),
        };
        let text = proof.to_string();
        let Some(path) = self.out else {
            output::line(text.trim_end());
            return Ok(());
        };
        std::fs::write(&path, &text).with_context(|| path.display().to_string())?;
        let sentence = format!("{} bytes, {} of them the row", text.len(), proof.body.len());
        let told = json!({
            "file": path.display().to_string(),
            "bytes": text.len(),
            "row_bytes": proof.body.len(),
        });
        output.done(&sentence, &told);
        Ok(())
    }
}

#[derive(Args)]
pub struct CheckProof {
    file: PathBuf,
    /// A verifier key, or a file of them.
    #[arg(long)]
    key: String,
}

impl CheckProof {
    pub fn run(self, output: Output) -> anyhow::Result<()> {
        let name = self.file.display();
        let text = std::fs::read_to_string(&self.file).with_context(|| name.to_string())?;
        let proof = Proof::parse(&text).map_err(|why| anyhow::anyhow!("{name}: {why}"))?;
        let proved = proof
            .check(&read_keys(&self.key)?)
            .map_err(|why| Exit { code: 10, sentence: format!("{name} proves nothing: {why}") })?;
        let signed = proved.signed_at.and_then(|at| i64::try_from(at).ok());
        let event: Value = serde_json::from_str(&proof.body).unwrap_or(Value::Null);
        output.object(&json!({
            "proved": true,
            "log": proof.checkpoint.checkpoint.origin,
            "signed_at": signed.map(|at| time(UnixTime::from_seconds(at))),
            "tree_size": proof.checkpoint.checkpoint.size,
            "entry": proof.entry,
            "chain": proved.batch.chain,
            "batch": proved.batch.number,
            "position": proved.position,
            "event": event,
        }));
        Ok(())
    }
}

#[derive(Args)]
pub struct Consistency {
    old: PathBuf,
    new: PathBuf,
    /// A verifier key, or a file of them; else those in the database.
    #[arg(long)]
    key: Option<String>,
}

impl Consistency {
    pub fn run(self, operator: &Operator, output: Output) -> anyhow::Result<()> {
        let (old, new) = (read_checkpoint(&self.old)?, read_checkpoint(&self.new)?);
        let given = self.key.as_deref().map(read_keys).transpose()?;
        let stored = operator.read(signing_keys::all)?;
        for (path, signed) in [(&self.old, &old), (&self.new, &new)] {
            let known = verifier_keys(&stored, &signed.checkpoint.origin).map(|(_, key)| key);
            let keys = given.clone().unwrap_or_else(|| known.collect());
            if !matches!(signed.signer(&keys), Ok(Some(_))) {
                let sentence = format!("{} is not signed by the log's keys", path.display());
                return Err(Exit { code: 10, sentence }.into());
            }
        }
        let (old, new) = (old.checkpoint, new.checkpoint);
        let size = operator.read(audit_tree::find)?.size;
        let forked = || Exit {
            code: 12,
            sentence: format!(
                "the tree of {} batches does not go on from the one of {}",
                new.size, old.size
            ),
        };
        let proof = operator
            .store
            .read_blocking(|conn| audit_seals::tree(conn, size).consistency(old.size, new.size));
        let proof = proof.map_err(|_| forked())?;
        if !extends(&proof, (old.size, &old.root), (new.size, &new.root)) {
            return Err(forked().into());
        }
        let proof: Vec<String> = proof.iter().map(|hash| STANDARD.encode(hash)).collect();
        let sentence =
            format!("the tree of {} batches goes on from the one of {}", new.size, old.size);
        output.done(&sentence, &json!({ "old": old.size, "new": new.size, "proof": proof }));
        Ok(())
    }
}

/// One on each line, the newest first, as `--key` takes them.
pub fn keys(operator: &Operator, output: Output) -> anyhow::Result<()> {
    let state = operator.read(audit_tree::find)?;
    anyhow::ensure!(!state.origin.is_empty(), "nothing was sealed yet: start the server");
    let stored = operator.read(signing_keys::all)?;
    let rows: Vec<Value> = verifier_keys(&stored, &state.origin)
        .map(|(key, verifier)| {
            json!({
                "key": verifier.text(),
                "state": key.state.as_str(),
                "signs_from": key.current_from.map(time),
                "signed_until": key.ended_at.map(time),
            })
        })
        .collect();
    if output.json {
        output.object(&Value::from(rows));
        return Ok(());
    }
    for row in &rows {
        output::line(format!("# {}", row["state"].as_str().unwrap_or_default()));
        output::line(row["key"].as_str().unwrap_or_default());
    }
    Ok(())
}
