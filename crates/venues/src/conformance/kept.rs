//! The suite's journal: batches in memory, durable enough for a suite that never restarts.

use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot};
use nija_core::words::id::{PartitionId, Seq};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Batches, in the order in which they were appended.
#[derive(Default)]
pub(super) struct Kept(Mutex<Vec<Batch>>);

impl Kept {
    fn batches(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for Kept {
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(async move {
            let mut kept = self.batches();
            for batch in batches {
                let after = kept.iter().rfind(|k| k.partition == batch.partition);
                if batch.seq.0 != after.map_or(0, |k| k.seq.0) + 1 {
                    return Err(AppendError::Fenced(batch.partition));
                }
                kept.push(batch.clone());
            }
            Ok(())
        })
    }
    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(async move {
            let kept = self.batches();
            let found = kept.iter().find(|k| k.partition == partition && k.seq == seq);
            Ok(found.map(|k| Head { seq: k.seq, epoch: k.epoch, at: k.at, hash: k.hash }))
        })
    }
    fn read(
        &self,
        partition: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(async move {
            let kept = self.batches();
            let of = kept.iter().filter(|k| k.partition == partition && k.seq > after);
            Ok(of.take(limit).cloned().collect())
        })
    }
    fn save(&self, _: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        // A snapshot is a shortcut for a restart, and there is none here.
        Box::pin(async { Ok(()) })
    }
    fn snapshot(&self, _: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(async { Ok(None) })
    }
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(async move {
            let mut all: Vec<_> = self.batches().iter().map(|k| k.partition).collect();
            all.sort_unstable();
            all.dedup();
            Ok(all)
        })
    }
}
