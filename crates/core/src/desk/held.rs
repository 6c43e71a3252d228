//! What a sealed batch holds back until the journal has it: opened by [`crate::commit::commit`] alone.

use super::alarm::Alarm;
use crate::journal::Batch;
use crate::risk::approval::Approved;
use crate::words::id::OrderId;
use crate::words::instrument::VenueName;
use crate::words::tier::{Priority, Tier};
use crate::words::time::Span;

/// A sealed batch with the effects that wait for it. Made by `Desk::seal`.
#[must_use = "nothing is durable, and nothing leaves, before commit"]
pub struct Held {
    batch: Batch,
    pending: Vec<Pending>,
    alarms: Vec<Alarm>,
    sent: bool,
}

/// An effect that waits for its batch.
pub(crate) struct Pending {
    pub(crate) act: Act,
    pub(crate) tier: Tier,
    pub(crate) lane: Priority,
    pub(crate) promise: Span,
    pub(crate) retries: u8,
}

/// What a venue is asked to do.
#[derive(Debug)]
pub enum Act {
    /// Place an approved order.
    Place(Approved),
    /// Take an order back.
    Cancel {
        /// Which.
        order: OrderId,
        /// Where it is.
        venue: VenueName,
    },
}

impl Held {
    pub(crate) const fn new(batch: Batch, pending: Vec<Pending>, alarms: Vec<Alarm>) -> Self {
        Self { batch, pending, alarms, sent: false }
    }
    /// The same, with a parcel for others in it or without.
    pub(crate) fn sending(self, sent: bool) -> Self {
        Self { sent, ..self }
    }
    pub(crate) fn open(self) -> (Batch, Vec<Pending>) {
        (self.batch, self.pending)
    }
    /// What a person has to look at, to be told once the batch is durable.
    pub fn take_alarms(&mut self) -> Vec<Alarm> {
        core::mem::take(&mut self.alarms)
    }
    /// Does the batch put a parcel into its partition's outbox?
    #[must_use]
    pub const fn sends_parcels(&self) -> bool {
        self.sent
    }
    /// The batch that is about to be appended.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }
}
