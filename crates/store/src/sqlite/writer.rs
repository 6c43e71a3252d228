//! The one connection that writes the journal, and whether it may still be trusted.
//!
//! A write that fails in a way that leaves the disk in doubt ends all writing: a failed fsync is never retried
//! into a success. Opening the file again, which is recovery, is the way back.

use super::connection::shrink;
use super::link::{Gate, words};
use crate::error::Fault;
use nija_core::ports::AppendError;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::sync::{Mutex, PoisonError};

/// Writes in turns with the other writers of the file.
#[derive(Debug)]
pub(super) struct Writer {
    /// Absent where the database was opened without the right to write.
    connection: Mutex<Option<Connection>>,
    gate: Gate,
}

/// Why a transaction did not commit.
pub(super) enum Failure {
    /// The rules say no; nothing was wrong with the disk.
    Refused(AppendError),
    /// SQLite failed.
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sqlite(e)
    }
}

impl From<AppendError> for Failure {
    fn from(e: AppendError) -> Self {
        Self::Refused(e)
    }
}

impl Writer {
    pub(super) fn to(connection: Connection, gate: Gate) -> Self {
        Self { connection: Mutex::new(Some(connection)), gate }
    }

    /// For a database opened without the right to write.
    pub(super) fn closed() -> Self {
        Self { connection: Mutex::new(None), gate: Gate::default() }
    }

    /// Runs one transaction, durable when this answers `Ok`.
    pub(super) fn write(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), Failure>,
    ) -> Result<(), AppendError> {
        self.on(|connection| transact(connection, work))
    }

    /// Gives the log's room back, as far as that goes now.
    pub(super) fn shrink(&self) -> Result<(), AppendError> {
        self.on(|connection| Ok(shrink(connection)?))
    }

    fn on(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<(), Failure>,
    ) -> Result<(), AppendError> {
        let _turn = self.gate.enter()?;
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = connection.as_mut().ok_or(Fault::Closed)?;
        let done = work(connection);
        let rolled_back = connection.is_autocommit();
        let (told, sound) = match done {
            Ok(()) => return Ok(()),
            Err(Failure::Refused(told)) => (told, true),
            Err(Failure::Sqlite(e)) => judge(connection, &e),
        };
        if !(sound && rolled_back) {
            match &told {
                AppendError::Unavailable(why) => self.gate.close(why),
                other => self.gate.close(&other.to_string()),
            }
        }
        Err(told)
    }
}

fn transact(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    work(&transaction)?;
    Ok(transaction.commit()?)
}

/// What to tell, and whether the connection stays sound: only where SQLite says that it wrote nothing.
fn judge(connection: &Connection, e: &rusqlite::Error) -> (AppendError, bool) {
    let told = AppendError::Unavailable(words(connection, e));
    match e.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (AppendError::Full, true),
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ConstraintViolation,
        ) => (told, true),
        _ => (told, false),
    }
}
