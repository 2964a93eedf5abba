//! The last checkpoint outside the database. Whoever puts an older database
//! back does not put this file back; so it tells.
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::Error;
use crate::model::checkpoint::SignedCheckpoint;

/// A checkpoint is a few hundred bytes; with witnesses some thousand.
const LONGEST: u64 = 64 * 1_024;

/// The last checkpoint, and beside it (`.history`) one of now and then, only
/// ever added to.
#[derive(Clone, Debug)]
pub struct CheckpointFile {
    path: PathBuf,
}

impl CheckpointFile {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `None`: there is no file.
    ///
    /// # Errors
    /// `File`: it cannot be read, or is no checkpoint.
    pub fn last(&self) -> Result<Option<SignedCheckpoint>, Error> {
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
            Ok(found) if found.len() > LONGEST => return Err(self.failed(&"it is too long")),
            Ok(_) => {}
        }
        let text = fs::read_to_string(&self.path).map_err(|error| self.failed(&error))?;
        SignedCheckpoint::parse(&text).map(Some).map_err(|error| self.failed(&error))
    }

    /// Puts `note` in the place of what was there. When this returns, it is on
    /// the disk: either the old or the new one is found after a power cut.
    pub fn replace(&self, note: &str) -> Result<(), Error> {
        let folder = self.folder()?;
        let new = self.path.with_extension(format!("{}.new", std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .open(&new)
            .and_then(|mut file| {
                file.write_all(note.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::rename(&new, &self.path))
            .and_then(|()| File::open(folder)?.sync_all());
        written.map_err(|error| self.failed(&error))
    }

    /// Adds `note` to the history.
    pub fn remember(&self, note: &str) -> Result<(), Error> {
        self.folder()?;
        let mut name = self.path.clone().into_os_string();
        name.push(".history");
        let added = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o644)
            .open(name)
            .and_then(|mut file| file.write_all(format!("{note}\n").as_bytes()));
        added.map_err(|error| self.failed(&error))
    }

    fn folder(&self) -> Result<&Path, Error> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| self.failed(&error))?;
        Ok(folder)
    }

    fn failed(&self, why: &dyn std::fmt::Display) -> Error {
        Error::File(format!("checkpoint file {}: {why}", self.path.display()))
    }
}
