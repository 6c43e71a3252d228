//! The backtest: the same desk, gates, ledger, analyst and exchange as the paper run, driven in one thread by
//! the data. There is no second executor and no flag in the core that says "backtest".

pub mod tape;

use crate::feeds::steps::Steps;
use crate::feeds::{self, Feed, MarketEvent};
use crate::partitions::{Partitions, Stopped};
use crate::recovery;
use crate::sim::Exchange;
use crate::trader::Trader;
use nija_core::commit::{Release, commit};
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::held::Act;
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
use std::collections::BTreeSet;
use std::sync::Arc;

/// Entries that may wait in one lane; the same as at a gateway.
const LANE_CAPACITY: usize = 65_536;
/// Reports taken from the exchange at a time.
const HANDFUL: usize = 1_024;

/// Why a backtest ended early.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The market data are not as they should be. Boxed: what a step answers is moved with every step.
    #[error(transparent)]
    Feed(Box<feeds::Error>),
    /// A desk met a bug.
    #[error(transparent)]
    Broken(#[from] Stopped),
    /// The journal did not take a batch.
    #[error("the journal did not take a batch: {0}")]
    Journal(#[from] AppendError),
}

impl From<feeds::Error> for Ended {
    fn from(error: feeds::Error) -> Self {
        Self::Feed(Box::new(error))
    }
}

/// One run over data.
pub struct Backtest {
    partitions: Partitions,
    exchange: Exchange,
    trader: Trader,
    journal: Arc<dyn Journal>,
    lanes: Lanes<Release>,
    inputs: Vec<Input>,
    seen: Box<dyn FnMut(&Batch) + Send>,
    /// Whose signals are heard; all where none is named.
    heard: Vec<StrategyName>,
    /// Which of them said something.
    spoken: BTreeSet<StrategyName>,
    /// Is a batch sealed only when something must leave, or when it is full?
    in_large_batches: bool,
    /// Newest prices that change nothing but the price, until something else comes; oldest first.
    waiting: Vec<(InstrumentId, Price, Timestamp)>,
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
        let lanes = Lanes::new(LANE_CAPACITY);
        let (inputs, heard, spoken) = (Vec::new(), Vec::new(), BTreeSet::new());
        let (in_large_batches, waiting) = (false, Vec::new());
        Self {
            partitions,
            exchange,
            trader,
            journal,
            lanes,
            inputs,
            seen,
            heard,
            spoken,
            in_large_batches,
            waiting,
        }
    }

    /// For runs whose journal nobody keeps: a batch is sealed only when an effect waits for it or it is full, and a
    /// price that nothing but the price depends on is adopted when something else comes, if it is still the newest.
    /// What is decided, and when, is the same; how it lies in batches is not. [`Backtest::finish`] must close the run.
    #[must_use]
    pub fn in_large_batches(mut self) -> Self {
        self.in_large_batches = true;
        self
    }

    /// Seals what is left.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn finish(&mut self) -> Result<(), Ended> {
        self.adopt()?;
        let held = self.partitions.seal();
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
        self.adopt()?;
        Ok(&self.partitions)
    }

    /// Brings an input that is no market event, such as opening an account.
    ///
    /// # Errors
    /// See [`Ended`].
    pub async fn input(&mut self, input: Input, at: Timestamp) -> Result<Answer, Ended> {
        self.adopt()?;
        let answer = self.partitions.take(input, at)?;
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
        self.adopt()?;
        let desk = self.partitions.desks_mut().iter_mut().find(|d| d.partition() == partition);
        let Some(desk) = desk else {
            return Ok(Answer::Declined(Decline::UnknownPartition));
        };
        let answer = desk.take(input, at).map_err(|broken| Stopped { partition, broken })?;
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
        self.adopt()?;
        (self.exchange, self.trader) = (exchange, trader);
        // Options were listed on the way and stand in no catalog.
        for row in self.partitions.desks().iter().take(1).flat_map(Desk::options) {
            self.exchange.list(row.clone());
        }
        for (instrument, price) in recovery::known_prices(&self.partitions) {
            self.exchange.know(instrument, price);
        }
        let back = |open: &Outstanding| {
            self.exchange.restore(&open.ticket, open.filled, open.fills, at);
        };
        for report in recovery::hand_back(&self.partitions, at, back) {
            self.partitions.take(Input::Report(report), at)?;
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
        let mut inputs = std::mem::take(&mut self.inputs);
        loop {
            let reports = self.exchange.take_reports(HANDFUL);
            if reports.is_empty() {
                break;
            }
            inputs.extend(reports.into_iter().map(Input::Report));
        }
        self.trader.step(events, &mut inputs);
        if !self.heard.is_empty() {
            inputs.retain(|input| match input {
                Input::Signal(signal) => self.heard.contains(&signal.strategy),
                _ => true,
            });
        }
        for input in &inputs {
            // Where it lies it is read faster than it is moved.
            match input {
                Input::Mark { instrument, price } => self.take_price(*instrument, *price, at)?,
                input => {
                    if let Input::Signal(signal) = input {
                        self.spoken.insert(signal.strategy);
                    }
                    self.adopt()?;
                    self.partitions.take(input.clone(), at)?;
                }
            }
        }
        inputs.clear();
        self.inputs = inputs;
        if self.must_seal() { self.settle(at).await } else { Ok(()) }
    }

    /// Takes a price, or lets it wait where it changes nothing but the price.
    fn take_price(
        &mut self,
        instrument: InstrumentId,
        price: Price,
        at: Timestamp,
    ) -> Result<(), Ended> {
        if self.in_large_batches && price.is_positive() {
            let is_other = |of| of != instrument && self.partitions.is_held(of);
            let mut waiting = self.waiting.iter().map(|(of, ..)| *of);
            // What holders are worth is judged by one new price at a time.
            if self.partitions.is_held(instrument) && waiting.any(is_other) {
                self.adopt()?;
            }
            if self.partitions.rest(instrument, price, at) {
                self.waiting.retain(|(of, ..)| *of != instrument);
                self.waiting.push((instrument, price, at));
                return Ok(());
            }
        }
        self.adopt()?;
        Ok(self.partitions.take_price(instrument, price, at)?)
    }

    /// Adopts the prices that wait.
    fn adopt(&mut self) -> Result<(), Ended> {
        for (instrument, price, at) in self.waiting.drain(..) {
            self.partitions.take_price(instrument, price, at)?;
        }
        Ok(())
    }

    /// In large batches, only what an effect waits for is sealed, and what is full.
    fn must_seal(&self) -> bool {
        !self.in_large_batches || self.partitions.hold_back() || self.partitions.is_full()
    }

    /// Commits, sends what was released in the order of the lanes, and takes what the exchange says at once.
    async fn settle(&mut self, now: Timestamp) -> Result<(), Ended> {
        while self.must_seal() {
            let held = self.partitions.seal();
            if held.is_empty() {
                break;
            }
            held.iter().for_each(|h| (self.seen)(h.batch()));
            for release in commit(&*self.journal, held).await? {
                self.queue(release, now)?;
            }
            while let Some(release) = self.lanes.pop() {
                self.exchange.act(release.act(), now);
            }
            loop {
                let reports = self.exchange.take_reports(HANDFUL);
                if reports.is_empty() {
                    break;
                }
                for report in reports {
                    self.partitions.take(Input::Report(report), now)?;
                }
            }
        }
        Ok(())
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
        self.partitions.take(Input::Report(report), at)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
