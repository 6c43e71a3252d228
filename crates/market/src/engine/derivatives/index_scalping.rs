//! Index scalping by the noise area (Zarattini, Aziz, Barbon, *Beat the Market*, SSRN 4824172, 2024): as far from
//! the open as an index usually is at this minute of the day is noise; beyond it the move is followed.
//!
//! Decided every half hour only. A position trails the edge of the area or the session's average price, whichever
//! is nearer, and none is held overnight: the last candle but one of the session closes it, so that the order finds
//! a market. Sized to a daily volatility; the short side and leverage need futures.

use super::Intraday;
use crate::candle::Candle;
use crate::engine::{Model, Seen, Stance, Want};
use crate::indicator::{RealizedVolatility, SessionVwap, Window};
use crate::session::{Moment, Sessions};
use crate::sizing;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Version of rules and parameters together.
    pub version: u16,
    /// Sessions that the noise and the volatility are averaged over.
    pub days: usize,
    /// Minutes from the open between decisions.
    pub every_minutes: i64,
    /// Volatility of a day that a position may have, as a fraction.
    pub daily_volatility: f64,
    /// Largest weight.
    pub most: f64,
}

/// How far from its open a market usually is, by minute of the session.
#[derive(Clone, Debug)]
pub struct NoiseArea {
    days: usize,
    /// Distances of the last days, by minute. As many as there are decisions in a day.
    minutes: BTreeMap<i64, Window>,
}

/// Most minutes of a session that are told apart.
const MINUTES: usize = 1_440;

impl NoiseArea {
    /// Averaged over so many days.
    #[must_use]
    pub const fn new(days: usize) -> Self {
        Self { days, minutes: BTreeMap::new() }
    }

    /// Mean of `|price / open - 1|` at this minute over the days before; none while there are fewer.
    #[must_use]
    pub fn distance(&self, minute: i64) -> Option<f64> {
        let window = self.minutes.get(&minute)?;
        Some(window.sum()? / window.values().len() as f64)
    }

    /// Lower and upper edge at this minute: the day before moves the side that it gapped away from.
    #[must_use]
    pub fn edges(&self, minute: i64, open: f64, before: f64) -> Option<(f64, f64)> {
        let distance = self.distance(minute)?;
        Some((open.min(before) * (1.0 - distance), open.max(before) * (1.0 + distance)))
    }

    /// Remembers where the price stood at this minute of a day.
    pub fn push(&mut self, minute: i64, price: f64, open: f64) {
        if self.minutes.len() < MINUTES || self.minutes.contains_key(&minute) {
            let days = self.days;
            let window = self.minutes.entry(minute).or_insert_with(|| Window::new(days));
            window.push((price / open - 1.0).abs());
        }
    }
}

/// Scalps one index.
#[derive(Clone, Debug)]
pub struct IndexScalping {
    wants: [Want; 1],
    parameters: Parameters,
    sessions: Sessions,
    noise: NoiseArea,
    vwap: SessionVwap,
    volatility: RealizedVolatility,
    open: f64,
    /// Close of the session before, and the latest of this one.
    before: Option<f64>,
    last: Option<f64>,
    /// 1 long, -1 short, 0 flat.
    side: i8,
}

impl IndexScalping {
    /// Scalps this market.
    #[must_use]
    pub fn new(market: Intraday, parameters: Parameters) -> Self {
        let Intraday { instrument, timeframe, hours } = market;
        Self {
            wants: [Want { instrument, timeframe }],
            sessions: Sessions::new(hours),
            noise: NoiseArea::new(parameters.days),
            vwap: SessionVwap::new(Span::ZERO),
            volatility: RealizedVolatility::new(parameters.days, 1.0),
            parameters,
            open: 0.0,
            before: None,
            last: None,
            side: 0,
        }
    }

    fn begin(&mut self, candle: &Candle) {
        if let Some(close) = self.last {
            self.volatility.push(close);
        }
        (self.before, self.open) = (self.last, candle.open_f64());
    }

    fn read(&mut self, candle: &Candle) -> Option<Stance> {
        let moment = self.sessions.push(candle);
        if moment.first {
            self.begin(candle);
        }
        let close = candle.close_f64();
        let vwap = self.vwap.push(candle.open_at, &candle.bar());
        self.last = Some(close);
        let length = candle.close_at.since(candle.open_at).as_millis() / 60_000;
        let over = moment.left <= length || (moment.first && self.side != 0);
        let every = self.parameters.every_minutes.max(1);
        let wanted = if over {
            0
        } else if moment.minutes % every == 0 {
            self.decide(moment, close, vwap)
        } else {
            self.side
        };
        if moment.minutes % every == 0 && self.open > 0.0 {
            self.noise.push(moment.minutes, close, self.open);
        }
        self.turn(wanted)
    }

    /// The side to be on, decided before this minute is added to what is usual.
    fn decide(&self, moment: Moment, close: f64, vwap: Option<f64>) -> i8 {
        let before = self.before.unwrap_or(self.open);
        let Some((lower, upper)) = self.noise.edges(moment.minutes, self.open, before) else {
            return 0;
        };
        let vwap = vwap.unwrap_or(close);
        if close > upper && close >= vwap {
            1
        } else if close < lower && close <= vwap {
            -1
        } else {
            // Within the noise, or on the wrong side of the average: what was held has come to its trailing stop.
            0
        }
    }

    fn turn(&mut self, wanted: i8) -> Option<Stance> {
        if wanted == self.side {
            return None;
        }
        let p = &self.parameters;
        let volatility = self.volatility.value();
        let size =
            volatility.map_or(0.0, |v| sizing::for_volatility(p.daily_volatility, v, p.most));
        if wanted != 0 && size <= 0.0 {
            return None;
        }
        self.side = wanted;
        Some(Stance { weight: f64::from(wanted) * size, stop: None })
    }
}

impl Model for IndexScalping {
    type Word = Stance;

    fn name(&self) -> StrategyName {
        StrategyName::IndexScalping
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
    use nija_core::words::time::Timestamp;

    /// Two days at minute 30: opened at 100, then at 102 and 97: on average 2.5 % away.
    #[test]
    fn the_noise_area_of_a_toy_to_the_ninth_digit() {
        let mut noise = NoiseArea::new(2);
        noise.push(30, 102.0, 100.0);
        assert_eq!(noise.distance(30), None);
        noise.push(30, 97.0, 100.0);
        noise.push(60, 100.0, 100.0);
        assert!((noise.distance(30).unwrap() - 0.025).abs() < 1e-9);
        // Opened at 200 after a close of 190: the lower edge hangs from the close.
        let (lower, upper) = noise.edges(30, 200.0, 190.0).unwrap();
        assert!((lower - 190.0 * 0.975).abs() < 1e-9 && (upper - 205.0).abs() < 1e-9);
        // A third day lets the first go.
        noise.push(30, 103.0, 100.0);
        assert!((noise.distance(30).unwrap() - 0.03).abs() < 1e-9);
    }

    fn scalping(days: usize) -> IndexScalping {
        let (instrument, timeframe) = (InstrumentId(1), Timeframe::Minutes5);
        let market = Intraday { instrument, timeframe, hours: Hours::Nyse };
        IndexScalping::new(market, Parameters { days, ..Parameters::default() })
    }

    /// A winter session of five-minute candles whose closes follow from the minute.
    fn session(day: i32, price: impl Fn(i64) -> f64) -> Vec<Candle> {
        let at = |minute: i64| Timestamp::of_day(day, Span::seconds(60 * (870 + minute)));
        let candle = |n: i64| {
            let to = |minute| clamp::price(price(minute)).unwrap();
            let (open, close) = (to(5 * n), to(5 * n + 5));
            let (open_at, close_at) = (at(5 * n), at(5 * n + 5));
            let (high, low) = (open.max(close), open.min(close));
            Candle {
                instrument: InstrumentId(1),
                open_at,
                close_at,
                open,
                high,
                low,
                close,
                volume: 1.0,
            }
        };
        (0..78).map(candle).collect()
    }

    fn run(last: impl Fn(i64) -> f64) -> Vec<(i64, f64)> {
        let mut scalping = scalping(3);
        // Four days that swing by half a percent around 100, closing at 100 and 101 in turn.
        for day in 4..8 {
            let swing = |minute: i64| match minute {
                390 if day % 2 == 0 => 101.0,
                30..390 if minute % 30 == 0 => 100.5,
                _ => 100.0,
            };
            for candle in session(day, swing) {
                assert_eq!(scalping.see(&Seen::Candle(candle)), None, "day {day}");
            }
        }
        let candles = session(8, last);
        let said = candles.iter().enumerate().filter_map(|(n, candle)| {
            Some((5 * n as i64 + 5, scalping.see(&Seen::Candle(*candle))?.weight))
        });
        said.collect()
    }

    #[test]
    fn a_day_by_hand() {
        // Up from minute 40: nothing at 30 within the half percent, long at 60, out at 385.
        let said = run(|minute| if minute < 40 { 100.2 } else { 102.0 });
        assert_eq!(said.iter().map(|s| s.0).collect::<Vec<_>>(), [60, 385]);
        // Three returns of about 1 %: 2 % a day is about twice the capital.
        assert!((said[0].1 - 2.0).abs() < 0.5 && said[1].1 == 0.0, "{said:?}");
        // Down at once, and back inside at minute 180: short at 30, flat at 180.
        let said = run(|minute| match minute {
            0 => 100.0,
            5..170 => 98.0,
            _ => 100.1,
        });
        let sides: Vec<(i64, i8)> =
            said.iter().map(|s| (s.0, s.1.partial_cmp(&0.0).unwrap() as i8)).collect();
        assert_eq!(sides, [(30, -1), (180, 0)]);
    }

    #[test]
    fn the_average_price_trails_too() {
        // Far up until minute 200, then still above the area but below the average of the session.
        let said = run(|minute| match minute {
            0 => 100.0,
            5..200 => 110.0,
            _ => 103.0,
        });
        assert_eq!(said.iter().map(|s| s.0).collect::<Vec<_>>(), [30, 210]);
    }
}
