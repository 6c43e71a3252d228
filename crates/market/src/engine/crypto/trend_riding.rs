//! Trend riding: a long-only ensemble of Donchian breakouts on daily closes with trailing stops, sized to a
//! volatility target (Zarattini, Pagani, Barbon, "Catching Crypto Trends", 2025).
//!
//! Strength is the share of look-backs that are long. A signal can open, grow or close a position but not
//! shrink it, so members that leave one by one are not followed; the exit comes when the last has left.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::engine::{Strategy, View, Want};
use crate::indicator::{Donchian, RealizedVolatility};
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::{Action, StrategyName};
use serde::{Deserialize, Serialize};

/// Settings of the ensemble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Look-backs in days. One without enough history does not vote but counts in the share.
    pub look_backs: Vec<usize>,
    /// Target volatility as a fraction a year; without leverage, so strength never exceeds full size.
    pub target_volatility: f64,
    /// Days of realized volatility.
    pub volatility_days: usize,
    /// Growth of strength, as a fraction of full size, that is worth a new statement.
    pub grow: f64,
}

/// Rides one market.
#[derive(Clone, Debug)]
pub struct TrendRiding {
    wants: [Want; 1],
    version: u16,
    target: f64,
    grow: f64,
    volatility: RealizedVolatility,
    members: Vec<Member>,
    stated: Option<Stated>,
}

/// What was last said: hold this much, wrong below that.
#[derive(Clone, Copy, Debug)]
struct Stated {
    strength: f64,
    stop: f64,
}

/// One look-back of the ensemble.
#[derive(Clone, Debug)]
struct Member {
    channel: Donchian,
    /// Trailing stop; long while there is one.
    stop: Option<f64>,
}

impl Member {
    /// Enters above the highest of the previous closes; leaves at or below a stop that trails their middle.
    fn push(&mut self, close: f64) {
        let before = self.channel.value();
        self.channel.push(close, close);
        let Some(before) = before else {
            return;
        };
        self.stop = match self.stop {
            Some(stop) => Some(stop.max(before.middle())).filter(|&stop| close > stop),
            None => (close > before.upper).then_some(before.middle()),
        };
    }
}

impl TrendRiding {
    /// Rides this market.
    #[must_use]
    pub fn new(instrument: InstrumentId, parameters: &Parameters) -> Self {
        let member = |&bars: &usize| Member { channel: Donchian::new(bars), stop: None };
        Self {
            wants: [Want { instrument, timeframe: Timeframe::Day1 }],
            version: parameters.version,
            target: parameters.target_volatility,
            grow: parameters.grow,
            volatility: RealizedVolatility::new(parameters.volatility_days, 365.0),
            members: parameters.look_backs.iter().map(member).collect(),
            stated: None,
        }
    }

    /// What the ensemble wants now: strength and the lowest stop of those that are long.
    fn wanted(&self) -> Option<Stated> {
        let stops = self.members.iter().filter_map(|member| member.stop);
        let long = stops.clone().count() as f64;
        let stop = stops.reduce(f64::min)?;
        let scale = (self.target / self.volatility.value()?).min(1.0);
        let strength = scale * long / self.members.len() as f64;
        (strength > 0.0).then_some(Stated { strength, stop })
    }

    fn leave(&mut self) -> Option<Action> {
        self.stated.take().map(|_| Action::Exit)
    }
}

impl Strategy for TrendRiding {
    fn name(&self) -> StrategyName {
        StrategyName::CryptoTrendRiding
    }

    fn version(&self) -> u16 {
        self.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let close = candle.close_f64();
        if close <= 0.0 {
            return self.leave();
        }
        self.volatility.push(close);
        for member in &mut self.members {
            member.push(close);
        }
        if self.stated.is_some_and(|stated| candle.low_f64() <= stated.stop) {
            // The resting stop has sold: the whole idea is over until there is a fresh breakout.
            for member in &mut self.members {
                member.stop = None;
            }
        }
        if self.members.iter().all(|member| member.stop.is_none()) {
            return self.leave();
        }
        let wanted = self.wanted()?;
        let worth = self.stated.is_none_or(|s| wanted.strength >= s.strength + self.grow);
        if !view.open || !worth {
            return None;
        }
        self.stated = Some(wanted);
        let (strength, stop) = (clamp::strength(wanted.strength), clamp::price(wanted.stop));
        Some(Action::Enter { strength, stop })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::score::Strength;

    #[test]
    fn a_member_enters_trails_and_leaves() {
        let mut member = Member { channel: Donchian::new(3), stop: None };
        let stops: Vec<Option<f64>> = [10.0, 11.0, 12.0, 12.0, 13.0, 16.0, 15.0, 14.0, 20.0]
            .into_iter()
            .map(|close| {
                member.push(close);
                member.stop
            })
            .collect();
        // Previous three closes: (10 11 12) no break at 12; (11 12 12) broken by 13, middle 11.5; then
        // middles 12.5 and 14; at 14 the stop of 14.5 has been reached; 20 breaks out of (16 15 14).
        let want = [None, None, None, None, Some(11.5), Some(12.5), Some(14.0), None, Some(15.0)];
        assert_eq!(stops, want);
    }

    #[test]
    fn states_once_grows_and_exits_when_flat() {
        let instrument = InstrumentId(1);
        let parameters = Parameters {
            look_backs: vec![2, 6],
            volatility_days: 2,
            target_volatility: 1e9,
            grow: 0.1,
            ..Parameters::default()
        };
        let mut riding = TrendRiding::new(instrument, &parameters);
        let view = View { open: true, ..View::default() };
        let closes = [10.0, 11.0, 9.0, 10.0, 12.0, 12.5, 13.0, 14.0, 8.0];
        let actions: Vec<Option<Action>> = closes
            .into_iter()
            .zip(0..)
            .map(|(close, n)| riding.on_candle(&crate::engine::flat(instrument, n, close), &view))
            .collect();
        let enter = |parts, stop: f64| {
            Some(Action::Enter { strength: Strength::parts(parts), stop: clamp::price(stop) })
        };
        let mut want = vec![None; 9];
        want[4] = enter(5_000, 9.5);
        want[6] = enter(10_000, 10.75);
        want[8] = Some(Action::Exit);
        assert_eq!(actions, want);
    }

    /// A low at the stop that was stated sells everything, whatever the close: the next entry needs a fresh breakout.
    #[test]
    fn a_touched_stop_ends_the_ride_until_the_next_breakout() {
        let instrument = InstrumentId(1);
        let parameters = Parameters {
            look_backs: vec![2],
            volatility_days: 2,
            target_volatility: 1e9,
            ..Parameters::default()
        };
        let mut riding = TrendRiding::new(instrument, &parameters);
        let view = View { open: true, ..View::default() };
        // Broken out at 12, stop 10.5 between 11 and 10; its low on the fifth day is 10.5 though it closes at 12.
        let days = [(10.0, 10.0), (11.0, 11.0), (10.0, 10.0), (12.0, 12.0), (12.0, 10.5)];
        let days = days.into_iter().chain([(12.0, 12.0), (12.5, 12.5)]);
        let said: Vec<(i64, bool)> = (0..)
            .zip(days)
            .filter_map(|(n, (close, low))| {
                let candle = Candle {
                    low: clamp::price(low).unwrap(),
                    ..crate::engine::flat(instrument, n, close)
                };
                Some((n, riding.on_candle(&candle, &view)? == Action::Exit))
            })
            .collect();
        assert_eq!(said, [(3, false), (4, true), (6, false)]);
    }
}
