//! Balances at one place: dollars and units, what open orders hold of them, and what fills made of them. Exact.

use crate::sim::fee::Fee;
use nija_core::words::fixed::Round;
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::order::{Fill, Side};

/// Balances at one place.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    fee: Fee,
    cash: Money,
    units: Qty,
    /// What open buys may still cost.
    held_cash: Money,
    /// What open sells may still take.
    held_units: Qty,
    fees: Money,
    bought: Qty,
    sold: Qty,
    traded: Money,
}

impl Account {
    pub(super) const fn new(cash: Money, units: Qty, fee: Fee) -> Self {
        let (zero, none) = (Money::ZERO, Qty::ZERO);
        Self {
            fee,
            cash,
            units,
            held_cash: zero,
            held_units: none,
            fees: zero,
            bought: none,
            sold: none,
            traded: zero,
        }
    }

    /// Dollars.
    #[must_use]
    pub const fn cash(&self) -> Money {
        self.cash
    }
    /// Units.
    #[must_use]
    pub const fn units(&self) -> Qty {
        self.units
    }
    /// Fees paid.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }
    /// Units bought and sold.
    #[must_use]
    pub const fn turned(&self) -> (Qty, Qty) {
        (self.bought, self.sold)
    }
    /// Dollars of all that was bought and sold.
    #[must_use]
    pub const fn traded(&self) -> Money {
        self.traded
    }

    /// What a buy costs at most: its limit and the dearest fee; none beyond the range of money.
    fn cost(&self, instrument: &Instrument, (limit, qty): (Price, Qty)) -> Option<Money> {
        let value = instrument.value(limit, qty, Round::Up)?;
        let fee = |fee: Fee| fee.of(instrument, limit, qty, Qty::ZERO);
        value.checked_add(fee(self.fee)?.max(fee(self.fee.of_maker())?))
    }

    /// Holds what an order may need; false where the balances do not have it.
    pub(super) fn hold(
        &mut self,
        instrument: &Instrument,
        side: Side,
        order: (Price, Qty),
    ) -> bool {
        match side {
            Side::Buy => {
                let free = self.cash.saturating_sub(self.held_cash);
                let Some(cost) = self.cost(instrument, order).filter(|cost| *cost <= free) else {
                    return false;
                };
                self.held_cash = self.held_cash.saturating_add(cost);
            }
            Side::Sell if order.1 <= self.units.saturating_sub(self.held_units) => {
                self.held_units = self.held_units.saturating_add(order.1);
            }
            Side::Sell => return false,
        }
        true
    }

    /// Lets go what was held for so much of an order.
    pub(super) fn release(&mut self, instrument: &Instrument, side: Side, order: (Price, Qty)) {
        match side {
            Side::Buy => {
                let cost = self.cost(instrument, order).unwrap_or_default();
                self.held_cash = self.held_cash.saturating_sub(cost).or_zero();
            }
            Side::Sell => self.held_units = self.held_units.saturating_sub(order.1).or_zero(),
        }
    }

    /// Books a fill of an order with this limit.
    pub(super) fn book(&mut self, instrument: &Instrument, side: Side, limit: Price, fill: &Fill) {
        self.release(instrument, side, (limit, fill.qty));
        let round = if side == Side::Buy { Round::Up } else { Round::Down };
        let value = instrument.value(fill.price, fill.qty, round).unwrap_or_default();
        self.traded = self.traded.saturating_add(value);
        self.fees = self.fees.saturating_add(fill.fee);
        self.cash = self.cash.saturating_sub(fill.fee);
        match side {
            Side::Buy => {
                self.cash = self.cash.saturating_sub(value);
                self.units = self.units.saturating_add(fill.qty);
                self.bought = self.bought.saturating_add(fill.qty);
            }
            Side::Sell => {
                self.cash = self.cash.saturating_add(value);
                self.units = self.units.saturating_sub(fill.qty);
                self.sold = self.sold.saturating_add(fill.qty);
            }
        }
    }
}
