//! Asks over kept connections, as fast as it is answered.
//!
//! Each connection has one request in flight: a closed loop. Who asks is drawn
//! from all clients, by a generator that starts the same each time.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use tokio::net::TcpStream;

use crate::asked::Asked;
use crate::latency::Latencies;
use crate::{clients, process};

const SEED: u64 = 0x5eed;

#[derive(Args)]
pub struct Load {
    /// A port of this machine.
    #[arg(long)]
    target: SocketAddr,
    #[arg(long)]
    clients: PathBuf,
    #[arg(long, value_enum, default_value = "token")]
    ask: Asked,
    /// A file with a token a line, for what is asked about tokens.
    #[arg(long)]
    tokens: Option<PathBuf>,
    #[arg(long)]
    connections: usize,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Instead of asking for some time: ask once as each client.
    #[arg(long)]
    once: bool,
    /// The server's process, to read its CPU time and memory.
    #[arg(long)]
    pid: String,
}

/// What one connection saw.
#[derive(Default)]
struct Tally {
    latencies: Latencies,
    errors: usize,
}

/// Whose turn it is.
enum Turns {
    Each { next: usize, step: usize },
    Random { state: u64, until: Instant },
}

impl Load {
    /// Requests, errors, seconds, p50, p99, p99.9, CPU microseconds of the
    /// server and of this program, the server's memory in KiB.
    pub fn run(&self) -> anyhow::Result<String> {
        ensure!(self.target.ip().is_loopback(), "only this machine is a target");
        let tokens = match &self.tokens {
            None => Vec::new(),
            Some(file) => std::fs::read_to_string(file)?.lines().map(str::to_owned).collect(),
        };
        let requests = self.ask.requests(&clients::read(&self.clients)?, &tokens)?;
        let requests: Rc<[Vec<u8>]> = requests.into();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (before, ours) = (process::cpu(&self.pid)?, process::cpu("self")?);
        let started = Instant::now();
        let tally = tokio::task::LocalSet::new().block_on(&runtime, self.converse(&requests));
        let seconds = started.elapsed().as_secs_f64();
        let (cpu, ours) = (process::cpu(&self.pid)? - before, process::cpu("self")? - ours);
        let (done, errors) = (tally.latencies.len(), tally.errors);
        let [p50, p99, p999] = tally.latencies.permille([500, 990, 999]);
        let memory = process::resident(&self.pid)?;
        Ok(format!("{done}\t{errors}\t{seconds:.3}\t{p50}\t{p99}\t{p999}\t{cpu}\t{ours}\t{memory}"))
    }

    async fn converse(&self, requests: &Rc<[Vec<u8>]>) -> Tally {
        let until = Instant::now() + Duration::from_secs(self.seconds);
        let connections: Vec<_> = (0..self.connections)
            .map(|number| {
                let turns = if self.once {
                    Turns::Each { next: number, step: self.connections }
                } else {
                    Turns::Random { state: SEED + number as u64, until }
                };
                tokio::task::spawn_local(converse(
                    self.target,
                    requests.clone(),
                    turns,
                    self.ask.answer(),
                ))
            })
            .collect();
        let mut all = Tally::default();
        for connection in connections {
            match connection.await {
                Ok(tally) => {
                    all.latencies.add(tally.latencies);
                    all.errors += tally.errors;
                }
                Err(_) => all.errors += 1,
            }
        }
        all
    }
}

impl Turns {
    fn next(&mut self, clients: usize) -> Option<usize> {
        match self {
            Self::Each { next, step } => {
                let turn = *next;
                *next += *step;
                (turn < clients).then_some(turn)
            }
            Self::Random { until, .. } if Instant::now() >= *until => None,
            Self::Random { state, .. } => {
                // SplitMix64.
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                usize::try_from((z ^ (z >> 31)) % clients as u64).ok()
            }
        }
    }
}

/// Asks until the turns are over. What goes wrong is counted, and a connection
/// that broke is opened again.
async fn converse(
    target: SocketAddr,
    requests: Rc<[Vec<u8>]>,
    mut turns: Turns,
    expected: &'static str,
) -> Tally {
    let mut tally = Tally::default();
    let mut stream = None;
    while let Some(request) = turns.next(requests.len()).and_then(|turn| requests.get(turn)) {
        let started = Instant::now();
        if exchange(target, &mut stream, request, expected).await.is_ok() {
            tally.latencies.note(started);
        } else {
            tally.errors += 1;
            stream = None;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    tally
}

/// Sends one request and reads its answer, which must be what was asked for.
async fn exchange(
    target: SocketAddr,
    stream: &mut Option<TcpStream>,
    request: &[u8],
    expected: &str,
) -> anyhow::Result<()> {
    let open = match stream.take() {
        Some(open) => open,
        None => TcpStream::connect(target).await?,
    };
    open.set_nodelay(true)?;
    open.writable().await?;
    ensure!(open.try_write(request)? == request.len(), "a request was cut");
    let (mut buffer, mut filled) = ([0; 8_192], 0);
    loop {
        open.readable().await?;
        let free = buffer.get_mut(filled..).context("a long answer")?;
        match open.try_read(free) {
            Ok(0) => bail!("closed"),
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        }
        if is_whole(buffer.get(..filled).unwrap_or_default(), expected)? {
            *stream = Some(open);
            return Ok(());
        }
    }
}

/// Whether `answer` is whole.
///
/// # Errors
/// It is not the answer that begins as expected.
fn is_whole(answer: &[u8], expected: &str) -> anyhow::Result<bool> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = answer.split_at(end + 4);
    let head = std::str::from_utf8(head)?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("content-length").then_some(value))
        .context("no content-length")?;
    let whole = body.len() >= length.parse::<usize>()?;
    ensure!(!whole || body.starts_with(expected.as_bytes()), "another answer");
    Ok(whole)
}
