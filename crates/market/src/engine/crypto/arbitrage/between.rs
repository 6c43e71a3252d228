//! Two places where the same thing is traded: bought at one, sold at the other.

use super::Parameters;
use super::crossing::{Purse, cross};
use super::watch::Watch;
use crate::book::Book;
use crate::engine::Spoken;
use nija_core::words::id::InstrumentId;
use nija_core::words::order::Side;
use nija_core::words::signal::Action;

/// Crosses between these two, which are units of the same, at what a taker pays in each.
#[must_use]
pub fn between(
    places: [InstrumentId; 2],
    fee: impl Fn(InstrumentId) -> f64,
    parameters: Parameters,
) -> Watch<2> {
    Watch::over(places, fee, parameters, look)
}

/// The better of what can be bought at one place and sold at the other.
fn look(books: [&Book; 2], fees: [f64; 2], parameters: &Parameters) -> Option<Spoken> {
    let Parameters { buffer, lot, least_worth, .. } = *parameters;
    // What lies ready is each account's own.
    let purses = fees.map(|fee| Purse { fee, dollars: f64::INFINITY, units: f64::INFINITY });
    [(0, 1), (1, 0)].into_iter().find_map(|(buy, sell): (usize, usize)| {
        let sides = [(books[buy], &purses[buy]), (books[sell], &purses[sell])];
        let found = cross(sides, buffer, lot)?;
        let (buy, sell) = (books[buy], books[sell]);
        if found.qty * found.buy_limit < least_worth {
            return None;
        }
        let [bought, sold] = found.legs(0, 1)?;
        let action = Action::Cross {
            sell: sell.instrument,
            sell_limit: sold.limit,
            buy_limit: bought.limit,
            most: bought.qty,
        };
        let (instrument, mark) = (buy.instrument, buy.best(Side::Buy)?);
        Some(Spoken { instrument, mark, action, implied: None })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Level;
    use crate::engine::{Strategy, View};
    use nija_core::words::money::{Price, Qty};
    use nija_core::words::time::Timestamp;

    const PLACES: [InstrumentId; 2] = [InstrumentId(1), InstrumentId(2)];

    fn watch() -> Watch<2> {
        let parameters = Parameters { lot: 1.0, pause_millis: 1_000, ..Parameters::default() };
        between(PLACES, |_| 0.001, parameters)
    }

    fn show(watch: &mut Watch<2>, place: usize, millis: i64, bid: i32, ask: i32) -> Vec<Spoken> {
        let level = |price| vec![Level { price: Price::whole(price), qty: Qty::whole(3) }];
        let (instrument, at) = (PLACES[place], Timestamp(millis * 1_000));
        let book = Book { instrument, place: 0, at, bids: level(bid), asks: level(ask) };
        watch.on_book(&book, &View { open: true, ..View::default() })
    }

    /// What is said where the second place is dear, or the first.
    fn said(buy: usize, sell: usize, buy_limit: i32, sell_limit: i32) -> Vec<Spoken> {
        let (buy_limit, sell_limit) = (Price::whole(buy_limit), Price::whole(sell_limit));
        let (sell, most) = (PLACES[sell], Qty::whole(3));
        let action = Action::Cross { sell, sell_limit, buy_limit, most };
        vec![Spoken { instrument: PLACES[buy], mark: buy_limit, action, implied: None }]
    }

    #[test]
    fn a_difference_is_said_once_and_again_after_the_pause() {
        let mut b = watch();
        assert_eq!(show(&mut b, 0, 0, 99, 101), []);
        assert_eq!(show(&mut b, 1, 0, 100, 102), [], "consistent books");
        assert_eq!(show(&mut b, 1, 10, 105, 106), said(0, 1, 101, 105));
        for millis in 11..1_010 {
            assert_eq!(show(&mut b, usize::from(millis % 2 == 0), millis, 99, 101), []);
            assert_eq!(show(&mut b, 1, millis, 105, 106), []);
        }
        assert_eq!(show(&mut b, 0, 1_009, 99, 101), []);
        assert_eq!(show(&mut b, 1, 1_010, 105, 106), said(0, 1, 101, 105));
        // The other way round.
        assert_eq!(show(&mut b, 0, 2_020, 105, 106), []);
        assert_eq!(show(&mut b, 1, 2_020, 99, 101), said(1, 0, 101, 105));
    }

    #[test]
    fn old_books_and_closed_doors_say_nothing() {
        let mut b = watch();
        show(&mut b, 0, 0, 99, 101);
        assert_eq!(show(&mut b, 1, 501, 105, 106), [], "half a second old");
        assert_eq!(show(&mut b, 0, 502, 99, 101), said(0, 1, 101, 105));
        let mut b = watch();
        show(&mut b, 0, 0, 99, 101);
        let closed = View::default();
        let level = |price| vec![Level { price: Price::whole(price), qty: Qty::whole(3) }];
        let (bids, asks) = (level(105), level(106));
        let book = Book { instrument: PLACES[1], place: 0, at: Timestamp(0), bids, asks };
        assert_eq!(b.on_book(&book, &closed), []);
        // Another market says nothing at all.
        assert_eq!(b.on_book(&Book { instrument: InstrumentId(9), ..book }, &closed), []);
    }
}
