//! From texts to a checked configuration.
mod approvals;
mod emergency;
mod limits;
mod logs;
mod numbers;
mod openid;
mod passkeys;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::number::retention;
use super::roles::roles;
use super::setting::{self, Raw, Source};
use super::{Config, Effective, Issuer, Keys, MasterKey, Pkcs11, Sealing, Secret, Witness};

pub use passkeys::Passkeys;

/// Reads every setting; what is wrong is added to `errors`.
pub fn config(raw: &Raw, errors: &mut Vec<String>) -> Option<Config> {
    let mut reader = Reader { raw, errors };
    let data_dir = PathBuf::from(reader.text("data_dir"));
    let insecure = reader.parsed::<bool>("allow_insecure_http", "true or false");
    let issuer = reader.checked("issuer", |text| issuer(text, insecure.unwrap_or(false)));
    let listen =
        reader.parsed::<SocketAddr>("listen", "an address and port, such as 127.0.0.1:8080");
    let console_listen =
        reader.optional::<SocketAddr>("console_listen", "an address and port, or nothing");
    let metrics_listen = reader.metrics_listen();
    let trusted_proxies = reader.checked("trusted_proxies", networks);
    let (master_key, pkcs11) = (reader.master_key(&data_dir), reader.pkcs11());
    let (log, instance) = (reader.log(), reader.checked("instance", instance));
    let numbers = reader.numbers();
    let (second_factor, openid) =
        (reader.checked("second_factor_required", roles), reader.openid());
    let two_persons = reader.two_persons();
    let passkeys = reader.passkeys(issuer.as_ref(), console_listen.flatten());
    let (keys, kept) = (reader.keys(), reader.checked("audit_retention_days", retention));
    let authorization_endpoint = reader.parsed("authorization_endpoint", "true or false");
    let (limits, sealing) = (reader.limits(), reader.sealing(&data_dir));
    let sealing = sealing?;
    let config = Config {
        issuer: issuer?,
        listen: listen?,
        console_listen: console_listen?,
        metrics_listen: metrics_listen?,
        database_url: reader.database_url(&data_dir),
        data_dir,
        connections: numbers.connections?,
        master_key: master_key?,
        pkcs11: pkcs11?,
        instance: instance?,
        trusted_proxies: trusted_proxies?,
        cached_clients: numbers.cached_clients?,
        workers: numbers.workers?,
        log: log?,
        session_idle_minutes: numbers.session_idle_minutes?,
        session_hours: numbers.session_hours?,
        second_factor_required: second_factor?,
        openid: openid?,
        two_persons: two_persons?,
        passkeys: passkeys?,
        shutdown_seconds: numbers.shutdown_seconds?,
        revocation_patience_seconds: numbers.revocation_patience_seconds?,
        limits: limits?,
        keys: keys?,
        authorization_endpoint: authorization_endpoint?,
        status_list_ttl_seconds: numbers.status_list_ttl_seconds?,
        emergency: reader.emergency(&sealing.checkpoint_file)?,
        sealing,
        languages: reader.path("languages"),
        streams_file: reader.path("streams_file"),
        retention_days: kept?,
        effective: effective(raw),
    };
    refuse_open_doors(&config, insecure.unwrap_or(false), errors);
    Some(config)
}

struct Reader<'a> {
    raw: &'a Raw,
    errors: &'a mut Vec<String>,
}

impl<'a> Reader<'a> {
    fn text(&self, key: &str) -> &'a str {
        self.raw.get(key).map_or("", |(text, _)| text.as_str())
    }

    fn database_url(&self, data_dir: &Path) -> Secret {
        Secret(Zeroizing::new(match self.text("database_url") {
            "" => format!("sqlite://{}", data_dir.join("countersign.db").display()),
            url => url.to_owned(),
        }))
    }

    /// `None`: the setting is empty.
    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.text(key)).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    fn checked<T>(&mut self, key: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match read(self.text(key)) {
            Ok(value) => Some(value),
            Err(why) => {
                let variable = setting::all().find(|setting| setting.key == key);
                let name = variable.map_or(key, |setting| setting.variable);
                self.errors.push(format!("{name}: {why}"));
                None
            }
        }
    }

    fn parsed<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.checked(key, |text| text.parse().map_err(|_| format!("{text:?} is not {expected}")))
    }

    #[expect(clippy::option_option, reason = "outer: could be read; inner: was given")]
    fn optional<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<Option<T>> {
        if self.text(key).is_empty() { Some(None) } else { self.parsed(key, expected).map(Some) }
    }

    #[expect(clippy::option_option, reason = "outer: could be read; inner: is on")]
    fn metrics_listen(&mut self) -> Option<Option<SocketAddr>> {
        match self.text("metrics_listen") {
            "off" => Some(None),
            _ => self.parsed("metrics_listen", "an address and port, or off").map(Some),
        }
    }

    fn keys(&mut self) -> Option<Keys> {
        let keys = Keys {
            lead_seconds: self.parsed("key_lead_seconds", "a number")?,
            rotation_days: self.parsed("key_rotation_days", "a number")?,
            jwks_cache_seconds: self.parsed("jwks_cache_seconds", "a number")?,
        };
        if keys.jwks_cache_seconds < 0 || keys.lead_seconds < keys.jwks_cache_seconds {
            self.errors.push(
                "COUNTERSIGN_KEY_LEAD_SECONDS: a key must be published for as long as verifiers \
                 keep the keys they know, COUNTERSIGN_JWKS_CACHE_SECONDS"
                    .to_owned(),
            );
            return None;
        }
        if keys.rotation_days < 0 {
            self.errors.push("COUNTERSIGN_KEY_ROTATION_DAYS: give days, or 0".to_owned());
            return None;
        }
        Some(keys)
    }

    fn master_key(&mut self, data_dir: &Path) -> Option<MasterKey> {
        match (self.text("master_key"), self.text("master_key_file")) {
            ("", "") => Some(MasterKey::File(data_dir.join("master.key"))),
            ("", path) => Some(MasterKey::File(PathBuf::from(path))),
            (value, "") => Some(MasterKey::Value(Secret(Zeroizing::new(value.to_owned())))),
            _ => {
                self.errors.push(
                    "COUNTERSIGN_MASTER_KEY and COUNTERSIGN_MASTER_KEY_FILE: set one of them"
                        .to_owned(),
                );
                None
            }
        }
    }

    /// All of its settings, or none.
    #[expect(clippy::option_option, reason = "outer: could be read; inner: was given")]
    fn pkcs11(&mut self) -> Option<Option<Pkcs11>> {
        let keys = ["pkcs11_module", "pkcs11_token", "pkcs11_pin_file"];
        let [module, token, pin_file] = keys.map(|key| self.text(key));
        match [module, token, pin_file].iter().filter(|text| text.is_empty()).count() {
            3 => Some(None),
            0 => Some(Some(Pkcs11 {
                module: PathBuf::from(module),
                token: token.to_owned(),
                pin_file: PathBuf::from(pin_file),
            })),
            _ => {
                self.errors.push(
                    "COUNTERSIGN_PKCS11_MODULE, COUNTERSIGN_PKCS11_TOKEN and \
                     COUNTERSIGN_PKCS11_PIN_FILE: set all three, or none"
                        .to_owned(),
                );
                None
            }
        }
    }

    fn sealing(&mut self, data_dir: &Path) -> Option<Sealing> {
        let checkpoint_file = match self.text("checkpoint_file") {
            "" => data_dir.join("checkpoint"),
            path => PathBuf::from(path),
        };
        let witnesses = self.checked("witnesses", witnesses)?;
        let public = self.parsed("public_log", "true or false")?;
        Some(Sealing { checkpoint_file, witnesses, public })
    }
}

fn issuer(text: &str, insecure: bool) -> Result<Issuer, String> {
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no URL: {error}"))?;
    if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
        return Err("must be an https URL".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err("has no query, fragment or user name (RFC 8414 §2)".to_owned());
    }
    let is_https = url.scheme() == "https";
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !is_https && !loopback && !insecure {
        return Err(
            "tokens over plain http can be read on the way: use https, or for development \
                    only COUNTERSIGN_ALLOW_INSECURE_HTTP=true"
                .to_owned(),
        );
    }
    let path = url.path().trim_end_matches('/').to_owned();
    Ok(Issuer { url: text.to_owned(), path, is_https })
}

/// Plain HTTP on a public address needs a proxy in front that speaks TLS.
fn refuse_open_doors(config: &Config, insecure: bool, errors: &mut Vec<String>) {
    if insecure || !config.trusted_proxies.is_empty() {
        return;
    }
    let doors = [
        ("COUNTERSIGN_LISTEN", Some(config.listen)),
        ("COUNTERSIGN_CONSOLE_LISTEN", config.console_listen),
    ];
    for (name, address) in doors {
        if let Some(address) = address.filter(|address| !address.ip().is_loopback()) {
            errors.push(format!(
                "{name}: {address} would take secrets over plain HTTP from anyone. Listen on \
                 127.0.0.1, name the TLS proxy in front with COUNTERSIGN_TRUSTED_PROXIES, or for \
                 development only set COUNTERSIGN_ALLOW_INSECURE_HTTP=true"
            ));
        }
    }
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.parse::<IpNet>()
                .or_else(|_| part.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| format!("{part:?} is no network, such as 10.0.0.0/8"))
        })
        .collect()
}

fn witnesses(text: &str) -> Result<Vec<Witness>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let wrong = || format!("{part:?} is not the URL of a witness, a space, and its key");
            let (url, key) = part.split_once(char::is_whitespace).ok_or_else(wrong)?;
            let parsed = Url::parse(url).map_err(|_| wrong())?;
            if !["http", "https"].contains(&parsed.scheme()) || parsed.query().is_some() {
                return Err(wrong());
            }
            let url = url.trim_end_matches('/').to_owned();
            Ok(Witness { url, key: key.trim().to_owned() })
        })
        .collect()
}

fn instance(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(allowed) {
        return Err("use 1 to 64 letters, digits, dots, dashes".to_owned());
    }
    Ok(text.to_owned())
}

fn effective(raw: &Raw) -> Vec<Effective> {
    let shown = |setting: &'static super::Setting| {
        let (text, source) =
            raw.get(setting.key).cloned().unwrap_or((String::new(), Source::Default));
        let value = match (text.as_str(), setting.secret) {
            ("", _) if setting.key == "database_url" => {
                let folder = raw.get("data_dir").map_or("", |(folder, _)| folder.as_str());
                format!("sqlite://{folder}/countersign.db")
            }
            ("", _) => String::new(),
            (_, true) => "(set)".to_owned(),
            (_, false) => text,
        };
        Effective { setting, value, source }
    };
    setting::all().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::super::{Config, Source};

    fn read(pairs: &[(&str, &str)]) -> Result<Config, super::super::Error> {
        let environment: BTreeMap<String, String> =
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Config::from_values(&environment, None)
    }

    #[test]
    fn nothing_set_is_a_server_on_loopback_with_sqlite() {
        let config = read(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database_url.0.as_str(), "sqlite://./data/countersign.db");
    }

    #[test]
    fn a_key_nobody_knows_is_an_error_in_environment_and_file() {
        assert!(read(&[("COUNTERSIGN_LISTNE", "x")]).is_err());
        let file = Some((Path::new("c.toml"), "listne = 1"));
        assert!(Config::from_values(&BTreeMap::new(), file).is_err());
    }

    #[test]
    fn environment_wins_over_file_wins_over_default() {
        let environment =
            BTreeMap::from([("COUNTERSIGN_INSTANCE".to_owned(), "from-env".to_owned())]);
        let file = Some((Path::new("c.toml"), "instance = 'from-file'\nconnections = 3"));
        let config = Config::from_values(&environment, file).unwrap();
        assert_eq!((config.instance.as_str(), config.connections), ("from-env", 3));
        let source = |key| config.effective.iter().find(|e| e.setting.key == key).unwrap().source;
        assert_eq!(source("instance"), Source::Environment);
        assert_eq!(source("connections"), Source::File);
        assert_eq!(source("issuer"), Source::Default);
    }

    /// RFC 6749 §3.2: TLS, except where nobody can listen.
    #[test]
    fn plain_http_is_refused_unless_loopback_or_said_by_name() {
        let public = ("COUNTERSIGN_ISSUER", "http://auth.example.com");
        assert!(read(&[public]).is_err());
        assert!(read(&[public, ("COUNTERSIGN_ALLOW_INSECURE_HTTP", "true")]).is_ok());
        assert!(read(&[("COUNTERSIGN_ISSUER", "http://127.0.0.1:8080")]).is_ok());
        assert!(read(&[("COUNTERSIGN_ISSUER", "https://auth.example.com/x?y")]).is_err());

        let open = ("COUNTERSIGN_LISTEN", "0.0.0.0:8080");
        assert!(read(&[open]).is_err());
        assert!(read(&[open, ("COUNTERSIGN_TRUSTED_PROXIES", "10.0.0.0/8")]).is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let error = read(&[
            ("COUNTERSIGN_LISTEN", "nowhere"),
            ("COUNTERSIGN_ISSUER", "ftp://x"),
            ("COUNTERSIGN_CONNECTIONS", "many"),
        ])
        .unwrap_err();
        assert_eq!(error.0.len(), 3, "{error}");
    }

    #[test]
    fn a_token_for_private_keys_is_named_whole_or_not_at_all() {
        let module = ("COUNTERSIGN_PKCS11_MODULE", "/usr/lib/softhsm/libsofthsm2.so");
        let token = ("COUNTERSIGN_PKCS11_TOKEN", "keys");
        let pin_file = ("COUNTERSIGN_PKCS11_PIN_FILE", "/run/pin");
        assert!(read(&[]).unwrap().pkcs11.is_none());
        assert_eq!(read(&[module, token, pin_file]).unwrap().pkcs11.unwrap().token, "keys");
        for part in [&[module][..], &[token], &[module, token], &[token, pin_file]] {
            assert_eq!(read(part).unwrap_err().0.len(), 1, "{part:?}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let key = "00".repeat(32);
        let config =
            read(&[("COUNTERSIGN_MASTER_KEY", &key), ("DATABASE_URL", "postgres://u:hunter2@h/d")])
                .unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2") && !shown.contains(&key), "{shown}");
    }
}
