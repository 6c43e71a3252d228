//! The one connection that writes the journal, and whether it may still be trusted.
//!
//! A write that fails in a way that leaves the disk in doubt ends all writing: a failed fsync is never retried
//! into a success. Opening the file again, which is recovery, is the way back.

use super::link::Gate;
use crate::error::Fault;
use nija_core::ports::AppendError;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use std::sync::{Mutex, PoisonError};

/// Writes in turns with the other writers of the file.
#[derive(Debug)]
pub(super) struct Writer {
    trust: Mutex<Trust>,
    gate: Gate,
}

#[derive(Debug)]
enum Trust {
    Sound(Connection),
    /// Why nothing more is written.
    Refusing(String),
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
    pub(super) fn on(connection: Connection, gate: Gate) -> Self {
        Self { trust: Mutex::new(Trust::Sound(connection)), gate }
    }

    /// For a database opened without the right to write.
    pub(super) fn closed() -> Self {
        let trust = Mutex::new(Trust::Refusing(Fault::Closed.to_string()));
        Self { trust, gate: Gate::default() }
    }

    /// Runs one transaction, durable when this answers `Ok`.
    pub(super) fn write(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), Failure>,
    ) -> Result<(), AppendError> {
        let _turn = self.gate.enter();
        let mut trust = self.trust.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match &mut *trust {
            Trust::Sound(connection) => connection,
            Trust::Refusing(why) => return Err(AppendError::Unavailable(why.clone())),
        };
        let done = transact(connection, work);
        let rolled_back = connection.is_autocommit();
        let (told, sound) = match done {
            Ok(()) => return Ok(()),
            Err(Failure::Refused(told)) => (told, true),
            Err(Failure::Sqlite(e)) => judge(&e),
        };
        if !(sound && rolled_back) {
            let why = format!("an earlier write failed ({told}); restart to recover");
            tracing::error!(%why, "the journal refuses all further writes");
            *trust = Trust::Refusing(why);
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
fn judge(e: &rusqlite::Error) -> (AppendError, bool) {
    let told = AppendError::Unavailable(e.to_string());
    match e.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (AppendError::Full, true),
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::ConstraintViolation,
        ) => (told, true),
        _ => (told, false),
    }
}
