//! An order book as it was seen: what lies on both sides, best first, and what a quantity would cost.

use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::{Span, Timestamp};

/// A longer silence of a book means that nobody knows how it stands.
pub const LOST: Span = Span::seconds(5);

/// What lies at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
}

/// The book of one instrument at one place, best prices first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Of what.
    pub instrument: InstrumentId,
    /// Where: the number of the venue within the setup.
    pub place: u8,
    /// When it was seen.
    pub at: Timestamp,
    /// Buyers, highest first.
    pub bids: Vec<Level>,
    /// Sellers, lowest first.
    pub asks: Vec<Level>,
}

impl Book {
    /// The same book once it makes sense: prices in order, positive quantities, no bid at or above an ask.
    #[must_use]
    pub fn checked(self) -> Option<Self> {
        let sane = |level: &Level| level.price.is_positive() && level.qty.is_positive();
        let falls = self.bids.windows(2).all(|pair| pair[0].price > pair[1].price);
        let rises = self.asks.windows(2).all(|pair| pair[0].price < pair[1].price);
        let apart = self.best(Side::Sell) < self.best(Side::Buy) || self.asks.is_empty();
        let all = self.bids.iter().chain(&self.asks).all(sane);
        (falls && rises && apart && all).then_some(self)
    }

    /// What someone who takes this side meets: a buyer the asks, a seller the bids.
    #[must_use]
    pub fn offers(&self, taker: Side) -> &[Level] {
        match taker {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        }
    }

    /// The best price for a taker of this side.
    #[must_use]
    pub fn best(&self, taker: Side) -> Option<Price> {
        self.offers(taker).first().map(|level| level.price)
    }

    /// Half way between the best prices, in dollars.
    #[must_use]
    pub fn middle(&self) -> Option<f64> {
        let (bid, ask) = (self.best(Side::Sell)?, self.best(Side::Buy)?);
        Some(f64::midpoint(crate::clamp::dollars(bid), crate::clamp::dollars(ask)))
    }
}

/// What happened to an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Of what.
    pub instrument: InstrumentId,
    /// Where.
    pub place: u8,
    /// Bought or sold.
    pub side: Side,
    /// How much; zero where an order ended with nothing.
    pub qty: Qty,
    /// At which price.
    pub price: Price,
    /// Is the order over?
    pub is_last: bool,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_that_make_no_sense_are_refused() {
        let level = |price, qty| Level { price: Price::whole(price), qty: Qty::whole(qty) };
        let book = |bids: &[Level], asks: &[Level]| Book {
            instrument: InstrumentId(1),
            place: 0,
            at: Timestamp(0),
            bids: bids.to_vec(),
            asks: asks.to_vec(),
        };
        let sound = book(&[level(99, 1), level(98, 2)], &[level(101, 1), level(102, 5)]);
        assert_eq!(sound.clone().checked(), Some(sound.clone()));
        assert_eq!(sound.middle(), Some(100.0));
        assert!(book(&[], &[level(1, 1)]).checked().is_some());
        assert!(book(&[level(1, 1)], &[]).checked().is_some());
        for (bids, asks) in [
            (vec![level(98, 1), level(99, 1)], vec![]),
            (vec![], vec![level(102, 1), level(101, 1)]),
            (vec![level(101, 1)], vec![level(101, 1)]),
            (vec![level(99, 0)], vec![level(101, 1)]),
            (vec![level(0, 1)], vec![]),
        ] {
            assert_eq!(book(&bids, &asks).checked(), None);
        }
    }
}
