//! The command line: the same acts as the console, for scripts and for people.
mod access;
mod acting;
mod administrators;
mod applications;
mod approvals;
mod audit;
mod break_glass;
mod check;
mod deletions;
mod demo;
mod exam;
mod grants;
mod healthcheck;
mod identity;
mod import;
mod introspectors;
mod keys;
mod limits;
mod listing;
mod migrate;
mod moment;
mod operator;
mod output;
mod questions;
mod resources;
mod revocations;
mod routes;
mod scopes;
mod secrets;
mod serve;
mod streams;
mod teams;
mod witness;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Config;
use crate::model::because::Because;
use acting::Acting;
use operator::Operator;
use output::Output;

/// Short-lived, scoped access tokens for machines, and proof of what was issued.
///
/// Configured by environment variables, or by a TOML file that
/// `COUNTERSIGN_CONFIG` names; `countersign check` prints what took effect.
/// Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 it waits for a second
/// person.
#[derive(Parser)]
#[command(name = "countersign", version, about)]
struct Cli {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Why it is done: one line, kept in the audit log with what the command does.
    #[arg(long, global = true, value_name = "TEXT", default_value = "", hide_default_value = true)]
    because: String,
    #[command(flatten)]
    acting: Acting,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Bring the schema of the database up to date.
    Migrate,
    /// APIs that tokens are for.
    #[command(subcommand)]
    Resource(resources::Command),
    /// Scopes of an API.
    #[command(subcommand)]
    Scope(scopes::Command),
    /// What the gate demands of requests to an API.
    #[command(subcommand)]
    Route(routes::Command),
    /// Who may introspect the tokens of an API.
    #[command(subcommand)]
    Introspector(introspectors::Command),
    /// Limit how many tokens applications have and APIs are asked for.
    #[command(subcommand)]
    Limit(limits::Command),
    /// Services, jobs, tools and devices that ask for tokens.
    #[command(subcommand)]
    Application(applications::Command),
    /// Secrets of an application.
    #[command(subcommand)]
    Secret(secrets::Command),
    /// What an application may ask for.
    #[command(subcommand)]
    Grant(grants::Command),
    /// Register many applications from a file.
    Import(import::Import),
    /// Say who could call what, now or at a moment in the past.
    Access(access::Access),
    /// Signing keys.
    #[command(subcommand)]
    Key(keys::Command),
    /// End tokens before they expire.
    Revoke(revocations::Revoke),
    /// List what was revoked, newest first.
    Revocations(revocations::List),
    /// People who may sign in to the console.
    #[command(subcommand)]
    Administrator(administrators::Command),
    /// People who care for applications together.
    #[command(subcommand)]
    Team(teams::Command),
    /// Acts that wait for a second person.
    #[command(subcommand)]
    Approval(approvals::Command),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Copies of the audit log to where others look.
    #[command(subcommand)]
    Stream(streams::Command),
    /// Find out what an API lets through: call it with a good token and with
    /// bad ones.
    Exam(exam::Exam),
    /// Watch the logs of other servers, and sign what only ever grew.
    Witness(witness::Witness),
    /// Print the effective configuration, and see whether it works.
    Check,
    /// Ask the server on this machine whether it is ready.
    Healthcheck,
}

/// Runs the command of this process: 0 done, 1 refused or failed with a
/// sentence on standard error, 2 wrong usage.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Not `vars()`, which panics over a variable that is not ours.
    let environment = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    });
    let done = match Config::read(environment) {
        Ok(config) => {
            let output = Output { json: cli.json };
            let acting = cli.acting.clone();
            reason(&cli)
                .and_then(|because| dispatch(cli.command, (acting, because), config, output))
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output::failed(&error),
    }
}

/// Why it is done.
///
/// # Errors
/// It cannot be kept, or the command does nothing that it could be kept with.
fn reason(cli: &Cli) -> anyhow::Result<Option<Because>> {
    let because = Because::read(&cli.because).map_err(|why| anyhow::anyhow!(why))?;
    let acts = !matches!(
        cli.command,
        Command::Serve(_)
            | Command::Migrate
            | Command::Access(_)
            | Command::Revocations(_)
            | Command::Witness(_)
            | Command::Check
            | Command::Healthcheck
    );
    anyhow::ensure!(acts || because.is_none(), "this command does nothing that has a reason");
    Ok(because)
}

fn dispatch(
    command: Command,
    (acting, because): (Acting, Option<Because>),
    config: Config,
    output: Output,
) -> anyhow::Result<()> {
    let given = because.clone();
    let operator = |config| acting.on(Operator { because, ..Operator::open(config)? });
    match command {
        Command::Serve(serve) => serve.run(config),
        Command::Migrate => migrate::run(config, output),
        Command::Resource(command) => command.run(&operator(config)?, output),
        Command::Scope(command) => command.run(&operator(config)?, output),
        Command::Route(command) => command.run(&operator(config)?, output),
        Command::Introspector(command) => command.run(&operator(config)?, output),
        Command::Limit(command) => command.run(&operator(config)?, output),
        Command::Application(command) => command.run(&operator(config)?, output),
        Command::Secret(command) => command.run(&operator(config)?, output),
        Command::Grant(command) => command.run(&operator(config)?, output),
        Command::Import(import) => import.run(&operator(config)?, output),
        Command::Access(access) => access.run(&operator(config)?, output),
        Command::Key(command) => command.run(&operator(config)?, output),
        Command::Revoke(revoke) => revoke.run((&acting, given), &config, output),
        Command::Revocations(list) => list.run(&operator(config)?, output),
        Command::Administrator(command) => command.run(&operator(config)?, output),
        Command::Team(command) => command.run(&operator(config)?, output),
        Command::Approval(command) => command.run(&operator(config)?, output),
        Command::Audit(audit::Command::CheckProof(check)) => check.run(output),
        Command::Audit(command) => command.run(&operator(config)?, output),
        Command::Stream(command) => command.run(&operator(config)?, output),
        Command::Exam(exam) => exam.run(&operator(config)?, output),
        Command::Witness(witness) => witness.run(&config),
        Command::Check => check::run(&config, output),
        Command::Healthcheck => healthcheck::run(&config, output),
    }
}
