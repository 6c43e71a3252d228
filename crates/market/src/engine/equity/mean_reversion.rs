//! Mean reversion: buys an index fund that is oversold within a long uptrend and sells its recovery
//! (Connors and Alvarez 2008, chapter 9). The catastrophe stop and the time stop are ours.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::engine::{Strategy, View, Want};
use crate::indicator::{Atr, Rsi, Sma};
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::{Action, StrategyName};
use serde::{Deserialize, Serialize};

/// Settings, in daily bars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Bars of the relative strength index.
    pub rsi: usize,
    /// Below this it is oversold.
    pub oversold: f64,
    /// Below this it is deeply oversold: the position grows to full size.
    pub deeply: f64,
    /// Part of full size at the first entry.
    pub first: f64,
    /// The uptrend: close above this average.
    pub trend: usize,
    /// The recovery: close above this average.
    pub recovery: usize,
    /// Bars after which the position is closed whatever happens.
    pub time_stop: usize,
    /// Bars of the average true range.
    pub range: usize,
    /// Catastrophe stop below the first entry, in average true ranges.
    pub stop: f64,
}

/// Reverts one fund.
#[derive(Clone, Debug)]
pub struct MeanReversion {
    wants: [Want; 1],
    parameters: Parameters,
    rsi: Rsi,
    trend: Sma,
    recovery: Sma,
    range: Atr,
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    bars: usize,
    stop: f64,
    full: bool,
}

impl MeanReversion {
    /// Trades this fund.
    #[must_use]
    pub fn new(instrument: InstrumentId, parameters: Parameters) -> Self {
        Self {
            wants: [Want { instrument, timeframe: Timeframe::Day1 }],
            rsi: Rsi::new(parameters.rsi),
            trend: Sma::new(parameters.trend),
            recovery: Sma::new(parameters.recovery),
            range: Atr::new(parameters.range),
            parameters,
            held: None,
        }
    }

    fn enter(&mut self, full: bool, stop: f64) -> Action {
        let bars = self.held.map_or(0, |held| held.bars);
        self.held = Some(Held { bars, stop, full });
        let strength = if full { 1.0 } else { self.parameters.first };
        Action::Enter { strength: clamp::strength(strength), stop: clamp::price(stop) }
    }
}

impl Strategy for MeanReversion {
    fn name(&self) -> StrategyName {
        StrategyName::EquityMeanReversion
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let bar = candle.bar();
        let (rsi, range) = (self.rsi.push(&bar), self.range.push(&bar));
        let (trend, recovery) = (self.trend.push(&bar), self.recovery.push(&bar));
        if let Some(held) = &mut self.held {
            held.bars += 1;
            let over = bar.low <= held.stop
                || held.bars >= self.parameters.time_stop
                || recovery.is_some_and(|average| bar.close > average);
            if over {
                self.held = None;
                return Some(Action::Exit);
            }
        }
        let (rsi, trend, range) = (rsi?, trend?, range?);
        let oversold = rsi < self.parameters.oversold && bar.close > trend && bar.close > 0.0;
        if !view.open || !oversold {
            return None;
        }
        let deeply = rsi < self.parameters.deeply;
        match self.held {
            None => Some(self.enter(deeply, bar.close - self.parameters.stop * range)),
            Some(held) if deeply && !held.full => Some(self.enter(true, held.stop)),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::score::Strength;

    fn run(closes: &[f64], open: bool) -> Vec<(usize, Action)> {
        let parameters = Parameters { trend: 20, time_stop: 3, ..Parameters::default() };
        let mut reversion = MeanReversion::new(InstrumentId(1), parameters);
        let view = View { open, ..View::default() };
        let act = |(n, &close): (usize, &f64)| {
            Some((n, reversion.on_candle(&flat(InstrumentId(1), n as i64, close), &view)?))
        };
        closes.iter().enumerate().filter_map(act).collect()
    }

    fn rising() -> Vec<f64> {
        (0..30).map(|n| 100.0 + f64::from(n)).collect()
    }

    #[test]
    fn buys_the_dip_grows_and_sells_the_recovery() {
        // After a long rise of 1 a bar the averages are 1 and 0. Each fall halves the first and takes the second
        // half way to the fall: 50, 33, 20, 11, 5.9, then 3.0 (oversold) and 1.5 (deeply).
        let mut closes: Vec<f64> = (0..60).map(|n| 100.0 + f64::from(n)).collect();
        for fall in [1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5] {
            closes.push(closes[closes.len() - 1] - fall);
        }
        closes.push(170.0);
        let said = run(&closes, true);
        let sizes: Vec<Option<u16>> = said
            .iter()
            .map(|(_, action)| match action {
                Action::Enter { strength, .. } => Some(strength.as_parts()),
                _ => None,
            })
            .collect();
        assert_eq!(sizes, [Some(5_000), Some(10_000), None], "{said:?}");
        let bars: Vec<usize> = said.iter().map(|said| said.0).collect();
        assert_eq!(bars, [65, 66, 67]);
        assert!(run(&closes, false).is_empty());
    }

    #[test]
    fn the_time_stop_and_the_catastrophe_stop_end_it() {
        let mut slow = rising();
        slow.extend([127.5, 127.0, 126.5, 126.0, 125.5, 125.0, 124.5, 124.0, 123.5]);
        let said = run(&slow, true);
        let exit = said.iter().position(|(_, a)| *a == Action::Exit).unwrap();
        assert_eq!(said[exit].0 - said[0].0, 3, "{said:?}");

        let mut crash = rising();
        crash.extend([127.5, 127.0, 126.5, 126.0, 125.5, 125.0, 90.0]);
        let said = run(&crash, true);
        assert_eq!(said.last().map(|s| s.1), Some(Action::Exit));
        let Action::Enter { strength, stop } = said[0].1 else {
            panic!("{said:?}");
        };
        assert!(strength <= Strength::FULL && stop.is_some());
    }
}
