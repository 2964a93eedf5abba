//! `countersign check`: the effective configuration, and whether it works.
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::output::{self, Output};
use crate::config::{self, Config};
use crate::host::{Clock, Entropy};
use crate::keys::{KeyRing, MasterKey};
use crate::store::{Conn, Store, migrations};
use crate::web::app::open_store;

pub fn run(config: &Config, output: Output) -> anyhow::Result<()> {
    let settings: Vec<Value> = config
        .effective
        .iter()
        .map(|effective| {
            json!({
                "setting": effective.setting.variable,
                "value": effective.value,
                "from": effective.source.as_str(),
                "about": effective.setting.about,
            })
        })
        .collect();
    let findings = diagnose(config);
    if output.json {
        output.object(&json!({ "settings": settings, "checks": findings }));
    } else {
        output.table(&["setting", "value", "from"], &settings);
        output::line("");
        output.table(&["check", "result", "detail"], &findings);
    }
    let failed = findings.iter().filter(|finding| finding["result"] == "failed").count();
    anyhow::ensure!(failed == 0, "{failed} of {} checks failed", findings.len());
    Ok(())
}

fn diagnose(config: &Config) -> Vec<Value> {
    let mut findings = Vec::new();
    let store = match open_store(config) {
        Ok(store) => {
            findings.push(finding("database", Ok(database(&store))));
            store
        }
        Err(error) => {
            findings.push(finding("database", Err(error.to_string())));
            return findings;
        }
    };
    findings.push(finding("schema", store.read_blocking(schema).map_err(|e| e.to_string())));
    findings.push(finding("master key", master_key(config, &store)));
    findings.push(finding("signing keys", signing_keys(config, &store)));
    findings
}

fn database(store: &Store) -> String {
    let kind = if store.is_sqlite() { "SQLite" } else { "PostgreSQL" };
    let version = |conn: &mut Conn| migrations::server_version(conn);
    let version = store.read_blocking(version).unwrap_or_else(|error| error.to_string());
    format!("{kind} {version}")
}

fn schema(conn: &mut Conn) -> Result<String, crate::store::Error> {
    let applied = migrations::applied(conn)?;
    Ok(format!("{} migrations, newest {}", applied.len(), applied.last().map_or("-", |n| n)))
}

fn master_key(config: &Config, store: &Store) -> Result<String, String> {
    let config::MasterKey::File(path) = &config.master_key else {
        return Ok("from the environment".to_owned());
    };
    if !path.exists() && store.is_sqlite() {
        return Ok(format!("{} will be made on the first start", path.display()));
    }
    let mode = std::fs::metadata(path)
        .map_err(|error| format!("{}: {error}", path.display()))?
        .permissions()
        .mode();
    if mode.trailing_zeros() >= 6 {
        Ok(path.display().to_string())
    } else {
        Err(format!("{} can be read by others: chmod 600 it", path.display()))
    }
}

fn signing_keys(config: &Config, store: &Store) -> Result<String, String> {
    let config::MasterKey::File(path) = &config.master_key else {
        return open_keys(config, store);
    };
    if path.exists() { open_keys(config, store) } else { Ok("none yet".to_owned()) }
}

/// Opens the stored keys; makes none.
fn open_keys(config: &Config, store: &Store) -> Result<String, String> {
    let master = MasterKey::load(&config.master_key, false, &Entropy::System)
        .map_err(|error| error.to_string())?;
    let stored =
        store.read_blocking(crate::store::signing_keys::all).map_err(|error| error.to_string())?;
    if stored.is_empty() {
        return Ok("none yet".to_owned());
    }
    let ring = KeyRing::open(store, master, &Clock::System).map_err(|error| error.to_string())?;
    drop(ring);
    Ok(format!("{} open under the master key", stored.len()))
}

fn finding(check: &str, result: Result<String, String>) -> Value {
    let (result, detail) = match result {
        Ok(detail) => ("ok", detail),
        Err(why) => ("failed", why),
    };
    json!({ "check": check, "result": result, "detail": detail })
}
