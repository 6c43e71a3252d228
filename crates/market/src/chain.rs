//! Chains of options: the terms of each contract as it is listed, how contracts were quoted last, and pictures of
//! all that is known of one underlying at one instant. What has expired is forgotten.

use crate::clamp;
use crate::options::{Contract, Greeks, Right};
use nija_core::ports::greeks::Sensitivity;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::{AssetClass, Hours, Instrument, Kind, VenueName};
use nija_core::words::money::{Money, Price, Qty};
use nija_core::words::time::{Span, Timestamp};
use std::collections::BTreeMap;

/// Days of a year that options count.
const YEAR: f64 = 365.0;
/// A quote that is older than this does not belong to the picture that is taken.
const FRESH: Span = Span::seconds(900);
/// Smallest price step of a premium.
const TICK: Price = Price::from_raw(1_000_000);
/// A premium moves fast: no entry is decided on one that is older.
const STALE_AFTER: Span = Span::seconds(3_600);

/// The ticker in front of a contract's symbol, at most six letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root([u8; 6]);

impl Root {
    /// Of a ticker in capital letters and digits; none for one that is empty or longer than six.
    #[must_use]
    pub fn of(ticker: &str) -> Option<Self> {
        let mut root = [0; 6];
        let is_plain = ticker.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        root.get_mut(..ticker.len())?.copy_from_slice(ticker.as_bytes());
        (is_plain && !ticker.is_empty()).then_some(Self(root))
    }

    /// The ticker.
    #[must_use]
    pub fn ticker(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        core::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

/// A contract of a chain: its place in the catalog and its terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its number in the catalog.
    pub id: InstrumentId,
    /// Ticker of the underlying.
    pub root: Root,
    /// What the right is about.
    pub underlying: InstrumentId,
    /// To buy or to sell.
    pub right: Right,
    /// Price of the exercise.
    pub strike: Price,
    /// Units of the underlying per contract.
    pub multiplier: u32,
    /// Last instant of trading.
    pub expiry: Timestamp,
}

impl Terms {
    /// The symbol that exchanges give it: ticker, date, C or P, and the strike in thousandths of a dollar.
    #[must_use]
    pub fn symbol(&self) -> String {
        let (year, month, day) = crate::date::civil(self.expiry.day(Span::ZERO));
        let right = match self.right {
            Right::Call => 'C',
            Right::Put => 'P',
        };
        let thousandths = self.strike.raw() / 100_000;
        let year = year.rem_euclid(100);
        format!("{}{year:02}{month:02}{day:02}{right}{thousandths:08}", self.root.ticker())
    }

    /// Its row of the catalog: whole contracts, quoted in cents, in the session of New York.
    #[must_use]
    pub fn instrument(&self) -> Instrument {
        let Self { id, underlying, right, strike, multiplier, expiry, .. } = *self;
        Instrument {
            id,
            symbol: self.symbol(),
            class: AssetClass::Derivatives,
            kind: Kind::Option { underlying, right, strike, multiplier, expiry },
            hours: Hours::Nyse,
            tick: TICK,
            lot: Qty::whole(1),
            stale_after: STALE_AFTER,
            venue: VenueName::Paper,
        }
    }
}

/// One line of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionQuote {
    /// The contract.
    pub contract: InstrumentId,
    /// Day of expiry since 1970.
    pub expiry: i32,
    /// Strike, dollars.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Best bid, dollars; zero where nobody bids.
    pub bid: f64,
    /// Best ask, dollars.
    pub ask: f64,
}

impl OptionQuote {
    /// Half way between both.
    #[must_use]
    pub const fn mid(&self) -> f64 {
        f64::midpoint(self.bid, self.ask)
    }

    /// What it is about, seen from a day at a price of the underlying. Listed options are taken for European ones,
    /// and dividends are not known.
    #[must_use]
    pub fn contract(&self, spot: f64, today: i32, rate: f64) -> Contract {
        let years = f64::from(self.expiry - today) / YEAR;
        let (right, strike) = (self.right, self.strike);
        Contract { right, spot, strike, years, rate, dividend: 0.0 }
    }
}

/// How the options on an instrument are quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The underlying.
    pub instrument: InstrumentId,
    /// When.
    pub at: Timestamp,
    /// Its price then, dollars.
    pub spot: f64,
    /// Day of the session in which what is decided now trades: the next one, or a later one.
    pub next_session: i32,
    /// Interest a year that is known then, a fraction; none where no rates are.
    pub rate: Option<f64>,
    /// The quotes, by contract.
    pub quotes: Vec<OptionQuote>,
}

impl Chain {
    /// Implied volatility and greeks of each contract whose quotes have one.
    pub fn greeks(&self, rate: f64) -> impl Iterator<Item = (InstrumentId, f64, Greeks)> + '_ {
        let today = self.at.day(Span::ZERO);
        self.quotes.iter().filter_map(move |quote| {
            let contract = quote.contract(self.spot, today, rate);
            let volatility = contract.implied_volatility(quote.mid())?;
            Some((quote.contract, volatility, contract.greeks(volatility)?))
        })
    }
}

impl Chain {
    /// The same for people, for one unit of the underlying.
    pub fn sensitivities(
        &self,
        rate: f64,
    ) -> impl Iterator<Item = (InstrumentId, Sensitivity)> + '_ {
        let at = self.at;
        self.greeks(rate).map(move |(contract, volatility, greeks)| {
            let sensitivity = Sensitivity {
                at,
                volatility: clamp::percent(volatility),
                delta: Qty::from_raw(clamp::decimal(greeks.delta)),
                gamma: Qty::from_raw(clamp::decimal(greeks.gamma)),
                vega: Money::from_raw(clamp::decimal(greeks.vega / 100.0)),
                theta: Money::from_raw(clamp::decimal(greeks.theta / YEAR)),
            };
            (contract, sensitivity)
        })
    }
}

/// What is known of a contract.
#[derive(Clone, Copy, Debug)]
struct Known {
    terms: Terms,
    quote: Option<(f64, f64, Timestamp)>,
}

/// Follows the contracts of all underlyings.
#[derive(Clone, Debug, Default)]
pub struct Chains(BTreeMap<InstrumentId, Known>);

impl Chains {
    /// A contract is listed.
    pub fn list(&mut self, terms: Terms) {
        self.0.entry(terms.id).or_insert(Known { terms, quote: None });
    }

    /// A contract is quoted; one that is not listed is passed over.
    pub fn quote(&mut self, contract: InstrumentId, (bid, ask): (Price, Price), at: Timestamp) {
        if let Some(known) = self.0.get_mut(&contract) {
            known.quote = Some((clamp::dollars(bid), clamp::dollars(ask), at));
        }
    }

    /// The picture of an underlying's chain now. `next_session` is the day on which what is decided now trades.
    pub fn picture(
        &mut self,
        (instrument, spot): (InstrumentId, Price),
        next_session: i32,
        at: Timestamp,
    ) -> Chain {
        self.0.retain(|_, known| known.terms.expiry > at);
        let of_it = self.0.values().filter(|known| known.terms.underlying == instrument);
        let quotes = of_it.filter_map(|Known { terms, quote }| {
            let (bid, ask, _) = quote.filter(|(.., quoted)| at.since(*quoted) <= FRESH)?;
            Some(OptionQuote {
                contract: terms.id,
                expiry: terms.expiry.day(Span::ZERO),
                strike: clamp::dollars(terms.strike),
                right: terms.right,
                bid,
                ask,
            })
        });
        let quotes = quotes.collect();
        Chain { instrument, at, spot: clamp::dollars(spot), next_session, rate: None, quotes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(id: u32, right: Right) -> Terms {
        let day = crate::date::day_of(2026, 3, 20).unwrap();
        Terms {
            id: InstrumentId(id),
            root: Root::of("AAPL").unwrap(),
            underlying: InstrumentId(7),
            right,
            strike: Price::from_raw(25_250_000_000),
            multiplier: 100,
            expiry: Timestamp::of_day(day, Span::seconds(20 * 3_600)),
        }
    }

    #[test]
    fn symbols_are_those_of_the_exchanges() {
        assert_eq!(terms(1, Right::Call).symbol(), "AAPL260320C00252500");
        let row = terms(2, Right::Put).instrument();
        assert_eq!(row.symbol, "AAPL260320P00252500");
        assert_eq!((row.multiplier(), row.lot), (100, Qty::whole(1)));
        for wrong in ["", "brk", "BRK.B", "TOOLONG"] {
            assert_eq!(Root::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_picture_holds_fresh_quotes_and_forgets_what_has_expired() {
        let mut chains = Chains::default();
        let (call, put) = (terms(1, Right::Call), terms(2, Right::Put));
        let at = Timestamp(call.expiry.0 - Span::DAY.0);
        chains.list(call);
        chains.quote(put.id, (Price::whole(1), Price::whole(2)), at);
        chains.list(put);
        chains.quote(call.id, (Price::whole(3), Price::whole(4)), at);
        let of = (call.underlying, Price::whole(250));
        let chain = chains.picture(of, 5, at.plus(FRESH));
        assert_eq!(chain.quotes.len(), 1, "the put was quoted before it was listed");
        assert_eq!((chain.quotes[0].contract, chain.quotes[0].mid()), (call.id, 3.5));
        assert!(chains.picture(of, 5, at.plus(FRESH).plus(Span(1))).quotes.is_empty());
        assert!(chains.picture((InstrumentId(8), of.1), 5, at).quotes.is_empty());
        assert!(chains.picture(of, 5, call.expiry).quotes.is_empty() && chains.0.is_empty());
    }

    #[test]
    fn greeks_are_those_of_the_middle() {
        let quote = |mid: f64| OptionQuote {
            contract: InstrumentId(1),
            expiry: 30,
            strike: 100.0,
            right: Right::Call,
            bid: mid - 0.01,
            ask: mid + 0.01,
        };
        let contract = quote(1.0).contract(100.0, 0, 0.03);
        let (instrument, at) = (InstrumentId(7), Timestamp(0));
        // The second is worth less than its exercise, and has no volatility.
        let quotes = vec![quote(contract.price(0.4)), quote(0.005)];
        let chain = Chain { instrument, at, spot: 100.0, next_session: 1, rate: None, quotes };
        let greeks: Vec<_> = chain.greeks(0.03).collect();
        assert_eq!(greeks.len(), 1);
        let (_, volatility, g) = greeks[0];
        assert!((volatility - 0.4).abs() < 1e-9 && (g.delta - 0.53).abs() < 0.01, "{g:?}");
        // Two contracts of a hundred: vega for a point, theta for a day.
        let (_, one) = chain.sensitivities(0.03).next().unwrap();
        let held = one.times(Qty::whole(200)).unwrap();
        let near = |raw: i64, wanted: f64| (raw as f64 / 1e8 - wanted).abs() < 1e-5;
        assert!(near(held.delta.raw(), 200.0 * g.delta) && near(held.gamma.raw(), 200.0 * g.gamma));
        assert!(
            near(held.vega.raw(), 2.0 * g.vega) && near(held.theta.raw(), 200.0 * g.theta / 365.0)
        );
        assert_eq!((one.at, one.volatility), (Timestamp(0), clamp::percent(volatility)));
        assert!(held.theta < Money::ZERO);
    }
}
