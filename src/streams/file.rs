//! A line for each event, to a file or to standard output.
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::record::Record;

pub struct Lines {
    path: PathBuf,
    file: Option<File>,
}

impl Lines {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Returns once the lines are on disk. A file that was moved away or deleted
    /// is made again: log rotation needs no signal.
    pub fn send(&mut self, records: &[Record]) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) if is_there(&file, &self.path) => file,
            _ => {
                let options = OpenOptions::new().append(true).create(true).mode(0o640).clone();
                options.open(&self.path)?
            }
        };
        let file = self.file.insert(file);
        file.write_all(text(records).as_bytes())?;
        file.sync_data()
    }
}

/// Whether the path still leads to this file.
fn is_there(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), std::fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (named.dev(), named.ino())
}

/// All lines in one write, so that those of others do not come between.
pub fn to_stdout(records: &[Record]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text(records).as_bytes())?;
    out.flush()
}

fn text(records: &[Record]) -> String {
    records.iter().flat_map(|record| [record.json.as_str(), "\n"]).collect()
}
