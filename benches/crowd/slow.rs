//! Holds connections without ever finishing what was begun on them, and opens
//! each again when it is closed.
use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::exchange::connect_with;
use crate::memory::mib;

#[derive(Args)]
pub struct Slow {
    /// A port of this machine.
    #[arg(long)]
    target: SocketAddr,
    #[arg(long, value_enum)]
    how: How,
    #[arg(long, default_value_t = 4_000)]
    connections: usize,
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// The server's process, to read its memory.
    #[arg(long)]
    pid: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    /// Nothing is ever sent.
    Idle,
    /// A head that gets a line each second and never ends.
    Head,
    /// A body that gets a byte each second and never ends.
    Body,
    /// Some requests at once, and no answer is read.
    Read,
    /// A head of hundreds of kilobytes, at once.
    Flood,
}

#[derive(Default)]
struct Counts {
    opened: Cell<usize>,
    closed: Cell<usize>,
    refused: Cell<usize>,
    /// The longest that one connection was kept open by the server.
    longest: Cell<Duration>,
}

impl Slow {
    /// Connections that were opened, that the server closed, that could not be
    /// opened; the seconds that the server bore the longest; its memory at its
    /// peak, in MiB.
    pub fn run(self, runtime: &tokio::runtime::Runtime) -> anyhow::Result<String> {
        let (slow, counts) = (Rc::new(self), Rc::<Counts>::default());
        let started = Instant::now();
        tokio::task::LocalSet::new().block_on(runtime, async {
            let all: Vec<_> = (0..slow.connections)
                .map(|number| {
                    let (slow, counts) = (slow.clone(), counts.clone());
                    tokio::task::spawn_local(async move {
                        slow.hold(number, started, &counts).await;
                    })
                })
                .collect();
            for one in all {
                let _ = one.await;
            }
        });
        Ok(format!(
            "{}\t{}\t{}\t{:.1}\t{}",
            counts.opened.get(),
            counts.closed.get(),
            counts.refused.get(),
            counts.longest.get().as_secs_f64(),
            mib(slow.pid, "VmHWM")?
        ))
    }

    async fn hold(&self, number: usize, started: Instant, counts: &Counts) {
        let end = started + Duration::from_secs(self.seconds);
        // Not all in one burst: they open over the first second.
        let part = u64::try_from(number % 1_000).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(part)).await;
        while Instant::now() < end {
            // The least that Linux gives: what is not read stays with the server.
            let room = (self.how == How::Read).then_some(1);
            let Ok(mut stream) = connect_with(self.target, number, room).await else {
                counts.refused.set(counts.refused.get() + 1);
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            counts.opened.set(counts.opened.get() + 1);
            let opened = Instant::now();
            let left = end.saturating_duration_since(opened);
            let closed = tokio::time::timeout(left, self.how.pester(&mut stream)).await.is_ok();
            counts.closed.set(counts.closed.get() + usize::from(closed));
            counts.longest.set(counts.longest.get().max(opened.elapsed()));
            if closed {
                // A flood of new connections is another attack.
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

impl How {
    /// Goes on until the server closes the connection.
    async fn pester(self, stream: &mut TcpStream) -> std::io::Result<()> {
        const HEAD: &str = "POST /oauth/token HTTP/1.1\r\nhost: x\r\n\
                            content-type: application/x-www-form-urlencoded\r\n";
        match self {
            Self::Idle => {}
            Self::Head => stream.write_all(HEAD.as_bytes()).await?,
            Self::Body => {
                stream.write_all(format!("{HEAD}content-length: 2000\r\n\r\n").as_bytes()).await?;
            }
            Self::Read => {
                let request = "GET /oauth/jwks.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(10);
                stream.write_all(request.as_bytes()).await?;
                // An answer would be read if this waited for data.
                stream.ready(tokio::io::Interest::ERROR).await?;
                return Ok(());
            }
            Self::Flood => {
                let line = format!("x: {}\r\n", "y".repeat(4_000));
                stream.write_all(format!("{HEAD}{}", line.repeat(50)).as_bytes()).await?;
            }
        }
        let (mut reading, mut writing) = stream.split();
        let drip = async {
            let piece: &[u8] = match self {
                Self::Head => b"x: y\r\n",
                Self::Body => b"a",
                _ => return std::future::pending::<()>().await,
            };
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if writing.write_all(piece).await.is_err() {
                    return;
                }
            }
        };
        let end = async {
            let mut rest = [0; 1_024];
            while reading.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        };
        tokio::select! {
            () = drip => {}
            () = end => {}
        }
        Ok(())
    }
}
