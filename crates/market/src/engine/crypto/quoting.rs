//! Market making as a desk carries it out: the model's quotes for an inventory of zero, which each account leans by
//! what it holds of its own. The inventory that the model knows as its most is the account's largest one.

use super::market_making::{MarketMaking, Parameters};
use crate::book::{Book, LOST};
use crate::clamp;
use crate::engine::{Model, Seen, Spoken, Strategy, View};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Quote, StrategyName};
use nija_core::words::time::{Span, Timestamp};

/// Quotes one market.
pub struct Quoting {
    books: [InstrumentId; 1],
    model: MarketMaking,
    parameters: Parameters,
    /// The last middle.
    mark: Price,
    seen_at: Option<Timestamp>,
    said_at: Timestamp,
    /// None at first: what rests from before is taken back.
    said: Option<Quote>,
}

impl Quoting {
    /// Quotes this market.
    #[must_use]
    pub fn new(instrument: InstrumentId, parameters: Parameters) -> Self {
        // Bounds of what is held are each account's own.
        let endless = Parameters {
            least_inventory: f64::NEG_INFINITY,
            most_inventory: f64::INFINITY,
            ..parameters
        };
        Self {
            books: [instrument],
            model: MarketMaking::new(instrument, 0, 0.0, endless),
            parameters,
            mark: Price::ZERO,
            seen_at: None,
            said_at: Timestamp(i64::MIN),
            said: None,
        }
    }

    fn quote(&self, view: &View) -> Quote {
        let (quotes, most) =
            (self.model.quotes(), self.parameters.most_inventory.max(f64::EPSILON));
        let lean = self.model.risk().lean(most) / 2.0;
        Quote {
            bid: quotes.bid.filter(|_| view.open).map(|level| level.price),
            ask: quotes.ask.map(|level| level.price),
            lean: clamp::price(lean).unwrap_or(Price::ZERO),
            each: clamp::strength(self.parameters.quote / most),
            most: Strength::FULL,
        }
    }
}

impl Strategy for Quoting {
    fn name(&self) -> StrategyName {
        StrategyName::CryptoMarketMaking
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn books(&self) -> &[InstrumentId] {
        &self.books
    }

    /// Says what is wanted whenever quotes have rested, also where nothing has changed: what was hit is quoted again,
    /// and who was not there before hears of it. Danger is said at once.
    fn on_book(&mut self, book: &Book, view: &View) -> Vec<Spoken> {
        if self.seen_at.is_some_and(|before| book.at.since(before) > LOST) {
            self.model.see(&Seen::Lost(book.at));
        }
        self.seen_at = Some(book.at);
        self.mark = book.middle().and_then(clamp::price).unwrap_or(self.mark);
        self.model.see(&Seen::Book(book.clone()));
        let quote = self.quote(view);
        let rested = book.at.since(self.said_at) >= Span::millis(self.parameters.refresh_millis);
        let is_nothing = |quote: &Quote| quote.bid.is_none() && quote.ask.is_none();
        let news = self.said.is_none_or(|said| {
            let danger = (said.bid.is_some() && quote.bid.is_none())
                || (said.ask.is_some() && quote.ask.is_none());
            danger || (rested && !(is_nothing(&quote) && is_nothing(&said)))
        });
        if !news {
            return Vec::new();
        }
        (self.said, self.said_at) = (Some(quote), book.at);
        let (instrument, mark, action) = (book.instrument, self.mark, Action::Quote(quote));
        vec![Spoken { instrument, mark, action, implied: None }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Level;
    use nija_core::words::money::Qty;

    const OF: InstrumentId = InstrumentId(1);

    fn quoting() -> Quoting {
        let parameters = Parameters {
            gamma: 0.1,
            k: 1.5,
            horizon_seconds: 1.0,
            volatility_seconds: 10.0,
            calm_seconds: 1_000.0,
            pause: 3.0,
            maker_fee: 0.0,
            adverse: 0.0,
            quote: 1.0,
            most_inventory: 4.0,
            refresh_millis: 500,
            ..Parameters::default()
        };
        Quoting::new(OF, parameters)
    }

    fn book(millis: i64, middle: f64) -> Book {
        let level = |price| vec![Level { price: clamp::price(price).unwrap(), qty: Qty::whole(5) }];
        let (bids, asks) = (level(middle - 0.01), level(middle + 0.01));
        Book { instrument: OF, place: 0, at: Timestamp(millis * 1_000), bids, asks }
    }

    /// What it says of a book, when its entries are open.
    fn say(quoting: &mut Quoting, book: &Book, open: bool) -> Option<Quote> {
        let said = quoting.on_book(book, &View { open, ..View::default() });
        said.first().map(|spoken| {
            let Action::Quote(quote) = spoken.action else { panic!("{spoken:?}") };
            assert_eq!(spoken.instrument, OF);
            quote
        })
    }

    /// The middle moves 2 dollars a second, as often up as down, and ends at 100.
    fn warm() -> (Quoting, Quote) {
        let mut quoting = quoting();
        let said = (0..=200).filter_map(|n| {
            let middle = 100.0 + 2.0 * f64::from((n % 2) as u8);
            say(&mut quoting, &book(n * 1_000, middle), true)
        });
        let last = said.last().unwrap();
        (quoting, last)
    }

    fn dollars(price: Option<Price>) -> Option<f64> {
        price.map(clamp::dollars)
    }

    #[test]
    fn quotes_are_those_of_no_inventory_with_the_lean_of_half_of_it() {
        let (_, quote) = warm();
        // A spread of 1.6908 around 100; half of four units, at 0.1 times a variance of 4.
        assert_eq!((dollars(quote.bid), dollars(quote.ask)), (Some(99.15), Some(100.85)));
        assert!((clamp::dollars(quote.lean) - 0.8).abs() < 1e-6, "{}", quote.lean);
        assert_eq!((quote.each, quote.most), (Strength::parts(2_500), Strength::FULL));
    }

    #[test]
    fn what_rests_from_before_is_taken_back_first() {
        let mut quoting = quoting();
        let first = say(&mut quoting, &book(0, 100.0), true).unwrap();
        assert_eq!((first.bid, first.ask), (None, None));
        assert_eq!(say(&mut quoting, &book(900, 100.0), true), None, "nothing is known yet");
    }

    #[test]
    fn it_is_said_again_when_it_has_rested_and_not_before() {
        let (mut quoting, _) = warm();
        assert_eq!(say(&mut quoting, &book(200_499, 100.0), true), None);
        let again = say(&mut quoting, &book(200_500, 100.0), true).unwrap();
        assert!(again.bid.is_some() && again.ask.is_some());
    }

    #[test]
    fn danger_is_said_at_once_and_once() {
        let (mut quoting, _) = warm();
        let nothing = say(&mut quoting, &book(200_100, 140.0), true).unwrap();
        assert_eq!((nothing.bid, nothing.ask), (None, None));
        assert_eq!(say(&mut quoting, &book(200_900, 140.0), true), None);
        // A silence of six seconds, and a book without a side.
        let (mut quoting, _) = warm();
        let lost = say(&mut quoting, &book(206_000, 100.0), true).unwrap();
        assert_eq!((lost.bid, lost.ask), (None, None));
        assert!(say(&mut quoting, &book(206_500, 100.0), true).unwrap().bid.is_some());
        let mut hole = book(206_600, 100.0);
        hole.asks.clear();
        let nothing = say(&mut quoting, &hole, true).unwrap();
        assert_eq!((nothing.bid, nothing.ask), (None, None));
    }

    #[test]
    fn a_closed_door_takes_bids_back_and_leaves_offers() {
        let (mut quoting, _) = warm();
        let quote = say(&mut quoting, &book(200_100, 100.0), false).unwrap();
        assert!(quote.bid.is_none() && quote.ask.is_some());
    }
}
