//! Where a venue's word and the desk's differ. What can be booked is booked as the venue says, since that is where
//! the money is; what cannot is refused. Either way it is written down and a person is called; but for a price
//! between two ticks, the account enters nothing until that person has looked.

use super::Desk;
use super::alarm::Alarm;
use super::event::Event;
use crate::ledger::entry::Entry;
use crate::risk::kill::{Actor, Scope};
use crate::words::id::{AccountNo, InstrumentId, OrderId};
use crate::words::money::{Price, Qty};
use crate::words::order::{Fill, Purpose, Side, Swap, Ticket};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// How a fill does not fit what the desk knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Mismatch {
    /// No such order was sent from here, or it ended too long ago. Not booked.
    #[n(0)]
    UnknownOrder,
    /// The quantity is zero or less, or no whole number of lots. Not booked.
    #[n(1)]
    UnusableQuantity,
    /// The price is zero or less. Not booked.
    #[n(2)]
    UnusablePrice,
    /// The amounts are beyond what can be held. Not booked.
    #[n(3)]
    OutOfRange,
    /// More was sold than was held, or more of a short holding bought back. Booked.
    #[n(4)]
    Oversold,
    /// More was filled than was ordered. Booked.
    #[n(5)]
    Overfilled,
    /// The price is worse than the order's limit. Booked.
    #[n(6)]
    BeyondLimit,
    /// The price is no whole number of ticks. Booked.
    #[n(7)]
    OffTick,
}

impl Mismatch {
    /// Is the fill in the books all the same?
    #[must_use]
    pub const fn is_booked(self) -> bool {
        matches!(self, Self::Oversold | Self::Overfilled | Self::BeyondLimit | Self::OffTick)
    }
    /// Must the account's entries wait for a person? A price between two ticks happens to be better than asked.
    #[must_use]
    pub const fn stops_entries(self) -> bool {
        !matches!(self, Self::OffTick)
    }
    /// One sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::UnknownOrder => "the order is not known here; nothing was booked",
            Self::UnusableQuantity => {
                "the quantity is not above zero in whole lots; nothing was booked"
            }
            Self::UnusablePrice => "the price is not above zero; nothing was booked",
            Self::OutOfRange => "the amounts are beyond what can be held; nothing was booked",
            Self::Oversold => "more was closed than was held",
            Self::Overfilled => "more was filled than was ordered",
            Self::BeyondLimit => "the price is worse than the order's limit",
            Self::OffTick => "the price is no whole number of ticks",
        }
    }
}

impl Desk {
    /// Why a fill cannot be booked; its booking when it can be.
    pub(super) fn booking(&self, ticket: &Ticket, fill: Fill) -> Result<Entry, Mismatch> {
        let listing = self.state.listings.get(&ticket.instrument).ok_or(Mismatch::OutOfRange)?;
        if !fill.qty.is_positive() || fill.qty.floor_to(listing.instrument.lot) != fill.qty {
            return Err(Mismatch::UnusableQuantity);
        }
        if !fill.price.is_positive() {
            return Err(Mismatch::UnusablePrice);
        }
        let entry = self.entry(ticket, fill).ok_or(Mismatch::OutOfRange)?;
        if self.fits(ticket.account, &entry) { Ok(entry) } else { Err(Mismatch::OutOfRange) }
    }

    /// Can an entry be booked for an account within the range of its books?
    pub(super) fn fits(&self, no: AccountNo, entry: &Entry) -> bool {
        self.state.account(no).is_some_and(|account| {
            let mut books = account.books.clone();
            let mut legs = entry.legs().iter();
            legs.all(|leg| books.post(leg.book, leg.amount).is_some())
        })
    }

    /// What is odd about a fill that can be booked, the gravest first. `left` is what its order had left.
    pub(super) fn oddity(&self, ticket: &Ticket, left: Qty, fill: Fill) -> Option<Mismatch> {
        let beyond = |limit: Price| match ticket.side {
            Side::Buy => fill.price > limit,
            Side::Sell => fill.price < limit,
        };
        let tick = self.state.listings.get(&ticket.instrument).map(|l| l.instrument.tick);
        let closes = match ticket.swap {
            Some(swap) => Swap::units(ticket.side, fill.qty, fill.price)
                .map(|[given, _]| (swap.gives, Side::Sell, given)),
            None => Some((ticket.instrument, ticket.side, fill.qty))
                .filter(|_| ticket.purpose == Purpose::Exit),
        };
        let oversold = |(of, side, qty)| qty > self.closable(ticket.account, of, side);
        if closes.is_some_and(oversold) {
            Some(Mismatch::Oversold)
        } else if fill.qty > left {
            Some(Mismatch::Overfilled)
        } else if ticket.order_type.limit().is_some_and(beyond) {
            Some(Mismatch::BeyondLimit)
        } else if tick.is_some_and(|tick| fill.price.floor_to(tick) != fill.price) {
            Some(Mismatch::OffTick)
        } else {
            None
        }
    }

    /// Writes a discrepancy down, once, calls a person, and stops the entries of the account where that is grave.
    pub(super) fn discrepancy(
        &mut self,
        account: Option<AccountNo>,
        order: OrderId,
        fill: Fill,
        what: Mismatch,
    ) {
        if self.state.ended.was_told(order, fill.id) {
            return;
        }
        self.emit(Event::Discrepancy { order, account, fill, what });
        let text = format!("order {order}, fill {}: {}", fill.id, what.sentence());
        self.alarms.push(Alarm { kind: "discrepancy", text: text.clone() });
        if what.stops_entries()
            && let Some(account) = account.and_then(|no| self.state.account(no))
        {
            let scope = Scope::Account(account.id);
            self.kill(scope, Actor::Platform, text, false);
        }
    }

    /// Takes exits back as far as they would close more than is left of a holding, the newest first; and all that
    /// would add to it, since it lies on the other side now.
    pub(super) fn shed_exits(&mut self, no: AccountNo, instrument: InstrumentId) {
        let Some(position) = self.state.account(no).and_then(|a| a.position(instrument)) else {
            return;
        };
        let mut over = position.exiting.saturating_sub(position.qty());
        let side = position.exit_side();
        let exits = self.state.exits_of(no, instrument).map(|o| {
            let adds = o.ticket.side != side;
            (adds, o.cancelling, o.ticket.id, o.remaining())
        });
        let mut exits: Vec<_> = exits.collect();
        exits.sort_unstable();
        for (adds, cancelling, order, left) in exits.into_iter().rev() {
            if !adds && !over.is_positive() {
                return;
            }
            if !cancelling {
                self.request_cancel(order);
            }
            over = over.saturating_sub(left);
        }
    }
}
