//! The journal in memory, for backtests and tests: the same rules as on disk, gone with the process.
//! Absent on purpose: a bound. It holds whatever a run writes, so runs are what must be bounded.

use crate::admission::{Place, place, settle};
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, ReadError, Snapshot};
use nija_core::words::id::{PartitionId, Seq};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The journal in memory.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Shelves>);

#[derive(Debug, Default)]
struct Shelves {
    /// Batch `n` of a partition stands at index `n - 1`.
    batches: BTreeMap<PartitionId, Vec<Batch>>,
    snapshots: BTreeMap<PartitionId, Snapshot>,
}

impl Shelves {
    fn head(&self, partition: PartitionId) -> Head {
        let last = self.batches.get(&partition).and_then(|row| row.last());
        last.map(head_of).unwrap_or_default()
    }
    fn get(&self, partition: PartitionId, seq: Seq) -> Option<&Batch> {
        let index = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        self.batches.get(&partition)?.get(index)
    }

    fn append(&mut self, batches: &[Batch]) -> Result<(), AppendError> {
        let mut heads: BTreeMap<PartitionId, Head> = BTreeMap::new();
        let mut fresh: Vec<&Batch> = Vec::with_capacity(batches.len());
        for batch in batches {
            let partition = batch.partition;
            let head = heads.entry(partition).or_insert_with(|| self.head(partition));
            match place(batch, head)? {
                Place::Next => {
                    *head = head_of(batch);
                    fresh.push(batch);
                }
                Place::Taken => {
                    let ours = || fresh.iter().copied().find(|b| same_number(b, batch));
                    let recorded = self.get(partition, batch.seq).or_else(ours);
                    settle(batch, recorded.ok_or(AppendError::Fenced(partition))?)?;
                }
            }
        }
        for batch in fresh {
            self.batches.entry(batch.partition).or_default().push(batch.clone());
        }
        Ok(())
    }
}

fn same_number(a: &Batch, b: &Batch) -> bool {
    (a.partition, a.seq) == (b.partition, b.seq)
}

fn head_of(batch: &Batch) -> Head {
    Head { seq: batch.seq, epoch: batch.epoch, at: batch.at, hash: batch.hash }
}

impl Journal {
    /// Every change of the shelves is whole before the lock is left, so a panic elsewhere harms nothing.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl nija_core::ports::Journal for Journal {
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(async move { self.shelves().append(batches) })
    }

    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(async move { Ok(self.shelves().get(partition, seq).map(head_of)) })
    }

    fn read(
        &self,
        partition: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(async move {
            let shelves = self.shelves();
            let row = shelves.batches.get(&partition).map_or(&[][..], Vec::as_slice);
            let skipped = usize::try_from(after.0).unwrap_or(usize::MAX);
            Ok(row.iter().skip(skipped).take(limit).cloned().collect())
        })
    }

    fn save(&self, snapshot: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(async move {
            let mut shelves = self.shelves();
            let kept = shelves.snapshots.get(&snapshot.partition);
            if kept.is_none_or(|kept| kept.head.seq <= snapshot.head.seq) {
                shelves.snapshots.insert(snapshot.partition, snapshot);
            }
            Ok(())
        })
    }

    fn snapshot(&self, partition: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(async move { Ok(self.shelves().snapshots.get(&partition).cloned()) })
    }

    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(async move { Ok(self.shelves().batches.keys().copied().collect()) })
    }
}
