//! The straddle before earnings: a call and a put at the money, bought three sessions before the last close ahead of
//! the announcement and sold at that close, ahead of the fall of implied volatility (Gao, Xing, Zhang, JFQA 2018).
//! Only where the move that options imply is below what the company's reports used to do. Implied is what two
//! expiries say of the jump between now and the nearer one (Dubinsky, Johannes, Kaeck, Seeger, RFS 2019).
//!
//! Decided on pictures of a chain; what a picture leads to trades at the next one. Volatilities are taken from
//! European prices. An announcement that moves, is called off or is not confirmed cancels the trade.

use crate::candle::{Candle, Timeframe};
use crate::chain::{Chain, OptionQuote};
use crate::clamp;
use crate::date::weekdays_between;
use crate::earnings::{Heard, Reactions, Report};
use crate::engine::{Spoken, Strategy, View, Want};
use crate::options::Right;
use core::f64::consts::FRAC_2_PI;
use nija_core::words::id::InstrumentId;
use nija_core::words::insight::Implied;
use nija_core::words::money::Price;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Farthest strike from the price, as a fraction.
    pub moneyness: f64,
    /// Longest life of an option that is bought, days.
    pub longest_days: i32,
    /// Most sessions before the last one ahead of the news in which it is bought; never in that one.
    pub sessions_before: i32,
    /// Reports whose moves say what is usual; without as many nothing is bought.
    pub moves: usize,
    /// Part of the usual move that costs take.
    pub cost: f64,
    /// Interest a year, as a fraction.
    pub rate: f64,
    /// Part of full size that both premiums together may come to.
    pub size: f64,
}

/// Deviation of the jump at earnings from the volatilities of two expiries behind it, the nearer first:
/// `s^2 = (v1^2 - v2^2) / (1/t1 - 1/t2)`, times in years. None where the nearer one is not the dearer.
#[must_use]
pub fn earnings_deviation(near: (f64, f64), far: (f64, f64)) -> Option<f64> {
    let ((v1, t1), (v2, t2)) = (near, far);
    let square = (v1 * v1 - v2 * v2) / (1.0 / t1 - 1.0 / t2);
    (t1 > 0.0 && t1 < t2 && square >= 0.0 && square.is_finite()).then(|| square.sqrt())
}

/// Expected size of a normal jump with this deviation.
#[must_use]
pub fn expected_move(deviation: f64) -> f64 {
    deviation * FRAC_2_PI.sqrt()
}

/// Trades the straddles of one share.
#[derive(Clone, Debug)]
pub struct Straddle {
    wants: [Want; 1],
    parameters: Parameters,
    reactions: Reactions,
    /// Is the announcement that is awaited out of the question, because it was traded or has moved?
    spoiled: bool,
    held: Option<Legs>,
    /// Is what is held to be sold at the next picture?
    leaves: bool,
}

/// Both contracts of a straddle.
#[derive(Clone, Copy, Debug)]
struct Legs {
    call: InstrumentId,
    put: InstrumentId,
}

/// A strike with both rights quoted.
#[derive(Clone, Copy)]
struct Pair {
    legs: Legs,
    strike: f64,
    marks: [f64; 2],
    volatility: f64,
}

impl Straddle {
    /// Of this share.
    #[must_use]
    pub fn new(instrument: InstrumentId, parameters: Parameters) -> Self {
        Self {
            wants: [Want { instrument, timeframe: Timeframe::Day1 }],
            parameters,
            reactions: Reactions::new(parameters.moves),
            spoiled: false,
            held: None,
            leaves: false,
        }
    }

    /// Sells what is held at the last picture that can still trade before the news.
    fn sell(&mut self, chain: &Chain) -> Vec<Spoken> {
        let awaited = self.reactions.awaited();
        let last = awaited.is_none_or(|awaited| awaited.last() <= chain.next_session);
        let is_due = core::mem::take(&mut self.leaves) || last;
        let Some(legs) = self.held.take_if(|_| is_due) else {
            return Vec::new();
        };
        let mark = |of: InstrumentId| {
            let quote = chain.quotes.iter().find(|quote| quote.contract == of);
            quote.and_then(|quote| clamp::price(quote.mid())).unwrap_or(Price::STEP)
        };
        let exit =
            |of| Spoken { instrument: of, mark: mark(of), action: Action::Exit, implied: None };
        vec![exit(legs.call), exit(legs.put)]
    }

    fn judge(&mut self, chain: &Chain) -> Option<Spoken> {
        let today = chain.at.day(Span::ZERO);
        let awaited = self.reactions.awaited().filter(|awaited| awaited.slot.is_some())?;
        let sessions = weekdays_between(chain.next_session, awaited.last());
        let due = sessions > 0 && sessions <= self.parameters.sessions_before;
        if self.held.is_some() || self.spoiled || !due {
            return None;
        }
        let usual = self.reactions.usual()?;
        let mut expiries = self.expiries(chain, awaited.day, today).into_iter();
        let ((near, first), (far, second)) = (expiries.next()?, expiries.next()?);
        let years = |expiry: i32| f64::from(expiry - today) / 365.0;
        let deviation =
            earnings_deviation((first.volatility, years(near)), (second.volatility, years(far)))?;
        let implied = expected_move(deviation);
        if near - today > self.parameters.longest_days
            || implied >= usual * (1.0 - self.parameters.cost)
        {
            return None;
        }
        let [mark, put_mark] = first.marks;
        let spoken = Spoken {
            instrument: first.legs.call,
            mark: clamp::price(mark)?,
            action: Action::Straddle {
                put: first.legs.put,
                put_mark: clamp::price(put_mark)?,
                strength: clamp::strength(self.parameters.size),
            },
            implied: Some(Implied {
                spot: clamp::price(chain.spot)?,
                near: clamp::percent(first.volatility),
                near_days: u16::try_from(near - today).ok()?,
                far: clamp::percent(second.volatility),
                far_days: u16::try_from(far - today).ok()?,
                implied: clamp::percent(implied),
                usual: clamp::percent(usual),
                rate: clamp::percent(self.rate(chain)),
            }),
        };
        self.held = Some(first.legs);
        self.spoiled = true;
        Some(spoken)
    }

    /// The rate that is known, or the playbook's.
    fn rate(&self, chain: &Chain) -> f64 {
        chain.rate.unwrap_or(self.parameters.rate)
    }

    /// The pair nearest the money of each expiry behind the report, soonest first.
    fn expiries(&self, chain: &Chain, report: i32, today: i32) -> BTreeMap<i32, Pair> {
        let mut found: BTreeMap<i32, Pair> = BTreeMap::new();
        let calls = chain.quotes.iter().filter(|q| q.right == Right::Call && q.expiry > report);
        for call in calls {
            let put = chain.quotes.iter().find(|q| {
                q.right == Right::Put && q.expiry == call.expiry && q.strike == call.strike
            });
            let off = |strike: f64| (strike / chain.spot - 1.0).abs();
            let nearer = found.get(&call.expiry).is_none_or(|p| off(call.strike) < off(p.strike));
            if off(call.strike) <= self.parameters.moneyness
                && nearer
                && let Some(pair) = put.and_then(|put| self.pair(chain, today, [call, put]))
            {
                found.insert(call.expiry, pair);
            }
        }
        found
    }

    /// Both sides of a strike, where both are bid for and have a volatility.
    fn pair(&self, chain: &Chain, today: i32, quotes: [&OptionQuote; 2]) -> Option<Pair> {
        let mut volatility = 0.0;
        for quote in quotes {
            if quote.bid <= 0.0 || quote.ask < quote.bid {
                return None;
            }
            let contract = quote.contract(chain.spot, today, self.rate(chain));
            volatility += contract.implied_volatility(quote.mid())? / 2.0;
        }
        let [call, put] = quotes;
        let legs = Legs { call: call.contract, put: put.contract };
        Some(Pair { legs, strike: call.strike, marks: [call.mid(), put.mid()], volatility })
    }
}

impl Strategy for Straddle {
    fn name(&self) -> StrategyName {
        StrategyName::EquityEarningsVolatility
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, _: &View) -> Option<Action> {
        // What is still held behind the news has missed its close.
        let own = candle.instrument == self.wants[0].instrument;
        self.leaves |= own && self.reactions.follow(candle);
        None
    }

    fn on_report(&mut self, report: &Report) {
        if report.instrument != self.wants[0].instrument {
            return;
        }
        match self.reactions.hear(report) {
            Heard::Same => {}
            Heard::New => (self.spoiled, self.leaves) = (false, true),
            // A date that moves was no date: whatever was planned on it is off.
            Heard::Moved => (self.spoiled, self.leaves) = (true, true),
        }
    }

    fn on_chain(&mut self, chain: &Chain, view: &View) -> Vec<Spoken> {
        if chain.instrument != self.wants[0].instrument {
            return Vec::new();
        }
        let mut said = self.sell(chain);
        if view.open {
            said.extend(self.judge(chain));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date;
    use crate::earnings::{News, Slot};
    use crate::engine::equity::EarningsParameters;
    use crate::engine::flat;
    use crate::options::Contract;
    use nija_core::words::money::Pct;
    use nija_core::words::score::Strength;
    use nija_core::words::time::Timestamp;

    #[test]
    fn the_implied_move_of_the_design_documents() {
        let week = |days: f64| days / 365.0;
        let deviation = earnings_deviation((0.8, week(7.0)), (0.5, week(35.0))).unwrap();
        assert!((deviation - 0.0967).abs() < 5e-5, "{deviation}");
        assert!((expected_move(deviation) - 0.0771).abs() < 5e-5);
        // The farther one is the dearer, or not the farther.
        assert_eq!(earnings_deviation((0.4, week(7.0)), (0.5, week(35.0))), None);
        assert_eq!(earnings_deviation((0.8, week(35.0)), (0.5, week(35.0))), None);
    }

    /// A chain whose options are worth a volatility of 30 % and a jump on top; the next session is the next weekday.
    fn chain(day: i32, spot: f64, jump: f64) -> Chain {
        let mut quotes = Vec::new();
        for (n, expiry) in (0..).zip([day + 9, day + 37]) {
            let years = f64::from(expiry - day) / 365.0;
            let volatility = (0.09 + jump * jump / years).sqrt();
            for (m, strike) in (0..).zip([0.9, 0.98, 1.04].map(|m: f64| spot * m)) {
                for (k, right) in (0..).zip([Right::Call, Right::Put]) {
                    let contract =
                        Contract { right, spot, strike, years, rate: 0.03, dividend: 0.0 };
                    let price = contract.price(volatility);
                    let (bid, ask) = (price - 0.01, price + 0.01);
                    let contract = InstrumentId(100 + n * 10 + m * 2 + k);
                    quotes.push(OptionQuote { contract, expiry, strike, right, bid, ask });
                }
            }
        }
        let at = Timestamp::of_day(day, Span::seconds(20 * 3_600));
        let next_session = if date::weekday(day) == 4 { day + 3 } else { day + 1 };
        Chain { instrument: SHARE, at, spot, next_session, rate: None, quotes }
    }

    const SHARE: InstrumentId = InstrumentId(1);
    /// The nearest strike of the nearer expiry.
    const LEGS: [InstrumentId; 2] = [InstrumentId(102), InstrumentId(103)];

    fn view() -> View {
        View { open: true, ..View::default() }
    }

    fn young() -> Straddle {
        Straddle::new(SHARE, EarningsParameters::default().straddle)
    }

    impl Straddle {
        fn plan(&mut self, period: i32, day: i32, slot: Option<Slot>) {
            let news = News::Planned { day, slot };
            self.on_report(&Report { instrument: SHARE, period, known_at: Timestamp(0), news });
        }
        fn close(&mut self, day: i32, close: f64) {
            assert_eq!(self.on_candle(&flat(SHARE, day.into(), close), &view()), None);
        }
        /// The instruments that are entered or left at a picture.
        fn said(&mut self, chain: &Chain) -> Vec<InstrumentId> {
            self.on_chain(chain, &view()).iter().map(|spoken| spoken.instrument).collect()
        }
    }

    /// A straddle that has seen eight reports that moved the share by a tenth.
    fn seasoned() -> Straddle {
        let mut straddle = young();
        for period in 0..8 {
            // Mondays, thirteen weeks apart.
            let day = 4 + period * 91;
            straddle.plan(period, day, Some(Slot::After));
            for (day, close) in [(day - 3, 100.0), (day, 100.0), (day + 1, 110.0)] {
                straddle.close(day, close);
            }
        }
        straddle
    }

    /// Friday of the ninth report, after the close; what is said on Monday trades on Tuesday, three sessions before.
    const REPORT: i32 = 8 + 8 * 91;
    const MONDAY: i32 = REPORT - 4;

    #[test]
    fn buys_cheap_moves_three_sessions_before_and_sells_at_the_last_close() {
        let mut straddle = seasoned();
        straddle.plan(8, REPORT, Some(Slot::After));
        // On the Friday before there is time left.
        assert!(straddle.said(&chain(MONDAY - 3, 100.0, 0.06)).is_empty());
        let picture = chain(MONDAY, 100.0, 0.06);
        let said = straddle.on_chain(&picture, &view());
        let [Spoken { instrument, mark, action, implied: Some(implied) }] = said[..] else {
            panic!("not bought: {said:?}");
        };
        let Action::Straddle { put, put_mark, strength } = action else { panic!("{action:?}") };
        assert_eq!([instrument, put], LEGS);
        let mids = LEGS.map(|leg| picture.quotes.iter().find(|q| q.contract == leg).unwrap().mid());
        assert_eq!([mark, put_mark].map(Some), mids.map(clamp::price));
        assert_eq!(strength, Strength::parts(5_000));
        let move_of = |percent: Pct| percent.raw() as f64 / 1e10;
        assert!((move_of(implied.implied) - expected_move(0.06)).abs() < 1e-3, "{implied:?}");
        assert!((move_of(implied.usual) - 0.1).abs() < 1e-9);
        assert_eq!((implied.near_days, implied.far_days), (9, 37));
        assert!(implied.near > implied.far && implied.spot == Price::whole(100));
        // Held once; said on Thursday it is sold at the close of the day of the report, and never again.
        let later = |day| chain(day, 100.0, 0.06);
        assert!(straddle.said(&later(MONDAY + 1)).is_empty());
        assert!(straddle.said(&later(MONDAY + 2)).is_empty());
        assert_eq!(straddle.said(&later(MONDAY + 3)), LEGS);
        assert!(straddle.said(&later(REPORT)).is_empty());
    }

    #[test]
    fn a_chain_that_knows_a_rate_is_read_at_it() {
        let said = |rate| {
            let mut straddle = seasoned();
            straddle.plan(8, REPORT, Some(Slot::After));
            let picture = Chain { rate, ..chain(MONDAY, 100.0, 0.06) };
            let implied = straddle.on_chain(&picture, &view())[0].implied.unwrap();
            (implied.rate, implied.near)
        };
        let (known, assumed) = (said(Some(0.01)), said(None));
        assert_eq!((known.0, assumed.0), (Pct::whole(1), Pct::whole(3)));
        assert_ne!(known.1, assumed.1, "volatilities are those at the rate");
    }

    #[test]
    fn a_session_that_is_left_out_does_not_carry_it_over_the_news() {
        let mut straddle = seasoned();
        straddle.plan(8, REPORT, Some(Slot::After));
        assert_eq!(straddle.said(&chain(MONDAY, 100.0, 0.06)), LEGS[..1]);
        // Thursday is a holiday: behind Wednesday comes the last session.
        let eve = Chain { next_session: REPORT, ..chain(MONDAY + 2, 100.0, 0.06) };
        assert_eq!(straddle.said(&eve), LEGS);
    }

    #[test]
    fn dear_moves_and_unconfirmed_times_are_left_alone() {
        let mut straddle = seasoned();
        let cheap = chain(MONDAY, 100.0, 0.06);
        straddle.plan(8, REPORT, None);
        assert!(straddle.said(&cheap).is_empty());
        straddle.plan(8, REPORT, Some(Slot::After));
        // 0.8 x 12 % is more than nine tenths of the usual tenth.
        assert!(straddle.said(&chain(MONDAY, 100.0, 0.12)).is_empty());
        let shut = View { open: false, ..view() };
        assert!(straddle.on_chain(&cheap, &shut).is_empty());
        assert_eq!(straddle.said(&cheap), LEGS[..1]);
        let mut young = young();
        young.plan(8, REPORT, Some(Slot::After));
        assert!(young.said(&cheap).is_empty());
    }

    #[test]
    fn a_date_that_moves_cancels_the_trade() {
        for moved in [REPORT + 7, REPORT - 1] {
            let mut straddle = seasoned();
            straddle.plan(8, REPORT, Some(Slot::After));
            assert_eq!(straddle.said(&chain(MONDAY, 100.0, 0.06)), LEGS[..1]);
            straddle.plan(8, moved, Some(Slot::After));
            assert_eq!(straddle.said(&chain(MONDAY + 1, 100.0, 0.06)), LEGS);
            let later = chain(moved - 4, 100.0, 0.06);
            assert!(straddle.said(&later).is_empty(), "a date that moved once is not trusted");
        }
        let mut straddle = seasoned();
        straddle.plan(8, REPORT, Some(Slot::After));
        assert_eq!(straddle.said(&chain(MONDAY, 100.0, 0.06)), LEGS[..1]);
        let (instrument, news) = (SHARE, News::Cancelled);
        straddle.on_report(&Report { instrument, period: 8, known_at: Timestamp(0), news });
        assert_eq!(straddle.said(&chain(MONDAY + 1, 100.0, 0.06)), LEGS);
    }

    /// The crush: an event without a move takes the jump out of the price, and nothing else.
    #[test]
    fn without_a_move_the_straddle_loses_what_the_jump_was_worth() {
        let value = |volatility: f64| {
            let call = Contract {
                right: Right::Call,
                spot: 100.0,
                strike: 100.0,
                years: 7.0 / 365.0,
                rate: 0.0,
                dividend: 0.0,
            };
            call.price(volatility) + call.other().price(volatility)
        };
        let (base, jump) = (0.3f64, 0.08f64);
        let years = 7.0f64 / 365.0;
        let before = value((base * base + jump * jump / years).sqrt());
        let after = value(base);
        // At the money a straddle is worth about 0.8 deviations of what is to come.
        let deviation = |variance: f64| 100.0 * expected_move(variance.sqrt());
        let modeled = deviation(base * base * years + jump * jump) - deviation(base * base * years);
        assert!(((before - after) / modeled - 1.0).abs() < 0.005, "{} {modeled}", before - after);
    }
}
