//! What a witness keeps: its key, and the last checkpoint of each log.
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use super::Error;
use super::judgement::{Refusal, Request};
use crate::keys::checkpoints::cosigner;
use crate::keys::pair::Pair;
use crate::model::signed_note::{Signature, VerifierKey, timed_message};
use crate::oauth::UnixTime;
use crate::oauth::algorithm::Algorithm;
use crate::sealing::checkpoint_file::CheckpointFile;

pub struct Memory {
    folder: PathBuf,
    logs: Vec<VerifierKey>,
    pair: Pair,
    key: VerifierKey,
    /// Looking and keeping is one step: of two requests at once one is second.
    turn: Mutex<()>,
}

/// Why there is no signature.
#[derive(Debug)]
pub enum Unsigned {
    Refused(Refusal),
    /// The folder cannot be read or written.
    Failed(String),
}

impl Memory {
    /// Opens the folder; makes it, and the key, when they are missing.
    pub fn open(folder: &Path, name: &str, logs: Vec<VerifierKey>) -> Result<Self, Error> {
        let failed =
            |what: &dyn std::fmt::Display| Error::Folder(format!("{}: {what}", folder.display()));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| failed(&error))?;
        let path = folder.join("witness.key");
        if !path.exists() {
            let made = Pair::generate(Algorithm::EdDsa)?;
            let text = Zeroizing::new(pem::encode(&pem::Pem::new("PRIVATE KEY", made.to_vec())));
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .and_then(|mut file| {
                    file.write_all(text.as_bytes())?;
                    file.sync_all()
                })
                .map_err(|error| failed(&error))?;
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(|error| failed(&error))?);
        let der = pem::parse(text.as_bytes()).map_err(|_| failed(&"witness.key is no PEM"))?;
        let pair = Pair::parse(Algorithm::EdDsa, der.contents())?;
        let key = cosigner(&pair, name)?;
        // What nobody can read back is no name.
        VerifierKey::parse(&key.text()).map_err(|why| failed(&why))?;
        Ok(Self { folder: folder.to_owned(), logs, pair, key, turn: Mutex::new(()) })
    }

    /// The key that its signatures are verified with.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Signs the checkpoint at `now` when it goes on from the last of its log,
    /// which it is from then on: on the disk before anybody is told.
    pub fn add(&self, request: &Request, now: UnixTime) -> Result<Signature, Unsigned> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: &dyn std::fmt::Display| Unsigned::Failed(error.to_string());
        let file = self.file(&request.checkpoint.checkpoint.origin);
        let known = file.last().map_err(|error| failed(&error))?;
        let known = known.map(|known| known.checkpoint);
        request.judge(known.as_ref(), &self.logs).map_err(Unsigned::Refused)?;
        let time = u64::try_from(now.seconds()).unwrap_or(0);
        let message = timed_message(time, &request.checkpoint.note.text);
        let signature = self.pair.sign(&message).map_err(|error| failed(&error))?;
        let line = self.key.line(Some(time), &signature);
        let mut kept = request.checkpoint.clone();
        kept.note.signatures.push(line.clone());
        file.replace(&kept.to_string()).map_err(|error| failed(&error))?;
        if known.is_none_or(|known| known.size != kept.checkpoint.size) {
            file.remember(&kept.to_string()).map_err(|error| failed(&error))?;
        }
        Ok(line)
    }

    /// Where the last checkpoint of a log is kept. Its name is a stranger's
    /// text, so the file has another.
    fn file(&self, origin: &str) -> CheckpointFile {
        let hash = digest(&SHA256, origin.as_bytes());
        let name: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        CheckpointFile::new(&self.folder.join(format!("{name}.checkpoint")))
    }
}
