//! The reserve: space beside the database that is given up when its disk is full, so that exits, cancels and
//! reports can still be written. Really allocated, closed to others, taken back once there is room for it twice.
//! Absent on purpose: contents. What stands in it is never read.

use super::file::{self, create_private};
use crate::error::Error;
use nija_core::ports::Space;
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use std::fs::OpenOptions;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Free bytes below which nothing more is tried: a small batch with its pages of the log.
pub(super) const LEAST: u64 = 1 << 20;

/// Space that can be given up.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    size: u64,
    held: Mutex<bool>,
}

impl Reserve {
    /// The reserve of the database at `path`, held when there is room; a size of 0 means none.
    ///
    /// # Errors
    /// [`Error::Full`] when the disk has no room and there is no reserve to give up.
    pub(super) fn of(path: &Path, size: u64) -> Result<Self, Error> {
        let reserve =
            Self { path: file::with_suffix(path, "-reserve"), size, held: Mutex::new(false) };
        *reserve.held() = size > 0 && reserve.is_there();
        if !*reserve.held() {
            file::remove_one(&reserve.path)?;
        }
        if reserve.free() < LEAST && !reserve.give_up() {
            return Err(Error::Full { path: path.to_owned(), need: LEAST });
        }
        if reserve.reclaim() != Space::Ample {
            tracing::warn!(path = %reserve.path.display(), size, "no room for the reserve");
        }
        Ok(reserve)
    }

    /// Is there room, as far as was seen?
    pub(crate) fn space(&self) -> Space {
        if self.size == 0 || *self.held() { Space::Ample } else { Space::Low }
    }

    /// Makes its space free. `false` when there was none to give.
    pub(crate) fn give_up(&self) -> bool {
        let mut held = self.held();
        let given = *held && file::remove_one(&self.path).is_ok();
        *held &= !given;
        given
    }

    /// Looks how much is free, and takes the reserve back when it would leave as much again.
    pub(crate) fn reclaim(&self) -> Space {
        let mut held = self.held();
        if *held {
            return Space::Ample;
        }
        let free = self.free();
        if free < LEAST {
            return Space::Full;
        }
        if self.size == 0 {
            return Space::Ample;
        }
        *held = free / 2 >= self.size && self.allocate();
        if *held { Space::Ample } else { Space::Low }
    }

    /// A file that an earlier run left, whole and with all its blocks.
    fn is_there(&self) -> bool {
        let found = std::fs::metadata(&self.path);
        found.is_ok_and(|found| found.len() == self.size && found.blocks() * 512 >= self.size)
    }

    fn allocate(&self) -> bool {
        let made = create_private(&self.path).and_then(|()| {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            fallocate(&file, FallocateFlags::empty(), 0, self.size)?;
            file.sync_all()
        });
        if let Err(why) = &made {
            tracing::warn!(path = %self.path.display(), %why, "the reserve cannot be allocated");
            // A part of it would only take the last space away.
            let _ = file::remove_one(&self.path);
        }
        made.is_ok()
    }

    /// Bytes that we may still write. A file system that does not say counts as free.
    fn free(&self) -> u64 {
        let folder = file::folder_of(&self.path);
        statvfs(folder).map_or(u64::MAX, |found| found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn held(&self) -> MutexGuard<'_, bool> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_really_there_and_is_given_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nija.db");
        let reserve = Reserve::of(&path, 1 << 20).unwrap();
        assert_eq!(reserve.space(), Space::Ample);
        let file = std::fs::metadata(&reserve.path).unwrap();
        assert!(file.blocks() * 512 >= 1 << 20 && file.mode() & 0o077 == 0, "{file:?}");

        assert!(reserve.give_up() && !reserve.give_up());
        assert!(!reserve.path.exists());
        assert_eq!(reserve.space(), Space::Low);
        assert_eq!(reserve.reclaim(), Space::Ample);
        assert_eq!(Reserve::of(&path, 1 << 20).unwrap().space(), Space::Ample);
    }

    #[test]
    fn what_is_no_whole_reserve_is_made_anew_and_none_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nija.db");
        let file = folder.path().join("nija.db-reserve");
        std::fs::File::create(&file).unwrap().set_len(1 << 20).unwrap();
        assert_eq!(Reserve::of(&path, 1 << 20).unwrap().space(), Space::Ample);
        assert!(std::fs::metadata(&file).unwrap().blocks() * 512 >= 1 << 20);
        let none = Reserve::of(&path, 0).unwrap();
        assert!(!file.exists() && !none.give_up());
        assert_eq!((none.space(), none.reclaim()), (Space::Ample, Space::Ample));
    }

    #[test]
    fn a_reserve_that_does_not_fit_leaves_room_low() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::of(&folder.path().join("nija.db"), u64::MAX / 4).unwrap();
        assert_eq!((reserve.space(), reserve.reclaim()), (Space::Low, Space::Low));
        assert!(!reserve.path.exists());
    }
}
