//! What can go wrong with a database, and how each failure is told through the doors.

use nija_core::journal::Damage;
use nija_core::ports::control::ControlError;
use nija_core::ports::{AppendError, ReadError};
use rusqlite::ErrorCode;
use std::path::PathBuf;

/// Why a database could not be opened, checked or copied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be reached.
    #[error("{}: {why}; check that the folder exists and is writable", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why. It is in the text, and so no source that would be told once more.
        why: std::io::Error,
    },
    /// The system gives no thread for a connection.
    #[error("{}: {why}; allow the server more threads", path.display())]
    Thread {
        /// To which file.
        path: PathBuf,
        /// Why. It is in the text, and so no source that would be told once more.
        why: std::io::Error,
    },
    /// Another process has it.
    #[error("{} is held by another process, which owns the database; stop it first", lock.display())]
    Owned {
        /// The lock file.
        lock: PathBuf,
    },
    /// Written by a newer program.
    #[error("{} has schema {found} and this program knows up to {known}; use a newer program", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest known one.
        known: i64,
    },
    /// Not migrated yet, and opened without the right to do so.
    #[error("{} has schema {found}, not {known}; start the server once to migrate it", path.display())]
    Older {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The one needed.
        known: i64,
    },
    /// An SQLite file of something else.
    #[error("{} is not this kind of NIJA database; name another file", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// A copy that is not what it was when it was made.
    #[error("{} is not what was backed up; use another backup", path.display())]
    Altered {
        /// Which file.
        path: PathBuf,
    },
    /// A restoration was cut short.
    #[error("{} is there: a restoration was cut short; run `nija restore` again", mark.display())]
    Restoring {
        /// The mark it left.
        mark: PathBuf,
    },
    /// SQLite did not take a setting that durability rests on.
    #[error("{}: SQLite keeps {setting} at {found}; use a local disk", path.display())]
    Setting {
        /// Which file.
        path: PathBuf,
        /// The setting.
        setting: &'static str,
        /// What it stayed at.
        found: String,
    },
    /// There is no room to start in, and no reserve to give up.
    #[error(
        "the disk of {} has less than {need} bytes free, and the start must be written down; free some space, then \
         start again", path.display()
    )]
    Full {
        /// Which file.
        path: PathBuf,
        /// Least bytes to start with.
        need: u64,
    },
    /// The file is not what was written.
    #[error("{} is damaged: {finding}; {RESTORE}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What SQLite found first.
        finding: String,
    },
    /// SQLite failed.
    #[error("{}: {why}", path.display())]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// How.
        why: rusqlite::Error,
    },
}

/// What to do about a damaged file.
const RESTORE: &str =
    "run `nija verify`, then restore the newest backup that it finds sound and keep this file";

/// Does SQLite say that the file is damaged?
pub(crate) fn is_damage(e: &rusqlite::Error) -> bool {
    matches!(e.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

impl Error {
    /// For `map_err`: an SQLite failure with its file.
    pub(crate) fn sqlite(path: &std::path::Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |why| {
            let path = path.to_owned();
            match is_damage(&why) {
                true => Self::Damaged { path, finding: why.to_string() },
                false => Self::Sqlite { path, why },
            }
        }
    }
    /// For `map_err`: an I/O failure with its file.
    pub(crate) fn file(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |why| Self::File { path: path.to_owned(), why }
    }
}

/// A failure inside a call, before it is told in the words of its door.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the call was dropped because the program is stopping")]
    Lost,
    #[error("the database was opened without this right")]
    Closed,
    #[error("{0}")]
    Unusable(String),
    #[error(transparent)]
    Control(#[from] ControlError),
}

impl Fault {
    /// For `map_err`: a row of the views that cannot be read.
    pub(crate) fn unreadable(e: minicbor::decode::Error) -> Self {
        Self::Unusable(format!(
            "the views cannot be read ({e}); stop the server and run `nija replay`"
        ))
    }
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Unusable(damage.to_string())
    }
}

impl From<Fault> for ReadError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Sqlite(e) if is_damage(e) => Self::Unavailable(format!("{fault}; {RESTORE}")),
            _ => Self::Unavailable(fault.to_string()),
        }
    }
}

impl Fault {
    /// Was nothing written because no space is left?
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Sqlite(e) if e.sqlite_error_code() == Some(ErrorCode::DiskFull))
    }
}

impl From<Fault> for AppendError {
    fn from(fault: Fault) -> Self {
        match fault {
            full if full.is_full() => Self::Full,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<Fault> for ControlError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Control(told) => told,
            full if full.is_full() => Self::Full,
            other => Self::Unavailable(other.to_string()),
        }
    }
}
