//! Momentum scalping: joins a short move that runs with the session's average price and both moving averages,
//! if it is large in its own deviations and the target pays the costs three times over. Long only.

use crate::candle::{Candle, Timeframe};
use crate::clamp;
use crate::engine::{Strategy, View, Want};
use crate::indicator::{Atr, Ema, LogReturns, SessionVwap, Window};
use nija_core::words::id::InstrumentId;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};

/// Settings, with lengths in bars so that any timeframe works.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Fast exponential average.
    pub fast: usize,
    /// Slow exponential average.
    pub slow: usize,
    /// Average true range.
    pub range: usize,
    /// Bars of the move, for each timeframe from the shortest.
    pub move_bars: [usize; 5],
    /// Bars after which the position is closed whatever happens, for each timeframe.
    pub time_stop: [usize; 5],
    /// Bars of the deviation that the move is measured in.
    pub deviation_bars: usize,
    /// The move must exceed this many deviations.
    pub deviations: f64,
    /// Target above the entry, in average true ranges.
    pub target: f64,
    /// Stop below the entry, in average true ranges.
    pub stop: f64,
    /// Taker fee of one side as a fraction.
    pub fee: f64,
    /// Half the usual spread as a fraction.
    pub half_spread: f64,
    /// The target must be worth this many round trips of fee and half spread.
    pub cost_multiple: f64,
    /// When the session of the average price begins, after midnight UTC.
    pub session_starts: Span,
}

impl Parameters {
    /// Cost of entering and leaving, as a fraction.
    #[must_use]
    pub fn round_trip(&self) -> f64 {
        2.0 * (self.fee + self.half_spread)
    }
}

/// Scalps one market.
#[derive(Clone, Debug)]
pub struct MomentumScalping {
    wants: [Want; 1],
    parameters: Parameters,
    move_bars: usize,
    time_stop: usize,
    fast: Ema,
    slow: Ema,
    range: Atr,
    vwap: SessionVwap,
    returns: LogReturns,
    moved: Window,
    deviation: Window,
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    bars: usize,
    target: f64,
    stop: f64,
}

/// The indicators at one close.
#[derive(Clone, Copy)]
struct Picture {
    fast: f64,
    slow: f64,
    range: f64,
    vwap: f64,
    deviations: f64,
}

impl MomentumScalping {
    /// Scalps this market on candles of this timeframe.
    #[must_use]
    pub fn new(instrument: InstrumentId, timeframe: Timeframe, parameters: Parameters) -> Self {
        let move_bars = parameters.move_bars[timeframe as usize];
        Self {
            wants: [Want { instrument, timeframe }],
            move_bars,
            time_stop: parameters.time_stop[timeframe as usize],
            fast: Ema::new(parameters.fast),
            slow: Ema::new(parameters.slow),
            range: Atr::new(parameters.range),
            vwap: SessionVwap::new(Span(parameters.session_starts.0.rem_euclid(Span::DAY.0))),
            returns: LogReturns::default(),
            moved: Window::new(move_bars),
            deviation: Window::new(parameters.deviation_bars),
            parameters,
            held: None,
        }
    }

    /// Updates every indicator; none until all of them know enough.
    fn look(&mut self, candle: &Candle) -> (f64, Option<f64>, Option<Picture>) {
        let bar = candle.bar();
        let (fast, slow) = (self.fast.push(&bar), self.slow.push(&bar));
        let range = self.range.push(&bar);
        let vwap = self.vwap.push(candle.open_at, &bar);
        if let Some(one) = self.returns.push(bar.close) {
            self.moved.push(one);
            self.deviation.push(one);
        }
        let picture = || {
            let bars = self.move_bars.max(1) as f64;
            let scale = (self.deviation.variance()? * bars).sqrt();
            let deviations = if scale > 0.0 { self.moved.sum()? / scale } else { 0.0 };
            Some(Picture { fast: fast?, slow: slow?, range: range?, vwap: vwap?, deviations })
        };
        (bar.close, vwap, picture())
    }

    /// Is the position over: target, stop, time, or the average price crossed?
    fn is_over(&mut self, candle: &Candle, close: f64, vwap: Option<f64>) -> bool {
        let Some(held) = &mut self.held else {
            return false;
        };
        held.bars += 1;
        close >= held.target
            || candle.low_f64() <= held.stop
            || held.bars >= self.time_stop
            || vwap.is_some_and(|vwap| close < vwap)
    }

    fn is_worth(&self, close: f64, now: &Picture) -> bool {
        let p = &self.parameters;
        let pays = p.target * now.range >= close * p.cost_multiple * p.round_trip();
        close > now.vwap && now.fast > now.slow && now.deviations > p.deviations && pays
    }
}

impl Strategy for MomentumScalping {
    fn name(&self) -> StrategyName {
        StrategyName::CryptoMomentumScalping
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn on_candle(&mut self, candle: &Candle, view: &View) -> Option<Action> {
        let (close, vwap, picture) = self.look(candle);
        if self.held.is_some() {
            let over = self.is_over(candle, close, vwap);
            return over.then(|| {
                self.held = None;
                Action::Exit
            });
        }
        let now = picture.filter(|_| view.open && close > 0.0)?;
        if now.range <= 0.0 || !self.is_worth(close, &now) {
            return None;
        }
        let target = close + self.parameters.target * now.range;
        let stop = close - self.parameters.stop * now.range;
        self.held = Some(Held { bars: 0, target, stop });
        Some(Action::Enter { strength: Strength::FULL, stop: clamp::price(stop) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::flat;
    use nija_core::words::time::Timestamp;

    /// What is said about standing candles with these closes, one a minute.
    fn run(closes: &[f64], fee: f64) -> Vec<(usize, bool)> {
        let parameters = Parameters {
            fast: 1,
            slow: 2,
            range: 2,
            move_bars: [1; 5],
            deviation_bars: 4,
            deviations: 0.5,
            time_stop: [5; 5],
            fee,
            ..Parameters::default()
        };
        let instrument = InstrumentId(1);
        let mut scalping = MomentumScalping::new(instrument, Timeframe::Minutes1, parameters);
        let view = View { open: true, ..View::default() };
        let act = |(n, &close): (usize, &f64)| {
            let open_at = Timestamp(n as i64 * 60_000_000);
            let close_at = open_at.plus(Span::seconds(60));
            let candle = Candle { open_at, close_at, ..flat(instrument, 0, close) };
            Some((n, scalping.on_candle(&candle, &view)? == Action::Exit))
        };
        closes.iter().enumerate().filter_map(act).collect()
    }

    #[test]
    fn enters_a_large_move_and_leaves_at_target_stop_and_time() {
        // At 104 the return of 3.9 % is 1.7 deviations; the range is 2.5, so target 107.7 and stop 101.5.
        let start = [100.0, 101.0, 100.0, 101.0, 100.0, 104.0];
        let with = |rest: &[f64]| run(&[&start[..], rest].concat(), 0.001);
        assert_eq!(with(&[105.0, 108.0]), [(5, false), (7, true)]);
        assert_eq!(with(&[101.4]), [(5, false), (6, true)]);
        assert_eq!(with(&[104.0, 104.1, 104.0, 104.1, 104.0]), [(5, false), (10, true)]);
        // Below the average price of the session, which is 102 by then, but above the stop.
        assert_eq!(with(&[104.0, 104.0, 104.0, 101.9]), [(5, false), (9, true)]);
        // Three round trips of 0.5 % a side cost 3 % and more; the target is worth 3.6 %, then of 0.6 % not.
        assert_eq!(run(&start, 0.005).len(), 1);
        assert!(run(&start, 0.006).is_empty());
    }
}
