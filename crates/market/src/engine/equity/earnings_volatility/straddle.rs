//! The straddle before earnings: a call and a put at the money, bought three sessions before the announcement and
//! sold at the last close before it, ahead of the fall of implied volatility (Gao, Xing, Zhang, JFQA 2018). Only
//! where the move that options imply is below what the company's reports used to do. Implied is what two expiries
//! say of the jump between now and the nearer one (Dubinsky, Johannes, Kaeck, Seeger, RFS 2019).
//!
//! Decision logic only: the desk holds no options yet, so no engine takes this. Volatilities are taken from
//! European prices. An announcement that moves, is called off or is not confirmed cancels the trade.

use crate::candle::{Candle, Timeframe};
use crate::date::weekdays_between;
use crate::earnings::{News, Report, Slot, last_session};
use crate::engine::{Model, Seen, Want};
use crate::options::{Contract, Right};
use core::f64::consts::FRAC_2_PI;
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

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
    /// Sessions before the last close ahead of the news.
    pub sessions_before: i32,
    /// Reports whose moves say what is usual; without as many nothing is bought.
    pub moves: usize,
    /// Part of the usual move that costs take.
    pub cost: f64,
    /// Interest a year, as a fraction.
    pub rate: f64,
}

/// One line of a chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionQuote {
    /// Day of expiry since 1970.
    pub expiry: i32,
    /// Strike, dollars.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// Best bid, dollars.
    pub bid: f64,
    /// Best ask, dollars.
    pub ask: f64,
}

/// How the options of a share are quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The share.
    pub instrument: InstrumentId,
    /// When.
    pub at: Timestamp,
    /// Price of the share then, dollars.
    pub spot: f64,
    /// The quotes, in any order.
    pub quotes: Vec<OptionQuote>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Order {
    /// Buy a call and a put.
    Buy {
        /// Day of expiry.
        expiry: i32,
        /// Strike of both.
        strike: f64,
        /// Asked for both, dollars.
        debit: f64,
        /// Move that options imply, as a fraction.
        implied: f64,
        /// Median move of the last reports.
        usual: f64,
    },
    /// Sell both.
    Sell,
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

/// Decides on straddles of one share.
#[derive(Clone, Debug)]
pub struct Straddle {
    wants: [Want; 1],
    parameters: Parameters,
    plan: Option<Plan>,
    /// Last close of the share and its day.
    close: Option<(i32, f64)>,
    moves: VecDeque<f64>,
    held: bool,
}

/// An announcement that is awaited.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Plan {
    period: i32,
    day: i32,
    slot: Option<Slot>,
    /// Is it out of the question, because it was traded or has moved?
    spoiled: bool,
}

impl Plan {
    /// The last session that closes before the news; unconfirmed, it may come before the open.
    fn last(&self) -> i32 {
        last_session(self.day, self.slot.unwrap_or(Slot::Before))
    }
}

/// A strike with both rights quoted.
#[derive(Clone, Copy)]
struct Pair {
    strike: f64,
    debit: f64,
    volatility: f64,
}

impl Straddle {
    /// Of this share.
    #[must_use]
    pub fn new(instrument: InstrumentId, parameters: Parameters) -> Self {
        Self {
            wants: [Want { instrument, timeframe: Timeframe::Day1 }],
            parameters,
            plan: None,
            close: None,
            moves: VecDeque::new(),
            held: false,
        }
    }

    fn leave(&mut self) -> Option<Order> {
        core::mem::take(&mut self.held).then_some(Order::Sell)
    }

    fn hear(&mut self, report: &Report) -> Option<Order> {
        let known = self.plan.filter(|plan| plan.period == report.period);
        match report.news {
            News::Planned { day, slot } => match known {
                Some(plan) if (plan.day, plan.slot) == (day, slot) => None,
                // A date that moves was no date: whatever was planned on it is off.
                Some(plan) => {
                    let confirmed = plan.day == day && plan.slot.is_none();
                    let spoiled = plan.spoiled || !confirmed;
                    self.plan = Some(Plan { day, slot, spoiled, ..plan });
                    if confirmed { None } else { self.leave() }
                }
                None => {
                    let period = report.period;
                    self.plan = Some(Plan { period, day, slot, spoiled: false });
                    self.leave()
                }
            },
            News::Cancelled if known.is_some() => {
                self.plan = None;
                self.leave()
            }
            News::Cancelled | News::Published { .. } => None,
        }
    }

    /// Follows the share: the first close behind the news tells how far it moved.
    fn follow(&mut self, candle: &Candle) -> Option<Order> {
        let (day, close) = (candle.open_at.day(Span::ZERO), candle.close_f64());
        let before = self.close.replace((day, close));
        let plan = self.plan?;
        let over = day > plan.last();
        if over {
            let base = before.filter(|&(day, _)| day <= plan.last());
            if let (Some((_, base)), Some(_)) = (base, plan.slot) {
                self.moves.push_back((close / base - 1.0).abs());
                if self.moves.len() > self.parameters.moves {
                    self.moves.pop_front();
                }
            }
            self.plan = None;
        }
        // Sold at the last close before the news; at the latest when that has been missed.
        if day >= plan.last() { self.leave() } else { None }
    }

    fn judge(&mut self, chain: &Chain) -> Option<Order> {
        let today = chain.at.day(Span::ZERO);
        let plan = self.plan.filter(|plan| plan.slot.is_some() && !plan.spoiled)?;
        let sessions = weekdays_between(today, plan.last());
        let due = sessions > 0 && sessions <= self.parameters.sessions_before;
        if self.held || !due {
            return None;
        }
        let usual = self.usual()?;
        let mut expiries = self.expiries(chain, plan.day, today).into_iter();
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
        self.held = true;
        self.plan = Some(Plan { spoiled: true, ..plan });
        Some(Order::Buy { expiry: near, strike: first.strike, debit: first.debit, implied, usual })
    }

    /// Median move of the last reports.
    fn usual(&self) -> Option<f64> {
        if self.moves.len() < self.parameters.moves.max(1) {
            return None;
        }
        let mut sorted: Vec<f64> = self.moves.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let odd = sorted.len() % 2 == 1;
        Some(if odd { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) })
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
                && let Some(pair) = put.and_then(|put| self.pair(chain.spot, today, [call, put]))
            {
                found.insert(call.expiry, pair);
            }
        }
        found
    }

    /// Both sides of a strike, where both are bid for and have a volatility.
    fn pair(&self, spot: f64, today: i32, quotes: [&OptionQuote; 2]) -> Option<Pair> {
        let mut volatility = 0.0;
        for quote in quotes {
            let contract = Contract {
                right: quote.right,
                spot,
                strike: quote.strike,
                years: f64::from(quote.expiry - today) / 365.0,
                rate: self.parameters.rate,
                dividend: 0.0,
            };
            if quote.bid <= 0.0 || quote.ask < quote.bid {
                return None;
            }
            volatility += contract.implied_volatility(f64::midpoint(quote.bid, quote.ask))? / 2.0;
        }
        let debit = quotes[0].ask + quotes[1].ask;
        Some(Pair { strike: quotes[0].strike, debit, volatility })
    }
}

impl Model for Straddle {
    type Word = Order;

    fn name(&self) -> StrategyName {
        StrategyName::EquityEarningsVolatility
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn see(&mut self, seen: &Seen) -> Option<Order> {
        let own = self.wants[0].instrument;
        match seen {
            Seen::Candle(candle) if candle.instrument == own => self.follow(candle),
            Seen::Report(report) if report.instrument == own => self.hear(report),
            Seen::Chain(chain) if chain.instrument == own => self.judge(chain),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::equity::EarningsParameters;
    use crate::engine::flat;

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

    /// A chain whose options are worth a volatility of 30 % and a jump on top.
    fn chain(day: i32, spot: f64, jump: f64) -> Chain {
        let mut quotes = Vec::new();
        for expiry in [day + 9, day + 37] {
            let years = f64::from(expiry - day) / 365.0;
            let volatility = (0.09 + jump * jump / years).sqrt();
            for strike in [0.9, 0.98, 1.04].map(|m: f64| spot * m) {
                for right in [Right::Call, Right::Put] {
                    let contract =
                        Contract { right, spot, strike, years, rate: 0.03, dividend: 0.0 };
                    let price = contract.price(volatility);
                    let (bid, ask) = (price - 0.01, price + 0.01);
                    quotes.push(OptionQuote { expiry, strike, right, bid, ask });
                }
            }
        }
        let at = Timestamp::of_day(day, Span::seconds(20 * 3_600));
        Chain { instrument: InstrumentId(1), at, spot, quotes }
    }

    fn planned(period: i32, day: i32, slot: Option<Slot>) -> Seen {
        let (instrument, news) = (InstrumentId(1), News::Planned { day, slot });
        Seen::Report(Report { instrument, period, known_at: Timestamp(0), news })
    }

    fn candle(day: i32, close: f64) -> Seen {
        Seen::Candle(flat(InstrumentId(1), day.into(), close))
    }

    fn young() -> Straddle {
        Straddle::new(InstrumentId(1), EarningsParameters::default().straddle)
    }

    /// A straddle that has seen eight reports that moved the share by a tenth.
    fn seasoned() -> Straddle {
        let mut straddle = young();
        for period in 0..8 {
            // Mondays, thirteen weeks apart.
            let day = 4 + period * 91;
            assert_eq!(straddle.see(&planned(period, day, Some(Slot::After))), None);
            for (day, close) in [(day - 3, 100.0), (day, 100.0), (day + 1, 110.0)] {
                assert_eq!(straddle.see(&candle(day, close)), None);
            }
        }
        straddle
    }

    /// Friday of the ninth report, after the close; three sessions before is the Tuesday.
    const REPORT: i32 = 8 + 8 * 91;

    #[test]
    fn buys_cheap_moves_three_sessions_before_and_sells_at_the_last_close() {
        let mut straddle = seasoned();
        assert_eq!(straddle.see(&planned(8, REPORT, Some(Slot::After))), None);
        let tuesday = REPORT - 3;
        assert_eq!(straddle.see(&Seen::Chain(chain(tuesday - 1, 100.0, 0.06))), None);
        let Some(Order::Buy { expiry, strike, debit, implied, usual }) =
            straddle.see(&Seen::Chain(chain(tuesday, 100.0, 0.06)))
        else {
            panic!("not bought");
        };
        assert_eq!((expiry, strike), (tuesday + 9, 98.0));
        assert!((implied - expected_move(0.06)).abs() < 1e-3, "{implied}");
        assert!((usual - 0.1).abs() < 1e-12 && debit > 0.0);
        // Held once, sold at the close of the day of the report, never again.
        assert_eq!(straddle.see(&Seen::Chain(chain(tuesday, 100.0, 0.06))), None);
        assert_eq!(straddle.see(&candle(REPORT - 1, 100.0)), None);
        assert_eq!(straddle.see(&candle(REPORT, 100.0)), Some(Order::Sell));
        assert_eq!(straddle.see(&candle(REPORT + 3, 100.0)), None);
    }

    #[test]
    fn dear_moves_and_unconfirmed_times_are_left_alone() {
        let mut straddle = seasoned();
        straddle.see(&planned(8, REPORT, None));
        assert_eq!(straddle.see(&Seen::Chain(chain(REPORT - 3, 100.0, 0.06))), None);
        straddle.see(&planned(8, REPORT, Some(Slot::After)));
        // 0.8 x 12 % is more than nine tenths of the usual tenth.
        assert_eq!(straddle.see(&Seen::Chain(chain(REPORT - 3, 100.0, 0.12))), None);
        assert!(straddle.see(&Seen::Chain(chain(REPORT - 3, 100.0, 0.06))).is_some());
        let mut young = young();
        young.see(&planned(8, REPORT, Some(Slot::After)));
        assert_eq!(young.see(&Seen::Chain(chain(REPORT - 3, 100.0, 0.06))), None);
    }

    #[test]
    fn a_date_that_moves_cancels_the_trade() {
        for moved in [REPORT + 7, REPORT - 1] {
            let mut straddle = seasoned();
            straddle.see(&planned(8, REPORT, Some(Slot::After)));
            straddle.see(&Seen::Chain(chain(REPORT - 3, 100.0, 0.06)));
            assert_eq!(straddle.see(&planned(8, moved, Some(Slot::After))), Some(Order::Sell));
            let later = Seen::Chain(chain(moved - 3, 100.0, 0.06));
            assert_eq!(straddle.see(&later), None, "a date that moved once is not trusted");
        }
        let mut straddle = seasoned();
        straddle.see(&planned(8, REPORT, Some(Slot::After)));
        straddle.see(&Seen::Chain(chain(REPORT - 3, 100.0, 0.06)));
        let (instrument, news) = (InstrumentId(1), News::Cancelled);
        let off = Report { instrument, period: 8, known_at: Timestamp(0), news };
        assert_eq!(straddle.see(&Seen::Report(off)), Some(Order::Sell));
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
