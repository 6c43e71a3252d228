//! The journal of a run that nobody reads again: it holds batches to their chain and forgets them, so that a run may
//! be as long as its data. Whoever wants to know what happened is told of each batch as it is sealed.

use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot};
use nija_core::words::id::{PartitionId, Seq};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Remembers where the chain of each partition ends and nothing else.
#[derive(Debug, Default)]
pub struct Tape(Mutex<BTreeMap<PartitionId, Head>>);

impl Tape {
    fn heads(&self) -> MutexGuard<'_, BTreeMap<PartitionId, Head>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, batches: &[Batch]) -> Result<(), AppendError> {
        let mut heads = self.heads();
        for batch in batches {
            let before = Head { seq: Seq(batch.seq.0 - 1), hash: batch.prev, ..Head::default() };
            // A run may begin where a journal ends.
            let head = heads.entry(batch.partition).or_insert(before);
            if (before.seq, before.hash) != (head.seq, head.hash) {
                return Err(AppendError::Fenced(batch.partition));
            }
            let Batch { seq, epoch, at, hash, .. } = *batch;
            *head = Head { seq, epoch, at, hash };
        }
        Ok(())
    }
}

impl Journal for Tape {
    fn forgets(&self) -> bool {
        true
    }
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(async move { self.take(batches) })
    }
    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        let head = self.heads().get(&partition).filter(|head| head.seq == seq).copied();
        Box::pin(async move { Ok(head) })
    }
    fn read(&self, _: PartitionId, _: Seq, _: usize) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    fn save(&self, _: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(async { Ok(()) })
    }
    fn snapshot(&self, _: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(async { Ok(None) })
    }
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        let partitions = self.heads().keys().copied().collect();
        Box::pin(async move { Ok(partitions) })
    }
}
