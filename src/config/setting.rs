//! Every setting there is: its names, its default, what it is for.
mod openid;

use std::collections::BTreeMap;
use std::path::Path;

use crate::texts::en;

#[derive(Debug)]
pub struct Setting {
    /// Its name in the file.
    pub key: &'static str,
    /// Its name in the environment.
    pub variable: &'static str,
    /// Empty: none.
    pub default: &'static str,
    pub about: &'static str,
    /// Whether its value must not be shown.
    pub secret: bool,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    Environment,
    File,
}

const fn plain(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting { key, variable, default, about, secret: false }
}

const fn secret(key: &'static str, variable: &'static str, about: &'static str) -> Setting {
    Setting { key, variable, default: "", about, secret: true }
}

const SETTINGS: &[Setting] = &[
    plain(
        "issuer",
        "COUNTERSIGN_ISSUER",
        "http://localhost:8080",
        "The public URL of this server; stands in every token as iss.",
    ),
    plain("listen", "COUNTERSIGN_LISTEN", "127.0.0.1:8080", "Address and port to listen on."),
    plain(
        "console_listen",
        "COUNTERSIGN_CONSOLE_LISTEN",
        "",
        "A separate address and port for the console; empty: the same as listen.",
    ),
    plain(
        "metrics_listen",
        "COUNTERSIGN_METRICS_LISTEN",
        "127.0.0.1:9090",
        "Address and port of /metrics, or off.",
    ),
    plain(
        "data_dir",
        "COUNTERSIGN_DATA_DIR",
        "./data",
        "Folder of the database and the master key.",
    ),
    secret(
        "database_url",
        "DATABASE_URL",
        en("sqlite://PATH or postgres://…; empty: countersign.db in data_dir."),
    ),
    plain(
        "connections",
        "COUNTERSIGN_CONNECTIONS",
        "8",
        "Most database connections of the pool. The console's pages have half as many of their own.",
    ),
    secret(
        "master_key",
        "COUNTERSIGN_MASTER_KEY",
        en("64 hexadecimal digits that seal private keys; instead of master_key_file."),
    ),
    plain(
        "master_key_file",
        "COUNTERSIGN_MASTER_KEY_FILE",
        "",
        "File with the master key; empty: master.key in data_dir, made when missing on SQLite.",
    ),
    plain(
        "pkcs11_module",
        "COUNTERSIGN_PKCS11_MODULE",
        "",
        "Library of a PKCS#11 token to make private keys in; empty: they are sealed in the database.",
    ),
    plain("pkcs11_token", "COUNTERSIGN_PKCS11_TOKEN", "", "Label of that token."),
    plain(
        "pkcs11_pin_file",
        "COUNTERSIGN_PKCS11_PIN_FILE",
        "",
        "File with the token's user PIN, for its owner alone.",
    ),
    plain(
        "instance",
        "COUNTERSIGN_INSTANCE",
        "main",
        "Name of this process's chain in the audit log; give each server its own.",
    ),
    plain(
        "trusted_proxies",
        "COUNTERSIGN_TRUSTED_PROXIES",
        "",
        "Networks whose X-Forwarded-For is believed, separated by commas.",
    ),
    plain(
        "allow_insecure_http",
        "COUNTERSIGN_ALLOW_INSECURE_HTTP",
        "false",
        "For development: an http issuer, or plain HTTP on a public address.",
    ),
    plain(
        "cached_clients",
        "COUNTERSIGN_CACHED_CLIENTS",
        "1000000",
        "Most clients kept in memory.",
    ),
    plain("workers", "COUNTERSIGN_WORKERS", "0", "Threads that serve requests; 0: one per core."),
    plain(
        "log_level",
        "COUNTERSIGN_LOG_LEVEL",
        "info,actix_server=warn,actix_http=off",
        en("error, warn, info, debug, or a filter."),
    ),
    plain("log_format", "COUNTERSIGN_LOG_FORMAT", "text", en("text or json.")),
    plain(
        "session_idle_minutes",
        "COUNTERSIGN_SESSION_IDLE_MINUTES",
        "30",
        "A console session ends after this long without a request.",
    ),
    plain(
        "session_hours",
        "COUNTERSIGN_SESSION_HOURS",
        "12",
        "A console session ends after this long in any case.",
    ),
    plain(
        "second_factor_required",
        "COUNTERSIGN_SECOND_FACTOR_REQUIRED",
        "",
        "Roles that sign in to the console with a second factor too, separated by commas.",
    ),
    plain(
        "two_persons_for",
        "COUNTERSIGN_TWO_PERSONS_FOR",
        "",
        "Acts that take two persons, separated by commas: kill_all, key_retirement, roles.",
    ),
    plain(
        "approval_days",
        "COUNTERSIGN_APPROVAL_DAYS",
        "7",
        "Days that an act may wait for a second person, 1 to 90.",
    ),
    plain(
        "passkey_origin",
        "COUNTERSIGN_PASSKEY_ORIGIN",
        "",
        "Where browsers find the console, for passkeys; the issuer's host if empty.",
    ),
    plain(
        "key_lead_seconds",
        "COUNTERSIGN_KEY_LEAD_SECONDS",
        "86400",
        "A signing key is published for this long before it signs.",
    ),
    plain(
        "key_rotation_days",
        "COUNTERSIGN_KEY_ROTATION_DAYS",
        "90",
        "A signing key signs for this long; 0: until somebody rotates it.",
    ),
    plain(
        "jwks_cache_seconds",
        "COUNTERSIGN_JWKS_CACHE_SECONDS",
        "300",
        "How long verifiers may keep the published keys; at most key_lead_seconds.",
    ),
    plain(
        "revocation_patience_seconds",
        "COUNTERSIGN_REVOCATION_PATIENCE_SECONDS",
        "5",
        "Introspection and the gate answer 503 once revocations could not be read for this long.",
    ),
    plain(
        "shutdown_seconds",
        "COUNTERSIGN_SHUTDOWN_SECONDS",
        "10",
        "How long requests in flight may take once the server is told to stop.",
    ),
    plain(
        "request_seconds",
        "COUNTERSIGN_REQUEST_SECONDS",
        "5",
        "How long a caller may take to send the head of a request, and again for its body.",
    ),
    plain(
        "requests_in_flight",
        "COUNTERSIGN_REQUESTS_IN_FLIGHT",
        "2048",
        "Most token requests that are worked on at a time; others are told to come back.",
    ),
    plain(
        "tokens_per_minute",
        "COUNTERSIGN_TOKENS_PER_MINUTE",
        "0",
        "Most tokens a minute for each application that has no limit of its own; 0: no limit.",
    ),
    plain(
        "tokens_per_minute_watched",
        "COUNTERSIGN_TOKENS_PER_MINUTE_WATCHED",
        "false",
        "Only count who would be refused by tokens_per_minute.",
    ),
    plain(
        "authorization_endpoint",
        "COUNTERSIGN_AUTHORIZATION_ENDPOINT",
        "true",
        "Name an authorization endpoint that refuses everything, for clients that demand one.",
    ),
    plain(
        "status_list_ttl_seconds",
        "COUNTERSIGN_STATUS_LIST_TTL_SECONDS",
        "30",
        "How long an API may keep a status list; so long it may take a revoked token. 5 to 3600.",
    ),
    plain(
        "checkpoint_file",
        "COUNTERSIGN_CHECKPOINT_FILE",
        "",
        "Where the last checkpoint of the audit log is kept; empty: checkpoint in data_dir. Not \
         to be restored with the database.",
    ),
    plain(
        "revocation_journal",
        "COUNTERSIGN_REVOCATION_JOURNAL",
        "",
        "Where revocations are kept that the database cannot take; empty: revocations.journal beside \
         the checkpoint file. The command line writes to it too.",
    ),
    plain(
        "disk_low_mb",
        "COUNTERSIGN_DISK_LOW_MB",
        "256",
        "With less space left beside an SQLite database no tokens are issued, MiB; 0: as long as \
         there is any.",
    ),
    plain(
        "disk_reserve_mb",
        "COUNTERSIGN_DISK_RESERVE_MB",
        "64",
        "Space beside an SQLite database that is set aside for acts and revocations, MiB; 0: none.",
    ),
    plain(
        "audit_retention_days",
        "COUNTERSIGN_AUDIT_RETENTION_DAYS",
        "0",
        "Rows of the audit log that are older are removed once a day: 7 or more; 0: never.",
    ),
    plain(
        "witnesses",
        "COUNTERSIGN_WITNESSES",
        "",
        "Who signs checkpoints too: URL and verifier key with a space between, by commas.",
    ),
    plain(
        "public_log",
        "COUNTERSIGN_PUBLIC_LOG",
        "false",
        "Let anybody read checkpoints, tiles and batch records of the audit log: no rows.",
    ),
    plain(
        "languages",
        "COUNTERSIGN_LANGUAGES",
        "",
        "Folder with catalogues, .po, of what the console says; empty: English alone.",
    ),
    plain(
        "streams_file",
        "COUNTERSIGN_STREAMS_FILE",
        "",
        "File that says where copies of the audit log go; empty: nowhere.",
    ),
];

/// All of them, as they are shown.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(openid::SETTINGS)
}

/// Every setting's text and where it came from, by key.
pub type Raw = BTreeMap<&'static str, (String, Source)>;

/// Puts environment over file over defaults, and complains of unknown keys.
pub fn gather(
    environment: &BTreeMap<String, String>,
    file: Option<(&Path, &str)>,
    errors: &mut Vec<String>,
) -> Raw {
    let in_file = file.map(|(path, text)| read_file(path, text, errors)).unwrap_or_default();
    for name in environment.keys().filter(|name| name.starts_with("COUNTERSIGN_")) {
        let known = all().any(|setting| setting.variable == name);
        if !known && name != "COUNTERSIGN_CONFIG" && name != "COUNTERSIGN_PASSWORD" {
            errors.push(format!("{name} is not a setting"));
        }
    }
    let value = |setting: &Setting| {
        let from_environment = environment.get(setting.variable).filter(|value| !value.is_empty());
        match (from_environment, in_file.get(setting.key)) {
            (Some(value), _) => (value.clone(), Source::Environment),
            (None, Some(value)) => (value.clone(), Source::File),
            (None, None) => (setting.default.to_owned(), Source::Default),
        }
    };
    all().map(|setting| (setting.key, value(setting))).collect()
}

fn read_file(path: &Path, text: &str, errors: &mut Vec<String>) -> BTreeMap<String, String> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            errors.push(format!("{}: {error}", path.display()));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if !all().any(|setting| setting.key == key) {
            errors.push(format!("{}: {key} is not a setting", path.display()));
            continue;
        }
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(truth) => truth.to_string(),
            toml::Value::Array(items) => {
                items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
            }
            _ => {
                errors.push(format!("{}: {key} must be text or a number", path.display()));
                continue;
            }
        };
        values.insert(key, text);
    }
    values
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Environment => "environment",
            Self::File => "file",
        }
    }
}
