//! How much to buy here and sell there: as long as the next unit still earns, and no further than the average
//! edge, the balances and the books allow.

use super::Leg;
use crate::book::{Book, Level};
use crate::clamp;
use nija_core::words::money::Price;
use nija_core::words::order::Side;

/// What lies ready at one place, and what trading there costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purse {
    /// Taker's fee as a fraction.
    pub fee: f64,
    /// Dollars that can be spent.
    pub dollars: f64,
    /// Units that can be sold.
    pub units: f64,
}

/// The best quantity, and what it is expected to bring. Expected only: profit is what fills make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Units to buy and sell.
    pub qty: f64,
    /// Dearest level that is bought, dollars.
    pub buy_limit: f64,
    /// Cheapest level that is sold to, dollars.
    pub sell_limit: f64,
    /// Dollars that it would bring after fees, filled as the books stood.
    pub expected: f64,
}

impl Crossing {
    /// The two orders; none where the quantity has no integer of its own.
    #[must_use]
    pub fn legs(&self, buy: u8, sell: u8) -> Option<[Leg; 2]> {
        let qty = clamp::qty(self.qty * (1.0 + 1e-12))?;
        let leg = |place, side, limit| Some(Leg { place, side, qty, limit: clamp::price(limit)? });
        Some([leg(buy, Side::Buy, self.buy_limit)?, leg(sell, Side::Sell, self.sell_limit)?])
    }
}

/// One side of a crossing while it is walked.
struct Walk<'a> {
    levels: &'a [Level],
    /// Units left at the first of them.
    left: f64,
}

impl<'a> Walk<'a> {
    fn new(levels: &'a [Level]) -> Self {
        Self { levels, left: levels.first().map_or(0.0, |level| clamp::units(level.qty)) }
    }

    fn price(&self) -> Option<f64> {
        self.levels.first().map(|level| clamp::dollars(level.price))
    }

    fn take(&mut self, qty: f64) {
        self.left -= qty;
        if self.left <= 1e-12 {
            *self = Self::new(self.levels.get(1..).unwrap_or_default());
        }
    }
}

/// The quantity that earns most between the first place, where is bought, and the second: at most what balances
/// and books give, in whole lots, with an average edge of at least `buffer` times the first price paid.
#[must_use]
pub fn cross(sides: [(&Book, &Purse); 2], buffer: f64, lot: f64) -> Option<Crossing> {
    let found = walk(sides, buffer, f64::INFINITY)?;
    let lots = (found.qty / lot + 1e-9).floor() * lot;
    walk(sides, buffer, lots).filter(|found| found.qty > 0.0 && found.expected > 0.0)
}

fn walk(
    [(here, payer), (there, seller)]: [(&Book, &Purse); 2],
    buffer: f64,
    most: f64,
) -> Option<Crossing> {
    let (mut asks, mut bids) = (Walk::new(&here.asks), Walk::new(&there.bids));
    let least = buffer * asks.price()?;
    let (mut qty, mut spent, mut expected) = (0.0, 0.0, 0.0);
    let mut limits = (0.0, 0.0);
    while let (Some(ask), Some(bid)) = (asks.price(), bids.price()) {
        let cost = ask * (1.0 + payer.fee);
        let edge = bid * (1.0 - seller.fee) - cost;
        // Beyond the buffer all are welcome; below it only as many as the average can bear.
        let bearable =
            if edge >= least { f64::INFINITY } else { (expected - least * qty) / (least - edge) };
        let affordable = (payer.dollars - spent) / cost;
        let bounds = [asks.left, bids.left, bearable, affordable, seller.units - qty, most - qty];
        let step = bounds.into_iter().fold(f64::INFINITY, f64::min);
        if edge <= 0.0 || step <= 1e-12 {
            break;
        }
        qty += step;
        spent += step * cost;
        expected += step * edge;
        limits = (ask, bid);
        asks.take(step);
        bids.take(step);
    }
    (qty > 0.0).then_some(Crossing { qty, buy_limit: limits.0, sell_limit: limits.1, expected })
}

/// The last price that a taker of so many units meets, and the dollars of all of them; of what there is, where the
/// book is not deep enough.
pub(super) fn depth(book: &Book, side: Side, units: f64) -> Option<(Price, f64)> {
    let (mut left, mut dollars, mut last) = (units, 0.0, None);
    for level in book.offers(side) {
        let taken = left.min(clamp::units(level.qty));
        dollars += taken * clamp::dollars(level.price);
        left -= taken;
        last = Some(level.price);
        if left <= 1e-12 {
            break;
        }
    }
    // What the book does not hold is thought to cost as the last of it.
    let price = last?;
    Some((price, dollars + left.max(0.0) * clamp::dollars(price)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::money::Qty;
    use nija_core::words::time::Timestamp;
    use proptest::prelude::*;

    fn book(bids: &[(i32, i32)], asks: &[(i32, i32)]) -> Book {
        let levels = |side: &[(i32, i32)]| {
            let level = |&(price, qty)| Level { price: Price::whole(price), qty: Qty::whole(qty) };
            side.iter().map(level).collect()
        };
        let (bids, asks) = (levels(bids), levels(asks));
        Book { instrument: InstrumentId(1), place: 0, at: Timestamp(0), bids, asks }
    }

    const RICH: Purse = Purse { fee: 0.0, dollars: 1e9, units: 1e9 };

    #[test]
    fn takes_what_earns_and_no_more() {
        let here = book(&[], &[(100, 2), (101, 2), (104, 9)]);
        let there = book(&[(103, 3), (102, 1), (101, 9)], &[]);
        // Two at 3, one at 2, one at 1 (bought at 101, sold at 102); the next would cost 104.
        let found = cross([(&here, &RICH), (&there, &RICH)], 0.0, 1.0).unwrap();
        let want = Crossing { qty: 4.0, buy_limit: 101.0, sell_limit: 102.0, expected: 9.0 };
        assert_eq!(found, want);
        // An average edge of 2.5 bears three only.
        let found = cross([(&here, &RICH), (&there, &RICH)], 0.025, 1.0).unwrap();
        assert_eq!((found.qty, found.expected), (3.0, 8.0));
        // Fees of half a percent on both sides eat the last.
        let fee = Purse { fee: 0.005, ..RICH };
        let found = cross([(&here, &fee), (&there, &fee)], 0.0, 1.0).unwrap();
        assert_eq!(found.qty, 3.0);
        assert_eq!(cross([(&there, &RICH), (&here, &RICH)], 0.0, 1.0), None);
    }

    #[test]
    fn balances_hold_it() {
        let (here, there) = (book(&[], &[(100, 9)]), book(&[(110, 9)], &[]));
        let poor = Purse { dollars: 250.0, ..RICH };
        assert_eq!(cross([(&here, &poor), (&there, &RICH)], 0.0, 1.0).unwrap().qty, 2.0);
        let empty = Purse { units: 1.5, ..RICH };
        assert_eq!(cross([(&here, &RICH), (&there, &empty)], 0.0, 0.5).unwrap().qty, 1.5);
        assert_eq!(cross([(&here, &poor), (&there, &RICH)], 0.0, 3.0), None, "not one lot");
    }

    #[test]
    fn depth_costs_what_the_levels_say() {
        let here = book(&[], &[(100, 2), (101, 2)]);
        assert_eq!(depth(&here, Side::Buy, 3.0), Some((Price::whole(101), 301.0)));
        assert_eq!(depth(&here, Side::Buy, 5.0), Some((Price::whole(101), 503.0)));
        assert_eq!(depth(&here, Side::Sell, 1.0), None);
    }

    fn side() -> impl Strategy<Value = Vec<(i32, i32)>> {
        proptest::collection::vec((1i32..4, 1i32..5), 1..6)
    }

    /// Dollars of the first `qty` units, one by one.
    fn dollars(levels: &[(i32, i32)], qty: i32) -> Option<f64> {
        let units = levels.iter().flat_map(|&(price, n)| (0..n).map(move |_| f64::from(price)));
        let taken: Vec<f64> = units.take(qty as usize).collect();
        (taken.len() == qty as usize).then(|| taken.iter().sum())
    }

    proptest! {
        #[test]
        fn agrees_with_trying_every_quantity(
            asks in side(), bids in side(), top in 95i32..110, fees in (0.0f64..0.01, 0.0f64..0.01),
            buffer in 0.0f64..0.02, cash in 100.0f64..3_000.0, units in 0.0f64..20.0,
        ) {
            let mut price = 100;
            let asks: Vec<(i32, i32)> = asks.iter().map(|&(step, n)| { price += step; (price, n) }).collect();
            let mut price = top + 4;
            let bids: Vec<(i32, i32)> = bids.iter().map(|&(step, n)| { price -= step; (price, n) }).collect();
            let payer = Purse { fee: fees.0, dollars: cash, units: 0.0 };
            let seller = Purse { fee: fees.1, dollars: 0.0, units };
            let least = buffer * f64::from(asks[0].0);
            let profit = |qty: i32| {
                let spent = dollars(&asks, qty)? * (1.0 + fees.0);
                let made = dollars(&bids, qty)? * (1.0 - fees.1) - spent;
                let fits = spent <= cash && f64::from(qty) <= units && made >= least * f64::from(qty);
                fits.then_some(made)
            };
            let best = (1..40).filter_map(profit).fold(0.0, f64::max);
            let (here, there) = (book(&[], &asks), book(&bids, &[]));
            let found = cross([(&here, &payer), (&there, &seller)], buffer, 1.0);
            let got = found.map_or(0.0, |f| f.expected);
            prop_assert!((got - best).abs() < 1e-6, "{found:?} against {best}");
        }
    }
}
