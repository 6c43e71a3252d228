//! The desks of one node, owned by value: inputs find their desk, all dirty desks are sealed together.
//! Synchronous and without I/O; the node drives it from its inbox, the backtest from its data.

use nija_core::copy::lead::Lead;
use nija_core::desk::answer::{Answer, Decline, Query, View};
use nija_core::desk::apply::Broken;
use nija_core::desk::held::Held;
use nija_core::desk::input::{Command, Input, Key};
use nija_core::desk::{Desk, Rules};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::{AccountId, AccountNo, InstrumentId, OrderId, PartitionId};
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;
use std::sync::Arc;

/// All desks of a node.
pub struct Partitions {
    desks: Vec<Desk>,
    /// Whose orders leave first. Each lead draws it, so that no partition's followers always buy before others.
    first: usize,
}

/// A desk that met a bug: its node stops and recovers from the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("partition {partition}: {broken}; run `nija verify`, then start again")]
pub struct Stopped {
    /// Which desk.
    pub partition: PartitionId,
    /// What it met.
    pub broken: Broken,
}

impl Partitions {
    /// As many empty desks.
    #[must_use]
    pub fn new(count: u16, rules: &Arc<Rules>) -> Self {
        let desk = |n| Desk::new(PartitionId(n), Arc::clone(rules));
        Self { desks: (0..count.max(1)).map(desk).collect(), first: 0 }
    }

    /// The same for a run that nobody reads again: see [`Desk::unwritten`].
    #[must_use]
    pub fn unwritten(mut self) -> Self {
        self.desks = self.desks.into_iter().map(Desk::unwritten).collect();
        self
    }

    /// Desks that recovery has brought back, one for each partition from 0.
    #[must_use]
    pub const fn of(desks: Vec<Desk>) -> Self {
        Self { desks, first: 0 }
    }

    /// Which of so many partitions (at least one) a lead draws to send first.
    pub(crate) fn first_of(lead: &Lead, partitions: usize) -> usize {
        lead.turns()(AccountNo::HOUSE) as usize % partitions.max(1)
    }

    /// How many partitions there are.
    #[must_use]
    pub fn count(&self) -> u16 {
        u16::try_from(self.desks.len()).unwrap_or(u16::MAX)
    }

    /// The desks, in order.
    #[must_use]
    pub fn desks(&self) -> &[Desk] {
        &self.desks
    }

    /// The desks, in order, to be resumed.
    pub fn desks_mut(&mut self) -> &mut [Desk] {
        &mut self.desks
    }

    /// Orders of which lost reports may have told something: those that are open, and the last that were cancelled.
    #[must_use]
    pub fn in_doubt(&self) -> Vec<OrderId> {
        let open = self.desks.iter().flat_map(Desk::outstanding).map(|open| open.ticket.id);
        open.chain(self.desks.iter().flat_map(Desk::cancelled)).collect()
    }

    fn desk(&mut self, partition: PartitionId) -> Option<&mut Desk> {
        self.desks.get_mut(usize::from(partition.0))
    }

    /// Gives an input to the desk it concerns: commands by account, reports by order, the rest to every desk.
    ///
    /// # Errors
    /// [`Stopped`] when a desk met a bug.
    pub fn take(&mut self, input: Input, at: Timestamp) -> Result<Answer, Stopped> {
        let partition = match &input {
            Input::Command { account, .. } => Some(account.partition(self.count())),
            Input::Report(report) => Some(report.order.partition()),
            Input::Delivered { partition, .. } => Some(*partition),
            _ => None,
        };
        if let Input::Lead(lead) = &input {
            self.first = Self::first_of(lead, self.desks.len());
        }
        let Some(partition) = partition else {
            let mut answer = Answer::Done;
            let count = self.desks.len();
            for (desk, input) in self.desks.iter_mut().zip(std::iter::repeat_n(input, count)) {
                let partition = desk.partition();
                let own = desk.take(input, at).map_err(|broken| Stopped { partition, broken })?;
                answer = match (answer, own) {
                    (Answer::Led { left: others }, Answer::Led { left }) => {
                        Answer::Led { left: others.saturating_add(left) }
                    }
                    (_, own) => own,
                };
            }
            self.stop_tripped(at)?;
            return Ok(answer);
        };
        let Some(desk) = self.desk(partition) else {
            return Ok(Answer::Declined(Decline::UnknownOrder));
        };
        let answer = desk.take(input, at).map_err(|broken| Stopped { partition, broken })?;
        if let Some(reason) = desk.take_tripped() {
            self.stop_all(&reason, at)?;
        }
        Ok(answer)
    }

    /// Gives a price to every desk.
    ///
    /// # Errors
    /// [`Stopped`] when a desk met a bug.
    pub(crate) fn take_price(
        &mut self,
        instrument: InstrumentId,
        price: Price,
        at: Timestamp,
    ) -> Result<(), Stopped> {
        for desk in &mut self.desks {
            let partition = desk.partition();
            let taken = desk.take_price(instrument, price, at);
            taken.map_err(|broken| Stopped { partition, broken })?;
        }
        self.stop_tripped(at)
    }

    /// Does somebody hold it, at some desk?
    #[must_use]
    pub(crate) fn is_held(&self, instrument: InstrumentId) -> bool {
        self.desks.iter().any(|desk| desk.is_held(instrument))
    }

    /// Is it known at every desk that a price of this changes nothing but the price?
    #[inline]
    #[must_use]
    pub(crate) fn is_calm(&self, instrument: InstrumentId, price: Price, at: Timestamp) -> bool {
        self.desks.iter().all(|desk| desk.is_calm(instrument, price, at))
    }

    /// Would a price of this change nothing but the price, at every desk?
    #[must_use]
    pub(crate) fn rest(&mut self, instrument: InstrumentId, price: Price, at: Timestamp) -> bool {
        self.desks.iter_mut().all(|desk| desk.rests(instrument, price, at))
    }

    /// Looks whether some desk found reason to stop everywhere.
    fn stop_tripped(&mut self, at: Timestamp) -> Result<(), Stopped> {
        match self.desks.iter_mut().find_map(Desk::take_tripped) {
            Some(reason) => self.stop_all(&reason, at),
            None => Ok(()),
        }
    }

    /// What one desk found reason to stop everywhere is stopped in every partition.
    fn stop_all(&mut self, reason: &str, at: Timestamp) -> Result<(), Stopped> {
        for desk in &mut self.desks {
            let (partition, reason) = (desk.partition(), reason.to_owned());
            let (scope, by) = (Scope::Platform, Actor::Platform);
            let kill = Input::Kill { scope, by, reason, flatten: false };
            desk.take(kill, at).map_err(|broken| Stopped { partition, broken })?;
        }
        Ok(())
    }

    /// Gives a command to its account's desk.
    ///
    /// # Errors
    /// [`Stopped`] when the desk met a bug.
    pub fn command(
        &mut self,
        account: AccountId,
        key: Option<Key>,
        command: Command,
        at: Timestamp,
    ) -> Result<Answer, Stopped> {
        self.take(Input::Command { account, key, command }, at)
    }

    /// Answers a question. Ask only when nothing is unsealed: answers come from durable state.
    #[must_use]
    pub fn query(&self, query: &Query) -> View {
        let partition = match query {
            Query::Account(account) | Query::Master(account) | Query::Preview { account, .. } => {
                account.partition(self.count())
            }
            Query::Market => PartitionId(0),
            Query::Outbox(partition)
            | Query::House(partition)
            | Query::Masters(partition)
            | Query::Followers(partition, _)
            | Query::Bills(partition) => *partition,
            Query::Bill(invoice) => invoice.partition,
        };
        match self.desks.get(usize::from(partition.0)) {
            Some(desk) => desk.query(query),
            None => View::Declined(Decline::UnknownPartition),
        }
    }

    /// Does some desk hold as much as a batch should?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.desks.iter().any(Desk::is_full)
    }

    /// Does some desk hold an effect back until its batch is kept, or as much as a batch should?
    #[must_use]
    pub(crate) fn must_seal(&self) -> bool {
        self.desks.iter().any(|desk| desk.holds_back() || desk.is_full())
    }

    /// Closes the batches of all desks to which something happened.
    pub fn seal(&mut self) -> Vec<Held> {
        let (later, first) = self.desks.split_at_mut(self.first);
        first.iter_mut().chain(later).filter_map(Desk::seal).collect()
    }
}
