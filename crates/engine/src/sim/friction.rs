//! What fills cost beside their fees: how far they were made from what the market showed.
//!
//! The market shows the price of a bar or of a trade, or the middle of bid and ask. From there to the best price that
//! a taker can get it is spread, and what lies beyond that is slippage. Who rests and is met pays neither.

use super::book::Book;
use super::order::Order;
use nija_core::words::fixed::Round;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::Side;

/// Dollars that spread and slippage took inside the prices of fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Friction {
    /// From what the market showed to its best price.
    pub spread: Money,
    /// From there to the price of the fill, ticks included.
    pub slippage: Money,
}

impl Friction {
    /// Both together.
    #[must_use]
    pub const fn sum(self) -> Money {
        self.spread.saturating_add(self.slippage)
    }

    /// With another.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            spread: self.spread.saturating_add(other.spread),
            slippage: self.slippage.saturating_add(other.slippage),
        }
    }
}

/// The price of a fill, and how it came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deal {
    /// What the market showed.
    pub(super) shown: Price,
    /// The best price there was: the spread lies between.
    pub(super) best: Price,
    /// What the fill says.
    pub(super) price: Price,
}

impl Deal {
    /// Of an order that rested and was met at its price.
    pub(super) const fn rested(price: Price) -> Self {
        Self { shown: price, best: price, price }
    }

    /// What a fill of an order at this price paid. Values are rounded as the desk books them, so that the fill at
    /// what was shown and its friction make exactly what was booked.
    pub(super) fn friction(self, book: &Book, order: &Order, qty: Qty) -> Friction {
        if self.price == self.shown {
            return Friction::default();
        }
        let worth = |price| {
            let price = book.in_dollars(price)?;
            book.instrument.value(price, qty, Round::HalfEven)
        };
        let lost = |from, to| {
            let more = worth(to).zip(worth(from)).map(|(to, from)| to.saturating_sub(from));
            match order.ticket.side {
                Side::Buy => more.unwrap_or_default(),
                Side::Sell => more.unwrap_or_default().negated(),
            }
        };
        Friction { spread: lost(self.shown, self.best), slippage: lost(self.best, self.price) }
    }
}
