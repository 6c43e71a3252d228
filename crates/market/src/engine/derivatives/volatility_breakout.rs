//! Volatility breakout: after days of contraction the first move away from the open is followed. The distance is
//! Crabel's stretch (*Day Trading with Short Term Price Patterns and Opening Range Breakout*, 1990), the ten-day
//! mean of how far the open was from the nearer end of its day; contraction is the narrowest range of seven days
//! or a Bollinger band narrower than nine tenths of half a year.
//!
//! As a decision it is a bracket of two stop orders of which the first fill cancels the other ([`Bracket`], [`Oco`]).
//! From closed candles alone the order of two triggers within one of them cannot be told: then the day is over.
//! Since round-the-clock trading the open is a choice, made by the session's hours. The edge has decayed since
//! pit hours ended.

use super::Intraday;
use crate::candle::{Bar, Candle};
use crate::engine::{Model, Seen, Stance, Want};
use crate::indicator::{Atr, Bollinger, PercentileRank, Window};
use crate::session::{Moment, Sessions};
use crate::sizing;
use nija_core::words::order::Side;
use nija_core::words::signal::StrategyName;
use serde::{Deserialize, Serialize};

/// Settings, in sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Days of the stretch.
    pub stretch: usize,
    /// Distance of the triggers from the open, in stretches.
    pub multiple: f64,
    /// Days of which the last must have the narrowest range.
    pub narrow: usize,
    /// Days of the Bollinger bands.
    pub bands: usize,
    /// Days among which their width is ranked.
    pub squeeze_days: usize,
    /// Percentile up to which it is a squeeze.
    pub squeeze: f64,
    /// Days of the average true range.
    pub range: usize,
    /// Part of the capital that one range may cost: the Turtles' unit.
    pub unit: f64,
    /// Largest weight.
    pub most: f64,
}

/// Mean distance of the open from the nearer end of its day.
#[derive(Clone, Debug)]
pub struct Stretch(Window);

impl Stretch {
    /// Over this many days.
    #[must_use]
    pub fn new(days: usize) -> Self {
        Self(Window::new(days))
    }
    /// Takes a day.
    pub fn push(&mut self, day: &Bar) {
        self.0.push((day.open - day.low).min(day.high - day.open));
    }
    /// The latest value, dollars.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        Some(self.0.sum()? / self.0.values().len() as f64)
    }
}

/// The two triggers of a day, dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bracket {
    /// Buy at or above.
    pub buy: f64,
    /// Sell at or below.
    pub sell: f64,
}

impl Bracket {
    /// Around an open.
    #[must_use]
    pub fn around(open: f64, stretch: f64, multiple: f64) -> Self {
        Self { buy: open + multiple * stretch, sell: open - multiple * stretch }
    }
}

/// Two orders of which the first fill cancels the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oco {
    /// Both rest.
    #[default]
    Waiting,
    /// This side was filled; the cancel of the other is on its way.
    Filled(Side),
    /// Both were filled before the cancel arrived: what the second brought is undone.
    Raced,
}

/// What a fill of a pair asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcoOrder {
    /// Take back the order of this side.
    Cancel(Side),
    /// Both sides were filled and nothing is held: there is nothing to trail.
    Flat,
}

impl Oco {
    /// One of the two was filled; a report that comes twice asks for nothing.
    pub fn filled(&mut self, side: Side) -> Option<OcoOrder> {
        let other = match side {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        };
        match *self {
            Self::Waiting => {
                *self = Self::Filled(side);
                Some(OcoOrder::Cancel(other))
            }
            Self::Filled(first) if first == other => {
                *self = Self::Raced;
                Some(OcoOrder::Flat)
            }
            Self::Filled(_) | Self::Raced => None,
        }
    }
}

/// Trades the breakouts of one market.
#[derive(Clone, Debug)]
pub struct VolatilityBreakout {
    wants: [Want; 1],
    parameters: Parameters,
    sessions: Sessions,
    stretch: Stretch,
    ranges: Window,
    bands: Bollinger,
    widths: PercentileRank,
    range: Atr,
    contracted: bool,
    /// The day so far.
    day: Option<Bar>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// Nothing more today.
    Done,
    Waiting(Bracket),
    Held {
        long: bool,
        stop: f64,
    },
}

impl VolatilityBreakout {
    /// Trades this market.
    #[must_use]
    pub fn new(market: Intraday, parameters: Parameters) -> Self {
        let Intraday { instrument, timeframe, hours } = market;
        Self {
            wants: [Want { instrument, timeframe }],
            sessions: Sessions::new(hours),
            stretch: Stretch::new(parameters.stretch),
            ranges: Window::new(parameters.narrow),
            bands: Bollinger::new(parameters.bands),
            widths: PercentileRank::new(parameters.squeeze_days, parameters.squeeze_days),
            range: Atr::new(parameters.range),
            parameters,
            contracted: false,
            day: None,
            state: State::Done,
        }
    }

    /// The triggers that are armed, for a desk that can rest them.
    #[must_use]
    pub const fn bracket(&self) -> Option<Bracket> {
        match self.state {
            State::Waiting(bracket) => Some(bracket),
            _ => None,
        }
    }

    /// Learns from a day that is over.
    fn learn(&mut self, day: &Bar) {
        self.stretch.push(day);
        self.ranges.push(day.high - day.low);
        self.range.push(day);
        let ranges = self.ranges.values().iter();
        let narrow =
            self.ranges.is_full() && ranges.filter(|r| **r <= day.high - day.low).count() == 1;
        let bands = self.bands.push(day).filter(|bands| bands.middle > 0.0);
        let width = bands.map(|bands| (bands.upper - bands.lower) / bands.middle);
        let rank = width.and_then(|width| self.widths.push(width));
        self.contracted = narrow || rank.is_some_and(|rank| rank <= self.parameters.squeeze);
    }

    fn read(&mut self, candle: &Candle) -> Option<Stance> {
        let moment = self.sessions.push(candle);
        let bar = candle.bar();
        // A session whose end was missed left a position behind: out first.
        let left_over = moment.first && matches!(self.state, State::Held { .. });
        if moment.first {
            if let Some(day) = self.day.take() {
                self.learn(&day);
            }
            let stretch = self.stretch.value().filter(|stretch| self.contracted && *stretch > 0.0);
            let multiple = self.parameters.multiple;
            self.state = match stretch {
                Some(stretch) => State::Waiting(Bracket::around(bar.open, stretch, multiple)),
                None => State::Done,
            };
        }
        self.day = Some(self.day.map_or(bar, |day| Bar {
            high: day.high.max(bar.high),
            low: day.low.min(bar.low),
            close: bar.close,
            volume: day.volume + bar.volume,
            ..day
        }));
        if left_over {
            self.state = State::Done;
            return Some(Stance::FLAT);
        }
        self.act(&bar, moment, candle)
    }

    fn act(&mut self, bar: &Bar, moment: Moment, candle: &Candle) -> Option<Stance> {
        let length = candle.close_at.since(candle.open_at).as_millis() / 60_000;
        let over = moment.left <= length;
        match self.state {
            State::Waiting(_) if over => {
                self.state = State::Done;
                None
            }
            State::Waiting(bracket) => self.trigger(bar, bracket),
            State::Held { long, stop } => {
                let stopped = if long { bar.low <= stop } else { bar.high >= stop };
                (stopped || over).then(|| {
                    self.state = State::Done;
                    Stance::FLAT
                })
            }
            State::Done => None,
        }
    }

    fn trigger(&mut self, bar: &Bar, Bracket { buy, sell }: Bracket) -> Option<Stance> {
        let (up, down) = (bar.high >= buy, bar.low <= sell);
        if !up && !down {
            return None;
        }
        let range = self.range.value().filter(|range| *range > 0.0);
        let Some(range) = range.filter(|_| up != down && bar.close > 0.0) else {
            self.state = State::Done;
            return None;
        };
        // The nearer of the opposite trigger and one range.
        let stop = if up { sell.max(buy - range) } else { buy.min(sell + range) };
        let beyond = if up { bar.close <= stop } else { bar.close >= stop };
        if beyond {
            self.state = State::Done;
            return None;
        }
        self.state = State::Held { long: up, stop };
        let p = &self.parameters;
        let weight = (sizing::turtle_unit(1.0, p.unit, range, 1.0) * bar.close).min(p.most);
        Some(Stance { weight: if up { weight } else { -weight }, stop: Some(stop) })
    }
}

impl Model for VolatilityBreakout {
    type Word = Stance;

    fn name(&self) -> StrategyName {
        StrategyName::VolatilityBreakout
    }

    fn version(&self) -> u16 {
        self.parameters.version
    }

    fn wants(&self) -> &[Want] {
        &self.wants
    }

    fn see(&mut self, seen: &Seen) -> Option<Stance> {
        match seen {
            Seen::Candle(candle) if candle.instrument == self.wants[0].instrument => {
                self.read(candle)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candle::Timeframe;
    use crate::clamp;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::instrument::Hours;
    use nija_core::words::time::{Span, Timestamp};

    #[test]
    fn the_stretch_of_crabels_example() {
        let mut stretch = Stretch::new(10);
        for n in 0..10u8 {
            // The nearer end lies 2 or 3 away in turn, once above and once below.
            let near = 2.0 + f64::from(n % 2);
            let (high, low) = if n < 5 { (near, 9.0) } else { (9.0, near) };
            let day = Bar {
                open: 1_290.0,
                high: 1_290.0 + high,
                low: 1_290.0 - low,
                close: 1_290.0,
                volume: 0.0,
                open_time: n.into(),
            };
            assert_eq!(stretch.value(), None);
            stretch.push(&day);
        }
        let value = stretch.value().unwrap();
        assert_eq!(value, 2.5);
        let bracket = Bracket::around(1_293.0, value, 1.0);
        assert_eq!(bracket, Bracket { buy: 1_295.5, sell: 1_290.5 });
    }

    #[test]
    fn the_first_fill_cancels_the_other_and_a_race_leaves_nothing() {
        for (first, second) in [(Side::Buy, Side::Sell), (Side::Sell, Side::Buy)] {
            let mut oco = Oco::default();
            assert_eq!(oco.filled(first), Some(OcoOrder::Cancel(second)));
            assert_eq!(oco.filled(first), None, "a report that comes twice");
            assert_eq!(oco.filled(second), Some(OcoOrder::Flat), "the cancel came too late");
            assert_eq!(oco.filled(second), None);
        }
    }

    /// Two-hourly candles: eight days, the last of them narrow, then a day of these closes.
    fn run(closes: &[f64]) -> Vec<(usize, f64, Option<f64>)> {
        let (instrument, timeframe) = (InstrumentId(1), Timeframe::Hour1);
        let market = Intraday { instrument, timeframe, hours: Hours::Always };
        let parameters = Parameters { stretch: 4, range: 4, ..Parameters::default() };
        let mut breakout = VolatilityBreakout::new(market, parameters);
        let mut said = Vec::new();
        let mut see = |day: i32, hour: i64, prices: [f64; 4]| {
            let open_at = Timestamp::of_day(day, Span::seconds(3_600 * hour));
            let close_at = open_at.plus(Span::seconds(3_600));
            let [open, high, low, close] = prices.map(|price| clamp::price(price).unwrap());
            let candle =
                Candle { instrument, open_at, close_at, open, high, low, close, volume: 1.0 };
            let stance = breakout.see(&Seen::Candle(candle));
            said.extend(stance.map(|s| (hour as usize, s.weight, s.stop)));
        };
        for day in 0..8 {
            let wide = if day == 7 { 0.5 } else { 1.0 };
            see(day, 0, [100.0, 100.0 + 2.0 * wide, 100.0 - 4.0 * wide, 100.0]);
            for hour in 1..24 {
                see(day, hour, [100.0; 4]);
            }
        }
        let mut before = 100.0;
        for (hour, &close) in (0..).zip(closes) {
            see(8, hour, [before, f64::max(before, close), f64::min(before, close), close]);
            before = close;
        }
        said
    }

    #[test]
    fn follows_the_first_break_and_leaves_at_stop_and_close() {
        // Stretch (2 + 2 + 2 + 1)/4 = 1.75; range about 5.25, so the opposite trigger is the nearer stop.
        let mut day = vec![101.0, 102.0];
        day.resize(24, 102.0);
        let said = run(&day);
        assert_eq!(said.iter().map(|s| s.0).collect::<Vec<_>>(), [1, 22]);
        assert_eq!(said[0].2, Some(98.25));
        assert!((said[0].1 - 0.01 / 5.25 * 102.0).abs() < 0.02, "{said:?}");
        // Down through the lower trigger: short, then stopped above.
        let mut day = vec![98.0, 99.0, 102.0];
        day.resize(24, 102.0);
        let said = run(&day);
        assert_eq!(
            said.iter().map(|s| (s.0, s.1 < 0.0)).collect::<Vec<_>>(),
            [(0, true), (2, false)]
        );
    }

    #[test]
    fn both_triggers_in_one_candle_end_the_day() {
        // From 98.5 to 102 within an hour whose low is not told apart from its high.
        let mut day = vec![98.5, 101.0];
        day.resize(24, 103.0);
        assert_eq!(run(&day).len(), 2);
        let mut day = vec![104.0, 90.0];
        day.resize(24, 90.0);
        let said = run(&day);
        assert_eq!(
            said.iter().map(|s| (s.0, s.1 > 0.0)).collect::<Vec<_>>(),
            [(0, true), (1, false)]
        );
    }
}
