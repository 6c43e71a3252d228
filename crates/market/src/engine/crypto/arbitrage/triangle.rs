//! Around three books and back to where one began, with more than one set out with. Fees are paid in dollars beside, so
//! that what one leg gets is what the next one gives.

use crate::book::Book;
use crate::clamp;
use nija_core::words::order::Side;

/// One change of what is held: a book, the side taken of it, and the fee.
#[derive(Clone, Copy, Debug)]
pub struct Hop<'a> {
    /// The book.
    pub book: &'a Book,
    /// Buy: pay the price's currency, get units. Sell: give units, get the price's currency.
    pub side: Side,
    /// Taker's fee as a fraction of what is traded.
    pub fee: f64,
}

/// A way around that pays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Way {
    /// What to set out with, fees apart.
    pub paid: f64,
    /// What it would bring beyond that after all fees, filled as the books stood.
    pub expected: f64,
    /// Units of each book's instrument to trade.
    pub qty: [f64; 3],
    /// Worst price of each.
    pub limit: [f64; 3],
}

/// The most profitable amount to send around three hops: as long as the next of it brings more than `buffer` of itself
/// after fees, at most `purse`.
#[must_use]
pub fn triangle(hops: &[Hop<'_>; 3], purse: f64, buffer: f64) -> Option<Way> {
    let mut at = [0usize; 3];
    let mut left = [0.0; 3];
    let first = |n: usize, at: usize| {
        hops[n].book.offers(hops[n].side).get(at).map(|l| clamp::units(l.qty))
    };
    for (n, left) in left.iter_mut().enumerate() {
        *left = first(n, 0)?;
    }
    let [first_fee, second_fee, third_fee] = [0, 1, 2].map(|n: usize| hops[n].fee);
    let mut found = Way { paid: 0.0, expected: 0.0, qty: [0.0; 3], limit: [0.0; 3] };
    while let Some(step) = Step::of(hops, at, left) {
        let amount = step.most.min(purse - found.paid);
        let edge = step.rate * (1.0 - third_fee) - (1.0 + first_fee + second_fee);
        if edge <= buffer || amount <= 1e-12 {
            break;
        }
        found.paid += amount;
        found.expected += amount * edge;
        for n in 0..3 {
            let units = amount * step.units[n];
            found.qty[n] += units;
            found.limit[n] = step.price[n];
            left[n] -= units;
            if left[n] <= 1e-12 {
                at[n] += 1;
                left[n] = first(n, at[n]).unwrap_or(0.0);
            }
        }
    }
    (found.paid > 0.0).then_some(found)
}

/// The next stretch of the way, over one level of each book.
struct Step {
    /// What comes back of one, before fees.
    rate: f64,
    /// Units that one set out with trades of each book.
    units: [f64; 3],
    price: [f64; 3],
    /// Most that can be set out with on these levels.
    most: f64,
}

impl Step {
    fn of(hops: &[Hop<'_>; 3], at: [usize; 3], left: [f64; 3]) -> Option<Self> {
        let mut step = Self { rate: 1.0, units: [0.0; 3], price: [0.0; 3], most: f64::INFINITY };
        for (n, hop) in hops.iter().enumerate() {
            let price = clamp::dollars(hop.book.offers(hop.side).get(at[n])?.price);
            (step.units[n], step.rate) = match hop.side {
                Side::Buy => (step.rate / price, step.rate / price),
                Side::Sell => (step.rate, step.rate * price),
            };
            step.price[n] = price;
            step.most = step.most.min(left[n] / step.units[n]);
        }
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Level;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::money::{Price, Qty};
    use nija_core::words::time::Timestamp;

    fn book(bids: &[(&str, i32)], asks: &[(&str, i32)]) -> Book {
        let levels = |side: &[(&str, i32)]| {
            let level = |&(price, qty): &(&str, i32)| Level {
                price: price.parse::<Price>().unwrap(),
                qty: Qty::whole(qty),
            };
            side.iter().map(level).collect()
        };
        let (bids, asks) = (levels(bids), levels(asks));
        Book { instrument: InstrumentId(1), place: 0, at: Timestamp(0), bids, asks }
    }

    /// Dollars to bitcoin, bitcoin to ether, ether to dollars.
    fn around(ether: &str, fee: f64, purse: f64) -> Option<Way> {
        let bitcoin = book(&[("9990", 1)], &[("10000", 1), ("10010", 5)]);
        let pair = book(&[("0.049", 99)], &[("0.05", 30), ("0.0502", 99)]);
        let dollars = book(&[(ether, 10), ("500", 50)], &[("520", 9)]);
        let hop = |book, side| Hop { book, side, fee };
        let hops = [hop(&bitcoin, Side::Buy), hop(&pair, Side::Buy), hop(&dollars, Side::Sell)];
        triangle(&hops, purse, 0.0)
    }

    #[test]
    fn a_way_around_that_pays_by_hand() {
        // An ether costs 0.05 x 10,000 = 500 dollars. Ten sell for 510; the next ones bring 500 and earn nothing.
        let found = around("510", 0.0, 1e9).unwrap();
        assert!((found.paid - 5_000.0).abs() < 1e-6 && (found.expected - 100.0).abs() < 1e-6);
        let near = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(found.qty, [0.5, 10.0, 10.0]), "{found:?}");
        assert!(near(found.limit, [10_000.0, 0.05, 510.0]));
        assert!((around("510", 0.0, 1_000.0).unwrap().paid - 1_000.0).abs() < 1e-9);
    }

    #[test]
    fn consistent_rates_and_fees_that_eat_it_send_nothing() {
        assert_eq!(around("500", 0.0, 1e9), None);
        // Two percent against three fees of 0.7 %.
        assert_eq!(around("510", 0.007, 1e9), None);
        // 5,100 come back; 0.6 % of 5,000 was paid twice, of 5,100 once.
        let found = around("510", 0.006, 1e9).unwrap();
        assert!((found.expected - (100.0 - 60.0 - 30.6)).abs() < 1e-6);
    }
}
