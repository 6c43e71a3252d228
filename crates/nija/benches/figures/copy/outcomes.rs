//! What the journal says of a fan-out, and when it was durable: one outcome for every sleeve, and everything that
//! was approved either filled or ended with its reason.

use super::fairness::{Copied, Fairness};
use crate::scene::PARTITIONS;
use anyhow::{Context, Result, ensure};
use nija_core::desk::event::Event;
use nija_core::journal::{Batch, Head};
use nija_core::ports::{AppendError, Doing, Journal, ReadError, Snapshot, Space};
use nija_core::words::id::{OrderId, PartitionId, Seq};
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Origin;
use nija_core::words::tier::Tier;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Standard deviations that chance does not reach: once in 500,000 correlations.
const UNFAIR: f64 = 4.75;

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
    /// Copies, in the order of their turns in each partition.
    copies: BTreeMap<OrderId, Copy>,
    tiers: BTreeMap<(PartitionId, u32), Tier>,
}

/// What became of one copy.
struct Copy {
    sleeve: u32,
    asked: Qty,
    filled: Qty,
    price: Option<Price>,
    ended: bool,
}

/// Units in sum.
#[derive(Default)]
pub(super) struct Block {
    pub(super) asked: i128,
    pub(super) filled: i128,
    /// Of copies that ended before all of it was filled.
    pub(super) unfilled: i128,
}

impl Outcomes {
    /// Reads all that happened.
    pub(super) async fn read(journal: &Timed, leads: OrderId) -> Result<Self> {
        let mut all = Self::default();
        for n in 0..PARTITIONS {
            let partition = PartitionId(n);
            let mut after = Seq(0);
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
                let (sleeve, asked) = (ticket.account.0, ticket.qty);
                let (filled, price, ended) = (Qty::ZERO, None, false);
                self.copies.insert(ticket.id, Copy { sleeve, asked, filled, price, ended });
            }
            Event::Refused { account, wish, .. } if copies(wish.origin) => {
                heard(account.0, |all| &mut all.refused);
            }
            Event::CopySkipped { sleeve, .. } => heard(sleeve.0, |all| &mut all.skipped),
            Event::Filled { order, fill, .. } => {
                if *order == leads {
                    self.led = self.led.max(when);
                } else if let Some(copy) = self.copies.get_mut(order) {
                    copy.filled = copy.filled.checked_add(fill.qty).unwrap_or(Qty::ZERO);
                    copy.price = Some(fill.price);
                    self.last_fill = self.last_fill.max(when);
                }
            }
            Event::Closed { order, why, .. } => {
                if let Some(copy) = self.copies.get_mut(order) {
                    copy.ended = true;
                    *self.ended.entry(why.clone()).or_default() += 1;
                }
            }
            Event::AccountOpened { no, tier, .. } => {
                self.tiers.insert((partition, no.0), *tier);
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
        let is_open = |copy: &&Copy| !copy.ended && copy.filled != copy.asked;
        let open = self.copies.values().filter(is_open).count();
        ensure!(open == 0, "{open} copies are neither filled nor ended");
        let Block { asked, filled, unfilled } = self.block();
        ensure!(asked == filled + unfilled, "asked {asked}, filled {filled}, not {unfilled}");
        let most = self.fairness().most();
        ensure!(most < UNFAIR, "a correlation of {most} standard deviations");
        Ok(())
    }

    /// All copies in sum.
    pub(super) fn block(&self) -> Block {
        let mut block = Block::default();
        for copy in self.copies.values() {
            let (asked, filled) = (i128::from(copy.asked.raw()), i128::from(copy.filled.raw()));
            block.asked += asked;
            block.filled += filled;
            block.unfilled += if copy.ended { asked - filled } else { 0 };
        }
        block
    }

    /// Whether turns and prices follow what followers are.
    pub(super) fn fairness(&self) -> Fairness {
        Fairness::of(self.copies.iter().map(|(order, copy)| {
            let partition = order.partition();
            let tier = self.tiers.get(&(partition, copy.sleeve));
            let tier = tier.and_then(|tier| Tier::ALL.iter().position(|one| one == tier));
            Copied {
                partition,
                joined: f64::from(copy.sleeve),
                tier: tier.unwrap_or_default() as f64,
                price: copy.price.map(|price| price.raw() as f64),
            }
        }))
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
