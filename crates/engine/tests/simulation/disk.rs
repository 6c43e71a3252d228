//! The journal on a bad disk: the rule of appending is the product's, everything else may go wrong. It keeps an
//! index of the orders that are durable, for the venue to hold every order to.

use crate::fault::Fault;
use crate::truth::Truth;
use nija_core::desk::event::Event;
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot};
use nija_core::words::id::{OrderId, PartitionId, Seq};
use nija_core::words::order::Ticket;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

#[derive(Default)]
struct Platter {
    rows: BTreeMap<PartitionId, Vec<Batch>>,
    approved: BTreeMap<OrderId, Ticket>,
    snapshots: BTreeMap<PartitionId, Vec<Snapshot>>,
    /// The last transaction, while nobody has heard that it is durable.
    doubtful: Vec<(PartitionId, Seq)>,
    unreadable: bool,
}

/// The disk under the journal.
pub(crate) struct Disk {
    truth: Arc<Truth>,
    platter: Mutex<Platter>,
}

impl Disk {
    pub(crate) fn of(truth: Arc<Truth>) -> Self {
        Self { truth, platter: Mutex::default() }
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap()
    }

    /// The order that is durable under this id.
    pub(crate) fn approved(&self, order: OrderId) -> Option<Ticket> {
        self.platter().approved.get(&order).cloned()
    }
    /// The batches of a partition behind this number.
    pub(crate) fn behind(&self, partition: PartitionId, after: Seq) -> Vec<Batch> {
        let platter = self.platter();
        let row = platter.rows.get(&partition).map_or(&[][..], Vec::as_slice);
        row.iter().skip(usize::try_from(after.0).unwrap()).cloned().collect()
    }
    /// Number and hash of every partition's last batch.
    pub(crate) fn heads(&self) -> Vec<Head> {
        let platter = self.platter();
        platter.rows.values().filter_map(|row| row.last().map(head)).collect()
    }

    /// What a death of the process leaves behind.
    pub(crate) fn crash(&self) {
        let torn = self.truth.strikes(Fault::TailTorn);
        let lost = self.truth.strikes(Fault::SnapshotLost);
        let older = self.truth.strikes(Fault::SnapshotOld);
        let damaged = self.truth.strikes(Fault::SnapshotDamaged);
        let mut platter = self.platter();
        platter.unreadable = false;
        for (partition, seq) in std::mem::take(&mut platter.doubtful) {
            if torn {
                let row = platter.rows.get_mut(&partition).unwrap();
                let gone = row.split_off(usize::try_from(seq.0).unwrap() - 1);
                for ticket in gone.iter().flat_map(tickets) {
                    platter.approved.remove(&ticket.id);
                }
            }
        }
        platter.rows.retain(|_, row| !row.is_empty());
        for kept in platter.snapshots.values_mut() {
            match (lost, older, damaged) {
                (true, ..) => kept.clear(),
                (_, true, _) if kept.len() > 1 => drop(kept.pop()),
                (.., true) => {
                    if let Some(byte) = kept.last_mut().and_then(|s| s.body.last_mut()) {
                        *byte ^= 1;
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes what follows and refuses what does not, as every journal must.
    fn write(&self, batches: &[Batch]) -> Result<(), AppendError> {
        let mut platter = self.platter();
        let mut fresh = Vec::new();
        for batch in batches {
            let row = platter.rows.get(&batch.partition).map_or(&[][..], Vec::as_slice);
            let last = row.last().map(head).unwrap_or_default();
            if batch.seq <= last.seq {
                let there = &row[usize::try_from(batch.seq.0).unwrap() - 1];
                if there != batch {
                    return Err(AppendError::Fenced(batch.partition));
                }
            } else if batch.follows(&last).is_err() {
                return Err(AppendError::Fenced(batch.partition));
            } else {
                fresh.push(batch);
            }
        }
        platter.doubtful = fresh.iter().map(|batch| (batch.partition, batch.seq)).collect();
        for batch in fresh {
            for ticket in tickets(batch) {
                if platter.approved.insert(ticket.id, ticket).is_some() {
                    drop(platter);
                    self.truth.breach("an order id is given once", "approved twice");
                    return Ok(());
                }
            }
            platter.rows.entry(batch.partition).or_default().push(batch.clone());
        }
        Ok(())
    }

    async fn do_append(&self, batches: &[Batch]) -> Result<(), AppendError> {
        let strikes = |fault| self.truth.strikes(fault);
        if strikes(Fault::DiskSlow) {
            let ms = self.truth.draw(|chance| chance.below(5_000));
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        if strikes(Fault::DiskFull) {
            return Err(AppendError::Full);
        }
        if strikes(Fault::AppendFails) {
            return Err(AppendError::Unavailable("the disk says no".into()));
        }
        if strikes(Fault::AppendLost) {
            return Err(AppendError::Unknown);
        }
        self.write(batches)?;
        if strikes(Fault::AppendFailsLate) {
            return Err(AppendError::Unavailable("the disk did not sync".into()));
        }
        if strikes(Fault::AppendUnreadable) {
            self.platter().unreadable = true;
            return Err(AppendError::Unknown);
        }
        if strikes(Fault::AppendAnswerLost) {
            return Err(AppendError::Unknown);
        }
        self.platter().doubtful.clear();
        Ok(())
    }
}

fn head(batch: &Batch) -> Head {
    Head { seq: batch.seq, epoch: batch.epoch, at: batch.at, hash: batch.hash }
}

fn tickets(batch: &Batch) -> Vec<Ticket> {
    let events = batch.events().unwrap().into_iter();
    let ticket = |event| match event {
        Event::Approved { ticket, .. } => Some(ticket),
        _ => None,
    };
    events.filter_map(ticket).collect()
}

impl Journal for Disk {
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(self.do_append(batches))
    }

    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        Box::pin(async move {
            let mut platter = self.platter();
            if platter.unreadable {
                return Err(ReadError::Unavailable("the disk does not answer".into()));
            }
            // Whoever is told what stands there may build on it: it is there for good.
            platter.doubtful.clear();
            let row = platter.rows.get(&partition).map_or(&[][..], Vec::as_slice);
            Ok(row.get(usize::try_from(seq.0).unwrap() - 1).map(head))
        })
    }

    fn read(
        &self,
        partition: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        Box::pin(async move {
            let mut batches = self.behind(partition, after);
            batches.truncate(limit);
            Ok(batches)
        })
    }

    fn save(&self, snapshot: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        Box::pin(async move {
            self.platter().snapshots.entry(snapshot.partition).or_default().push(snapshot);
            Ok(())
        })
    }

    fn snapshot(&self, partition: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        Box::pin(async move {
            Ok(self.platter().snapshots.get(&partition).and_then(|kept| kept.last().cloned()))
        })
    }

    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        Box::pin(async move { Ok(self.platter().rows.keys().copied().collect()) })
    }
}
