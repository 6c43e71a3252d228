//! Market making after Avellaneda and Stoikov (*Quantitative Finance* 8(3), 2008): both sides are quoted around a
//! price that leans against the inventory, as far apart as risk and the decay of fills ask for.
//!
//! Around the formulas stand guards that the paper does not need: post-only prices, a spread that pays fees and
//! adverse selection, hard bounds of inventory (Guéant, Lehalle, Fernandez-Tapia 2013), a pause when volatility
//! jumps, nothing after a lost connection, and quotes that stay where they are worth their place in the queue.
//! There is no end of the day around the clock, so the horizon rolls.
//!
//! [`Quoting`](super::Quoting) makes a strategy of the desk of it; a research run over recorded books trades it alone.

use crate::book::{Book, Fill, Level};
use crate::clamp;
use crate::engine::{Model, Seen, Want};
use nija_core::words::id::InstrumentId;
use nija_core::words::order::Side;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Settings. Gamma and k are per dollar and unit, so they belong to one market.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Aversion to inventory.
    pub gamma: f64,
    /// How fast fills fade with the distance from the middle, per dollar.
    pub k: f64,
    /// Seconds that inventory is expected to be held.
    pub horizon_seconds: f64,
    /// Seconds that the volatility looks back.
    pub volatility_seconds: f64,
    /// Seconds of the volatility that counts as usual.
    pub calm_seconds: f64,
    /// Quoting pauses while volatility is this many times the usual one.
    pub pause: f64,
    /// Maker's fee of one side as a fraction.
    pub maker_fee: f64,
    /// What better informed takers cost a round trip, as a fraction.
    pub adverse: f64,
    /// Units quoted on each side.
    pub quote: f64,
    /// Least units held: zero where nothing can be sold short.
    pub least_inventory: f64,
    /// Most units held.
    pub most_inventory: f64,
    /// Quotes rest at least so long, unless one was hit or there is danger.
    pub refresh_millis: i64,
    /// Step of prices, dollars.
    pub tick: f64,
}

/// What is risked, and for how long: the terms of the paper's formulas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// Aversion to inventory.
    pub gamma: f64,
    /// Deviation of the price over one unit of time, dollars.
    pub sigma: f64,
    /// Time left.
    pub left: f64,
}

impl Risk {
    /// Price at which holding one more or one less is all the same: `s - q gamma sigma^2 (T - t)`.
    #[must_use]
    pub fn reservation(&self, middle: f64, inventory: f64) -> f64 {
        middle - self.lean(inventory)
    }

    /// How far that lies below the middle.
    #[must_use]
    pub fn lean(&self, inventory: f64) -> f64 {
        inventory * self.gamma * self.sigma * self.sigma * self.left
    }

    /// Distance between the quotes: `gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / k)`.
    #[must_use]
    pub fn spread(&self, k: f64) -> f64 {
        self.gamma * self.sigma * self.sigma * self.left
            + 2.0 / self.gamma * (self.gamma / k).ln_1p()
    }
}

/// What to rest on each side; none takes back what rests there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quotes {
    /// To buy.
    pub bid: Option<Level>,
    /// To sell.
    pub ask: Option<Level>,
}

/// Variance of the middle per second, exponentially weighted in time.
#[derive(Clone, Copy, Debug)]
struct Variance {
    seconds: f64,
    value: f64,
    seen: f64,
}

impl Variance {
    const fn new(seconds: f64) -> Self {
        Self { seconds, value: 0.0, seen: 0.0 }
    }

    fn push(&mut self, change: f64, elapsed: f64) {
        self.seen += elapsed;
        // A plain average until as much time has passed as it looks back.
        let weight = if self.seen < self.seconds {
            elapsed / self.seen
        } else {
            -(-elapsed / self.seconds).exp_m1()
        };
        self.value += weight * (change * change / elapsed - self.value);
    }
}

/// Makes a market in one instrument at one place.
#[derive(Clone, Debug)]
pub struct MarketMaking {
    instrument: InstrumentId,
    place: u8,
    parameters: Parameters,
    inventory: f64,
    now: Variance,
    usual: Variance,
    last: Option<(Timestamp, f64)>,
    quotes: Quotes,
    quoted_at: Timestamp,
    /// Must the next quotes go out at once?
    urgent: bool,
}

impl MarketMaking {
    /// Makes a market here, holding so many units already.
    #[must_use]
    pub fn new(
        instrument: InstrumentId,
        place: u8,
        inventory: f64,
        parameters: Parameters,
    ) -> Self {
        Self {
            instrument,
            place,
            inventory,
            now: Variance::new(parameters.volatility_seconds),
            usual: Variance::new(parameters.calm_seconds),
            parameters,
            last: None,
            quotes: Quotes::default(),
            quoted_at: Timestamp(i64::MIN),
            urgent: true,
        }
    }

    /// Units held by what was filled.
    #[must_use]
    pub const fn inventory(&self) -> f64 {
        self.inventory
    }

    /// What it wants to rest now.
    #[must_use]
    pub const fn quotes(&self) -> Quotes {
        self.quotes
    }

    /// What is risked now.
    #[must_use]
    pub fn risk(&self) -> Risk {
        let Parameters { gamma, horizon_seconds, .. } = self.parameters;
        Risk { gamma, sigma: self.now.value.sqrt(), left: horizon_seconds }
    }

    fn read(&mut self, book: &Book) -> Option<Quotes> {
        let Some(middle) = book.middle() else {
            self.last = None;
            return self.say(Quotes::default(), book.at, true);
        };
        if let Some((before, price)) = self.last.replace((book.at, middle)) {
            let elapsed = book.at.since(before).0 as f64 / 1e6;
            if elapsed > 0.0 {
                self.now.push(middle - price, elapsed);
                self.usual.push(middle - price, elapsed);
            }
        }
        let p = &self.parameters;
        let stormy = self.now.value > p.pause * p.pause * self.usual.value;
        if self.now.seen < p.volatility_seconds || stormy {
            return self.say(Quotes::default(), book.at, true);
        }
        let quotes = self.quote(book, middle)?;
        self.say(quotes, book.at, false)
    }

    /// The quotes that the formulas and the guards leave.
    fn quote(&self, book: &Book, middle: f64) -> Option<Quotes> {
        let p = &self.parameters;
        let risk = self.risk();
        let center = risk.reservation(middle, self.inventory);
        let least = middle * (p.maker_fee + p.adverse / 2.0);
        let half = (risk.spread(p.k) / 2.0).max(least);
        let (bid, ask) =
            (clamp::dollars(book.best(Side::Sell)?), clamp::dollars(book.best(Side::Buy)?));
        // Post only: never where it would meet what rests on the other side.
        let low = (center - half).min(ask - p.tick);
        let high = (center + half).max(bid + p.tick);
        let level = |price: f64, fits: bool| {
            let (price, qty) = (clamp::price(price)?, clamp::qty(p.quote)?);
            fits.then_some(Level { price, qty })
        };
        let steps = |price: f64| price / p.tick;
        let room = self.inventory + p.quote <= p.most_inventory + 1e-12;
        let stock = self.inventory - p.quote >= p.least_inventory - 1e-12;
        Some(Quotes {
            bid: level((steps(low) + 1e-9).floor() * p.tick, room),
            ask: level((steps(high) - 1e-9).ceil() * p.tick, stock),
        })
    }

    /// Says quotes that are worth it: another side, another price once the old ones have rested, or danger.
    fn say(&mut self, quotes: Quotes, at: Timestamp, danger: bool) -> Option<Quotes> {
        let rested = at.since(self.quoted_at) >= Span::millis(self.parameters.refresh_millis);
        let due = rested || self.urgent || danger;
        if quotes == self.quotes || !due {
            return None;
        }
        (self.quotes, self.quoted_at, self.urgent) = (quotes, at, false);
        Some(quotes)
    }

    fn fill(&mut self, fill: &Fill) {
        let units = clamp::units(fill.qty);
        self.inventory += match fill.side {
            Side::Buy => units,
            Side::Sell => -units,
        };
        // What was hit is gone, and the center has moved.
        match fill.side {
            Side::Buy => self.quotes.bid = None,
            Side::Sell => self.quotes.ask = None,
        }
        self.urgent = true;
    }
}

impl Model for MarketMaking {
    type Word = Quotes;

    fn name(&self) -> StrategyName {
        StrategyName::CryptoMarketMaking
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &[]
    }

    fn see(&mut self, seen: &Seen) -> Option<Quotes> {
        match seen {
            Seen::Book(book) if (book.instrument, book.place) == (self.instrument, self.place) => {
                self.read(book)
            }
            Seen::Fill(fill) if (fill.instrument, fill.place) == (self.instrument, self.place) => {
                self.fill(fill);
                None
            }
            Seen::Lost(at) => {
                self.last = None;
                self.say(Quotes::default(), *at, true)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::money::Qty;

    /// The paper's example: s = 100, sigma 2, gamma 0.1, k 1.5, at the beginning.
    #[test]
    fn reservation_and_spread_by_hand() {
        let risk = Risk { gamma: 0.1, sigma: 2.0, left: 1.0 };
        assert_eq!(risk.reservation(100.0, 3.0), 98.8);
        assert!((risk.spread(1.5) - (0.4 + 20.0 * (1.0f64 + 0.1 / 1.5).ln())).abs() < 1e-12);
        assert!((risk.spread(1.5) - 1.6908).abs() < 1e-4);
    }

    fn maker(inventory: f64) -> MarketMaking {
        let parameters = Parameters {
            gamma: 0.1,
            k: 1.5,
            horizon_seconds: 1.0,
            volatility_seconds: 10.0,
            calm_seconds: 1_000.0,
            maker_fee: 0.0,
            adverse: 0.0,
            quote: 1.0,
            least_inventory: -2.0,
            most_inventory: 2.0,
            refresh_millis: 500,
            ..Parameters::default()
        };
        MarketMaking::new(InstrumentId(1), 0, inventory, parameters)
    }

    fn book(millis: i64, bid: f64, ask: f64) -> Seen {
        let level = |price| vec![Level { price: clamp::price(price).unwrap(), qty: Qty::whole(5) }];
        Seen::Book(Book {
            instrument: InstrumentId(1),
            place: 0,
            at: Timestamp(millis * 1_000),
            bids: level(bid),
            asks: level(ask),
        })
    }

    /// Warm: the middle moves 2 dollars a second, as often up as down.
    fn warm(maker: &mut MarketMaking) -> Option<Quotes> {
        let said: Vec<Quotes> = (0..=200)
            .filter_map(|n| {
                let middle = 100.0 + 2.0 * f64::from((n % 2) as u8);
                maker.see(&book(n * 1_000, middle - 0.01, middle + 0.01))
            })
            .collect();
        said.last().copied()
    }

    fn prices(quotes: Quotes) -> (Option<f64>, Option<f64>) {
        let price = |level: Option<Level>| level.map(|l| clamp::dollars(l.price));
        (price(quotes.bid), price(quotes.ask))
    }

    #[test]
    fn quotes_lean_against_the_inventory() {
        // Around 100 with a spread of 1.6908; three units long the center is 1.20 lower.
        assert_eq!(prices(warm(&mut maker(0.0)).unwrap()), (Some(99.15), Some(100.85)));
        assert_eq!(prices(warm(&mut maker(1.0)).unwrap()), (Some(98.75), Some(100.45)));
    }

    #[test]
    fn bounds_of_inventory_are_hard() {
        let (bid, ask) = prices(warm(&mut maker(2.0)).unwrap());
        assert!(bid.is_none() && ask.is_some());
        let (bid, ask) = prices(warm(&mut maker(-2.0)).unwrap());
        assert!(bid.is_some() && ask.is_none());
    }

    #[test]
    fn quotes_never_cross_and_always_pay_their_fees() {
        let mut dear = maker(0.0);
        dear.parameters.maker_fee = 0.02;
        let (bid, ask) = prices(warm(&mut dear).unwrap());
        assert_eq!((bid, ask), (Some(98.0), Some(102.0)));
        // A book so wide that the usual quotes would meet it: short of the other side by a tick.
        let mut eager = maker(2.0);
        eager.parameters.gamma = 2.0;
        warm(&mut eager);
        let said = eager.see(&book(201_000, 99.99, 100.01));
        let (_, ask) = prices(said.unwrap_or(eager.quotes));
        assert_eq!(ask, Some(100.0));
    }

    #[test]
    fn a_storm_a_hole_and_a_lost_line_take_everything_back() {
        let danger: [fn(i64) -> Seen; 3] = [
            |at| book(at, 139.99, 140.01),
            |at| {
                let Seen::Book(mut hole) = book(at, 100.0, 100.02) else { unreachable!() };
                hole.asks.clear();
                Seen::Book(hole)
            },
            |at| Seen::Lost(Timestamp(at * 1_000)),
        ];
        for seen in danger {
            let mut maker = maker(0.0);
            warm(&mut maker);
            assert_eq!(maker.see(&seen(200_100)), Some(Quotes::default()));
            assert_eq!(maker.see(&seen(200_200)), None, "said once");
        }
    }

    #[test]
    fn quotes_rest_until_they_are_hit() {
        let mut maker = maker(0.0);
        let resting = warm(&mut maker).unwrap();
        assert_eq!(maker.see(&book(200_300, 100.09, 100.11)), None, "too soon to move");
        let bid = resting.bid.unwrap();
        let fill = Fill {
            instrument: InstrumentId(1),
            place: 0,
            side: Side::Buy,
            qty: bid.qty,
            price: bid.price,
            is_last: true,
            at: Timestamp(200_310_000),
        };
        assert_eq!(maker.see(&Seen::Fill(fill)), None);
        assert_eq!(maker.inventory(), 1.0);
        let moved = maker.see(&book(200_400, 99.99, 100.01)).expect("quotes move at once");
        assert!(moved.bid.unwrap().price < bid.price);
    }
}
