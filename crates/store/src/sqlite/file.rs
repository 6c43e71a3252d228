//! The files around a database: created for the owner's eyes only, and locked so that one process owns them.

use crate::error::Error;
use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Read and write for the owner, nothing for anybody else. SQLite gives its `-wal` and `-shm` files the same.
const OWNER_ONLY: u32 = 0o600;

/// The advisory lock of the process that owns a database. Free again when dropped, also by a crash.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the database at `path`, or says who is in the way.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let lock = with_suffix(path, ".lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(OWNER_ONLY)
            .open(&lock)
            .map_err(Error::file(&lock))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Owned { lock }),
            Err(TryLockError::Error(why)) => Err(Error::File { path: lock, why }),
        }
    }
}

/// Makes an empty file that nobody else may read; one that exists already is an error.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY).open(path).map(drop)
}

/// Makes an empty file that nobody else may read, or takes that right from an existing one.
pub(crate) fn make_private(path: &Path) -> Result<(), Error> {
    let failed = Error::file(path);
    match create_private(path) {
        Ok(()) => sync_folder(path),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            let mode = std::fs::metadata(path).map_err(&failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                tracing::warn!(path = %path.display(), "others could read the database; closed to them");
                std::fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))
                    .map_err(&failed)?;
            }
            Ok(())
        }
        Err(e) => Err(failed(e)),
    }
}

/// Makes the name of a file in its folder survive a power cut.
pub(crate) fn sync_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    File::open(folder).and_then(|f| f.sync_all()).map_err(Error::file(folder))
}

/// The folder of a file.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Removes a disposable database with its `-wal` and `-shm` files.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    ["", "-wal", "-shm"].iter().try_for_each(|suffix| remove_one(&with_suffix(path, suffix)))
}

/// Removes a file; one that is not there is no error.
pub(super) fn remove_one(file: &Path) -> Result<(), Error> {
    match std::fs::remove_file(file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file(file)(e)),
        _ => Ok(()),
    }
}

/// The path with more behind its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// SQLite's log beside the database.
pub(crate) fn log_path(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

/// The views' file beside the database: `nija.db` has `nija-views.db`.
pub(crate) fn views_path(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("-views");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}
