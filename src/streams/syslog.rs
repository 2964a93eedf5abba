//! RFC 5424 messages over TCP (RFC 6587 §3.4.1) or TLS (RFC 5425).
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read as _, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::record::Record;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Facility 13, log audit.
const FACILITY: u8 = 13;

pub struct Syslog {
    host: String,
    port: u16,
    /// `None`: in the clear.
    tls: Option<Arc<ClientConfig>>,
    /// Stands as the host that tells.
    origin: String,
    line: Option<Line>,
    /// What was written last. Nothing in the protocol says that it arrived: when
    /// the connection turns out to be gone, it is sent again.
    last: Vec<u8>,
}

enum Line {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Syslog {
    /// # Errors
    /// The roots cannot be read.
    pub fn new(
        host: String,
        port: u16,
        tls: bool,
        ca: Option<&str>,
        origin: String,
    ) -> Result<Self, String> {
        let tls = tls.then(|| config(ca)).transpose()?;
        Ok(Self { host, port, tls, origin, line: None, last: Vec::new() })
    }

    pub fn send(&mut self, records: &[Record]) -> io::Result<()> {
        let mut frames = Vec::new();
        for record in records {
            let message = message(record, &self.origin);
            frames.extend_from_slice(format!("{} {message}", message.len()).as_bytes());
        }
        let again = std::mem::take(&mut self.last);
        if let Err(error) = self.write(&again, &frames) {
            (self.line, self.last) = (None, again);
            return Err(error);
        }
        self.last = frames;
        Ok(())
    }

    fn write(&mut self, again: &[u8], frames: &[u8]) -> io::Result<()> {
        if self.line.as_mut().is_none_or(Line::is_gone) {
            let line = self.line.insert(self.connect()?);
            line.write(again)?;
        }
        let Some(line) = &mut self.line else { return Err(ErrorKind::NotConnected.into()) };
        line.write(frames)?;
        // A receiver that refused us has closed by now, if it is near.
        if line.is_gone() { Err(ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    fn connect(&self) -> io::Result<Line> {
        let mut failure = io::Error::new(ErrorKind::NotFound, "the host has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(stream) => return self.open(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn open(&self, stream: TcpStream) -> io::Result<Line> {
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let Some(config) = &self.tls else { return Ok(Line::Plain(stream)) };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let connection = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Line::Tls(Box::new(stream)))
    }
}

fn config(ca: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| format!("ca_file: {error}"))?;
                roots.add(certificate).map_err(|error| format!("ca_file: {error}"))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// Whether the other end has hung up. Receivers say nothing else.
    fn is_gone(&mut self) -> bool {
        let socket = match self {
            Self::Plain(stream) => &mut *stream,
            Self::Tls(stream) => &mut stream.sock,
        };
        if socket.set_nonblocking(true).is_err() {
            return true;
        }
        // Under TLS a receiver may send tickets, which must be taken as such.
        let read = match self {
            Self::Plain(stream) => stream.read(&mut [0; 64]),
            Self::Tls(stream) => stream.read(&mut [0; 64]),
        };
        let socket = match self {
            Self::Plain(stream) => &mut *stream,
            Self::Tls(stream) => &mut stream.sock,
        };
        let is_blocking = socket.set_nonblocking(false).is_ok();
        match read {
            Ok(bytes) => bytes == 0 || !is_blocking,
            Err(error) => error.kind() != ErrorKind::WouldBlock || !is_blocking,
        }
    }
}

/// RFC 5424 §6: the event as it is in every stream, with what a receiver sorts
/// by in front of it.
fn message(record: &Record, origin: &str) -> String {
    let severity = if record.is_success() { 6 } else { 4 };
    let at = Timestamp::from_microsecond(record.at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut text = String::with_capacity(record.json.len() + 160);
    let _ = write!(
        text,
        "<{}>1 {at:.6} {} countersign - {} [origin software=\"countersign\" swVersion=\"{}\"] {}",
        FACILITY * 8 + severity,
        word(origin, 255),
        word(&record.code, 32),
        env!("CARGO_PKG_VERSION"),
        record.json
    );
    text
}

/// What a header may hold: printable ASCII without spaces.
fn word(text: &str, most: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::UnixTime;

    #[test]
    fn a_message_has_what_a_receiver_sorts_by() {
        let at = UnixTime::from_seconds(1_795_442_400);
        let record = Record { json: "{}".into(), ..Record::test("01K", at) };
        assert_eq!(
            message(&record, "id.example.com"),
            "<110>1 2026-11-23T14:00:00.000000Z id.example.com countersign - stream.tested \
             [origin software=\"countersign\" swVersion=\"0.1.0\"] {}"
        );
        let refused = Record { outcome: "denied".into(), ..record };
        assert!(message(&refused, "").starts_with("<108>1 2026-11-23T14:00:00.000000Z - "));
    }
}
