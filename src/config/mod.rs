//! Configuration: read once, checked whole, then passed by value.
//!
//! A value comes from the environment, else from the file that
//! `COUNTERSIGN_CONFIG` names, else it is the default. A key nobody knows is an
//! error in either: a typing mistake must not quietly leave a default.
pub mod languages;
mod number;
pub mod openid;
mod parse;
mod roles;
pub mod setting;
pub mod streams;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use zeroize::Zeroizing;

use crate::model::approval::Policy;
use crate::model::role::Role;
pub use parse::Passkeys;
use setting::{Setting, Source};

use crate::oauth::limit::Limit;

/// What the server and the commands run with.
#[derive(Clone, Debug)]
pub struct Config {
    pub issuer: Issuer,
    pub listen: SocketAddr,
    /// The console on a door of its own; `None`: on the same as OAuth.
    pub console_listen: Option<SocketAddr>,
    /// `None`: no metrics.
    pub metrics_listen: Option<SocketAddr>,
    pub data_dir: PathBuf,
    pub database_url: Secret,
    pub connections: u32,
    pub master_key: MasterKey,
    /// `None`: private keys are sealed in the database.
    pub pkcs11: Option<Pkcs11>,
    /// Names the chain that this machine's audit rows are linked in.
    pub instance: String,
    pub trusted_proxies: Vec<IpNet>,
    pub cached_clients: u64,
    pub workers: usize,
    pub log: Log,
    pub session_idle_minutes: i64,
    pub session_hours: i64,
    /// Who needs a second factor to sign in; others may have one.
    pub second_factor_required: Vec<Role>,
    /// What takes two persons, besides what is marked sensitive.
    pub two_persons: Policy,
    /// `None`: where the console is, there can be none.
    pub passkeys: Option<Passkeys>,
    /// Who else may say who people are; `None`: nobody.
    pub openid: Option<openid::OpenId>,
    pub keys: Keys,
    pub revocation_patience_seconds: i64,
    pub shutdown_seconds: u64,
    pub limits: Limits,
    pub authorization_endpoint: bool,
    /// How long a verifier may keep a status list.
    pub status_list_ttl_seconds: i64,
    pub sealing: Sealing,
    pub emergency: Emergency,
    /// The folder of the console's catalogues; `None`: it is in English alone.
    pub languages: Option<PathBuf>,
    /// Says where copies of the log go; `None`: nowhere.
    pub streams_file: Option<PathBuf>,
    /// How long rows of the audit log are kept; `None`: for ever.
    pub retention_days: Option<i64>,
    /// Every setting as it took effect, for `countersign check`.
    pub effective: Vec<Effective>,
}

/// The URL that stands in `iss`, and that all others are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// As it was configured, to the letter.
    pub url: String,
    /// The path below which our endpoints are, without a slash at the end.
    pub path: String,
    pub is_https: bool,
}

/// Where the key that seals others comes from.
#[derive(Clone, Debug)]
pub enum MasterKey {
    Value(Secret),
    File(PathBuf),
}

/// The PKCS#11 token that new private keys are made in.
#[derive(Clone, Debug)]
pub struct Pkcs11 {
    /// A library to load.
    pub module: PathBuf,
    /// Its label.
    pub token: String,
    pub pin_file: PathBuf,
}

/// What a caller may take from the others.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request, and again for its body.
    pub request_seconds: u64,
    /// Token requests that are worked on at a time.
    pub requests_in_flight: usize,
    /// On the tokens of each application that has no limit of its own.
    pub tokens: Option<Limit>,
}

/// When signing keys change.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    pub lead_seconds: i64,
    /// 0: never by themselves.
    pub rotation_days: i64,
    pub jwks_cache_seconds: i64,
}

/// How the audit log is sealed, and who may see that.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// Where the last checkpoint is kept outside the database.
    pub checkpoint_file: PathBuf,
    pub witnesses: Vec<Witness>,
    /// Anybody may read checkpoints, tiles and records of batches.
    pub public: bool,
}

/// What is kept free and where, for when the database cannot be written.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// Revocations that the database could not take.
    pub journal: PathBuf,
    /// With less space left beside an SQLite file no tokens are issued, MiB.
    pub disk_low_mb: u64,
    /// How much is set aside to be given up when there is none left, MiB.
    pub disk_reserve_mb: u64,
}

/// Who signs checkpoints too.
#[derive(Clone, Debug)]
pub struct Witness {
    /// What `/add-checkpoint` stands below.
    pub url: String,
    /// Its verifier key, as text.
    pub key: String,
}

#[derive(Clone, Debug)]
pub struct Log {
    /// A filter in the words of `tracing`: `info`, `countersign=debug` …
    pub level: String,
    pub json: bool,
}

/// Text that is not printed.
#[derive(Clone)]
pub struct Secret(pub Zeroizing<String>);

/// A setting, its value as it may be shown, and where it came from.
#[derive(Clone, Debug)]
pub struct Effective {
    pub setting: &'static Setting,
    pub value: String,
    pub source: Source,
}

/// One sentence per thing that is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Error(pub Vec<String>);

impl Config {
    /// Reads the environment, and the file it names.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first.
    pub fn read(environment: impl Iterator<Item = (String, String)>) -> Result<Self, Error> {
        let environment: BTreeMap<String, String> = environment.collect();
        let file = match environment.get("COUNTERSIGN_CONFIG") {
            None => None,
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Error(vec![format!("COUNTERSIGN_CONFIG {path}: {error}")]))?;
                Some((PathBuf::from(path), text))
            }
        };
        let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        Self::from_values(&environment, file)
    }

    /// [`Config::read`] without touching anything: the text of the file is
    /// given.
    pub fn from_values(
        environment: &BTreeMap<String, String>,
        file: Option<(&Path, &str)>,
    ) -> Result<Self, Error> {
        let mut errors = Vec::new();
        let raw = setting::gather(environment, file, &mut errors);
        let config = parse::config(&raw, &mut errors);
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(Error(errors)),
        }
    }

    /// The URL of `path` below the issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.url.trim_end_matches('/'))
    }

    /// The URL of `path` in the console: at the root of the issuer's host, or
    /// of its own door.
    pub fn console_url(&self, path: &str) -> String {
        if let Some(address) = self.console_listen {
            return format!("http://{address}{path}");
        }
        let origin = self.issuer.url.trim_end_matches('/').trim_end_matches(&self.issuer.path);
        format!("{origin}{path}")
    }
}

impl Issuer {
    /// The host of its URL.
    pub fn host(&self) -> String {
        let url = url::Url::parse(&self.url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Effective {
    /// Whether it was set to something else than its default.
    pub fn differs(&self) -> bool {
        self.source != Source::Default && self.value != self.setting.default
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}
