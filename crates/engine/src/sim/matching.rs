//! At which price an order trades on one event: the rules alone, without any state.
//!
//! A stop is reached when a price touches it; a resting limit needs a trade through it; where the path within a
//! bar is unknown the worse of two stories is told. What an order takes, it takes with spread and slippage.

use super::friction::Deal;
use super::rules::Terms;
use nija_core::words::fixed::Round;
use nija_core::words::money::{Pct, Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::time::Timestamp;

/// What an event says about prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Print {
    /// A bar begins.
    Open(Price),
    /// A bar has ended.
    Close(Range),
    /// Best prices.
    Quote {
        /// Best price paid.
        bid: Price,
        /// Best price asked.
        ask: Price,
    },
    /// Somebody traded.
    Trade(Price),
}

/// The prices of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) open_at: Timestamp,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
}

/// How an order meets an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) side: Side,
    /// Did this event bring it in?
    pub(super) fresh: bool,
    /// Since when may it trade?
    pub(super) eligible_at: Timestamp,
}

/// Is `price` better for the trader than `than`?
pub(super) const fn is_better(side: Side, price: Price, than: Price) -> bool {
    match side {
        Side::Buy => price.raw() < than.raw(),
        Side::Sell => price.raw() > than.raw(),
    }
}

/// The worse of two prices for the trader.
const fn worse(side: Side, one: Price, other: Price) -> Price {
    if is_better(side, one, other) { other } else { one }
}

impl Print {
    /// The price a taker is shown. In a bar that it joined halfway, only the close comes after it.
    pub(super) const fn shown(&self, meeting: &Meeting) -> Price {
        match (self, meeting.side) {
            (Self::Open(price) | Self::Trade(price), _) => *price,
            (Self::Quote { ask, .. }, Side::Buy) => *ask,
            (Self::Quote { bid, .. }, Side::Sell) => *bid,
            (Self::Close(range), _) if meeting.fresh && !range.is_late(meeting) => range.open,
            (Self::Close(range), _) => range.close,
        }
    }

    /// What the market showed where a taker was shown this price: of a quote, the middle.
    pub(super) const fn middle(&self, shown: Price) -> Price {
        match self {
            Self::Quote { bid, ask } => {
                Price::from_raw(bid.raw().saturating_add(ask.raw().saturating_sub(bid.raw()) / 2))
            }
            _ => shown,
        }
    }

    /// The best price a side could get at this event: no order beyond it can trade.
    pub(super) const fn best(&self, side: Side) -> Price {
        match (self, side) {
            (Self::Open(price) | Self::Trade(price), _) => *price,
            (Self::Quote { ask, .. }, Side::Buy) => *ask,
            (Self::Quote { bid, .. }, Side::Sell) => *bid,
            (Self::Close(range), Side::Buy) => range.low,
            (Self::Close(range), Side::Sell) => range.high,
        }
    }

    /// The worst price of this event: no stop beyond it is reached.
    pub(super) const fn worst(&self, side: Side) -> Price {
        match (self, side) {
            (Self::Close(range), Side::Buy) => range.high,
            (Self::Close(range), Side::Sell) => range.low,
            _ => self.best(side),
        }
    }

    /// The price at which a stop is reached and becomes a market or limit order; none when it is not.
    pub(super) const fn trigger(&self, meeting: &Meeting, stop: Price) -> Option<Price> {
        let side = meeting.side;
        let reached = match self {
            Self::Close(range) if range.is_late(meeting) => range.close,
            _ => self.worst(side),
        };
        if is_better(side, reached, stop) {
            return None;
        }
        Some(match self {
            // Within the bar the stop is met on the way; beyond it from the start, there is only the open.
            Self::Close(range) if !range.is_late(meeting) => worse(side, stop, range.open),
            _ => reached,
        })
    }

    /// The price at which a resting or arriving limit trades; none when it does not.
    pub(super) fn limit(&self, meeting: &Meeting, limit: Price, cost: &Cost<'_>) -> Option<Deal> {
        let side = meeting.side;
        let met = Deal::rested(limit);
        match self {
            Self::Open(price) => cost.within(side, *price, limit),
            Self::Close(range) if range.is_late(meeting) => cost.within(side, range.close, limit),
            Self::Close(range) => {
                let at_open =
                    if meeting.fresh { cost.within(side, range.open, limit) } else { None };
                at_open.or_else(|| is_better(side, self.best(side), limit).then_some(met))
            }
            Self::Quote { .. } => {
                let shown = self.shown(meeting);
                let crossed = !is_better(side, limit, shown);
                let taken = Deal { shown: self.middle(shown), best: shown, price: shown };
                crossed.then_some(if meeting.fresh { taken } else { met })
            }
            Self::Trade(price) if meeting.fresh => cost.within(side, *price, limit),
            Self::Trade(price) => is_better(side, *price, limit).then_some(met),
        }
    }

    /// Does the shown price already hold the spread?
    pub(super) const fn is_quote(&self) -> bool {
        matches!(self, Self::Quote { .. })
    }
}

impl Range {
    /// Did the order come while the bar ran? Then its range may lie before the order.
    const fn is_late(&self, meeting: &Meeting) -> bool {
        meeting.eligible_at.0 > self.open_at.0
    }
}

/// What taking a price costs, on top of it.
pub(super) struct Cost<'a> {
    pub(super) terms: &'a Terms,
    pub(super) tick: Price,
    /// Is the spread still to be paid?
    pub(super) spread: bool,
}

impl Cost<'_> {
    /// The price a taker of `qty` pays or gets: spread and slippage against it, then the next tick against it.
    pub(super) fn taken(&self, side: Side, shown: Price, qty: Qty, volume: Option<Qty>) -> Price {
        self.against(side, shown, self.terms.slippage.of(qty, volume))
    }

    /// The same, and how far of the way is spread.
    pub(super) fn deal(&self, side: Side, shown: Price, qty: Qty, volume: Option<Qty>) -> Deal {
        let best = self.against(side, shown, Pct::ZERO);
        Deal { shown, best, price: self.taken(side, shown, qty, volume) }
    }

    /// The price of a limit order that takes `shown`, if that lies within its limit and is better than it.
    pub(super) fn within(&self, side: Side, shown: Price, limit: Price) -> Option<Deal> {
        let price = self.against(side, shown, Pct::ZERO);
        let is_within = is_better(side, shown, limit) && !is_better(side, limit, price);
        is_within.then_some(Deal { shown, best: price, price })
    }

    fn against(&self, side: Side, shown: Price, slippage: Pct) -> Price {
        let spread = if self.spread { self.terms.half_spread } else { Pct::ZERO };
        let cost = spread.saturating_add(slippage);
        match side {
            // The same without the division.
            Side::Buy if cost.is_zero() => shown.ceil_to(self.tick),
            Side::Sell if cost.is_zero() => shown.floor_to(self.tick).max(self.tick),
            Side::Buy => shown.moved(cost, Round::Up).unwrap_or(shown).ceil_to(self.tick),
            Side::Sell => {
                let price = shown.moved(cost.negated(), Round::Down).unwrap_or(shown);
                price.floor_to(self.tick).max(self.tick)
            }
        }
    }
}
