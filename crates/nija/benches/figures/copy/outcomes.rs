//! What the journal says of a fan-out, and when it was durable: one outcome for every sleeve, and everything that
//! was approved either filled or ended with its reason.

use crate::scene::PARTITIONS;
use anyhow::{Context, Result, ensure};
use nija_core::desk::event::Event;
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot, Space};
use nija_core::words::id::{OrderId, PartitionId, Seq};
use nija_core::words::money::Qty;
use nija_core::words::order::Origin;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A journal that notes when each batch was durable.
pub(super) struct Timed {
    pub(super) journal: Arc<dyn Journal>,
    appended: Mutex<BTreeMap<(PartitionId, Seq), Instant>>,
    events: AtomicU64,
}

impl Timed {
    pub(super) fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal, appended: Mutex::default(), events: AtomicU64::new(0) }
    }
    /// Events appended so far.
    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
    fn when(&self, batch: &Batch) -> Option<Instant> {
        let appended = self.appended.lock().unwrap_or_else(PoisonError::into_inner);
        appended.get(&(batch.partition, batch.seq)).copied()
    }
}

impl Journal for Timed {
    fn append<'a>(&'a self, batches: &'a [Batch]) -> Doing<'a, Result<(), AppendError>> {
        Box::pin(async move {
            self.journal.append(batches).await?;
            let now = Instant::now();
            let events: u64 = batches.iter().map(|batch| u64::from(batch.count)).sum();
            self.events.fetch_add(events, Ordering::Relaxed);
            let mut appended = self.appended.lock().unwrap_or_else(PoisonError::into_inner);
            appended.extend(batches.iter().map(|batch| ((batch.partition, batch.seq), now)));
            Ok(())
        })
    }
    fn at(&self, partition: PartitionId, seq: Seq) -> Doing<'_, Result<Option<Head>, ReadError>> {
        self.journal.at(partition, seq)
    }
    fn read(
        &self,
        partition: PartitionId,
        after: Seq,
        limit: usize,
    ) -> Doing<'_, Result<Vec<Batch>, ReadError>> {
        self.journal.read(partition, after, limit)
    }
    fn save(&self, snapshot: Snapshot) -> Doing<'_, Result<(), AppendError>> {
        self.journal.save(snapshot)
    }
    fn snapshot(&self, partition: PartitionId) -> Doing<'_, Result<Option<Snapshot>, ReadError>> {
        self.journal.snapshot(partition)
    }
    fn partitions(&self) -> Doing<'_, Result<Vec<PartitionId>, ReadError>> {
        self.journal.partitions()
    }
    fn space(&self) -> Space {
        self.journal.space()
    }
}

/// What became of one lead.
#[derive(Default)]
pub(super) struct Outcomes {
    /// When the master's own fill was durable.
    pub(super) led: Option<Instant>,
    /// When the first outcomes were, and the last.
    pub(super) first: Option<Instant>,
    pub(super) last: Option<Instant>,
    /// When the last fill of a copy was.
    pub(super) last_fill: Option<Instant>,
    pub(super) approved: u32,
    pub(super) refused: u32,
    pub(super) skipped: u32,
    /// Copies that ended unfilled, by their reasons.
    pub(super) ended: BTreeMap<String, u32>,
    /// Sleeves by partition and number, with how many outcomes each has.
    of: BTreeMap<(PartitionId, u32), u32>,
    /// Copies, with what is left of each.
    left: BTreeMap<OrderId, Qty>,
}

impl Outcomes {
    /// Reads all that happened since `from`, one number a partition.
    pub(super) async fn read(journal: &Timed, from: &[Seq], leads: OrderId) -> Result<Self> {
        let mut all = Self::default();
        for n in 0..PARTITIONS {
            let partition = PartitionId(n);
            let mut after = from.get(usize::from(n)).copied().unwrap_or_default();
            loop {
                let batches = journal.read(partition, after, 64).await?;
                let Some(last) = batches.last() else { break };
                after = last.seq;
                for batch in &batches {
                    let when = journal.when(batch);
                    for event in batch.events()? {
                        all.note(partition, &event, when, leads);
                    }
                }
            }
        }
        Ok(all)
    }

    fn note(
        &mut self,
        partition: PartitionId,
        event: &Event,
        when: Option<Instant>,
        leads: OrderId,
    ) {
        let mut heard = |no: u32, count: fn(&mut Self) -> &mut u32| {
            *count(self) += 1;
            *self.of.entry((partition, no)).or_default() += 1;
            self.first = self.first.min(when).or(when);
            self.last = self.last.max(when);
        };
        match event {
            Event::Approved { ticket, .. } if copies(ticket.origin) => {
                heard(ticket.account.0, |all| &mut all.approved);
                self.left.insert(ticket.id, ticket.qty);
            }
            Event::Refused { account, wish, .. } if copies(wish.origin) => {
                heard(account.0, |all| &mut all.refused);
            }
            Event::CopySkipped { sleeve, .. } => heard(sleeve.0, |all| &mut all.skipped),
            Event::Filled { order, fill, .. } => {
                if *order == leads {
                    self.led = self.led.max(when);
                } else if let Some(left) = self.left.get_mut(order) {
                    *left = left.saturating_sub(fill.qty);
                    self.last_fill = self.last_fill.max(when);
                }
            }
            Event::Closed { order, why, .. } if self.left.remove(order).is_some() => {
                *self.ended.entry(why.clone()).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Nobody without an outcome, nobody with two, nothing that is neither filled nor ended.
    pub(super) fn check(&self, followers: u32) -> Result<()> {
        let sleeves = self.of.len();
        ensure!(sleeves == followers as usize, "{sleeves} of {followers} sleeves have an outcome");
        let twice = self.of.values().filter(|outcomes| **outcomes != 1).count();
        ensure!(twice == 0, "{twice} sleeves have more than one outcome");
        let open = self.left.values().filter(|left| !left.is_zero()).count();
        ensure!(open == 0, "{open} copies are neither filled nor ended");
        Ok(())
    }

    /// Milliseconds from the master's fill to then.
    pub(super) fn millis(&self, then: Option<Instant>) -> Result<f64> {
        let (led, then) = self.led.zip(then).context("it never became durable")?;
        Ok(then.duration_since(led).as_secs_f64() * 1e3)
    }
}

const fn copies(origin: Origin) -> bool {
    matches!(origin, Origin::Copy { .. })
}
