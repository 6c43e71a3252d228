//! What a venue displays of one instrument: size by price on both sides, as the feed told it, less what orders of
//! the exchange took since the feed last spoke of that price.

use super::book::index;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_market::book::Level;
use std::collections::BTreeMap;

/// Prices that are kept of a side; the farthest are forgotten.
const MOST: usize = 8_192;

/// Both sides.
#[derive(Debug)]
pub(crate) struct Depth([BTreeMap<Price, Qty>; 2]);

pub(super) const fn other(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

/// Does a buyer at `bid` meet a seller at `ask`, named from one of the sides?
pub(super) const fn meets(side: Side, price: Price, opposite: Price) -> bool {
    match side {
        Side::Buy => price.raw() >= opposite.raw(),
        Side::Sell => price.raw() <= opposite.raw(),
    }
}

impl Depth {
    pub(crate) const fn new() -> Self {
        Self([BTreeMap::new(), BTreeMap::new()])
    }

    pub(crate) fn clear(&mut self) {
        self.0.iter_mut().for_each(BTreeMap::clear);
    }

    /// Sets what lies at a price. What it would trade with on the other side is older, and gone.
    pub(crate) fn set(&mut self, side: Side, price: Price, qty: Qty) {
        let row = &mut self.0[index(side)];
        if !qty.is_positive() {
            row.remove(&price);
            return;
        }
        row.insert(price, qty);
        if row.len() > MOST {
            match side {
                Side::Buy => row.pop_first(),
                Side::Sell => row.pop_last(),
            };
        }
        let opposite = other(side);
        while let Some(best) = self.best(opposite).filter(|best| meets(side, price, *best)) {
            self.0[index(opposite)].remove(&best);
        }
    }

    /// Sets the best price of a side: nothing better is there any more.
    pub(crate) fn set_best(&mut self, side: Side, price: Price, qty: Qty) {
        let better = |best: &Price| *best != price && meets(side, *best, price);
        while let Some(best) = self.best(side).filter(better) {
            self.0[index(side)].remove(&best);
        }
        self.set(side, price, qty);
    }

    pub(super) fn best(&self, side: Side) -> Option<Price> {
        let row = &self.0[index(side)];
        let end = match side {
            Side::Buy => row.last_key_value(),
            Side::Sell => row.first_key_value(),
        };
        end.map(|(price, _)| *price)
    }

    /// What is displayed at a price.
    pub(super) fn at(&self, side: Side, price: Price) -> Qty {
        self.0[index(side)].get(&price).copied().unwrap_or_default()
    }

    /// What a new order at this price waits behind. Beyond the last price that is displayed nobody knows: there it
    /// counts as much as the most that is displayed anywhere on that side.
    pub(super) fn queue(&self, side: Side, price: Price) -> Qty {
        let row = &self.0[index(side)];
        let last = match side {
            Side::Buy => row.first_key_value(),
            Side::Sell => row.last_key_value(),
        };
        let is_known = last.is_some_and(|(last, _)| meets(side, price, *last));
        if is_known {
            return self.at(side, price);
        }
        row.values().copied().max().unwrap_or_default()
    }

    /// What a taker of this side could get within a limit.
    pub(super) fn offered(&self, taker: Side, limit: Option<Price>) -> Qty {
        let row = self.0[index(other(taker))].iter();
        row.filter(|(price, _)| limit.is_none_or(|limit| meets(taker, limit, **price)))
            .fold(Qty::ZERO, |sum, (_, qty)| sum.saturating_add(*qty))
    }

    /// Takes up to `most` within a limit, in whole lots of each level, best first; gives what was taken where.
    pub(super) fn take(
        &mut self,
        taker: Side,
        limit: Option<Price>,
        (most, lot): (Qty, Qty),
    ) -> Vec<Level> {
        let row = &mut self.0[index(other(taker))];
        let (mut left, mut taken) = (most, Vec::new());
        let mut visit = |price: &Price, shown: &mut Qty| {
            let qty = left.min(*shown).floor_to(lot);
            if limit.is_some_and(|limit| !meets(taker, limit, *price)) || left < lot {
                return false;
            }
            if qty.is_positive() {
                *shown = shown.saturating_sub(qty);
                left = left.saturating_sub(qty);
                taken.push(Level { price: *price, qty });
            }
            true
        };
        match taker {
            Side::Buy => row.iter_mut().all(|(price, shown)| visit(price, shown)),
            Side::Sell => row.iter_mut().rev().all(|(price, shown)| visit(price, shown)),
        };
        // A level that is taken whole is gone until the feed shows it again.
        for level in &taken {
            if row.get(&level.price).is_some_and(|qty| qty.is_zero()) {
                row.remove(&level.price);
            }
        }
        taken
    }

    /// The best levels of a side.
    pub(crate) fn levels(&self, side: Side, most: usize) -> Vec<Level> {
        let row = self.0[index(side)].iter();
        let level = |(price, qty): (&Price, &Qty)| Level { price: *price, qty: *qty };
        match side {
            Side::Buy => row.rev().take(most).map(level).collect(),
            Side::Sell => row.take(most).map(level).collect(),
        }
    }
}
