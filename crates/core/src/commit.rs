//! Held effects leave only through here: nothing reaches a venue that the journal has not accepted.

use crate::desk::held::{Act, Held};
use crate::ports::{AppendError, Journal};
use crate::words::id::{OrderId, PartitionId, Seq};
use crate::words::instrument::VenueName;
use crate::words::order::Ticket;
use crate::words::tier::{Priority, Tier};
use crate::words::time::{Span, Timestamp};

/// Permission to act at a venue: durable, addressed, and good for a limited time. Only [`commit`] makes one.
#[derive(Debug)]
#[must_use = "a release that is dropped must be reported as lapsed"]
pub struct Release {
    act: Act,
    at: (PartitionId, Seq),
    released: Timestamp,
    tier: Tier,
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
    /// The tier it is sent for.
    #[must_use]
    pub const fn tier(&self) -> Tier {
        self.tier
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
        self.ticket().is_some_and(|t| t.purpose == crate::words::order::Purpose::Entry)
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
    for held in held {
        let (batch, pending) = held.open();
        let (at, released) = ((batch.partition, batch.seq), batch.at);
        releases.extend(pending.into_iter().map(|p| Release {
            act: p.act,
            at,
            released,
            tier: p.tier,
            lane: p.lane,
            promise: p.promise,
            retries: p.retries,
        }));
        batches.push(batch);
    }
    let Some(first) = batches.first() else {
        return Ok(releases);
    };
    if !journal.forgets() && batches.iter().any(|batch| !batch.told.is_empty()) {
        let why = "its batches are told and not written: such a run needs a journal that forgets";
        return Err(AppendError::Unavailable(why.into()));
    }
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
    Err(AppendError::Unavailable("append stayed without an answer".into()))
}
