//! Many devices wake up at once, each asks for one token, and comes back when
//! it is told to.
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Args;

use crate::exchange::{connect, exchange, requests};
use crate::memory::{mib, permille};

/// How long a device waits after a connection that broke.
const BROKEN: Duration = Duration::from_secs(1);

#[derive(Args)]
pub struct Herd {
    /// A port of this machine.
    #[arg(long)]
    target: SocketAddr,
    #[arg(long)]
    clients: PathBuf,
    #[arg(long, default_value_t = 100_000)]
    devices: usize,
    /// Within which they first ask, evenly.
    #[arg(long, default_value_t = 10)]
    within: u64,
    /// After which those that have no token give up.
    #[arg(long, default_value_t = 120)]
    patience: u64,
    /// The server's process, to read its memory.
    #[arg(long)]
    pid: u32,
}

#[derive(Default)]
struct Seen {
    served: Vec<u32>,
    last: Duration,
    statuses: BTreeMap<u16, usize>,
    /// Answers of 503 that do not say when to come back.
    untold: usize,
    told: BTreeSet<u64>,
    broken: BTreeMap<String, usize>,
}

impl Herd {
    /// Devices with a token, seconds until the last had it, answers by status,
    /// 503 without `Retry-After`, the values of that, connections that broke,
    /// p50 and p99 from waking up to the token, the most, in seconds, and the
    /// server's memory before and at its peak in MiB.
    #[expect(clippy::print_stderr, reason = "scripts/herd reads it")]
    pub fn run(self, runtime: &tokio::runtime::Runtime) -> anyhow::Result<String> {
        let requests: Rc<[Vec<u8>]> = requests(&self.clients, true)?.into();
        let before = mib(self.pid, "VmRSS")?;
        let (started, seen) = (Instant::now(), Rc::<RefCell<Seen>>::default());
        let herd = Rc::new(self);
        tokio::task::LocalSet::new().block_on(runtime, async {
            let devices: Vec<_> = (0..herd.devices)
                .map(|number| {
                    let (herd, requests, seen) = (herd.clone(), requests.clone(), seen.clone());
                    tokio::task::spawn_local(async move {
                        herd.device(number, &requests, started, &seen).await;
                    })
                })
                .collect();
            for device in devices {
                let _ = device.await;
            }
        });
        let mut seen = seen.take();
        for (what, count) in &seen.broken {
            eprintln!("{count} times: {what}");
        }
        let statuses: Vec<_> = seen.statuses.iter().map(|(s, n)| format!("{s}:{n}")).collect();
        let told: Vec<_> = seen.told.iter().map(u64::to_string).collect();
        let [p50, p99, most] = permille(&mut seen.served, [500, 990, 1_000]).map(|ms| ms / 1e3);
        ensure!(!seen.served.is_empty(), "no device has a token");
        Ok(format!(
            "{}\t{:.1}\t{}\t{}\t{}\t{}\t{p50:.2}\t{p99:.2}\t{most:.2}\t{before}\t{}",
            seen.served.len(),
            seen.last.as_secs_f64(),
            statuses.join(" "),
            seen.untold,
            if told.is_empty() { "-".to_owned() } else { told.join(",") },
            seen.broken.values().sum::<usize>(),
            mib(herd.pid, "VmHWM")?,
        ))
    }

    async fn device(
        &self,
        number: usize,
        requests: &[Vec<u8>],
        started: Instant,
        seen: &RefCell<Seen>,
    ) {
        let Some(request) = requests.get(number % requests.len()) else { return };
        let share = f64::from(u32::try_from(number).unwrap_or(0))
            / f64::from(u32::try_from(self.devices).unwrap_or(1));
        let within = Duration::from_secs(self.within);
        tokio::time::sleep(within.mul_f64(share).saturating_sub(started.elapsed())).await;
        let awake = Instant::now();
        while started.elapsed().as_secs() < self.patience {
            let asked = async {
                let mut stream = connect(self.target, number).await?;
                exchange(&mut stream, request).await
            };
            let answer = match asked.await {
                Ok(answer) => answer,
                Err(error) => {
                    *seen.borrow_mut().broken.entry(format!("{error:#}")).or_default() += 1;
                    tokio::time::sleep(BROKEN).await;
                    continue;
                }
            };
            {
                let mut all = seen.borrow_mut();
                *all.statuses.entry(answer.status).or_default() += 1;
                if answer.status == 200 {
                    all.served.push(u32::try_from(awake.elapsed().as_micros()).unwrap_or(u32::MAX));
                    all.last = started.elapsed();
                    return;
                }
                all.untold += usize::from(answer.retry_after.is_none());
                all.told.extend(answer.retry_after);
            }
            // Within the second that was named, as a device's own clock would.
            let part = Duration::from_millis(u64::try_from(number % 1_000).unwrap_or(0));
            tokio::time::sleep(Duration::from_secs(answer.retry_after.unwrap_or(1)) + part).await;
        }
    }
}
