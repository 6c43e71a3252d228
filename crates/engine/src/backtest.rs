//! The backtest: the same desk, gates, ledger, analyst and exchange as the paper run, driven in one thread by
//! the data. There is no second executor and no flag in the core that says "backtest". Parcels are carried as the
//! copier carries them, so masters may be copied here as well.

mod desks;
pub mod tape;

use crate::copier::errands;
use crate::feeds::steps::Steps;
use crate::feeds::{self, Feed, MarketEvent};
use crate::partitions::{Partitions, Stopped};
use crate::recovery;
use crate::sim::Exchange;
use crate::trader::{Listener, Trader};
use desks::Desks;
use nija_core::commit::{Release, commit};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::held::{Act, Held};
use nija_core::desk::input::Input;
use nija_core::desk::{Desk, Outstanding};
use nija_core::journal::Batch;
use nija_core::lanes::Lanes;
use nija_core::ports::{AppendError, Journal};
use nija_core::words::id::{InstrumentId, OrderId, PartitionId};
use nija_core::words::money::Price;
use nija_core::words::order::{Outcome, Report};
use nija_core::words::signal::StrategyName;
use nija_core::words::time::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Entries that may wait in one lane; the same as at a gateway.
const LANE_CAPACITY: usize = 65_536;

/// Why a backtest ended early. Boxed: what a step answers is moved with every step.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Ended(Box<Cause>);

/// What ended a backtest.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The market data are not as they should be.
    #[error(transparent)]
    Feed(#[from] feeds::Error),
    /// A desk met a bug.
    #[error(transparent)]
    Broken(#[from] Stopped),
    /// The journal did not take a batch.
    #[error("the journal did not take a batch: {0}")]
    Journal(#[from] AppendError),
}

impl<E> From<E> for Ended
where
    Cause: From<E>,
{
    fn from(cause: E) -> Self {
        Self(Box::new(cause.into()))
    }
}

/// One run over data.
pub struct Backtest {
    desks: Desks,
    exchange: Exchange,
    trader: Trader,
    journal: Arc<dyn Journal>,
    lanes: Lanes<Release>,
    seen: Box<dyn FnMut(&Batch) + Send>,
    /// Whose signals are heard; all where none is named.
    heard: Vec<StrategyName>,
    /// Which of them said something.
    spoken: BTreeSet<StrategyName>,
    /// May there be parcels in the outboxes?
    sent: bool,
    /// What it takes to carry those that were found there, oldest first.
    errands: VecDeque<Input>,
}

impl Backtest {
    /// A run of these desks at this exchange. `seen` is told of every batch.
    #[must_use]
    pub fn new(
        partitions: Partitions,
        exchange: Exchange,
        trader: Trader,
        journal: Arc<dyn Journal>,
        seen: Box<dyn FnMut(&Batch) + Send>,
    ) -> Self {
        let (desks, lanes) = (Desks::of(partitions), Lanes::new(LANE_CAPACITY));
        // Desks that have traded before may have some that nobody took.
        let (sent, errands) = (true, VecDeque::new());
        let (heard, spoken) = (Vec::new(), BTreeSet::new());
        Self { desks, exchange, trader, journal, lanes, seen, heard, spoken, sent, errands }
    }

    /// For runs whose journal nobody keeps: a batch is sealed only when an effect waits for it or it is full, and a
    /// price that nothing but the price depends on is adopted when something else comes, if it is still the newest.
    /// What is decided, and when, is the same; how it lies in batches is not. [`Backtest::finish`] must close the run.
    #[must_use]
    pub fn in_large_batches(mut self) -> Self {
        self.desks.in_large_batches = true;
        self
    }

    /// Seals what is left.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn finish(&mut self) -> Result<(), Ended> {
        let held = self.desks.current()?.seal();
        held.iter().for_each(|h| (self.seen)(h.batch()));
        // Nothing waits for it: what did has made its batch leave before.
        let _ = commit(&*self.journal, held).await?;
        Ok(())
    }

    /// Hears the signals of these strategies only; what the analyst reads and the desks decide stays as it is.
    #[must_use]
    pub fn hearing(mut self, strategies: Vec<StrategyName>) -> Self {
        self.heard = strategies;
        self
    }

    /// The strategies of which a signal was heard so far.
    #[must_use]
    pub const fn spoken(&self) -> &BTreeSet<StrategyName> {
        &self.spoken
    }

    /// The desks, to be asked once a step is done. What waits is adopted first.
    ///
    /// # Errors
    /// See [`Ended`].
    pub fn partitions(&mut self) -> Result<&Partitions, Ended> {
        Ok(self.desks.current()?)
    }

    /// The exchange, to be asked what it knows.
    #[must_use]
    pub const fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// What reads the market, to be asked what it has learned.
    #[must_use]
    pub const fn trader(&self) -> &Trader {
        &self.trader
    }

    /// Brings an input that is no market event, such as opening an account.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn input(&mut self, input: Input, at: Timestamp) -> Result<Answer, Ended> {
        let answer = self.desks.current()?.take(input, at)?;
        self.settle(at).await?;
        Ok(answer)
    }

    /// Brings an input to one desk only.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn input_to(
        &mut self,
        partition: PartitionId,
        input: Input,
        at: Timestamp,
    ) -> Result<Answer, Ended> {
        let answer = self.desks.take_at(partition, input, at)?;
        self.settle(at).await?;
        Ok(answer)
    }

    /// Goes on as after a restart: a trader that has read what it read, and an exchange that remembers nothing, to
    /// which options and prices are told and open orders handed back.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn begin_again(
        &mut self,
        exchange: Exchange,
        trader: Trader,
        at: Timestamp,
    ) -> Result<(), Ended> {
        (self.exchange, self.trader) = (exchange, trader);
        let partitions = self.desks.current()?;
        // Options were listed on the way and stand in no catalog.
        for row in partitions.desks().iter().take(1).flat_map(Desk::options) {
            self.exchange.list(row.clone());
        }
        for (instrument, price) in recovery::known_prices(partitions) {
            self.exchange.know(instrument, price);
        }
        let back = |open: &Outstanding| {
            self.exchange.restore(&open.ticket, open.filled, open.fills, at);
        };
        for report in recovery::hand_back(partitions, at, back) {
            partitions.take(Input::Report(report), at)?;
        }
        self.settle(at).await
    }

    /// Runs a feed to its end and tells how many events there were.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn run(&mut self, feed: &mut dyn Feed) -> Result<u64, Ended> {
        let mut events = 0;
        let mut steps = Steps::of(feed);
        while let Some((at, step)) = steps.next_step()? {
            self.step(at, step).await?;
            events += step.len() as u64;
        }
        Ok(events)
    }

    /// Brings the events of one step and does everything they cause.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn step(&mut self, at: Timestamp, events: &[MarketEvent]) -> Result<(), Ended> {
        events.iter().for_each(|event| self.exchange.on_market(event));
        let Self { desks, exchange, trader, heard, spoken, .. } = self;
        bring_reports(exchange, desks, at)?;
        let mut taken = Ok(());
        trader.step(events, Ear { desks, heard, spoken, at, taken: &mut taken });
        taken?;
        if desks.must_seal() { self.settle(at).await } else { Ok(()) }
    }

    /// Commits, sends what was released in the order of the lanes, carries parcels, and takes what the exchange says
    /// at once.
    async fn settle(&mut self, now: Timestamp) -> Result<(), Ended> {
        while self.sent || self.desks.must_seal() {
            let held = self.desks.seal();
            if held.is_empty() && !self.sent {
                break;
            }
            self.sent |= held.iter().any(Held::sends_parcels);
            held.iter().for_each(|h| (self.seen)(h.batch()));
            for release in commit(&*self.journal, held).await? {
                self.queue(release, now)?;
            }
            while let Some(release) = self.lanes.pop() {
                self.exchange.act(release.act(), now);
            }
            // Who copies hears of a fill before the exchange says more, as in the paper run.
            if self.sent && self.carry(now)? {
                continue;
            }
            bring_reports(&mut self.exchange, &mut self.desks, now)?;
        }
        Ok(())
    }

    /// Does one thing of what it takes to carry parcels: a part of a lead is one. `false` when nothing is left.
    fn carry(&mut self, now: Timestamp) -> Result<bool, Ended> {
        if self.errands.is_empty() {
            let desks = self.desks.current()?;
            for partition in (0..desks.count()).map(PartitionId) {
                if let View::Outbox(parcels) = desks.query(&Query::Outbox(partition)) {
                    self.errands.extend(errands(partition, &parcels));
                }
            }
        }
        let Some(errand) = self.errands.pop_front() else {
            self.sent = false;
            return Ok(false);
        };
        let answer = self.desks.take(errand.clone(), now)?;
        if matches!(answer, Answer::Led { left } if left > 0) {
            self.errands.push_front(errand);
        }
        Ok(true)
    }

    /// Queues a release as a gateway does: a cancel takes its order out of the lanes before it is sent.
    fn queue(&mut self, release: Release, now: Timestamp) -> Result<(), Ended> {
        let (lane, order) = (release.lane(), release.order());
        let same = |waiting: &Release| waiting.ticket().is_some_and(|ticket| ticket.id == order);
        if matches!(release.act(), Act::Cancel { .. }) && !self.lanes.take_out(same).is_empty() {
            return self.lapse(order, "cancelled before it was sent", now);
        }
        if !release.is_entry() {
            self.lanes.push_exit(lane, release);
        } else if self.lanes.push_entry(lane, release).is_err() {
            return self.lapse(order, "its lane is full", now);
        }
        Ok(())
    }

    fn lapse(&mut self, order: OrderId, why: &'static str, at: Timestamp) -> Result<(), Ended> {
        let report = Report { order, outcome: Outcome::Lapsed { why }, at };
        self.desks.take(Input::Report(report), at)?;
        Ok(())
    }
}

/// Brings to the desks what the trader says, until one of them stops.
struct Ear<'a> {
    desks: &'a mut Desks,
    heard: &'a [StrategyName],
    spoken: &'a mut BTreeSet<StrategyName>,
    at: Timestamp,
    taken: &'a mut Result<(), Stopped>,
}

impl Listener for Ear<'_> {
    #[inline]
    fn price(&mut self, instrument: InstrumentId, price: Price) {
        if self.taken.is_ok() {
            *self.taken = self.desks.take_price(instrument, price, self.at);
        }
    }

    fn input(&mut self, input: Input) {
        if self.taken.is_err() {
            return;
        }
        if let Input::Signal(signal) = &input {
            if !self.heard.is_empty() && !self.heard.contains(&signal.strategy) {
                return;
            }
            self.spoken.insert(signal.strategy);
        }
        *self.taken = self.desks.take(input, self.at).map(drop);
    }
}

/// Brings what the exchange has to say.
#[inline]
fn bring_reports(exchange: &mut Exchange, desks: &mut Desks, at: Timestamp) -> Result<(), Stopped> {
    while let Some(report) = exchange.take_report() {
        desks.take(Input::Report(report), at)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
