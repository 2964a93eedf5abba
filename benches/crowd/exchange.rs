//! One request and its answer, as an HTTP client sees them.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// The longest that is waited for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

const BODY: &str = "grant_type=client_credentials";

/// What was answered.
pub struct Answer {
    pub status: u16,
    /// Seconds.
    pub retry_after: Option<u64>,
    /// The connection ends with it.
    pub closes: bool,
}

/// A request for a token of each client in a file: an id and a secret a line.
pub fn requests(clients: &Path, is_last: bool) -> anyhow::Result<Vec<Vec<u8>>> {
    let text = std::fs::read_to_string(clients).with_context(|| clients.display().to_string())?;
    let connection = if is_last { "close" } else { "keep-alive" };
    let request = |line: &str| {
        let (id, secret) = line.split_once(' ').context("a line without a secret")?;
        let basic = STANDARD.encode(format!("{id}:{secret}"));
        Ok(format!(
            "POST /oauth/token HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: {connection}\r\n\
             authorization: Basic {basic}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{BODY}",
            BODY.len()
        )
        .into_bytes())
    };
    let requests: Vec<_> = text.lines().map(request).collect::<anyhow::Result<_>>()?;
    ensure!(!requests.is_empty(), "no clients");
    Ok(requests)
}

/// Connects to a port of this machine. `number` spreads callers over addresses
/// of the loopback network: one has ports for 28,000 connections.
pub async fn connect(target: SocketAddr, number: usize) -> anyhow::Result<TcpStream> {
    connect_with(target, number, None).await
}

/// [`connect`], with room for so many bytes that are not read yet.
pub async fn connect_with(
    target: SocketAddr,
    number: usize,
    room: Option<u32>,
) -> anyhow::Result<TcpStream> {
    ensure!(target.ip().is_loopback(), "only this machine is a target");
    let socket = TcpSocket::new_v4()?;
    let last = u8::try_from(number % 32).unwrap_or(0) + 2;
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 7, last)), 0))?;
    socket.set_nodelay(true)?;
    if let Some(room) = room {
        socket.set_recv_buffer_size(room)?;
    }
    Ok(tokio::time::timeout(PATIENCE, socket.connect(target)).await??)
}

/// Whether the other side has closed a connection that is kept. Clients look
/// before they use one again.
pub fn is_stale(stream: &TcpStream) -> bool {
    let mut byte = [0];
    match stream.try_read(&mut byte) {
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        // Closed, or an answer to nothing.
        Ok(_) => true,
    }
}

/// Sends a request and reads its answer.
pub async fn exchange(stream: &mut TcpStream, request: &[u8]) -> anyhow::Result<Answer> {
    tokio::time::timeout(PATIENCE, async {
        stream.write_all(request).await.context("sending")?;
        let mut seen = Vec::with_capacity(2_048);
        loop {
            if stream.read_buf(&mut seen).await.context("reading")? == 0 {
                bail!("closed after {} bytes of an answer", seen.len());
            }
            if let Some(answer) = whole(&seen)? {
                return Ok(answer);
            }
        }
    })
    .await
    .context("no answer in time")?
}

/// The answer, once all of it is there.
fn whole(seen: &[u8]) -> anyhow::Result<Option<Answer>> {
    let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = seen.split_at(end + 4);
    let head = std::str::from_utf8(head)?;
    let field = |wanted: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    };
    let length: usize = field("content-length").context("no content-length")?.parse()?;
    if body.len() < length {
        return Ok(None);
    }
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let retry_after = field("retry-after").and_then(|seconds| seconds.parse().ok());
    let closes = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Ok(Some(Answer { status, retry_after, closes }))
}
