//! One of the places that events go to.
use std::time::Duration;

use super::file::{self, Lines};
use super::http::Http;
use super::record::Record;
use super::syslog::Syslog;
use crate::config::streams::{Stream, Target};
use crate::oauth::UnixTime;

/// How long a whole delivery may take: well under what is left of a lease when
/// it begins.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// What a receiver has of what it was sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    All,
    /// It refused some for good: they must not be sent again.
    AllBut {
        count: u64,
        why: String,
    },
}

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
                let syslog = Syslog::new(stream, host, *port, *tls)?.telling_for(origin);
                Self::Syslog(Box::new(syslog))
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
    pub fn send(&mut self, id: &str, records: &[Record], now: UnixTime) -> Result<Taken, String> {
        let written = match self {
            Self::Stdout => file::to_stdout(records),
            Self::File(lines) => lines.send(records),
            Self::Syslog(syslog) => syslog.send(records),
            Self::Http(http) => return http.send(id, records, now),
        };
        written.map(|()| Taken::All).map_err(|error| error.to_string())
    }
}
