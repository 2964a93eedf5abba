//! Where copies of the audit log go: the file that `COUNTERSIGN_STREAMS_FILE`
//! names. It is whoever runs the server who writes it, never somebody in the
//! console: nobody there can make us call an address.
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::Secret;

/// One place that gets every event.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Letters, digits, `-` and `_`; its progress is kept under it.
    pub name: String,
    pub target: Target,
    /// What signs a webhook, or stands as a bearer token before an OTLP
    /// receiver.
    pub secret: Option<Secret>,
    /// Roots to trust for TLS instead of the machine's, PEM.
    pub ca: Option<String>,
    /// It may be called at an address that is not public.
    pub private: bool,
    /// It begins with the first event there is, not with the next.
    pub from_beginning: bool,
    pub format: Format,
}

/// What a record is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Our own: the text that the log hashes, and its place.
    #[default]
    Json,
    /// Open Cybersecurity Schema Framework.
    Ocsf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Stdout,
    File(PathBuf),
    /// RFC 5424 over TCP (RFC 6587 §3.4.1) or TLS (RFC 5425).
    Syslog {
        host: String,
        port: u16,
        tls: bool,
    },
    /// A signed POST for each batch.
    Webhook(Url),
    /// OTLP/HTTP with JSON.
    Otlp(Url),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    stream: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: String,
    #[serde(default)]
    secret_file: Option<PathBuf>,
    #[serde(default)]
    ca_file: Option<PathBuf>,
    #[serde(default)]
    allow_private: bool,
    #[serde(default)]
    from_beginning: bool,
    #[serde(default)]
    format: Format,
}

/// Reads the file, and the files that it names.
///
/// # Errors
/// One sentence about the first thing that is wrong. No secret is in it.
pub fn read(path: &Path) -> Result<Vec<Stream>, String> {
    let told = |why: String| format!("COUNTERSIGN_STREAMS_FILE {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
    let document: Document = toml::from_str(&text).map_err(|error| told(error.message().into()))?;
    let mut streams: Vec<Stream> = Vec::new();
    for entry in document.stream {
        let of = |why: String| told(format!("{}: {why}", entry.name));
        let stream = entry.read().map_err(of)?;
        if streams.iter().any(|other| other.name == stream.name) {
            return Err(told(format!("{}: there are two of this name", stream.name)));
        }
        streams.push(stream);
    }
    Ok(streams)
}

impl Entry {
    fn read(&self) -> Result<Stream, String> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if self.name.is_empty() || self.name.len() > 40 || !self.name.chars().all(is_word) {
            return Err("a name has 1 to 40 letters, digits, - and _".to_owned());
        }
        let target = target(&self.url, self.allow_private)?;
        let file = |path: &PathBuf| {
            let text = std::fs::read_to_string(path);
            text.map_err(|error| format!("{}: {error}", path.display()))
        };
        let secret = self.secret_file.as_ref().map(file).transpose()?;
        let secret = secret.map(|text| Secret(Zeroizing::new(text.trim().to_owned())));
        if let (Target::Webhook(_), None) = (&target, &secret) {
            return Err("a webhook is signed: name its secret_file".to_owned());
        }
        if secret.as_ref().is_some_and(|secret| secret.0.len() < 24) {
            return Err("the secret has fewer than 24 characters".to_owned());
        }
        if let (Target::Webhook(_), Some(secret)) = (&target, &secret) {
            webhook_key(&secret.0)?;
        }
        Ok(Stream {
            name: self.name.clone(),
            target,
            secret,
            ca: self.ca_file.as_ref().map(file).transpose()?,
            private: self.allow_private,
            from_beginning: self.from_beginning,
            format: self.format,
        })
    }
}

/// The key of Standard Webhooks: `whsec_` and base64, or the text itself.
///
/// # Errors
/// What stands after `whsec_` is no key.
pub fn webhook_key(secret: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let Some(text) = secret.strip_prefix("whsec_") else {
        return Ok(Zeroizing::new(secret.as_bytes().to_vec()));
    };
    // To sign with the text instead is to be refused everywhere, and nobody would
    // say why.
    let key = STANDARD.decode(text).map(Zeroizing::new).ok().filter(|key| key.len() >= 24);
    key.ok_or_else(|| "what follows whsec_ in the secret is no base64 of 24 bytes or more".into())
}

fn target(text: &str, private: bool) -> Result<Target, String> {
    if text == "stdout:" {
        return Ok(Target::Stdout);
    }
    let url: Url = text.parse().map_err(|_| "its url is none".to_owned())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its url must hold no credentials: use secret_file".to_owned());
    }
    let plain = |scheme: &str| {
        if private { Ok(()) } else { Err(format!("{scheme} without TLS needs allow_private")) }
    };
    let syslog = |tls: bool, port: u16| {
        let host = url.host_str().ok_or("its url names no host")?.trim_matches(['[', ']']);
        let host = host.to_owned();
        Ok(Target::Syslog { host, port: url.port().unwrap_or(port), tls })
    };
    let http = |text: &str| text.parse::<Url>().map_err(|_| "its url is none".to_owned());
    match url.scheme() {
        // `file:relative` would be read as `/relative`.
        "file" if !text.starts_with("file:///") => Err("its url is no absolute path".to_owned()),
        "file" => {
            let path = url.to_file_path().map_err(|()| "its url is no absolute path")?;
            Ok(Target::File(path))
        }
        "syslog+tls" => syslog(true, 6514),
        "syslog+tcp" => plain("syslog+tcp").and_then(|()| syslog(false, 514)),
        "https" => Ok(Target::Webhook(url)),
        "http" => plain("http").map(|()| Target::Webhook(url.clone())),
        "otlp+https" => Ok(Target::Otlp(http(text.trim_start_matches("otlp+"))?)),
        "otlp+http" => {
            plain("otlp+http")?;
            Ok(Target::Otlp(http(text.trim_start_matches("otlp+"))?))
        }
        other => Err(format!(
            "{other} is not known: stdout:, file, syslog+tls, syslog+tcp, https, otlp+https"
        )),
    }
}

impl Target {
    /// As it may be shown: the path of a webhook may be a secret.
    pub fn shown(&self) -> String {
        match self {
            Self::Stdout => "stdout".to_owned(),
            Self::File(path) => path.display().to_string(),
            Self::Syslog { host, port, tls } => {
                format!("syslog over {}, {host}:{port}", if *tls { "TLS" } else { "TCP" })
            }
            Self::Webhook(url) => format!("webhook at {}", url.host_str().unwrap_or_default()),
            Self::Otlp(url) => format!("OTLP at {}", url.host_str().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_place_has_its_scheme() {
        let syslog = Target::Syslog { host: "siem.example.com".into(), port: 6514, tls: true };
        assert_eq!(target("syslog+tls://siem.example.com", false), Ok(syslog));
        assert_eq!(target("stdout:", false), Ok(Target::Stdout));
        assert_eq!(target("file:///var/log/a", false), Ok(Target::File("/var/log/a".into())));
        let otlp = target("otlp+https://otel.example.com/v1/logs", false).unwrap();
        assert_eq!(otlp, Target::Otlp("https://otel.example.com/v1/logs".parse().unwrap()));
    }

    #[test]
    fn what_travels_in_the_clear_has_to_be_wanted() {
        for text in ["http://siem.example.com/", "syslog+tcp://siem", "otlp+http://otel/v1/logs"] {
            assert!(target(text, false).unwrap_err().contains("allow_private"), "{text}");
            assert!(target(text, true).is_ok(), "{text}");
        }
        for text in ["https://user:pass@siem/", "ftp://siem", "siem", "file:relative"] {
            assert!(target(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn no_secret_of_an_address_is_shown() {
        let hook = target("https://hooks.example.com/services/T0/secret", false).unwrap();
        assert_eq!(hook.shown(), "webhook at hooks.example.com");
    }

    #[test]
    fn a_secret_that_looks_like_a_key_is_one() {
        let key = webhook_key("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX").unwrap();
        assert_eq!(*key, (0..24).collect::<Vec<u8>>());
        assert_eq!(*webhook_key("0123456789abcdef01234567").unwrap(), b"0123456789abcdef01234567");
        for secret in ["whsec_", "whsec_not base64 but long enough", "whsec_AAECAwQFBgc="] {
            assert!(webhook_key(secret).unwrap_err().contains("whsec_"), "{secret}");
        }
    }
}
