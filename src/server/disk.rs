//! The disk that an SQLite database lies on: how much of it is left, and what is
//! set aside for when that is nothing.
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

use crate::config::Emergency;

const MIB: u64 = 1_024 * 1_024;

/// Space runs out in two steps: first no tokens are issued any more, then what
/// was set aside is given up, so that acts and revocations can be written.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// No tokens with less, bytes.
    low: u64,
    /// How much is set aside, bytes.
    reserve: u64,
    is_low: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes.
    pub free: u64,
    pub is_low: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Step {
    Stay,
    GiveUp,
    SetAside,
}

impl Disk {
    pub fn new(folder: &Path, settings: &Emergency) -> Self {
        Self {
            folder: folder.to_owned(),
            low: settings.disk_low_mb.saturating_mul(MIB),
            reserve: settings.disk_reserve_mb.saturating_mul(MIB),
            is_low: false,
        }
    }

    /// Looks how much is left, and gives the reserve up or sets it aside.
    ///
    /// # Errors
    /// The disk does not say.
    pub fn look(&mut self) -> io::Result<Space> {
        let free = self.free()?;
        match self.step(free, self.path().exists()) {
            Step::GiveUp => {
                fs::remove_file(self.path())?;
                tracing::warn!(free, "disk.reserve_given_up");
            }
            Step::SetAside => {
                if let Err(error) = self.set_aside() {
                    tracing::warn!(%error, "disk.no_reserve");
                }
            }
            Step::Stay => {}
        }
        let free = self.free()?;
        let is_low = self.is_low(free, self.path().exists());
        if is_low != self.is_low {
            tracing::warn!(free, is_low, "disk.low");
        }
        self.is_low = is_low;
        Ok(Space { free, is_low })
    }

    /// What is to be done about the reserve with `free` bytes left. SQLite's own log
    /// may have taken the space and given it back: what was given up then is set aside
    /// again at once, before whoever took the rest takes this too.
    fn step(&self, free: u64, has_reserve: bool) -> Step {
        if has_reserve && free < self.reserve / 4 {
            Step::GiveUp
        } else if !has_reserve && self.reserve > 0 && free >= self.reserve.saturating_mul(2) {
            Step::SetAside
        } else {
            Step::Stay
        }
    }

    /// No token is issued out of the reserve, nor while it is to be set aside first.
    fn is_low(&self, free: u64, has_reserve: bool) -> bool {
        let owed = if has_reserve { 0 } else { self.reserve };
        // Not back and forth at the line itself.
        let line = if self.is_low { self.low.saturating_add(self.low / 8) } else { self.low };
        free < line.saturating_add(owed)
    }

    fn free(&self) -> io::Result<u64> {
        let found = statvfs(&self.folder)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Blocks that are really taken: an empty file of this size takes none.
    fn set_aside(&self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path())?;
        let taken = fallocate(&file, FallocateFlags::empty(), 0, self.reserve);
        taken.map_err(io::Error::from).inspect_err(|_| self.drop_reserve())
    }

    fn drop_reserve(&self) {
        match fs::remove_file(self.path()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                tracing::warn!(%error, "disk.reserve_not_removed");
            }
            _ => {}
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("reserve")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(low: u64, reserve: u64) -> Emergency {
        Emergency { journal: PathBuf::new(), disk_low_mb: low, disk_reserve_mb: reserve }
    }

    #[test]
    fn a_reserve_is_set_aside_where_there_is_room_and_given_up_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::new(folder.path(), &settings(0, 1));
        let space = disk.look().unwrap();
        assert!(!space.is_low && space.free > 0);
        let reserve = folder.path().join("reserve");
        assert_eq!(fs::metadata(&reserve).unwrap().len(), MIB);
        // The disk is as good as full beside a reserve of this size.
        disk.reserve = u64::MAX;
        disk.look().unwrap();
        assert!(!reserve.exists());
        assert!(disk.look().unwrap().is_low);
        assert!(!reserve.exists(), "there is no room for that");
    }

    #[test]
    fn a_reserve_that_was_given_up_comes_back_before_tokens_do() {
        let mut disk = Disk::new(Path::new("data"), &settings(8, 4));
        assert_eq!(disk.step(MIB - 1, true), Step::GiveUp);
        assert_eq!(disk.step(MIB, true), Step::Stay);
        assert_eq!(disk.step(8 * MIB - 1, false), Step::Stay, "it would be given up soon");
        assert_eq!(disk.step(8 * MIB, false), Step::SetAside);
        assert_eq!(disk.step(u64::MAX, true), Step::Stay);
        assert!(!disk.is_low(8 * MIB, true));
        assert!(disk.is_low(12 * MIB - 1, false), "the reserve comes first");
        disk.is_low = true;
        assert!(disk.is_low(9 * MIB - 1, true) && !disk.is_low(9 * MIB, true));
    }

    #[test]
    fn nothing_is_set_aside_where_no_reserve_is_wanted() {
        let disk = Disk::new(Path::new("data"), &settings(8, 0));
        assert_eq!(disk.step(u64::MAX, false), Step::Stay);
        assert!(!disk.is_low(8 * MIB, false));
    }

    #[test]
    fn low_is_less_than_what_is_to_stay() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Disk::new(folder.path(), &settings(1_048_576, 0)).look().unwrap().is_low);
        assert!(!Disk::new(folder.path(), &settings(0, 0)).look().unwrap().is_low);
        assert!(!folder.path().join("reserve").exists());
    }
}
