//! What commands print.
use std::process::ExitCode;

/// One sentence on standard error, and exit code 1.
#[expect(clippy::print_stderr, reason = "this is where commands print errors")]
pub fn failed(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("countersign: {error}");
    ExitCode::FAILURE
}

/// A line for the person who runs the command.
#[expect(clippy::print_stdout, reason = "this is where commands print")]
pub fn line(text: impl std::fmt::Display) {
    println!("{text}");
}
