//! Time-series momentum after Moskowitz, Ooi and Pedersen (JFE 104(2), 2012): each month each market is held by
//! the sign of its excess return of twelve months, sized to the same expected volatility, all of them together to
//! the portfolio's own target.
//!
//! The months' last closes are known at the first close of the next month, and the decision is made there, by what
//! that close adds. The returns of funds hold interest, those of futures do not: where rates are known over the whole
//! look-back, what cash earned in it is taken from the returns of what is no contract; else `cash_return` from all.

use crate::candle::{Candle, Timeframe};
use crate::date::month_of;
use crate::engine::{Contract, Model, Seen, Stance, Want};
use crate::indicator::{ExAnteVolatility, Window};
use crate::rates::Lent;
use crate::sizing;
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days in a year, as the reference counts them.
const YEAR: f64 = 261.0;

/// Settings, in daily bars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Bars of the return whose sign is followed.
    pub look_back: usize,
    /// What cash returns over the look-back, as a fraction, where no rates tell it; 0 for futures.
    pub cash_return: f64,
    /// Center of mass of the volatility's weights.
    pub center_of_mass: usize,
    /// Volatility a year of each position before they are averaged, as a fraction.
    pub target_volatility: f64,
    /// Volatility a year of all of them together.
    pub portfolio_volatility: f64,
    /// Largest weight of one market: the margin's cap.
    pub most: f64,
}

/// Follows these markets.
#[derive(Clone, Debug)]
pub struct MacroTrend {
    wants: Vec<Want>,
    parameters: Parameters,
    markets: BTreeMap<InstrumentId, Market>,
    /// The day whose returns are being added up, and their sum so far.
    day: Option<(i32, f64)>,
    portfolio: ExAnteVolatility,
    /// A dollar lent from day to day.
    lent: Lent,
}

#[derive(Clone, Debug)]
struct Market {
    closes: Window,
    /// What the lent dollar was worth at each close since rates are known; none of a contract.
    cash: Option<Window>,
    volatility: ExAnteVolatility,
    month: Option<i32>,
    /// Weight before the portfolio's target, and as it was said.
    plain: f64,
    said: f64,
}

impl Market {
    /// Takes what the lent dollar is worth at a close; tells what cash earned over the look-back that the return of
    /// the market holds, where rates tell it.
    fn earned(&mut self, worth: Option<f64>, look_back: usize) -> Option<f64> {
        let Some(cash) = &mut self.cash else { return worth.map(|_| 0.0) };
        cash.push(worth?);
        Some(cash.back(0)? / cash.back(look_back)? - 1.0)
    }
}

impl MacroTrend {
    /// Follows these markets.
    #[must_use]
    pub fn new(universe: &[InstrumentId], parameters: Parameters) -> Self {
        let market = |&instrument| {
            let volatility = ExAnteVolatility::new(parameters.center_of_mass, YEAR);
            let closes = Window::new(parameters.look_back.saturating_add(1));
            let cash = Some(closes.clone());
            (instrument, Market { closes, cash, volatility, month: None, plain: 0.0, said: 0.0 })
        };
        let want = |&instrument| Want { instrument, timeframe: Timeframe::Day1 };
        Self {
            wants: universe.iter().map(want).collect(),
            markets: universe.iter().map(market).collect(),
            portfolio: ExAnteVolatility::new(parameters.center_of_mass, YEAR),
            parameters,
            day: None,
            lent: Lent::default(),
        }
    }

    /// These are contracts: nothing is paid for them, so their returns hold no interest.
    #[must_use]
    pub fn agreed(mut self, contracts: &[Contract]) -> Self {
        for contract in contracts {
            if let Some(market) = self.markets.get_mut(&contract.instrument) {
                market.cash = None;
            }
        }
        self
    }

    /// How much of the plain weights the portfolio's target leaves; all of them until its volatility is known.
    fn scale(&self) -> f64 {
        let target = self.parameters.portfolio_volatility;
        match self.portfolio.value() {
            Some(volatility) if volatility > 0.0 => sizing::for_volatility(target, volatility, 1.0),
            _ => 1.0,
        }
    }

    /// Adds a market's return to the day's; a day that is over goes into the portfolio's volatility.
    fn add(&mut self, day: i32, one: f64) {
        match &mut self.day {
            Some((known, sum)) if *known == day => *sum += one,
            _ => {
                // Days before anything was held say nothing.
                if let Some((_, sum)) = self.day.replace((day, one))
                    && self.markets.values().any(|market| market.plain != 0.0)
                {
                    self.portfolio.push(sum);
                }
            }
        }
    }

    fn follow(&mut self, candle: &Candle) -> Option<Stance> {
        let p = self.parameters;
        let share = 1.0 / self.markets.len() as f64;
        let worth = self.lent.worth(candle.close_at);
        let market = self.markets.get_mut(&candle.instrument)?;
        let (close, month) = (candle.close_f64(), month_of(candle.open_at));
        let one = market.closes.back(0).map(|before| close / before - 1.0);
        market.closes.push(close);
        let cash = market.earned(worth, p.look_back).unwrap_or(p.cash_return);
        if let Some(one) = one.filter(|one| one.is_finite()) {
            market.volatility.push(one);
            let held = market.plain * one;
            self.add(candle.open_at.day(Span::ZERO), held);
        }
        let scale = self.scale();
        let market = self.markets.get_mut(&candle.instrument)?;
        if market.month.replace(month) == Some(month) {
            return None;
        }
        let (then, volatility) = (market.closes.back(p.look_back)?, market.volatility.value()?);
        let excess = close / then - 1.0 - cash;
        let size = share * sizing::for_volatility(p.target_volatility, volatility, f64::MAX);
        market.plain = if excess > 0.0 { size } else { -size };
        let weight = (scale * market.plain).clamp(-p.most, p.most);
        if !excess.is_finite() || weight == market.said {
            return None;
        }
        market.said = weight;
        Some(Stance { weight, stop: None })
    }
}

impl Model for MacroTrend {
    type Word = Stance;

    fn name(&self) -> StrategyName {
        StrategyName::MacroTrend
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn see(&mut self, seen: &Seen) -> Option<Stance> {
        match seen {
            Seen::Candle(candle) => self.follow(candle),
            Seen::Rate(rate) => {
                self.lent.hear(rate);
                None
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use crate::rates::Rate;
    use nija_core::words::time::Timestamp;

    fn follow(parameters: Parameters, close: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
        let mut trend = MacroTrend::new(&[InstrumentId(1), InstrumentId(2)], parameters);
        let mut said = Vec::new();
        for n in 0..400 {
            let candle = flat(InstrumentId(1), n, close(n));
            if let Some(stance) = trend.see(&Seen::Candle(candle)) {
                said.push((n, stance.weight));
            }
        }
        said
    }

    /// A short look-back, and neither a target of the portfolio nor a cap.
    fn uncapped() -> Parameters {
        Parameters {
            look_back: 20,
            cash_return: 0.0,
            center_of_mass: 5,
            portfolio_volatility: 1e9,
            most: 1e9,
            ..Parameters::default()
        }
    }

    #[test]
    fn the_sign_of_the_year_sized_to_forty_percent() {
        // One percent up and down a day, with a drift that turns after 200 days.
        let up = |n: i64| {
            let level = if n < 200 { n } else { 400 - n };
            100.0 * 1.005f64.powi(level as i32) * (1.0 + 0.01 * (n % 2) as f64)
        };
        let said = follow(uncapped(), up);
        let (before, after): (Vec<_>, Vec<_>) = said.iter().partition(|(n, _)| *n < 200);
        assert!(before.len() >= 5 && before.iter().all(|(_, weight)| *weight > 0.0), "{said:?}");
        assert!(after.len() >= 5 && after.iter().all(|(_, weight)| *weight < 0.0), "{said:?}");
        // First closes of the months: 1 February 1970 is day 31; 21 closes are there, the deviation is about
        // 1 % a day or 16 % a year: 40 / 16 of a half.
        assert_eq!(said[0].0, 31);
        assert!((said[0].1 - 0.5 * 0.4 / (0.01 * YEAR.sqrt())).abs() < 0.1, "{said:?}");
    }

    /// A market that gains five percent in its look-back against cash that begins to earn more than that.
    #[test]
    fn cash_earns_what_was_known_and_nothing_is_taken_from_contracts() {
        let of = InstrumentId(1);
        let turned = |rises: i64, contracts: &[Contract]| {
            let mut trend = MacroTrend::new(&[of], uncapped()).agreed(contracts);
            let known_at = |n: i64| Timestamp(n * Span::DAY.0);
            trend.see(&Seen::Rate(Rate { known_at: known_at(0), yearly: 0.02 }));
            (0..240).find(|&n| {
                if n == rises {
                    trend.see(&Seen::Rate(Rate { known_at: known_at(n), yearly: 3.0 }));
                }
                let close = 100.0 * 1.0025f64.powi(n as i32) * (1.0 + 0.001 * (n % 2) as f64);
                let said = trend.see(&Seen::Candle(flat(of, n, close)));
                said.is_some_and(|stance| stance.weight < 0.0)
            })
        };
        // 300 % a year are 7.9 % in 20 days, more than the market's 5.1 % once 14 days of them count. The first of
        // May is day 120, of June day 151.
        assert_eq!(
            [turned(100, &[]), turned(115, &[]), turned(240, &[])],
            [Some(120), Some(151), None]
        );
        let contract = Contract { instrument: of, expiry: Timestamp(i64::MAX) };
        assert_eq!(turned(100, &[contract]), None);
    }

    #[test]
    fn the_portfolio_target_and_the_cap_hold_it() {
        let parameters = Parameters { portfolio_volatility: 0.1, most: 1.0, ..uncapped() };
        let rise = |n: i64| 100.0 * 1.004f64.powi(n as i32) * (1.0 + 0.01 * (n % 2) as f64);
        let said = follow(parameters, rise);
        assert_eq!(said[0].1, 1.0, "capped before the portfolio's volatility is known");
        // Half of 40 % a year is twice the target of 10 %.
        let (_, last) = said.last().unwrap();
        assert!((last - 0.5 * 0.5 * 0.4 / (0.01 * YEAR.sqrt())).abs() < 0.1, "{said:?}");
    }
}
