//! Who asks, in `scripts/rolling`, `failover`, `herd` and `slow`: run those, not
//! this.
mod exchange;
mod herd;
mod memory;
mod slow;
mod steady;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Ask for tokens without a break, and say what failed and when.
    Steady(steady::Steady),
    /// Ask once as each of many devices within a short time, and come back when
    /// told to.
    Herd(herd::Herd),
    /// Hold connections without ever finishing what was begun on them.
    Slow(slow::Slow),
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "scripts read it")]
fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done =
        runtime.map_err(anyhow::Error::from).and_then(|runtime| match Cli::parse().command {
            None => Ok("run scripts/rolling, failover, herd or slow".to_owned()),
            Some(Command::Steady(steady)) => steady.run(&runtime),
            Some(Command::Herd(herd)) => herd.run(&runtime),
            Some(Command::Slow(slow)) => slow.run(&runtime),
        });
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("crowd: {error:#}");
            ExitCode::FAILURE
        }
    }
}
