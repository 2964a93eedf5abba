//! What is kept for when the database cannot be written.
use std::path::{Path, PathBuf};

use super::Reader;
use crate::config::Emergency;
use crate::config::number::within;

/// The most that it makes sense to keep free, MiB.
const MOST_MB: u64 = 1_048_576;

impl Reader<'_> {
    pub(super) fn emergency(&mut self, checkpoint_file: &Path) -> Option<Emergency> {
        let journal = match self.text("revocation_journal") {
            "" => checkpoint_file.with_file_name("revocations.journal"),
            path => PathBuf::from(path),
        };
        Some(Emergency {
            journal,
            disk_low_mb: self.checked("disk_low_mb", |text| within(text, 0..=MOST_MB))?,
            disk_reserve_mb: self.checked("disk_reserve_mb", |text| within(text, 0..=MOST_MB))?,
        })
    }
}
