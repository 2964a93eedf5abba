//! What commands print: text for people, JSON for programs.
use std::io::{BufWriter, ErrorKind, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::oauth::UnixTime;

/// How the person wants it.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub json: bool,
}

impl Output {
    /// One thing: as JSON, or as lines of `name  value`.
    pub fn object(self, object: &Value) {
        if self.json {
            return line(object);
        }
        let Some(members) = object.as_object() else { return line(plain(object)) };
        let width = members.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in members {
            line(format!("{name:width$}  {}", plain(value)));
        }
    }

    /// Several things: as a JSON array, or as a table of these columns.
    pub fn table(self, columns: &[&str], rows: &[Value]) {
        if self.json {
            return line(Value::from(rows));
        }
        let cell = |row: &Value, column: &str| row.get(column).map(plain).unwrap_or_default();
        let widths: Vec<usize> = columns
            .iter()
            .map(|column| {
                let longest = rows.iter().map(|row| cell(row, column).chars().count()).max();
                longest.unwrap_or(0).max(column.len())
            })
            .collect();
        let print = |cells: Vec<String>| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            line(padded.collect::<Vec<_>>().join("  ").trim_end());
        };
        print(columns.iter().map(|column| (*column).to_owned()).collect());
        for row in rows {
            print(columns.iter().map(|column| cell(row, column)).collect());
        }
    }

    /// What was done, in one sentence; as JSON when there is more to tell.
    pub fn done(self, sentence: &str, object: &Value) {
        if self.json { line(object) } else { line(sentence) }
    }
}

/// RFC 3339 in UTC, to the microsecond.
pub fn time(at: UnixTime) -> String {
    let at = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.6}")
}

/// An error with an exit code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Exit {
    pub code: u8,
    pub sentence: String,
}

/// One sentence on standard error, and the exit code: 1 unless the error has
/// one of its own.
#[expect(clippy::print_stderr, reason = "this is where commands print errors")]
pub fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("countersign: {error:#}");
    error.downcast_ref().map_or(ExitCode::FAILURE, |exit: &Exit| ExitCode::from(exit.code))
}

/// A line on standard output.
pub fn line(text: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}") {
        stop("standard output", &error);
    }
}

/// What a server says on standard output, which it outlives.
pub fn tell(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A remark on standard error, beside what was asked for.
#[expect(clippy::print_stderr, reason = "this is where commands print remarks")]
pub fn note(text: &str) {
    eprintln!("{text}");
}

/// Many lines on standard output or into a file, in few writes. Call
/// [`Lines::finish`].
pub struct Lines {
    out: BufWriter<Box<dyn Write>>,
    /// What is written to.
    name: String,
}

impl Default for Lines {
    fn default() -> Self {
        Self::new(Box::new(std::io::stdout()), "standard output".to_owned())
    }
}

impl Lines {
    fn new(out: Box<dyn Write>, name: String) -> Self {
        Self { out: BufWriter::with_capacity(1 << 16, out), name }
    }

    /// Into a new file that only its owner reads, in the place of one that is
    /// there.
    pub fn to_file(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(path).with_context(|| name.clone())?;
        Ok(Self::new(Box::new(file), name))
    }

    pub fn line(&mut self, text: impl std::fmt::Display) {
        if let Err(error) = writeln!(self.out, "{text}") {
            stop(&self.name, &error);
        }
    }

    /// Text that has its own ends of lines.
    pub fn text(&mut self, text: impl std::fmt::Display) {
        if let Err(error) = write!(self.out, "{text}") {
            stop(&self.name, &error);
        }
    }

    pub fn finish(mut self) {
        if let Err(error) = self.out.flush() {
            stop(&self.name, &error);
        }
    }
}

/// Who stopped reading does not want the rest. Any other error means that an
/// answer is lost, and that must not look like success.
#[expect(clippy::print_stderr, reason = "this is where commands print errors")]
fn stop(name: &str, error: &std::io::Error) -> ! {
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    eprintln!("countersign: {name}: {error}");
    std::process::exit(1)
}

/// Asks for something on the terminal, if there is one.
#[expect(clippy::print_stderr, reason = "this is where commands ask")]
pub fn prompt(text: &str) {
    if std::io::stdin().is_terminal() {
        eprint!("{text}: ");
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
