//! Files and folders: closed to others, writable for us, with space, on a disk that keeps what it was given.

use super::Findings;
use crate::config::Config;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Below this many free bytes not even a start fits.
const TOO_LITTLE: u64 = 1 << 20;
/// Below this many free bytes somebody should look.
const LITTLE: u64 = 1 << 30;
/// What lies beside a database, by the end of its name.
const SUFFIXES: [&str; 5] = ["", "-wal", "-shm", ".lock", "-reserve"];

pub(super) fn look(config: &Config, findings: &mut Findings) {
    for path in beside(&config.database) {
        private(&path, findings);
    }
    let folder = folder_of(&config.database);
    let name = folder.display().to_string();
    let mode = match std::fs::metadata(&folder) {
        Err(why) => {
            findings.refuse(&name, why, "make the folder of DATABASE_URL, for this user only");
            return;
        }
        Ok(data) if !data.is_dir() => {
            findings.refuse(&name, "is no folder", "name a file in a folder in DATABASE_URL");
            return;
        }
        Ok(data) => data.permissions().mode(),
    };
    let sticky = mode & 0o1000 != 0;
    if mode & 0o022 != 0 && !sticky {
        let todo = format!("close it with `chmod go-w {name}`");
        findings.refuse(&name, "others may replace files in it", todo);
    }
    if rustix::fs::access(&folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
        .is_err()
    {
        let todo = "give the user that runs this the right to write there";
        findings.refuse(&name, "cannot be written", todo);
    }
    if config.database.is_dir() {
        findings.refuse("DATABASE_URL", "names a folder", "name a file, like sqlite:nija.db");
    }
    space(&folder, reserved(&config.database), &name, findings);
    disk(&folder, &name, findings);
}

/// Refuses a file that others may read or write.
pub(super) fn private(path: &Path, findings: &mut Findings) {
    if let Some(mode) = open_mode(path) {
        let name = path.display().to_string();
        let todo = format!("close it with `chmod 600 {name}`");
        findings.refuse(&name, format!("is open to others (mode {mode:03o})"), todo);
    }
}

/// The mode of a file that others may read or write. One that is not there or cannot be seen is told elsewhere.
pub(super) fn open_mode(path: &Path) -> Option<u32> {
    let data = std::fs::metadata(path).ok()?;
    let mode = data.permissions().mode() & 0o777;
    (data.is_file() && mode & 0o077 != 0).then_some(mode)
}

/// A database and its views.
fn databases(database: &Path) -> [PathBuf; 2] {
    let mut views = database.file_stem().unwrap_or_default().to_owned();
    views.push("-views");
    if let Some(extension) = database.extension() {
        views.push(".");
        views.push(extension);
    }
    [database.to_owned(), database.with_file_name(views)]
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The files of a database, its views included.
fn beside(database: &Path) -> Vec<PathBuf> {
    databases(database).iter().flat_map(|path| SUFFIXES.map(|suffix| with(path, suffix))).collect()
}

/// The files that grow, each with a word for it.
pub(crate) fn kept(database: &Path) -> [(&'static str, PathBuf); 4] {
    let [journal, views] = databases(database);
    let (journal_log, views_log) = (with(&journal, "-wal"), with(&views, "-wal"));
    [("journal", journal), ("journal_log", journal_log), ("views", views), ("views_log", views_log)]
}

/// The folder that a file lies in.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Bytes that may still be written in a folder.
pub(crate) fn free(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Bytes that a start may give up.
fn reserved(database: &Path) -> u64 {
    std::fs::metadata(with(database, "-reserve")).map_or(0, |file| file.len())
}

fn space(folder: &Path, reserved: u64, name: &str, findings: &mut Findings) {
    let Some(free) = free(folder) else {
        findings.warn(name, "its free space cannot be read", "watch the disk by other means");
        return;
    };
    let found = format!("{} MiB are free", free >> 20);
    if free.saturating_add(reserved) < TOO_LITTLE {
        findings.refuse(name, found, "make space; see \"Disk\" in docs/operations.md");
    } else if free < LITTLE {
        findings.warn(name, found, "make space soon; see \"Disk\" in docs/operations.md");
    }
}

/// What the kernel calls file systems that are not a local disk (statfs(2)).
#[cfg(target_os = "linux")]
fn disk(folder: &Path, name: &str, findings: &mut Findings) {
    const TMPFS: i64 = 0x0102_1994;
    const RAMFS: i64 = 0x8584_58f6;
    const OVERLAY: i64 = 0x794c_7630;
    const REMOTE: [i64; 6] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x564c];
    let Ok(found) = rustix::fs::statfs(folder) else { return };
    #[allow(clippy::unnecessary_cast, reason = "its type differs between machines")]
    let kind = (found.f_type as i64) & 0xffff_ffff;
    if kind == TMPFS || kind == RAMFS {
        let todo = "use a disk unless this is a trial: a power cut ends everything in memory";
        findings.warn(name, "lies in memory (tmpfs)", todo);
    } else if kind == OVERLAY {
        let found = "lies in a container's own layer and is removed with the container";
        findings.warn(name, found, "mount a volume there");
    } else if REMOTE.contains(&kind) {
        let todo = "use a local disk: SQLite's log needs shared memory and true locks";
        findings.refuse(name, "lies on a network file system", todo);
    }
}

#[cfg(not(target_os = "linux"))]
fn disk(_folder: &Path, _name: &str, _findings: &mut Findings) {}
