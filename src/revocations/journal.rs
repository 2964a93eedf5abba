//! The emergency journal: revocations that count here though the database could
//! not take them. A file outside the database, one line of JSON each, on disk
//! before anybody is answered; written to the database as soon as that is back.
//!
//! The command line writes to it too, and the server reads what it wrote.
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::model::audit_event::Event;
use crate::model::revocation::{Late, Revocation};
use crate::oauth::UnixTime;
use crate::oauth::revocation::Kind;

/// The most that it may hold, in bytes: some 50,000 revocations.
const LONGEST: u64 = 32 * 1_024 * 1_024;

pub struct Journal {
    path: PathBuf,
    known: Mutex<Known>,
}

/// What was read of the file, and how the file looked then.
#[derive(Default)]
struct Known {
    length: u64,
    modified: (i64, i64),
    waiting: Vec<Late>,
}

/// A line.
#[derive(Serialize, Deserialize)]
struct Line {
    v: u8,
    id: String,
    kind: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    not_before: i64,
    expires_at: i64,
    reason: String,
    created_by: String,
    created_at: i64,
    salt: String,
    event: Event,
}

impl Journal {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), known: Mutex::default() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds `late`. When this returns, it is on disk.
    ///
    /// # Errors
    /// It could not be written, or the journal is full.
    pub fn append(&self, late: &Late) -> io::Result<()> {
        let is_new = !self.path.exists();
        if is_new && let Some(folder) = self.folder() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path)?;
        file.lock()?;
        let length = file.metadata()?.len();
        if length > LONGEST {
            return Err(io::Error::new(ErrorKind::StorageFull, "the journal is full"));
        }
        let mut line = serde_json::to_string(&Line::from(late))?;
        line.push('\n');
        if length > 0 && !ends_a_line(&self.path, length)? {
            // A power cut tore what stands before.
            line.insert(0, '\n');
        }
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        if is_new && let Some(folder) = self.folder() {
            // Whoever runs the command line may be another than the server's.
            let owner = fs::metadata(folder)?;
            if owner.uid() != file.metadata()?.uid() {
                let _ = std::os::unix::fs::chown(&self.path, Some(owner.uid()), Some(owner.gid()));
            }
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Reads what is in the file, when it is another than it was. `None`: it is
    /// not.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn look(&self) -> io::Result<Option<Vec<Late>>> {
        let (length, modified) = match fs::metadata(&self.path) {
            Ok(found) => (found.len(), (found.mtime(), found.mtime_nsec())),
            Err(error) if error.kind() == ErrorKind::NotFound => (0, (0, 0)),
            Err(error) => return Err(error),
        };
        let mut known = self.lock();
        if (known.length, known.modified) == (length, modified) {
            return Ok(None);
        }
        let mut text = Vec::new();
        if length > 0 {
            let mut file = File::open(&self.path)?;
            file.lock_shared()?;
            file.read_to_end(&mut text)?;
        }
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        *known = Known { length, modified, waiting: read(&text) };
        Ok(Some(known.waiting.clone()))
    }

    /// What waits for the database, as it was read last.
    pub fn waiting(&self) -> Vec<Late> {
        self.lock().waiting.clone()
    }

    /// Whether a revocation of this subject waits.
    pub fn holds(&self, kind: Kind, subject: &str) -> bool {
        let is_it =
            |late: &Late| late.revocation.kind == kind && late.revocation.subject == subject;
        self.lock().waiting.iter().any(is_it)
    }

    /// Empties the file: what was read last is in the database. What was added
    /// since stays, and all of it with it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn clear(&self) -> io::Result<()> {
        let mut known = self.lock();
        if known.length == 0 {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).open(&self.path)?;
        file.lock()?;
        if file.metadata()?.len() == known.length {
            file.set_len(0)?;
            file.sync_all()?;
            *known = Known::default();
        }
        Ok(())
    }

    fn folder(&self) -> Option<&Path> {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ends_a_line(path: &Path, length: u64) -> io::Result<bool> {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, length - 1)?;
    Ok(last == *b"\n")
}

/// The lines that can be read. One that was torn was answered to nobody.
fn read(text: &[u8]) -> Vec<Late> {
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let read = lines.filter_map(|line| {
        let late = serde_json::from_slice::<Line>(line).ok().and_then(Line::late);
        if late.is_none() {
            tracing::warn!("revocations.journal_line_not_read");
        }
        late
    });
    read.collect()
}

impl From<&Late> for Line {
    fn from(late: &Late) -> Self {
        let revocation = late.revocation.clone();
        Self {
            v: 1,
            id: revocation.id,
            kind: revocation.kind.as_str().to_owned(),
            subject: revocation.subject,
            client_id: revocation.client_id,
            not_before: revocation.not_before.0,
            expires_at: revocation.expires_at.0,
            reason: revocation.reason,
            created_by: revocation.created_by,
            created_at: revocation.created_at.0,
            salt: STANDARD.encode(late.event.salt),
            event: late.event.clone(),
        }
    }
}

impl Line {
    fn late(self) -> Option<Late> {
        let mut event = self.event;
        event.salt = STANDARD.decode(self.salt).ok()?.try_into().ok()?;
        let revocation = Revocation {
            id: self.id,
            kind: Kind::parse(&self.kind)?,
            subject: self.subject,
            client_id: self.client_id,
            not_before: UnixTime(self.not_before),
            expires_at: UnixTime(self.expires_at),
            reason: self.reason,
            created_by: self.created_by,
            created_at: UnixTime(self.created_at),
        };
        Some(Late { revocation, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::audit_event::{Mark, Outcome};

    fn late(subject: &str) -> Late {
        let now = UnixTime::from_seconds(1_000);
        let end = UnixTime::from_seconds(1_600);
        let mark = Mark { id: format!("01{subject}"), salt: [7; 16] };
        Late {
            revocation: Revocation::of_token(format!("rev_{subject}"), subject, end, now),
            event: Event::new(mark, now, "token.revoked", Outcome::Success),
        }
    }

    #[test]
    fn what_was_appended_is_read_by_who_looks_next_and_only_the_owner_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/journal");
        let (writing, reading) = (Journal::new(&path), Journal::new(&path));
        assert_eq!(reading.look().unwrap(), None);
        writing.append(&late("a")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(reading.look().unwrap().unwrap(), [late("a")]);
        assert_eq!(reading.look().unwrap(), None, "nothing is new");
        assert!(reading.holds(Kind::Token, "a") && !reading.holds(Kind::Key, "a"));

        // Added after it was read: nothing is emptied.
        writing.append(&late("b")).unwrap();
        reading.clear().unwrap();
        assert_eq!(reading.look().unwrap().unwrap(), [late("a"), late("b")]);
        reading.clear().unwrap();
        assert!(reading.waiting().is_empty());
        assert_eq!(Journal::new(&path).look().unwrap(), Some(Vec::new()));
    }

    #[test]
    fn a_torn_line_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(&folder.path().join("journal"));
        journal.append(&late("a")).unwrap();
        let whole = fs::read(journal.path()).unwrap();
        fs::write(journal.path(), [&whole[..], &whole[..40]].concat()).unwrap();
        journal.append(&late("b")).unwrap();
        assert_eq!(journal.look().unwrap().unwrap(), [late("a"), late("b")]);
    }
}
