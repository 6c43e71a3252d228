//! The desks of a run. In large batches a price that changes nothing but the price waits until something else comes.

use crate::partitions::{Partitions, Stopped};
use nija_core::desk::answer::{Answer, Decline};
use nija_core::desk::held::Held;
use nija_core::desk::input::Input;
use nija_core::words::id::{InstrumentId, PartitionId};
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;

/// Desks that inputs are brought to.
pub(super) struct Desks {
    partitions: Partitions,
    /// Is a batch sealed only when something must leave, or when it is full?
    pub(super) in_large_batches: bool,
    /// Newest prices that change nothing but the price, until something else comes; oldest first.
    waiting: Vec<(InstrumentId, Price, Timestamp)>,
}

impl Desks {
    pub(super) const fn of(partitions: Partitions) -> Self {
        Self { partitions, in_large_batches: false, waiting: Vec::new() }
    }

    /// The desks, as of now.
    pub(super) fn current(&mut self) -> Result<&mut Partitions, Stopped> {
        self.adopt()?;
        Ok(&mut self.partitions)
    }

    /// Brings an input that is no price.
    #[inline(never)]
    pub(super) fn take(&mut self, input: Input, at: Timestamp) -> Result<Answer, Stopped> {
        self.current()?.take(input, at)
    }

    /// Brings an input to one desk only.
    pub(super) fn take_at(
        &mut self,
        partition: PartitionId,
        input: Input,
        at: Timestamp,
    ) -> Result<Answer, Stopped> {
        let mut desks = self.current()?.desks_mut().iter_mut();
        let Some(desk) = desks.find(|desk| desk.partition() == partition) else {
            return Ok(Answer::Declined(Decline::UnknownPartition));
        };
        desk.take(input, at).map_err(|broken| Stopped { partition, broken })
    }

    /// Takes a price, or lets it wait where it changes nothing but the price.
    #[inline]
    pub(super) fn take_price(
        &mut self,
        instrument: InstrumentId,
        price: Price,
        at: Timestamp,
    ) -> Result<(), Stopped> {
        // By far the most follow a price of the same instrument and need no second look.
        if let [newest] = &mut self.waiting[..]
            && newest.0 == instrument
            && self.partitions.is_calm(instrument, price, at)
        {
            *newest = (instrument, price, at);
            return Ok(());
        }
        self.judge_price(instrument, price, at)
    }

    #[inline(never)]
    fn judge_price(
        &mut self,
        instrument: InstrumentId,
        price: Price,
        at: Timestamp,
    ) -> Result<(), Stopped> {
        if self.in_large_batches && price.is_positive() {
            let others = self.waiting.iter().filter(|(of, ..)| *of != instrument);
            // What holders are worth is judged by one new price at a time.
            if others.map(|(of, ..)| *of).any(|of| self.partitions.is_held(of))
                && self.partitions.is_held(instrument)
            {
                self.adopt()?;
            }
            if self.partitions.rest(instrument, price, at) {
                self.waiting.retain(|(of, ..)| *of != instrument);
                self.waiting.push((instrument, price, at));
                return Ok(());
            }
        }
        self.current()?.take_price(instrument, price, at)
    }

    /// Adopts the prices that wait.
    fn adopt(&mut self) -> Result<(), Stopped> {
        for (instrument, price, at) in self.waiting.drain(..) {
            self.partitions.take_price(instrument, price, at)?;
        }
        Ok(())
    }

    /// In large batches, only what an effect waits for is sealed, and what is full.
    pub(super) fn must_seal(&self) -> bool {
        !self.in_large_batches || self.partitions.must_seal()
    }

    /// Closes the batches of all desks to which something happened.
    pub(super) fn seal(&mut self) -> Vec<Held> {
        self.partitions.seal()
    }
}
