//! Writes the rows of batches and their checkpoint in one transaction, holding every batch to the hash chain.
//!
//! Doing it twice changes nothing: batches at or before the checkpoint are passed over. Batches that do not
//! continue the checkpoint, or that name what the views never saw, are an error; resetting is the way out.

use super::pass::Pass;
use crate::error::Fault;
use crate::sqlite::Owner;
use crate::sqlite::link::Link;
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, ReadError};
use nija_core::words::id::{Epoch, PartitionId, Seq};
use nija_core::words::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::sync::Arc;

const CHECKPOINT: &str = "SELECT seq, epoch, at, hash FROM checkpoint WHERE partition = ?1";
const MOVE: &str = "INSERT OR REPLACE INTO checkpoint (partition, seq, epoch, at, hash) VALUES (?1, ?2, ?3, ?4, ?5)";
const RESET: &str = "DELETE FROM checkpoint; DELETE FROM account; DELETE FROM instrument; \
     DELETE FROM orders; DELETE FROM fill; DELETE FROM decision; DELETE FROM equity; DELETE FROM entry;";

/// The writer of the views.
#[derive(Debug)]
pub struct Projection {
    writer: Link,
    _owner: Option<Arc<Owner>>,
}

impl Projection {
    pub(crate) const fn owned(writer: Link, owner: Arc<Owner>) -> Self {
        Self { writer, _owner: Some(owner) }
    }
    pub(crate) const fn closed() -> Self {
        Self { writer: Link::closed(), _owner: None }
    }
}

fn checkpoint(connection: &Connection, partition: PartitionId) -> Result<Head, Fault> {
    let mut statement = connection.prepare_cached(CHECKPOINT)?;
    let head = statement.query_row([partition.0], |row| {
        Ok(Head {
            seq: Seq(row.get::<_, i64>(0)?.cast_unsigned()),
            epoch: Epoch(row.get::<_, i64>(1)?.cast_unsigned()),
            at: Timestamp(row.get(2)?),
            hash: row.get(3)?,
        })
    });
    Ok(head.optional()?.unwrap_or_default())
}

fn project(connection: &mut Connection, batches: &[Batch]) -> Result<(), Fault> {
    let Some(partition) = batches.first().map(|batch| batch.partition) else {
        return Ok(());
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut head = checkpoint(&transaction, partition)?;
    let mut pass = Pass::over(&transaction, partition);
    let passed = head.seq;
    for batch in batches.iter().filter(|batch| batch.seq > passed) {
        if batch.partition != partition {
            return Err(Fault::Unusable("batches of one partition at a time".to_owned()));
        }
        let broken = |damage| {
            let seq = batch.seq;
            Fault::Unusable(format!(
                "partition {partition} batch {seq}: {damage}; run `nija verify`, then reset the views"
            ))
        };
        head = batch.follows(&head).map_err(broken)?;
        pass.batch(batch, batch.events().map_err(broken)?)?;
    }
    transaction.prepare_cached(MOVE)?.execute((
        partition.0,
        head.seq.0.cast_signed(),
        head.epoch.0.cast_signed(),
        head.at.0,
        &head.hash,
    ))?;
    Ok(transaction.commit()?)
}

impl nija_core::ports::views::Projection for Projection {
    fn checkpoint(&self, partition: PartitionId) -> Doing<'_, Result<Seq, ReadError>> {
        let found = self.writer.call(move |connection| checkpoint(connection, partition));
        Box::pin(async move { Ok(found.await?.seq) })
    }

    fn project<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        let batches = batches.to_vec();
        let done = self.writer.call(move |connection| project(connection, &batches));
        Box::pin(async move { Ok(done.await?) })
    }

    fn reset(&self) -> Doing<'_, Result<(), AppendError>> {
        let done = self.writer.call(|connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(RESET)?;
            Ok(transaction.commit()?)
        });
        Box::pin(async move { Ok(done.await?) })
    }
}
