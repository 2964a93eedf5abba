//! `countersign check`: the effective configuration, and whether it works.
//! Looks and changes nothing: no schema, no key, no folder is made here.
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::output::{self, Output};
use crate::config::{self, Config};
use crate::host::{Clock, Entropy};
use crate::keys::{Error, Hsm, KeyRing, MasterKey};
use crate::model::signing_key::SigningKey;
use crate::oauth::algorithm::Algorithm;
use crate::store::{Conn, Database, migrations, signing_keys};
use crate::texts::Texts;
use crate::web::opening::open_provider;

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
    let mut findings = vec![finding("data folder", data_folder(&config.data_dir))];
    let database = match Database::parse(&config.database_url.0) {
        Ok(database) => database,
        Err(why) => {
            findings.push(finding("database", Err(why)));
            return findings;
        }
    };
    let mut stored = Vec::new();
    if missing(&database) {
        let detail = format!("{database:?} will be made on the first start");
        findings.push(finding("database", Ok(detail)));
    } else {
        match database.connect() {
            Ok(mut conn) => look_inside(&database, &mut conn, &mut findings, &mut stored),
            Err(error) => findings.push(finding("database", Err(error.to_string()))),
        }
    }
    let is_sqlite = matches!(database, Database::Sqlite { .. });
    let master = master_key(config, is_sqlite && stored.is_empty());
    let hsm = Hsm::configured(config.pkcs11.as_ref());
    let opened = match (&master, &hsm) {
        (Ok((None, _)), _) => Ok("none yet".to_owned()),
        (Ok((Some(master), _)), Ok(hsm)) => open_all(master, hsm.as_ref(), &stored),
        (Err(_), _) => Err("there is no master key to open them with".to_owned()),
        (_, Err(_)) => Err("the PKCS#11 token does not open".to_owned()),
    };
    findings.push(finding("master key", master.map(|(_, detail)| detail)));
    if let Some(place) = &config.pkcs11 {
        findings.push(finding("PKCS#11 token", token(hsm, &place.token)));
    }
    findings.push(finding("signing keys", opened));
    if config.openid.is_some() {
        findings.push(finding("OpenID provider", provider(config)));
    }
    if let Some(folder) = &config.languages {
        let read = config::languages::read(folder);
        let told = |texts: Texts| format!("{} besides English", texts.offered().count());
        findings.push(finding("languages", read.map(told)));
    }
    if let Some(path) = &config.streams_file {
        let read = config::streams::read(path);
        findings.push(finding("streams", read.map(|all| format!("{} configured", all.len()))));
    }
    findings
}

/// SQLite makes the file that it is to open.
fn missing(database: &Database) -> bool {
    matches!(database, Database::Sqlite { path } if !Path::new(path).exists())
}

fn look_inside(
    database: &Database,
    conn: &mut Conn,
    findings: &mut Vec<Value>,
    stored: &mut Vec<SigningKey>,
) {
    let kind = match database {
        Database::Sqlite { .. } => "SQLite",
        Database::Postgres { .. } => "PostgreSQL",
    };
    let version = migrations::server_version(conn).map_err(|error| error.to_string());
    let place = |version| format!("{kind} {version} at {database:?}");
    findings.push(finding("database", version.map(place)));
    match migrations::state(conn) {
        Err(error) => findings.push(finding("schema", Err(error.to_string()))),
        Ok(schema) => {
            let newest = schema.applied.last().map_or("-", |name| name);
            let rest = match schema.pending {
                0 => String::new(),
                count => format!("; {count} more on the next start"),
            };
            let detail = format!("{} migrations, newest {newest}{rest}", schema.applied.len());
            findings.push(finding("schema", Ok(detail)));
            // An older schema is read by the release that made it.
            if schema.pending == 0 {
                match signing_keys::all(conn) {
                    Ok(keys) => {
                        stored.extend(keys.into_iter().filter(|key| key.state.is_published()));
                    }
                    Err(error) => findings.push(finding("stored keys", Err(error.to_string()))),
                }
            }
        }
    }
}

fn data_folder(folder: &Path) -> Result<String, String> {
    let shown = folder.display();
    let Ok(metadata) = std::fs::metadata(folder) else {
        return Ok(format!("{shown} is not there; made when it is needed"));
    };
    let mode = metadata.permissions().mode();
    if !metadata.is_dir() {
        Err(format!("{shown} is no folder"))
    } else if mode & 0o002 != 0 {
        Err(format!("{shown} can be written to by everybody: chmod 700 it"))
    } else if mode & 0o004 != 0 {
        Ok(format!("{shown} can be read by everybody on this machine; 700 is enough"))
    } else {
        Ok(shown.to_string())
    }
}

/// The master key and where it is from. `may_come`: nothing was sealed yet, so
/// the first start may make it.
fn master_key(config: &Config, may_come: bool) -> Result<(Option<MasterKey>, String), String> {
    let load = || {
        MasterKey::load(&config.master_key, false, &Entropy::System)
            .map_err(|error| error.to_string())
    };
    let config::MasterKey::File(path) = &config.master_key else {
        return Ok((Some(load()?), "from the environment".to_owned()));
    };
    let shown = path.display();
    let Ok(metadata) = std::fs::metadata(path) else {
        if may_come {
            return Ok((None, format!("{shown} will be made on the first start")));
        }
        return load().map(|key| (Some(key), shown.to_string()));
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(format!("{shown} can be read by others: chmod 600 it"));
    }
    Ok((Some(load()?), shown.to_string()))
}

/// Whether the provider says what it is.
fn provider(config: &Config) -> Result<String, String> {
    let provider = open_provider(config).map_err(|error| error.to_string())?;
    provider.map_or(Ok(String::new()), |provider| provider.check(Clock::System.now()))
}

/// Whether the token let us in, and what it is good for.
fn token(hsm: Result<Option<Arc<Hsm>>, Error>, label: &str) -> Result<String, String> {
    let algorithms = hsm.and_then(|hsm| hsm.map_or(Ok(Vec::new()), |hsm| hsm.algorithms()));
    let algorithms = algorithms.map_err(|error| error.to_string())?;
    let names: Vec<&str> = algorithms.into_iter().map(Algorithm::as_str).collect();
    Ok(format!("{label} opens, and makes keys for {}", names.join(", ")))
}

fn open_all(
    master: &MasterKey,
    hsm: Option<&Arc<Hsm>>,
    stored: &[SigningKey],
) -> Result<String, String> {
    let ring = KeyRing::new(master.clone()).with_hsm(hsm.cloned());
    ring.load(stored).map_err(|error| error.to_string())?;
    Ok(match stored.len() {
        0 => "none yet".to_owned(),
        count => format!("{count} open under the master key"),
    })
}

fn finding(check: &str, result: Result<String, String>) -> Value {
    let (result, detail) = match result {
        Ok(detail) => ("ok", detail),
        Err(why) => ("failed", why),
    };
    json!({ "check": check, "result": result, "detail": detail })
}
