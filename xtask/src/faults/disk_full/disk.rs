//! A small disk that can be filled and freed: a file system in memory of its own, gone when it is dropped.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What ballast grows by.
const STEP: usize = 4_096;

/// A mounted disk of 16 MB.
pub(super) struct Disk(PathBuf);

impl Disk {
    /// Mounts it below `folder`. An error where that is not allowed.
    pub(super) fn mount(folder: &Path) -> Result<Self> {
        let at = folder.join("disk");
        std::fs::create_dir(&at)?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(&at);
        let done = mount.output().context("no program `mount`")?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(Self(at))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Takes all that is free.
    pub(super) fn fill(&self) -> Result<()> {
        let mut options = File::options();
        let mut ballast = options.create(true).append(true).open(self.0.join("ballast"))?;
        // The error is the end that is wanted.
        while ballast.write_all(&[0xa5; STEP]).is_ok() {}
        Ok(())
    }

    /// Gives back what `fill` took.
    pub(super) fn free(&self) -> Result<()> {
        std::fs::remove_file(self.0.join("ballast")).context("no ballast to throw out")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The folder stays for people where it is still in use.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
