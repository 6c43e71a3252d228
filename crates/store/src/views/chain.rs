//! The lists of an account, each a chain of records from its newest one back to its first.

use minicbor::decode::Error as Unreadable;
use minicbor::encode::Error as Unwritable;
use minicbor::{Decoder, Encoder};
use nija_core::desk::event::Event;
use nija_core::words::id::{AccountNo, PartitionId};
use std::convert::Infallible;

/// An account as rows name it: its partition and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holder(pub(super) i64);

impl Holder {
    pub(super) const fn new(partition: PartitionId, no: AccountNo) -> Self {
        Self((partition.0 as i64) << 32 | no.0 as i64)
    }
    /// Its number in its partition.
    pub(super) const fn no(self) -> AccountNo {
        AccountNo((self.0 & 0xffff_ffff) as u32)
    }
    pub(super) const fn partition(self) -> i64 {
        self.0 >> 32
    }
}

/// Where a record stands in the log: number of the row, and the byte in it. Zero is nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(pub(super) i64);

impl Place {
    const BITS: u32 = 13;
    /// Bytes of a row in which a record may begin.
    pub(super) const ROW: usize = 1 << Self::BITS;

    pub(super) const fn new(row: i64, byte: usize) -> Self {
        Self(row << Self::BITS | byte as i64)
    }
    pub(super) const fn row(self) -> i64 {
        self.0 >> Self::BITS
    }
    pub(super) const fn byte(self) -> usize {
        (self.0 as usize) & (Self::ROW - 1)
    }
    pub(super) const fn is_nowhere(self) -> bool {
        self.0 == 0
    }
}

/// A list of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chain {
    Orders,
    Fills,
    Entries,
    Equity,
    /// Every decision; the ones below are decisions of one kind and share its numbers.
    Decisions,
    Approved,
    Refused,
    Skipped,
    Halted,
    Reallocated,
    Signaled,
    /// Moves of the high-water mark, and what was charged.
    Fees,
    /// Steps of the subscription.
    Subscription,
}

impl Chain {
    pub(super) const COUNT: usize = 13;

    /// The chains that a record of this event belongs to; decisions before their kind.
    pub(super) fn of(event: &Event) -> &'static [Self] {
        match event {
            Event::Approved { .. } => &[Self::Orders, Self::Decisions, Self::Approved],
            Event::Refused { .. } => &[Self::Decisions, Self::Refused],
            Event::Skipped { .. } | Event::CopySkipped { .. } => &[Self::Decisions, Self::Skipped],
            Event::Halted { .. } => &[Self::Decisions, Self::Halted],
            Event::Reallocated { .. } => &[Self::Decisions, Self::Reallocated],
            Event::Signaled { .. } => &[Self::Decisions, Self::Signaled],
            Event::Filled { entry, .. } if entry.legs().is_empty() => &[Self::Fills],
            Event::Filled { .. } => &[Self::Fills, Self::Entries],
            Event::Billed { entry, .. } if entry.legs().is_empty() => &[Self::Fees],
            Event::Billed { .. } => &[Self::Fees, Self::Entries],
            Event::Subscribed { entry, .. } if entry.legs().is_empty() => &[Self::Subscription],
            // The house's record of it is one of entries.
            Event::Subscribed { .. } => &[Self::Subscription, Self::Entries],
            // The mark of a new run begins with the loss that it carries.
            Event::Followed { .. } => &[Self::Fees],
            Event::Transferred { .. }
            | Event::Settled { .. }
            | Event::Swapped { .. }
            | Event::Adjusted { .. }
            | Event::Collected { .. }
            | Event::Moved { .. }
            | Event::Credited { .. } => &[Self::Entries],
            Event::DayClosed { .. } => &[Self::Equity],
            _ => &[],
        }
    }
    /// Decisions of a kind, as readers name it.
    pub(super) fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "approved" => Self::Approved,
            "refused" => Self::Refused,
            "skipped" => Self::Skipped,
            "halted" => Self::Halted,
            "reallocated" => Self::Reallocated,
            "signaled" => Self::Signaled,
            _ => return None,
        })
    }
    /// The chain whose numbers this one uses.
    pub(super) const fn numbered(self) -> Self {
        match self {
            Self::Approved
            | Self::Refused
            | Self::Skipped
            | Self::Halted
            | Self::Reallocated
            | Self::Signaled => Self::Decisions,
            own => own,
        }
    }
}

/// The newest record of a chain and its number there; number 0 before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) number: i64,
    pub(super) place: Place,
}

/// The heads of all chains of an account.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heads([Head; Chain::COUNT]);

impl Heads {
    pub(super) const fn of(&self, chain: Chain) -> Head {
        self.0[chain as usize]
    }
    pub(super) const fn set(&mut self, chain: Chain, head: Head) {
        self.0[chain as usize] = head;
    }
    pub(super) fn write(&self, row: &mut Vec<u8>) -> Result<(), Unwritable<Infallible>> {
        let mut e = Encoder::new(row);
        for head in self.0 {
            e.i64(head.number)?.i64(head.place.0)?;
        }
        Ok(())
    }
    pub(super) fn read(d: &mut Decoder<'_>) -> Result<Self, Unreadable> {
        let mut heads = Self::default();
        for head in &mut heads.0 {
            *head = Head { number: d.i64()?, place: Place(d.i64()?) };
        }
        Ok(heads)
    }
}
