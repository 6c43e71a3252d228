//! The books of a research run: cash and one position, long or short, in exact money.
//!
//! Every change is a fill at the price and the fee that the simulated venue would charge a market order at an
//! open, unless a [`Manner`] says otherwise. At any time cash plus what the position stands for is what the run
//! began with, plus profits, less fees.

use super::manner::{Manner, Repeat};
use crate::feeds::volume_units;
use crate::sim::fee::Fee;
use crate::sim::rules::{LARGEST, Terms};
use nija_core::words::fixed::{Round, mul_div};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::Side;
use nija_market::teaching::Stand;

/// What a run trades, on which terms and with how much.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The instrument; its lot and tick hold.
    pub instrument: Instrument,
    /// Fee, spread, slippage and smallest order of the venue.
    pub terms: Terms,
    /// Cash to begin with.
    pub cash: Money,
    /// How much a position is.
    pub size: Size,
    /// What differs from the venue.
    pub manner: Manner,
}

/// How much a position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As many whole lots as all of the equity pays for, fee included.
    All,
    /// So many units, where the equity pays for them.
    Units(Qty),
}

/// One fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Bought or sold.
    pub side: Side,
    /// How much; above zero.
    pub qty: Qty,
    /// At which price.
    pub price: Price,
    /// The fee that is charged.
    pub fee: Money,
    /// The venue's exact fee.
    pub owed: Money,
    /// What was paid (below zero) or received, without the fee.
    pub flow: Money,
    /// How much of it went to spread and slippage.
    pub friction: Money,
}

/// What one wish led to: first the position that was left, then the one that was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The fill that closed the old position.
    pub closed: Option<Fill>,
    /// The fill that opened the new one.
    pub opened: Option<Fill>,
}

/// A market order as far as it leaves a position or takes one.
#[derive(Clone, Copy)]
struct Leg {
    terms: Terms,
    side: Side,
    /// Where the market stands.
    market: Price,
    /// What is known of the volume there.
    volume: Option<Qty>,
    /// What the order owes for its part before.
    before: Money,
}

/// Cash, one position, and sums.
#[derive(Clone, Debug)]
pub struct Portfolio {
    plan: Plan,
    /// The terms of an entry.
    entry: Terms,
    cash: Money,
    /// Below zero where it is owed.
    qty: Qty,
    /// What was paid for the position, without fees; below zero where it was received.
    cost: Money,
    realized: Money,
    fees: Money,
    friction: Money,
    traded: Money,
    refused: u64,
}

impl Portfolio {
    pub(super) fn new(plan: Plan) -> Self {
        let cash = plan.cash;
        let zero = Money::ZERO;
        Self {
            entry: plan.manner.charge.entry(plan.terms),
            plan,
            cash,
            qty: Qty::ZERO,
            cost: zero,
            realized: zero,
            fees: zero,
            friction: zero,
            traded: zero,
            refused: 0,
        }
    }

    /// What it began with.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }
    /// Cash.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.cash
    }
    /// The position; below zero where it is owed.
    #[must_use]
    pub const fn qty(&self) -> Qty {
        self.qty
    }
    /// Profits and losses of closed positions, before fees.
    #[must_use]
    pub const fn realized(&self) -> Money {
        self.realized
    }
    /// Fees paid.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }
    /// What went to spread and slippage, inside the prices of the fills.
    #[must_use]
    pub const fn friction(&self) -> Money {
        self.friction
    }
    /// Value of everything bought and sold.
    #[must_use]
    pub const fn traded(&self) -> Money {
        self.traded
    }
    /// Positions that were wished and not taken: too little equity for a lot, or beyond what a venue accepts.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
    /// Does it stand so already?
    #[must_use]
    pub const fn stands(&self, stand: Stand) -> bool {
        match stand {
            Stand::Long => self.qty.is_positive(),
            Stand::Flat => self.qty.is_zero(),
            Stand::Short => self.qty.is_negative(),
        }
    }

    /// Is there nothing to do for a wish?
    pub(super) fn follows(&self, stand: Stand) -> bool {
        let keeps = self.plan.manner.repeat == Repeat::Keep || stand == Stand::Flat;
        keeps && self.stands(stand)
    }

    /// Cash and the position at a price; none beyond the range of money.
    #[must_use]
    pub fn equity(&self, price: Price) -> Option<Money> {
        self.cash.checked_add(self.plan.instrument.value(price, self.qty, Round::Down)?)
    }

    /// Do the books balance? Cash and cost are what came in, what was earned, and what was not paid in fees.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        let held = self.cash.checked_add(self.cost);
        let earned = self.plan.cash.checked_add(self.realized);
        held.is_some() && held == earned.and_then(|sum| sum.checked_sub(self.fees))
    }

    /// Goes where a wish says, in a market that stands at this price; `volume` is that of the newest closed bar.
    pub(super) fn stand(&mut self, stand: Stand, market: Price, volume: f64) -> Change {
        let volume = Some(Qty::from_raw(volume_units(volume)));
        if self.follows(stand) {
            return Change::default();
        }
        let closed = if self.qty.is_zero() {
            None
        } else {
            let side = if self.qty.is_positive() { Side::Sell } else { Side::Buy };
            let leg = Leg { terms: self.plan.terms, side, market, volume, before: Money::ZERO };
            // A position that cannot be closed within the range of money stays, and its opposite is not taken.
            let Some(fill) = self.fill(&leg, self.qty.abs()) else {
                self.refused += 1;
                return Change::default();
            };
            self.close(fill);
            Some(fill)
        };
        let side = match stand {
            Stand::Long => Side::Buy,
            Stand::Short => Side::Sell,
            Stand::Flat => return Change { closed, opened: None },
        };
        // From one side to the other is one order, which goes on in the same direction.
        let turned = closed.filter(|fill| fill.side == side);
        let before = turned.map_or(Money::ZERO, |fill| fill.owed);
        let opened = self.affordable(&Leg { terms: self.entry, side, market, volume, before });
        match opened {
            Some(fill) => self.open(fill),
            None => self.refused += 1,
        }
        Change { closed, opened }
    }

    fn open(&mut self, fill: Fill) {
        self.book(&fill);
        self.cost = fill.flow.negated();
        self.qty = match fill.side {
            Side::Buy => fill.qty,
            Side::Sell => Qty::ZERO.saturating_sub(fill.qty),
        };
    }

    fn close(&mut self, fill: Fill) {
        self.book(&fill);
        self.realized = self.realized.saturating_add(fill.flow.saturating_sub(self.cost));
        (self.qty, self.cost) = (Qty::ZERO, Money::ZERO);
    }

    fn book(&mut self, fill: &Fill) {
        self.cash = self.cash.saturating_add(fill.flow).saturating_sub(fill.fee);
        self.fees = self.fees.saturating_add(fill.fee);
        self.friction = self.friction.saturating_add(fill.friction);
        self.traded = self.traded.saturating_add(fill.flow.abs());
    }

    /// A market order as the venue would fill it at an open; amounts are rounded against the trader.
    fn fill(&self, leg: &Leg, qty: Qty) -> Option<Fill> {
        let Plan { instrument, manner, .. } = &self.plan;
        let Leg { terms, side, market, volume, before } = *leg;
        let price = terms.at_open(instrument.tick, side, market, (qty, volume));
        let (round, away) = match side {
            Side::Buy => (Round::Up, price.checked_sub(market)?),
            Side::Sell => (Round::Down, market.checked_sub(price)?),
        };
        let value = instrument.value(price, qty, round)?;
        let flow = if side == Side::Buy { value.negated() } else { value };
        let owed = terms.fee.of(instrument, price, qty, Qty::ZERO)?;
        let fee = manner.charge.of(owed, before);
        let friction = if away.is_zero() {
            Money::ZERO
        } else {
            instrument.value(away, qty, Round::HalfEven)?
        };
        Some(Fill { side, qty, price, fee, owed, flow, friction })
    }

    /// The fill of a new position, if there is equity for it. A short position needs as much as a long one.
    fn affordable(&self, leg: &Leg) -> Option<Fill> {
        let Plan { instrument, size, .. } = &self.plan;
        let fits = |fill: &Fill| {
            let value = fill.flow.abs();
            let sane = leg.terms.minimum_notional <= value && value <= LARGEST;
            sane && value.checked_add(fill.fee).is_some_and(|all| all <= self.cash)
        };
        let most = match size {
            Size::Units(units) => units.floor_to(instrument.lot),
            Size::All => self.most(leg)?,
        };
        // The estimate of all that can be paid may be a lot too large where amounts are rounded.
        let lots = if *size == Size::All {
            [most, most.saturating_sub(instrument.lot)]
        } else {
            [most; 2]
        };
        let mut tried = lots.into_iter().filter(|qty| qty.is_positive());
        tried.find_map(|qty| self.fill(leg, qty).filter(fits))
    }

    /// About how many units the cash pays for, fee included.
    fn most(&self, leg: &Leg) -> Option<Qty> {
        let Plan { instrument, .. } = &self.plan;
        let Leg { terms, side, market, volume, .. } = *leg;
        let guess = instrument.quantity(self.cash, market)?;
        let price = terms.at_open(instrument.tick, side, market, (guess, volume));
        match terms.fee {
            Fee::None => instrument.quantity(self.cash, price),
            Fee::Percent { rate } | Fee::MakerTaker { taker: rate, .. } => {
                let whole = Pct::whole(100);
                let with_fee = whole.checked_add(rate)?;
                let budget = mul_div(self.cash.raw(), whole.raw(), with_fee.raw(), Round::Down)?;
                instrument.quantity(Money::from_raw(budget), price)
            }
            Fee::PerShare { rate, minimum } => {
                let each = Price::from_raw(price.raw().checked_add(rate.raw())?);
                let cheap = instrument.quantity(self.cash.checked_sub(minimum)?, price)?;
                Some(instrument.quantity(self.cash, each)?.min(cheap))
            }
            Fee::PerContract { rate } => {
                let multiplier = i64::from(instrument.multiplier());
                let point = price.raw().checked_mul(multiplier)?.checked_add(rate.raw())?;
                let lots =
                    mul_div(self.cash.raw(), nija_core::words::fixed::SCALE, point, Round::Down)?;
                Some(Qty::from_raw(lots).floor_to(instrument.lot))
            }
        }
    }
}
