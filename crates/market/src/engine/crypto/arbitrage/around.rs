//! The triangle: dollars to one coin, to another, and back.

use super::Parameters;
use super::triangle::{Hop, triangle};
use super::watch::Watch;
use crate::book::Book;
use crate::clamp;
use crate::engine::Spoken;
use nija_core::words::id::InstrumentId;
use nija_core::words::order::Side;
use nija_core::words::signal::{Action, Loop};
use serde::{Deserialize, Serialize};

/// A pair and both its coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Triangle {
    /// The pair.
    pub pair: InstrumentId,
    /// Its units, for dollars.
    pub base: InstrumentId,
    /// What it is priced in, for dollars.
    pub quote: InstrumentId,
}

/// Goes around this one, either way, at what a taker pays for each of its books.
#[must_use]
pub fn around(of: Triangle, fee: impl Fn(InstrumentId) -> f64, parameters: Parameters) -> Watch<3> {
    Watch::over([of.pair, of.base, of.quote], fee, parameters, look)
}

/// The way around that pays: the pair bought, or sold.
fn look(books: [&Book; 3], fees: [f64; 3], parameters: &Parameters) -> Option<Spoken> {
    let Parameters { buffer, least_worth, .. } = *parameters;
    let pair = books[0];
    [Side::Buy, Side::Sell].into_iter().find_map(|side| {
        let hop = |n: usize, side| Hop { book: books[n], side, fee: fees[n] };
        let (given, got) = if side == Side::Buy { (2, 1) } else { (1, 2) };
        let hops = [hop(given, Side::Buy), hop(0, side), hop(got, Side::Sell)];
        // What lies ready is each account's own.
        let found = triangle(&hops, f64::INFINITY, buffer)?;
        if found.paid < least_worth {
            return None;
        }
        let [first, second, third] = found.qty;
        let priced_in = if side == Side::Buy { first } else { third };
        let qty = |units: f64| clamp::qty(units * (1.0 + 1e-12));
        let [buy_limit, limit, sell_limit] = found.limit.map(clamp::price);
        let action = Action::Loop(Loop {
            side,
            limit: limit?,
            buy_limit: buy_limit?,
            sell_limit: sell_limit?,
            base: qty(second)?,
            quote: qty(priced_in)?,
        });
        let (instrument, mark) = (pair.instrument, pair.best(side)?);
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

    const PAIR: InstrumentId = InstrumentId(3);
    const ETHER: InstrumentId = InstrumentId(2);
    const BITCOIN: InstrumentId = InstrumentId(1);

    fn watch() -> Watch<3> {
        let parameters = Parameters { pause_millis: 1_000, ..Parameters::default() };
        around(Triangle { pair: PAIR, base: ETHER, quote: BITCOIN }, |_| 0.001, parameters)
    }

    fn show(a: &mut Watch<3>, of: InstrumentId, millis: i64, sides: [&str; 2]) -> Vec<Spoken> {
        let level =
            |price: &str| vec![Level { price: price.parse().unwrap(), qty: Qty::whole(10) }];
        let ([bids, asks], at) = (sides.map(level), Timestamp(millis * 1_000));
        let book = Book { instrument: of, place: 0, at, bids, asks };
        a.on_book(&book, &View { open: true, ..View::default() })
    }

    /// Bitcoin at 10,000; an ether is worth 0.05 of it by the pair.
    fn shown(ether: [&str; 2]) -> (Watch<3>, Vec<Spoken>) {
        let mut a = watch();
        assert_eq!(show(&mut a, BITCOIN, 0, ["9999", "10000"]), []);
        assert_eq!(show(&mut a, PAIR, 1, ["0.0499", "0.05"]), []);
        let said = show(&mut a, ETHER, 2, ether);
        (a, said)
    }

    fn said(side: Side, limits: [&str; 3], base: &str, quote: &str) -> Vec<Spoken> {
        let [buy_limit, limit, sell_limit] = limits.map(|text| text.parse::<Price>().unwrap());
        let (base, quote) = (base.parse().unwrap(), quote.parse().unwrap());
        let action = Action::Loop(Loop { side, limit, buy_limit, sell_limit, base, quote });
        vec![Spoken { instrument: PAIR, mark: limit, action, implied: None }]
    }

    #[test]
    fn either_way_around_is_said_and_consistent_books_are_not() {
        // Bought around for 500, ether sells for 510: ten of them, for half a bitcoin.
        let want = said(Side::Buy, ["10000", "0.05", "510"], "10", "0.5");
        assert_eq!(shown(["510", "511"]).1, want);
        // Bought for 480, it brings 0.0499 x 9,999 = 498.95.
        let want = said(Side::Sell, ["480", "0.0499", "9999"], "10", "0.499");
        assert_eq!(shown(["479", "480"]).1, want);
        // Three fees of a thousandth and the buffer eat 0.3 %.
        assert_eq!(shown(["501.5", "502"]).1, []);
    }

    #[test]
    fn it_pauses_and_trusts_no_old_book() {
        let (mut a, first) = shown(["510", "511"]);
        for millis in 3..1_002 {
            assert_eq!(show(&mut a, ETHER, millis, ["510", "511"]), []);
        }
        assert_eq!(show(&mut a, BITCOIN, 1_002, ["9999", "10000"]), [], "the pair is old");
        assert_eq!(show(&mut a, PAIR, 1_003, ["0.0499", "0.05"]), first);
    }
}
