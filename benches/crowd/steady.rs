//! Asks for tokens over kept and over new connections until told to stop.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;
use tokio::net::TcpStream;

use crate::exchange::{connect, exchange, is_stale, requests};
use crate::memory::permille;

#[derive(Args)]
pub struct Steady {
    /// A port of this machine.
    #[arg(long)]
    target: SocketAddr,
    #[arg(long)]
    clients: PathBuf,
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// One in so many of them is a new connection for each request; 0: none.
    #[arg(long, default_value_t = 0)]
    fresh: usize,
    /// Between two requests of a connection.
    #[arg(long, default_value_t = 0)]
    pause_ms: u64,
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Stop sooner, once this file is there.
    #[arg(long)]
    until: Option<PathBuf>,
    /// Print a line for each second: its number, requests, failures, p50 and p99
    /// in milliseconds.
    #[arg(long)]
    by_second: bool,
}

/// What happened in a second.
#[derive(Default)]
struct Second {
    latencies: Vec<u32>,
    failures: usize,
}

#[derive(Default)]
struct Seen {
    seconds: BTreeMap<u64, Second>,
    failures: BTreeMap<String, usize>,
}

impl Steady {
    /// Requests, failures, seconds, p50, p99 and the most, in milliseconds; what
    /// failed goes to standard error.
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "scripts read it")]
    pub fn run(self, runtime: &tokio::runtime::Runtime) -> anyhow::Result<String> {
        let requests: Rc<[Vec<u8>]> = requests(&self.clients, false)?.into();
        let last: Rc<[Vec<u8>]> = crate::exchange::requests(&self.clients, true)?.into();
        let (started, seen) = (Instant::now(), Rc::<RefCell<Seen>>::default());
        let load = Rc::new(self);
        tokio::task::LocalSet::new().block_on(runtime, async {
            let callers: Vec<_> = (0..load.connections)
                .map(|number| {
                    let is_fresh = load.fresh > 0 && number % load.fresh == 0;
                    let requests = if is_fresh { &last } else { &requests };
                    let (load, requests, seen) = (load.clone(), requests.clone(), seen.clone());
                    tokio::task::spawn_local(async move {
                        load.call(number, &requests, started, &seen).await;
                    })
                })
                .collect();
            for caller in callers {
                let _ = caller.await;
            }
        });
        let Seen { mut seconds, failures } = seen.take();
        for (what, count) in &failures {
            eprintln!("{count} times: {what}");
        }
        if load.by_second {
            for (number, second) in &mut seconds {
                let done = second.latencies.len();
                let [p50, p99] = permille(&mut second.latencies, [500, 990]);
                println!("{number}\t{done}\t{}\t{p50:.2}\t{p99:.2}", second.failures);
            }
        }
        let failed: usize = failures.values().sum();
        let mut all: Vec<u32> = seconds.into_values().flat_map(|s| s.latencies).collect();
        ensure!(!all.is_empty(), "nothing was answered");
        let (done, took) = (all.len(), started.elapsed().as_secs_f64());
        let [p50, p99, most] = permille(&mut all, [500, 990, 1_000]);
        Ok(format!("{done}\t{failed}\t{took:.2}\t{p50:.2}\t{p99:.2}\t{most:.2}"))
    }

    async fn call(
        &self,
        number: usize,
        requests: &[Vec<u8>],
        started: Instant,
        seen: &RefCell<Seen>,
    ) {
        let (mut kept, mut turn) = (None, number);
        while started.elapsed().as_secs() < self.seconds
            && !self.until.as_ref().is_some_and(|file| file.exists())
        {
            turn = (turn + self.connections) % requests.len();
            let Some(request) = requests.get(turn) else { return };
            let asked = Instant::now();
            let done = self.ask(number, &mut kept, request).await;
            {
                let mut all = seen.borrow_mut();
                let second = all.seconds.entry(started.elapsed().as_secs()).or_default();
                match done {
                    Ok(()) => {
                        let took = u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX);
                        second.latencies.push(took);
                    }
                    Err(error) => {
                        second.failures += 1;
                        *all.failures.entry(format!("{error:#}")).or_default() += 1;
                    }
                }
            }
            if self.pause_ms > 0 {
                tokio::time::sleep(Duration::from_millis(self.pause_ms)).await;
            }
        }
    }

    /// One token, on the connection that is kept if the other side has not
    /// closed it meanwhile.
    async fn ask(
        &self,
        number: usize,
        kept: &mut Option<TcpStream>,
        request: &[u8],
    ) -> anyhow::Result<()> {
        let mut stream = match kept.take().filter(|stream| !is_stale(stream)) {
            Some(stream) => stream,
            None => connect(self.target, number).await?,
        };
        let answer = exchange(&mut stream, request).await?;
        ensure!(answer.status == 200, "status {}", answer.status);
        if !answer.closes {
            *kept = Some(stream);
        }
        Ok(())
    }
}
