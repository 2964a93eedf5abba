//! RFC 5424 messages over TCP (RFC 6587 §3.4.1) or TLS (RFC 5425).
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::address;
use super::record::Record;
use super::sink::PATIENCE;
use crate::config::streams::Stream;

/// Facility 13, log audit.
const FACILITY: u8 = 13;

pub struct Syslog {
    host: String,
    port: u16,
    /// It may have an address that is not public.
    private: bool,
    /// `None`: in the clear.
    tls: Option<Arc<ClientConfig>>,
    /// Stands as the host that tells.
    origin: String,
    line: Option<Line>,
    /// What was written last. Nothing in the protocol says that it arrived: when
    /// the connection turns out to be gone, it is sent again.
    last: Vec<u8>,
    /// How long a whole delivery may take.
    patience: Duration,
}

enum Line {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

/// A connection that gives up at a time, however slowly the other end takes what
/// it is given.
struct Socket {
    stream: TcpStream,
    deadline: Instant,
}

impl Syslog {
    /// # Errors
    /// The roots cannot be read.
    pub fn new(stream: &Stream, host: &str, port: u16, tls: bool) -> Result<Self, String> {
        let tls = tls.then(|| config(stream.ca.as_deref())).transpose()?;
        Ok(Self {
            host: host.to_owned(),
            port,
            private: stream.private,
            tls,
            origin: String::new(),
            line: None,
            last: Vec::new(),
            patience: PATIENCE,
        })
    }

    #[must_use]
    pub fn telling_for(self, origin: &str) -> Self {
        Self { origin: origin.to_owned(), ..self }
    }

    pub fn send(&mut self, records: &[Record]) -> io::Result<()> {
        let mut frames = Vec::new();
        for record in records {
            let message = message(record, &self.origin);
            frames.extend_from_slice(format!("{} {message}", message.len()).as_bytes());
        }
        let again = std::mem::take(&mut self.last);
        if let Err(error) = self.write(&again, &frames, Instant::now() + self.patience) {
            (self.line, self.last) = (None, again);
            return Err(error);
        }
        self.last = frames;
        Ok(())
    }

    fn write(&mut self, again: &[u8], frames: &[u8], deadline: Instant) -> io::Result<()> {
        if self.line.as_mut().is_none_or(Line::is_gone) {
            let line = self.line.insert(self.connect(deadline)?);
            line.write(again)?;
        }
        let Some(line) = &mut self.line else { return Err(ErrorKind::NotConnected.into()) };
        line.socket().deadline = deadline;
        line.write(frames)?;
        // A receiver that refused us has closed by now, if it is near.
        if line.is_gone() { Err(ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    fn connect(&self, deadline: Instant) -> io::Result<Line> {
        let mut failure = io::Error::new(ErrorKind::NotFound, "the host has no address");
        for address in address::find(&self.host, self.port, self.private, deadline)? {
            match TcpStream::connect_timeout(&address, left(deadline)?) {
                Ok(stream) => return self.open(Socket { stream, deadline }),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn open(&self, socket: Socket) -> io::Result<Line> {
        let Some(config) = &self.tls else { return Ok(Line::Plain(socket)) };
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let connection = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Line::Tls(Box::new(stream)))
    }
}

/// What is left until then; an error when nothing is.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    let late = || io::Error::new(ErrorKind::TimedOut, "the receiver is too slow");
    if left.is_zero() { Err(late()) } else { Ok(left) }
}

/// A timeout of the system, in words that say whose fault it is.
fn late(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::new(ErrorKind::TimedOut, "the receiver is too slow")
        }
        _ => error,
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        self.stream.read(buffer).map_err(late)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        self.stream.write(bytes).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
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

    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    /// Whether the other end has hung up. Receivers say nothing else.
    fn is_gone(&mut self) -> bool {
        if self.socket().stream.set_nonblocking(true).is_err() {
            return true;
        }
        // Under TLS a receiver may send tickets, which must be taken as such.
        let read = match self {
            Self::Plain(socket) => socket.stream.read(&mut [0; 64]),
            Self::Tls(tls) => {
                rustls::Stream::new(&mut tls.conn, &mut tls.sock.stream).read(&mut [0; 64])
            }
        };
        let is_blocking = self.socket().stream.set_nonblocking(false).is_ok();
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

    /// A receiver that takes a byte now and then may not outlast the lease.
    #[test]
    fn a_receiver_that_takes_too_long_is_given_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let reader = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = vec![0; 16 * 1_024];
            let mut taken = 0;
            while let Ok(bytes @ 1..) = stream.read(&mut buffer) {
                taken += bytes;
                std::thread::park_timeout(Duration::from_millis(20));
            }
            taken
        });
        let stream = Stream {
            name: "siem".into(),
            target: crate::config::streams::Target::Stdout,
            secret: None,
            ca: None,
            private: true,
            from_beginning: false,
            format: crate::config::streams::Format::Json,
        };
        let mut syslog = Syslog::new(&stream, "127.0.0.1", port, false).unwrap();
        syslog.patience = Duration::from_millis(300);
        let json = "x".repeat(1_000_000);
        let long = Record { json, ..Record::test("01K", UnixTime(0)) };
        let begun = Instant::now();
        let error = syslog.send(&vec![long; 40]).unwrap_err();
        assert_eq!(error.to_string(), "the receiver is too slow");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(reader.join().unwrap() > 16 * 1_024, "it was taking all the time");
    }
}
