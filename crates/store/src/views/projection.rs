//! Writes what screens list and the checkpoints of all partitions concerned in one transaction, holding every batch
//! to the hash chain.
//!
//! Doing it twice changes nothing: batches at or before the checkpoint are passed over. Batches that do not
//! continue the checkpoint, or that name what the views never saw, are an error; resetting is the way out.

use super::pass::Pass;
use crate::error::Fault;
use crate::sqlite::Owner;
use crate::sqlite::connection::shrink;
use crate::sqlite::link::Link;
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, ReadError};
use nija_core::words::id::{Epoch, PartitionId, Seq};
use nija_core::words::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::collections::BTreeMap;
use std::sync::Arc;

const CHECKPOINT: &str = "SELECT seq, epoch, at, hash FROM checkpoint WHERE partition = ?1";
const MOVE: &str = "INSERT OR REPLACE INTO checkpoint (partition, seq, epoch, at, hash) VALUES (?1, ?2, ?3, ?4, ?5)";
const RESET: &str = "DELETE FROM checkpoint; DELETE FROM account; DELETE FROM instrument; DELETE FROM log; \
     DELETE FROM folio; DELETE FROM turned; DELETE FROM price; DELETE FROM mark; \
     DELETE FROM standing; DELETE FROM open_order;";

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
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut heads: BTreeMap<PartitionId, Head> = BTreeMap::new();
    let mut pass = Pass::over(&transaction)?;
    for batch in batches {
        let (partition, seq) = (batch.partition, batch.seq);
        let head = match heads.get(&partition) {
            Some(head) => *head,
            None => checkpoint(&transaction, partition)?,
        };
        if seq > head.seq {
            let broken = |damage| {
                Fault::Unusable(format!(
                    "partition {partition} batch {seq}: {damage}; run `nija verify`, then reset the views"
                ))
            };
            heads.insert(partition, batch.follows(&head).map_err(broken)?);
            pass.batch(batch)?;
        }
    }
    pass.finish()?;
    for (partition, head) in heads {
        transaction.prepare_cached(MOVE)?.execute((
            partition.0,
            head.seq.0.cast_signed(),
            head.epoch.0.cast_signed(),
            head.at.0,
            &head.hash,
        ))?;
    }
    Ok(transaction.commit()?)
}

impl nija_core::ports::views::Projection for Projection {
    fn checkpoint(&self, partition: PartitionId) -> Doing<'_, Result<Seq, ReadError>> {
        let found = self.writer.call(move |connection| checkpoint(connection, partition));
        Box::pin(async move { Ok(found.await?.seq) })
    }

    fn project(&self, batches: Vec<Batch>) -> Doing<'_, Result<(), AppendError>> {
        let done = self.writer.call(move |connection| {
            let done = project(connection, &batches);
            if done.as_ref().is_err_and(Fault::is_full) {
                // The next try may fit in what the log gives back.
                let _ = shrink(connection);
            }
            done
        });
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
