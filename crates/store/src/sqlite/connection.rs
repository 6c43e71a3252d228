//! Opens connections with the settings that durability and safety rest on, and checks that they took.

use crate::error::Error;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::ffi::c_int;
use std::path::Path;
use std::time::Duration;

/// How long a statement waits for a lock that another process holds.
const BUSY: Duration = Duration::from_secs(5);
/// More statements than any connection here prepares.
const STATEMENTS: usize = 64;

/// Pages in the log from which on a commit copies it into the database.
const LOG_PAGES: c_int = 1_000;
/// KiB of pages that the writer of the views keeps at most: the rows of some 80,000 accounts.
const VIEWS_CACHE: i64 = 16 * 1024;

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Write; a commit returns when it would survive a power cut.
    Durable,
    /// Write rows that can be made again; the last commits may be lost in a power cut.
    Disposable,
    /// Read only.
    Read,
}

/// Opens an existing file. `SQLITE_OPEN_URI` is left out so that a path is only ever a path.
pub(crate) fn open(path: &Path, access: Access) -> Result<Connection, Error> {
    let failed = Error::sqlite(path);
    let right = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Durable | Access::Disposable => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, right | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(&failed)?;
    connection.busy_timeout(BUSY).map_err(&failed)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(&failed)?;
    connection
        .execute_batch(
            "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;",
        )
        .map_err(&failed)?;
    for (setting, needed) in [("foreign_keys", 1), ("trusted_schema", 0), ("cell_size_check", 1)] {
        let read = format!("PRAGMA {setting}");
        let found: i64 = connection.query_row(&read, [], |row| row.get(0)).map_err(&failed)?;
        if found != needed {
            let (path, found) = (path.to_owned(), found.to_string());
            return Err(Error::Setting { path, setting, found });
        }
    }
    match access {
        Access::Read => {}
        Access::Durable => {
            begin_wal(&connection, path, "FULL", 2)?;
            connection.wal_hook(Some(checkpoint));
        }
        Access::Disposable => {
            begin_wal(&connection, path, "NORMAL", 1)?;
            connection.pragma_update(None, "cache_size", -VIEWS_CACHE).map_err(&failed)?;
        }
    }
    Ok(connection)
}

/// Copies the log into the database as often as SQLite would by itself, but tells what went wrong: SQLite drops
/// the error of a sync that fails there. No room and another process at work are no failure: it comes again.
fn checkpoint(log: &Wal, pages: c_int) -> rusqlite::Result<()> {
    if pages < LOG_PAGES {
        return Ok(());
    }
    match log.checkpoint() {
        Err(e)
            if matches!(
                e.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DiskFull)
            ) =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Pages of 8 KiB fit batches of 4 to 64 KiB better than 4 KiB ones (measured); only an empty file takes them.
/// The limit shrinks the log again after a long reader let it grow.
fn begin_wal(
    connection: &Connection,
    path: &Path,
    synchronous: &str,
    level: i64,
) -> Result<(), Error> {
    let failed = Error::sqlite(path);
    let set = |setting, found: String| Error::Setting { path: path.to_owned(), setting, found };
    connection.execute_batch("PRAGMA page_size=8192").map_err(&failed)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0)).map_err(&failed)?;
    if mode != "wal" {
        return Err(set("journal_mode", mode));
    }
    connection.pragma_update(None, "synchronous", synchronous).map_err(&failed)?;
    let found: i64 =
        connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).map_err(&failed)?;
    if found != level {
        return Err(set("synchronous", found.to_string()));
    }
    connection.query_row("PRAGMA journal_size_limit=67108864", [], |_| Ok(())).map_err(&failed)
}

/// Moves the log into the database and cuts it off, where no reader is in the way: a page that was written often
/// lies in the log as often. Gives room back on a full disk.
pub(crate) fn shrink(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(BUSY)?;
    done
}
