//! A record of the log: an event as the journal has it, whom it is about, when, where it stands in the journal,
//! and the record before it in each of its chains. Rows are made of it when somebody reads them.

use super::chain::{Chain, Holder, Place};
use minicbor::decode::Error as Unreadable;
use minicbor::encode::Error as Unwritable;
use minicbor::{Decoder, Encoder};
use nija_core::desk::event::Event;
use nija_core::words::id::{OrderId, PartitionId, Seq};
use nija_core::words::time::Timestamp;
use std::convert::Infallible;

/// Where in the journal an event stands, and its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) partition: PartitionId,
    pub(super) seq: Seq,
    pub(super) index: u32,
    pub(super) now: Timestamp,
}

/// How rows name an entry in the books.
impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}-{}", self.partition, self.seq, self.index)
    }
}

/// A record in a chain: its number there, the last one if it has several, and where the record before stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) number: i64,
    pub(super) before: Place,
}

/// What is written in front of the event.
pub(super) struct Cover<'a> {
    pub(super) holder: Holder,
    pub(super) at: Position,
    /// Where the order's approval stands, for what happened to an order.
    pub(super) order: Place,
    /// In the order of `Chain::of`.
    pub(super) links: &'a [Link],
}

impl Cover<'_> {
    /// Appends the record to a row.
    pub(super) fn write(
        &self,
        event: &[u8],
        row: &mut Vec<u8>,
    ) -> Result<(), Unwritable<Infallible>> {
        let mut e = Encoder::new(&mut *row);
        e.i64(self.holder.0)?.u64(self.at.seq.0)?.u32(self.at.index)?;
        e.i64(self.at.now.0)?.i64(self.order.0)?.u8(self.links.len() as u8)?;
        for link in self.links {
            e.i64(link.number)?.i64(link.before.0)?;
        }
        row.extend_from_slice(event);
        Ok(())
    }
}

/// A record read back.
pub(super) struct Record {
    pub(super) place: Place,
    pub(super) holder: Holder,
    pub(super) at: Position,
    pub(super) order: Place,
    links: Vec<Link>,
    pub(super) event: Event,
}

impl Record {
    pub(super) fn read(place: Place, bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut d = Decoder::new(bytes);
        let holder = Holder(d.i64()?);
        let partition = u16::try_from(holder.partition())
            .map(PartitionId)
            .map_err(|_| Unreadable::message("no such partition"))?;
        let (seq, index) = (Seq(d.u64()?), d.u32()?);
        let at = Position { partition, seq, index, now: Timestamp(d.i64()?) };
        let order = Place(d.i64()?);
        let count = d.u8()?;
        let link = |d: &mut Decoder<'_>| -> Result<Link, Unreadable> {
            Ok(Link { number: d.i64()?, before: Place(d.i64()?) })
        };
        let links = (0..count).map(|_| link(&mut d)).collect::<Result<_, _>>()?;
        Ok(Self { place, holder, at, order, links, event: d.decode()? })
    }

    /// Its place in a chain, where it belongs to it. A record for a second account of an entry has only that link.
    pub(super) fn link(&self, chain: Chain) -> Option<Link> {
        let chains = Chain::of(&self.event);
        let skipped = chains.len().checked_sub(self.links.len())?;
        let at = chains[skipped..].iter().position(|&own| own == chain)?;
        self.links.get(at).copied()
    }

    /// How many rows it is in a chain: an entry is one for each leg of the account.
    pub(super) fn rows(&self, chain: Chain) -> i64 {
        if chain == Chain::Entries { self.legs().count() as i64 } else { 1 }
    }

    /// The legs of its entry that are the account's.
    pub(super) fn legs(&self) -> impl Iterator<Item = &nija_core::ledger::entry::Leg> {
        let entry = self.event.entry();
        let no = self.holder.no();
        entry.into_iter().flat_map(|entry| entry.legs()).filter(move |leg| leg.account == no)
    }

    /// The order it is about.
    pub(super) const fn order_id(&self) -> Option<OrderId> {
        match &self.event {
            Event::Approved { ticket, .. } => Some(ticket.id),
            Event::Filled { order, .. } => Some(*order),
            _ => None,
        }
    }
}
