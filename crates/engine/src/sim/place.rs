//! The place of a resting order behind what is displayed at its price.
//!
//! It moves up when others trade at the price, and when so much disappears that what is left is less than what
//! was thought to be in front. Quotes often tell of a trade before the trade itself does, so what disappeared from
//! the front stands against the trades of the next second: the same quantity never moves an order up twice.

use nija_core::words::money::Qty;
use nija_core::words::time::{Span, Timestamp};

/// How long what disappeared may still turn out to have been traded.
const UNEXPLAINED: Span = Span::seconds(1);

/// What lies in front of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    ahead: Qty,
    /// What disappeared from the front and no trade has explained.
    vanished: Qty,
    /// Until when a trade may.
    until: Timestamp,
}

impl Place {
    /// Behind so much.
    pub(super) const fn behind(ahead: Qty) -> Self {
        Self { ahead, vanished: Qty::ZERO, until: Timestamp::EPOCH }
    }

    /// So much is displayed at the price now.
    pub(super) fn displayed(&mut self, qty: Qty, now: Timestamp) {
        if qty >= self.ahead {
            return;
        }
        let kept = if now <= self.until { self.vanished } else { Qty::ZERO };
        self.vanished = kept.saturating_add(self.ahead.saturating_sub(qty));
        (self.ahead, self.until) = (qty, now.plus(UNEXPLAINED));
    }

    /// So much was traded at the price by somebody who met it; gives what reached the order.
    pub(super) fn traded(&mut self, qty: Qty, now: Timestamp) -> Qty {
        let known = if now <= self.until { self.vanished.min(qty) } else { Qty::ZERO };
        self.vanished = self.vanished.saturating_sub(known);
        let further = qty.saturating_sub(known);
        let before = self.ahead.min(further);
        self.ahead = self.ahead.saturating_sub(before);
        further.saturating_sub(before)
    }

    /// Somebody traded beyond the price, so nobody is left in front.
    pub(super) const fn passed(&mut self) {
        self.ahead = Qty::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn n(units: i32) -> Qty {
        Qty::whole(units)
    }

    #[test]
    fn trades_go_through_the_queue_first() {
        let mut place = Place::behind(n(5));
        assert_eq!(place.traded(n(3), Timestamp(0)), n(0));
        assert_eq!(place.traded(n(4), Timestamp(1)), n(2));
        assert_eq!(place.traded(n(4), Timestamp(2)), n(4));
    }

    #[test]
    fn a_display_that_shrinks_helps_once_and_never_twice() {
        let mut place = Place::behind(n(5));
        place.displayed(n(9), Timestamp(0));
        place.displayed(n(6), Timestamp(0));
        assert_eq!(place, Place::behind(n(5)), "it was behind us that somebody left");
        place.displayed(n(2), Timestamp(0));
        // The trade of three that the display told of before.
        assert_eq!(place.traded(n(3), Timestamp(10)), n(0));
        assert_eq!(place.traded(n(3), Timestamp(20)), n(1));
        let mut place = Place::behind(n(5));
        place.displayed(n(2), Timestamp(0));
        // A second later nobody explains it any more: somebody left.
        assert_eq!(place.traded(n(3), Timestamp(1_000_001)), n(1));
    }
}
