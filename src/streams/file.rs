//! A line for each event, to a file or to standard output.
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
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
        let mut file = match self.file.take() {
            Some(file) if is_there(&file, &self.path) => file,
            _ => {
                let options =
                    OpenOptions::new().read(true).append(true).create(true).mode(0o640).clone();
                let mut file = options.open(&self.path)?;
                end_torn_line(&mut file)?;
                file
            }
        };
        // Kept only when all went well: after a failure the next try looks at
        // what is there.
        file.write_all(text(records).as_bytes())?;
        file.sync_data()?;
        self.file = Some(file);
        Ok(())
    }
}

/// A full disk or a kill may have left a piece of a line; what is written next
/// must not become its end. Nothing is taken away: somebody may have read it, and
/// what it is a piece of is written again.
fn end_torn_line(file: &mut File) -> io::Result<()> {
    let about = file.metadata()?;
    if !about.is_file() || about.len() == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.read_exact_at(&mut last, about.len() - 1)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::UnixTime;

    fn record(id: &str) -> Record {
        Record { json: format!("{{\"id\":\"{id}\"}}"), ..Record::test(id, UnixTime(0)) }
    }

    #[test]
    fn a_torn_line_swallows_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let text = || std::fs::read_to_string(&path).unwrap();
        Lines::new(path.clone()).send(&[record("a"), record("b")]).unwrap();
        assert_eq!(text(), "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
        // Whole lines are gone on with, a piece of one is ended first.
        Lines::new(path.clone()).send(&[record("c")]).unwrap();
        assert_eq!(text().lines().count(), 3);
        std::fs::write(&path, "{\"id\":\"a\"}\n{\"id\":").unwrap();
        Lines::new(path.clone()).send(&[record("b")]).unwrap();
        assert_eq!(text(), "{\"id\":\"a\"}\n{\"id\":\n{\"id\":\"b\"}\n");
    }

    /// `/dev/full` is a disk that is: what was open is looked at again.
    #[test]
    fn after_a_write_that_failed_the_file_is_opened_anew() {
        let mut lines = Lines::new(PathBuf::from("/dev/full"));
        assert_eq!(lines.send(&[record("a")]).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(lines.file.is_none());
    }
}
