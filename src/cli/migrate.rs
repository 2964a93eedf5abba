//! `countersign migrate`.
use serde_json::json;

use super::operator::Operator;
use super::output::Output;
use crate::config::Config;
use crate::store::migrations;

pub fn run(config: Config, output: Output) -> anyhow::Result<()> {
    let operator = Operator::open(config)?;
    let applied = operator.read(migrations::applied)?;
    let newest = applied.last().cloned().unwrap_or_default();
    let sentence = format!("The schema is up to date ({} migrations).", applied.len());
    output.done(&sentence, &json!({ "migrations": applied.len(), "newest": newest }));
    Ok(())
}
