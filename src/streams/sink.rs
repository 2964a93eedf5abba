//! One of the places that events go to.
use super::file::{self, Lines};
use super::http::Http;
use super::record::Record;
use super::syslog::Syslog;
use crate::config::streams::{Stream, Target};
use crate::oauth::UnixTime;

pub enum Sink {
    Stdout,
    File(Lines),
    Syslog(Box<Syslog>),
    Http(Box<Http>),
}

impl Sink {
    /// `origin` is the host that tells.
    ///
    /// # Errors
    /// Roots of TLS that cannot be read.
    pub fn new(stream: &Stream, origin: &str) -> Result<Self, String> {
        Ok(match &stream.target {
            Target::Stdout => Self::Stdout,
            Target::File(path) => Self::File(Lines::new(path.clone())),
            Target::Syslog { host, port, tls } => {
                let (host, ca) = (host.clone(), stream.ca.as_deref());
                Self::Syslog(Box::new(Syslog::new(host, *port, *tls, ca, origin.to_owned())?))
            }
            Target::Webhook(url) => Self::Http(Box::new(Http::webhook(stream, url.clone())?)),
            Target::Otlp(url) => {
                Self::Http(Box::new(Http::otlp(stream, url.clone(), origin.to_owned())?))
            }
        })
    }

    /// Returns once the records are where they belong, as far as that can be
    /// known. `id` is the same whenever the same records are sent.
    ///
    /// # Errors
    /// Why they may not have arrived.
    pub fn send(&mut self, id: &str, records: &[Record], now: UnixTime) -> Result<(), String> {
        match self {
            Self::Stdout => file::to_stdout(records).map_err(|error| error.to_string()),
            Self::File(lines) => lines.send(records).map_err(|error| error.to_string()),
            Self::Syslog(syslog) => syslog.send(records).map_err(|error| error.to_string()),
            Self::Http(http) => http.send(id, records, now),
        }
    }
}
