//! Arbitrage: the same thing bought where it is cheaper and sold where it is dearer, both at once, from balances
//! that lie ready on both sides. Large differences between exchanges were common until 2018 and have shrunk since
//! (Makarov and Schoar, JFE 2020; Crépellière, Pelster, Zeisberger, J. Financial Markets 2023).
//!
//! Both legs are sent to be filled at once or not at all; what one side filled and the other did not is hedged
//! immediately. Nothing here counts profit: that is made of fills, by the ledger, and of nothing else.
//! [`between`] two places and [`around`] three books are the strategy that trades for accounts ([`Watch`]), through the
//! desk, which knows what each holds and hedges.
//! [`Arbitrage`] is the model of one trader with balances of his own, for research runs.

mod around;
mod between;
mod crossing;
mod triangle;
mod watch;

pub use around::{Triangle, around};
pub use between::between;
pub use crossing::{Crossing, Purse, cross};
pub use triangle::{Hop, Way, triangle};
pub use watch::Watch;

use crate::book::{Book, Fill};
use crate::clamp;
use crate::engine::{Model, Seen, Want};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Price, Qty};
use nija_core::words::order::Side;
use nija_core::words::signal::StrategyName;
use serde::{Deserialize, Serialize};

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// What a round trip must bring at least, as a fraction of the price: moving balances back, and delay.
    pub buffer: f64,
    /// An older book decides nothing, milliseconds.
    pub max_age_millis: i64,
    /// Step of quantities, units.
    pub lot: f64,
    /// Least dollars of a leg.
    pub least_worth: f64,
    /// What a taker pays as a fraction, where a place has no fee of its own.
    pub fee: f64,
    /// How long nothing is said after something was, milliseconds: until its orders have met the books.
    pub pause_millis: i64,
}

/// One order of a trade; it is filled at once or what is left of it lapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where.
    pub place: u8,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// Worst price.
    pub limit: Price,
}

/// What a carry trade earns a year: funding or basis against what both legs and the loan cost, all as fractions
/// a year. `years` is how long the trade lasts, over which the fees of all four orders are spread.
#[must_use]
pub fn carry(earned: f64, borrowed: f64, fee: f64, years: f64) -> f64 {
    earned - borrowed - 4.0 * fee / years
}

/// What is on its way.
#[derive(Clone, Copy, Debug, Default)]
struct Working {
    /// Orders without their last report.
    open: u8,
    /// Units bought less units sold by the trade so far.
    residual: i64,
}

/// Trades one instrument between two places.
#[derive(Clone, Debug)]
pub struct Arbitrage {
    instrument: InstrumentId,
    parameters: Parameters,
    purses: [Purse; 2],
    books: [Option<Book>; 2],
    working: Working,
}

impl Arbitrage {
    /// Between places 0 and 1, from these balances.
    #[must_use]
    pub const fn new(instrument: InstrumentId, purses: [Purse; 2], parameters: Parameters) -> Self {
        let working = Working { open: 0, residual: 0 };
        Self { instrument, parameters, purses, books: [const { None }; 2], working }
    }

    /// What lies ready at each place, by what was filled.
    #[must_use]
    pub const fn purses(&self) -> [Purse; 2] {
        self.purses
    }

    /// Both books, while neither is older than allowed.
    fn fresh(&self) -> Option<[&Book; 2]> {
        let [Some(a), Some(b)] = &self.books else {
            return None;
        };
        watch::are_fresh(&[a, b], &self.parameters).then_some([a, b])
    }

    fn judge(&mut self) -> Option<Vec<Leg>> {
        if self.working.open > 0 {
            return None;
        }
        if self.working.residual != 0 {
            // The last hedge was not filled whole: the rest of it comes before anything new.
            return self.hedge();
        }
        let books = self.fresh()?;
        let legs = [(0, 1), (1, 0)].into_iter().find_map(|(buy, sell)| {
            let sides = [(books[buy], &self.purses[buy]), (books[sell], &self.purses[sell])];
            let found = cross(sides, self.parameters.buffer, self.parameters.lot)?;
            let worth = found.qty * found.buy_limit >= self.parameters.least_worth;
            worth.then(|| found.legs(buy as u8, sell as u8)).flatten()
        })?;
        self.working = Working { open: 2, residual: 0 };
        Some(legs.to_vec())
    }

    /// Undoes what one side filled and the other did not, where that is cheapest now.
    fn hedge(&mut self) -> Option<Vec<Leg>> {
        let side = if self.working.residual > 0 { Side::Sell } else { Side::Buy };
        let qty = Qty::from_raw(self.working.residual.saturating_abs());
        let books = self.books.iter().flatten().filter(|book| !book.offers(side).is_empty());
        let best = books
            .filter_map(|book| {
                let (limit, cost) = crossing::depth(book, side, clamp::units(qty))?;
                let fee = self.purses[usize::from(book.place)].fee;
                let cost = match side {
                    Side::Buy => cost * (1.0 + fee),
                    Side::Sell => -cost * (1.0 - fee),
                };
                Some((cost, Leg { place: book.place, side, qty, limit }))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))?;
        self.working.open = 1;
        Some(vec![best.1])
    }

    fn fill(&mut self, fill: &Fill) -> Option<Vec<Leg>> {
        let place = usize::from(fill.place);
        let purse = self.purses.get_mut(place)?;
        let (units, price) = (clamp::units(fill.qty), clamp::dollars(fill.price));
        let signed = fill.qty.raw();
        match fill.side {
            Side::Buy => {
                purse.units += units;
                purse.dollars -= units * price * (1.0 + purse.fee);
                self.working.residual = self.working.residual.saturating_add(signed);
            }
            Side::Sell => {
                purse.units -= units;
                purse.dollars += units * price * (1.0 - purse.fee);
                self.working.residual = self.working.residual.saturating_sub(signed);
            }
        }
        if fill.is_last {
            self.working.open = self.working.open.saturating_sub(1);
        }
        (self.working.open == 0 && self.working.residual != 0).then(|| self.hedge()).flatten()
    }
}

impl Model for Arbitrage {
    type Word = Vec<Leg>;

    fn name(&self) -> StrategyName {
        StrategyName::CryptoArbitrage
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &[]
    }

    fn see(&mut self, seen: &Seen) -> Option<Vec<Leg>> {
        match seen {
            Seen::Book(book) if book.instrument == self.instrument => {
                *self.books.get_mut(usize::from(book.place))? = Some(book.clone());
                self.judge()
            }
            Seen::Fill(fill) if fill.instrument == self.instrument => self.fill(fill),
            // What rests is unknown: no book decides until both have been seen again.
            Seen::Lost(_) => {
                self.books = [const { None }; 2];
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Level;
    use nija_core::words::time::Timestamp;

    fn book(place: u8, millis: i64, bid: i32, ask: i32) -> Seen {
        let level = |price| vec![Level { price: Price::whole(price), qty: Qty::whole(3) }];
        let at = Timestamp(millis * 1_000);
        let instrument = InstrumentId(1);
        Seen::Book(Book { instrument, place, at, bids: level(bid), asks: level(ask) })
    }

    fn fill(leg: Leg, qty: i32, is_last: bool) -> Seen {
        let Leg { place, side, limit: price, .. } = leg;
        let (instrument, qty, at) = (InstrumentId(1), Qty::whole(qty), Timestamp(2_000));
        Seen::Fill(Fill { instrument, place, side, qty, price, is_last, at })
    }

    fn arbitrage() -> Arbitrage {
        let parameters = Parameters { lot: 1.0, ..Parameters::default() };
        let purse = Purse { fee: 0.001, dollars: 1_000.0, units: 10.0 };
        Arbitrage::new(InstrumentId(1), [purse; 2], parameters)
    }

    #[test]
    fn consistent_books_and_old_ones_say_nothing() {
        let mut a = arbitrage();
        assert_eq!(a.see(&book(0, 0, 99, 101)), None);
        assert_eq!(a.see(&book(1, 0, 100, 102)), None);
        // Dearer by more than fees and buffer, but the other book is a second old.
        assert_eq!(a.see(&book(1, 1_000, 105, 106)), None);
        assert!(a.see(&book(0, 1_000, 99, 101)).is_some());
        assert_eq!(a.see(&book(0, 1_001, 99, 101)), None, "one trade at a time");
        let mut a = arbitrage();
        a.see(&book(0, 0, 99, 101));
        a.see(&Seen::Lost(Timestamp(0)));
        assert_eq!(a.see(&book(1, 0, 105, 106)), None);
    }

    /// Every way in which two legs of three units may be filled leaves nothing open once the hedge is filled.
    #[test]
    fn partial_fills_leave_no_residual() {
        for bought in 0..=3 {
            for sold in 0..=3 {
                for whole in [true, false] {
                    let mut a = arbitrage();
                    a.see(&book(0, 0, 99, 101));
                    let legs = a.see(&book(1, 0, 105, 106)).unwrap();
                    assert_eq!((legs[0].side, legs[0].place, legs[1].place), (Side::Buy, 0, 1));
                    assert_eq!(a.see(&fill(legs[0], bought, true)), None);
                    let mut hedge = a.see(&fill(legs[1], sold, true));
                    let off = bought - sold;
                    assert_eq!(hedge.is_some(), off != 0);
                    while let Some(legs) = hedge {
                        let [leg] = legs[..] else { panic!("{legs:?}") };
                        // Long what was bought too much: sold where the bid is highest.
                        let place = if off > 0 { (Side::Sell, 1) } else { (Side::Buy, 0) };
                        assert_eq!((leg.side, leg.place), place);
                        let got =
                            if whole { leg.qty.raw() } else { leg.qty.raw().min(100_000_000) };
                        let got = (got / 100_000_000) as i32;
                        hedge = a.see(&fill(leg, got, true));
                    }
                    assert_eq!(a.working.residual, 0);
                    assert_eq!(a.working.open, 0);
                    let [x, y] = a.purses();
                    assert!((x.units + y.units - 20.0).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn a_hedge_that_found_nothing_is_tried_at_the_next_book() {
        let mut a = arbitrage();
        a.see(&book(0, 0, 99, 101));
        let legs = a.see(&book(1, 0, 105, 106)).unwrap();
        a.see(&fill(legs[0], 3, true));
        let hedge = a.see(&fill(legs[1], 0, true)).unwrap();
        let hedge = a.see(&fill(hedge[0], 0, true)).expect("at once again");
        assert_eq!(hedge[0].qty, Qty::whole(3));
    }

    #[test]
    fn a_carry_pays_after_fees_and_loan() {
        // 10 % of basis for a quarter, 4 % for the loan, four orders of 0.1 %: 1.6 % a year of fees.
        assert!((carry(0.10, 0.04, 0.001, 0.25) - 0.044).abs() < 1e-12);
    }
}
