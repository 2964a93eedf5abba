//! How long a revocation takes to be known: run `scripts/bench-revocations`.
//!
//! Two servers share one database. Tokens are revoked at the one; the times are
//! taken until it is inactive there, until it is inactive at the other, and
//! until each of many receivers that stream the feed from the other has heard.
#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a script reads it; JSON has a default"
)]
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[derive(Parser)]
struct Cli {
    /// What Cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    /// Without it nothing is measured: `cargo test` runs benchmarks too.
    #[arg(long)]
    measure: bool,
    #[arg(long, default_value_t = 1_000)]
    receivers: usize,
    #[arg(long, default_value_t = 30)]
    revocations: usize,
}

/// The longest that anything may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let cli = Cli::parse();
    if !cli.measure {
        println!("run scripts/bench-revocations");
        return ExitCode::SUCCESS;
    }
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

struct Server {
    address: SocketAddr,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[derive(Default)]
struct Times {
    written: Vec<Duration>,
    here: Vec<Duration>,
    there: Vec<Duration>,
    received: Vec<Duration>,
}

fn run(cli: &Cli) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let settings = Settings::new(folder.path());
    let made = settings.register()?;
    let (here, there) = (settings.serve("here")?, settings.serve("there")?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut times = Times::default();
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        ready(here.address).await?;
        ready(there.address).await?;
        let (heard, mut hears) = unbounded_channel();
        let open = Arc::new(AtomicUsize::new(0));
        for _ in 0..cli.receivers {
            tokio::task::spawn_local(receive(there.address, heard.clone(), open.clone()));
        }
        let started = Instant::now();
        while open.load(Ordering::Relaxed) < cli.receivers {
            ensure!(started.elapsed() < PATIENCE, "only {open:?} receivers are connected");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        for _ in 0..cli.revocations {
            revoke_once(&made, (&here, &there), &mut hears, cli.receivers, &mut times).await?;
        }
        Ok(())
    }))?;
    print(cli, times);
    Ok(())
}

async fn revoke_once(
    made: &Made,
    (here, there): (&Server, &Server),
    hears: &mut UnboundedReceiver<Instant>,
    receivers: usize,
    times: &mut Times,
) -> anyhow::Result<()> {
    let (_, answer) =
        post(here.address, "/oauth/token", made, "grant_type=client_credentials").await?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let token = answer["access_token"].as_str().context("no token")?.to_owned();
    let form = format!("token={token}");
    while hears.try_recv().is_ok() {}
    let started = Instant::now();
    let (status, _) = post(here.address, "/oauth/revoke", made, &form).await?;
    ensure!(status == 200, "revoke: {status}");
    times.written.push(started.elapsed());
    times.here.push(until_inactive(here.address, made, &form, started).await?);
    times.there.push(until_inactive(there.address, made, &form, started).await?);
    for _ in 0..receivers {
        let heard =
            tokio::time::timeout(PATIENCE, hears.recv()).await?.context("receivers ended")?;
        times.received.push(heard.duration_since(started));
    }
    Ok(())
}

async fn until_inactive(
    address: SocketAddr,
    made: &Made,
    form: &str,
    started: Instant,
) -> anyhow::Result<Duration> {
    loop {
        let (status, answer) = post(address, "/oauth/introspect", made, form).await?;
        ensure!(status == 200, "introspect: {status} {answer}");
        if answer.contains(r#""active":false"#) {
            return Ok(started.elapsed());
        }
        ensure!(started.elapsed() < PATIENCE, "it stays active");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Streams the feed, and tells when a statement came with something in it.
async fn receive(address: SocketAddr, heard: UnboundedSender<Instant>, open: Arc<AtomicUsize>) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return };
    let request =
        b"GET /oauth/revocations HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n";
    if stream.write_all(request).await.is_err() {
        return;
    }
    let mut lines = BufReader::new(stream).lines();
    let mut counted = false;
    while let Ok(Some(line)) = lines.next_line().await {
        let Some(jwt) = line.strip_prefix("data: ") else { continue };
        if !counted {
            counted = true;
            open.fetch_add(1, Ordering::Relaxed);
        } else if is_news(jwt) && heard.send(Instant::now()).is_err() {
            return;
        }
    }
}

fn is_news(jwt: &str) -> bool {
    let payload = jwt.split('.').nth(1).unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload);
    let statement: Option<serde_json::Value> =
        bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    statement.is_some_and(|s| s["revocations"].as_array().is_some_and(|all| !all.is_empty()))
}

async fn ready(address: SocketAddr) -> anyhow::Result<()> {
    let started = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        ensure!(started.elapsed() < PATIENCE, "a server does not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn post(
    address: SocketAddr,
    path: &str,
    made: &Made,
    form: &str,
) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        made.authorization,
        form.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).context("no status")?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status, body.to_owned()))
}

/// What the servers and the command line are told.
struct Settings {
    environment: Vec<(String, String)>,
}

/// An application that may introspect its own tokens.
struct Made {
    authorization: String,
}

const API: &str = "https://api.example.com/bench";

impl Settings {
    fn new(folder: &std::path::Path) -> Self {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        Self {
            environment: vec![
                pair("COUNTERSIGN_DATA_DIR", folder.display().to_string()),
                pair("COUNTERSIGN_MASTER_KEY", "0f".repeat(32)),
                pair("COUNTERSIGN_METRICS_LISTEN", "off".to_owned()),
                pair("COUNTERSIGN_LOG_LEVEL", "warn".to_owned()),
            ],
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn json(&self, arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
        let ran = self.command().arg("--json").args(arguments).output()?;
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        ensure!(ran.status.success(), "{arguments:?}: {told}");
        Ok(serde_json::from_slice(&ran.stdout)?)
    }

    fn register(&self) -> anyhow::Result<Made> {
        self.json(&["resource", "create", "--identifier", API, "--name", "Bench", "--scope", "a"])?;
        let grant = format!("{API}=a");
        let made = self.json(&["application", "create", "--name", "bench", "--grant", &grant])?;
        let id = made["client_id"].as_str().context("no client id")?;
        let secret = made["client_secret"].as_str().context("no secret")?;
        self.json(&["introspector", "add", API, id])?;
        let authorization = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        Ok(Made { authorization })
    }

    fn serve(&self, instance: &str) -> anyhow::Result<Server> {
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let process = self
            .command()
            .arg("serve")
            .env("COUNTERSIGN_LISTEN", address.to_string())
            .env("COUNTERSIGN_INSTANCE", instance)
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Server { address, process })
    }
}

fn print(cli: &Cli, times: Times) {
    println!("| From a revocation to … | Median ms | p99 ms | Most ms |");
    println!("|---|---:|---:|---:|");
    let receivers = format!("each of {} streams of the feed from the other", cli.receivers);
    for (what, mut all) in [
        ("its 200, written", times.written),
        ("inactive at the same process", times.here),
        ("inactive at the other process", times.there),
        (receivers.as_str(), times.received),
    ] {
        all.sort_unstable();
        let at = |permille: usize| {
            let place = (all.len() * permille / 1_000).min(all.len().saturating_sub(1));
            all.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        println!("| {what} | {:.1} | {:.1} | {:.1} |", at(500), at(990), at(1_000));
    }
    println!("\n{} revocations.", cli.revocations);
}
