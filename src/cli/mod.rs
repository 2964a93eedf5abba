//! The command line.
mod output;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;

/// Short-lived, scoped access tokens for machines, and proof of what was issued.
///
/// Configured by environment variables, or by a TOML file that
/// COUNTERSIGN_CONFIG names; `countersign check` prints what took effect.
#[derive(Parser)]
#[command(name = "countersign", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
}

/// Runs the command of this process: 0 done, 1 refused or failed with a
/// sentence on standard error, 2 wrong usage.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::read(std::env::vars()) {
        Ok(config) => config,
        Err(error) => return output::failed(&error),
    };
    let done = match cli.command {
        Command::Serve(serve) => serve.run(config),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failed(&error),
    }
}
