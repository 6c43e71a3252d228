//! Held effects leave only through here: nothing reaches a venue that the journal has not accepted.

use crate::journal::Batch;
use crate::ports::{AppendError, Journal};
use crate::risk::approval::Approved;
use crate::words::id::{OrderId, PartitionId, Seq};
use crate::words::instrument::VenueName;
use crate::words::order::Ticket;
use crate::words::tier::Priority;
use crate::words::time::{Span, Timestamp};

/// Sealed batches of one node, with the effects that wait for them. Made by `Desk::seal`.
#[must_use = "nothing is durable, and nothing leaves, before commit"]
pub struct Held {
    batch: Batch,
    pending: Vec<Pending>,
}

/// An effect that waits for its batch.
pub(crate) struct Pending {
    pub(crate) act: Act,
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

/// Permission to act at a venue: durable, addressed, and good for a limited time. Only [`commit`] makes one.
#[derive(Debug)]
#[must_use = "a release that is dropped must be reported as lapsed"]
pub struct Release {
    act: Act,
    at: (PartitionId, Seq),
    released: Timestamp,
    lane: Priority,
    promise: Span,
    retries: u8,
}

/// How long an entry may wait for its venue after its release.
pub const ENTRY_GOOD_FOR: Span = Span::seconds(30);

impl Release {
    /// What to do.
    #[must_use]
    pub const fn act(&self) -> &Act {
        &self.act
    }
    /// The order it is about.
    #[must_use]
    pub const fn order(&self) -> OrderId {
        match &self.act {
            Act::Place(approved) => approved.ticket().id,
            Act::Cancel { order, .. } => *order,
        }
    }
    /// The order to place, when this is not a cancel.
    #[must_use]
    pub const fn ticket(&self) -> Option<&Ticket> {
        match &self.act {
            Act::Place(approved) => Some(approved.ticket()),
            Act::Cancel { .. } => None,
        }
    }
    /// Where it goes.
    #[must_use]
    pub const fn venue(&self) -> VenueName {
        match &self.act {
            Act::Place(approved) => approved.ticket().venue,
            Act::Cancel { venue, .. } => *venue,
        }
    }
    /// The batch that made it durable.
    #[must_use]
    pub const fn at(&self) -> (PartitionId, Seq) {
        self.at
    }
    /// When it was released, by the desk's clock.
    #[must_use]
    pub const fn released(&self) -> Timestamp {
        self.released
    }
    /// Its lane.
    #[must_use]
    pub const fn lane(&self) -> Priority {
        self.lane
    }
    /// The tier's promise from accepted to sent.
    #[must_use]
    pub const fn promise(&self) -> Span {
        self.promise
    }
    /// How often a send that certainly did not happen may be tried again.
    #[must_use]
    pub const fn retries(&self) -> u8 {
        self.retries
    }
    /// Does it open risk? Only such a release ever grows too old to send.
    #[must_use]
    pub fn is_entry(&self) -> bool {
        self.ticket()
            .is_some_and(|t| t.purpose == crate::words::order::Purpose::Entry)
    }
}

impl Held {
    pub(crate) const fn new(batch: Batch, pending: Vec<Pending>) -> Self {
        Self { batch, pending }
    }
    /// The batch that is about to be appended.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }
}

/// Appends the batches in one transaction and, once they are durable, opens what they held back.
///
/// A lost answer is settled here: the journal is asked what stands at the first batch's number; our own hash
/// there means recorded, another one means fenced, nothing means that it is appended again under the same key.
///
/// # Errors
/// See [`AppendError`]; then nothing was released and the desks' memory is ahead of the journal: drop them.
pub async fn commit(journal: &dyn Journal, held: Vec<Held>) -> Result<Vec<Release>, AppendError> {
    let mut batches = Vec::with_capacity(held.len());
    let mut releases = Vec::new();
    for Held { batch, pending } in held {
        let (at, released) = ((batch.partition, batch.seq), batch.at);
        releases.extend(pending.into_iter().map(|p| Release {
            act: p.act,
            at,
            released,
            lane: p.lane,
            promise: p.promise,
            retries: p.retries,
        }));
        batches.push(batch);
    }
    let Some(first) = batches.first() else {
        return Ok(releases);
    };
    let (partition, seq, hash) = (first.partition, first.seq, first.hash);
    for _ in 0..3 {
        match journal.append(&batches).await {
            Err(AppendError::Unknown) => match journal.at(partition, seq).await {
                Ok(Some(head)) if head.hash == hash => return Ok(releases),
                Ok(Some(_)) => return Err(AppendError::Fenced(partition)),
                Ok(None) => {}
                Err(_) => return Err(AppendError::Unavailable("journal cannot be read".into())),
            },
            Err(refused) => return Err(refused),
            Ok(()) => return Ok(releases),
        }
    }
    Err(AppendError::Unavailable(
        "append stayed without an answer".into(),
    ))
}
