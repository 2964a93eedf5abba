//! The parts of `scripts/bench`: run that, not this.
mod asked;
mod ceiling;
mod clients;
mod latency;
mod load;
mod pages;
mod process;
mod seed;
mod tokens;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// As in Countersign.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Cli {
    /// What Cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve tokens with nothing but what a token cannot do without.
    Ceiling {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        workers: usize,
        /// A folder of its own for the database.
        #[arg(long)]
        data: PathBuf,
        #[arg(long)]
        clients: PathBuf,
    },
    /// Ask a server on this machine for tokens.
    Load(load::Load),
    /// Get tokens to ask about, a line each.
    Tokens {
        #[arg(long)]
        target: SocketAddr,
        #[arg(long)]
        clients: PathBuf,
        #[arg(long)]
        count: usize,
        #[arg(long)]
        out: PathBuf,
    },
    /// Print the milliseconds of the first and of the last page of applications
    /// in the database that the environment names; its clients in the order of
    /// their names.
    Pages {
        #[arg(long)]
        clients: PathBuf,
    },
    /// Print a free port.
    Port,
    /// Print the median and the 99th percentile of a small synchronised write
    /// in a folder, in microseconds.
    Probe { folder: PathBuf },
    /// Register applications in the database that the environment names, and
    /// write their credentials.
    Seed {
        #[arg(long)]
        applications: usize,
        #[arg(long)]
        clients: PathBuf,
    },
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "scripts/bench reads it")]
fn main() -> ExitCode {
    let done = match Cli::parse().command {
        None => Ok("run scripts/bench".to_owned()),
        Some(Command::Ceiling { listen, workers, data, clients }) => {
            ceiling::serve(listen, workers, &data, &clients).map(|()| String::new())
        }
        Some(Command::Load(load)) => load.run(),
        Some(Command::Pages { clients }) => pages::run(&clients),
        Some(Command::Port) => free_port(),
        Some(Command::Probe { folder }) => latency::probe(&folder),
        Some(Command::Tokens { target, clients, count, out }) => {
            tokens::fetch(target, &clients, count, &out)
        }
        Some(Command::Seed { applications, clients }) => seed::run(applications, &clients),
    };
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn free_port() -> anyhow::Result<String> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port().to_string())
}
