//! Folds ticks or small candles of one instrument into larger candles, several timeframes at once.
//! A candle comes out only when its time is over; a first one that was joined midway never does.

use super::{Candle, Timeframe};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;

/// Builds candles of one instrument.
#[derive(Clone, Debug)]
pub struct Builder {
    instrument: InstrumentId,
    targets: Vec<Target>,
    /// Everything before this instant has been folded.
    seen: Timestamp,
}

#[derive(Clone, Debug)]
struct Target {
    timeframe: Timeframe,
    open: Option<Candle>,
    /// False while the very first candle, joined midway, is still open.
    whole: bool,
    begun: bool,
}

impl Builder {
    /// Builds these timeframes for one instrument.
    #[must_use]
    pub fn new(instrument: InstrumentId, timeframes: &[Timeframe]) -> Self {
        let target = |&timeframe| Target { timeframe, open: None, whole: true, begun: false };
        let targets = timeframes.iter().map(target).collect();
        Self { instrument, targets, seen: Timestamp(i64::MIN) }
    }

    /// Folds a closed candle; what closes with it is appended to `closed`.
    /// Candles of another instrument and those that reach back before the last one are ignored.
    pub fn push(&mut self, candle: &Candle, closed: &mut Vec<Candle>) {
        if candle.instrument != self.instrument || candle.open_at < self.seen {
            return;
        }
        self.advance(candle.open_at, closed);
        let span = candle.close_at.since(candle.open_at);
        for target in &mut self.targets {
            let end = target.end(candle.open_at);
            if span < target.timeframe.span() && candle.close_at <= end {
                target.fold(candle);
            }
        }
        self.advance(candle.close_at, closed);
    }

    /// Folds one trade; what its instant closes is appended to `closed`. Trades out of order are ignored.
    pub fn tick(&mut self, at: Timestamp, price: Price, volume: f64, closed: &mut Vec<Candle>) {
        if at < self.seen {
            return;
        }
        self.advance(at, closed);
        let volume = if volume.is_finite() { volume.max(0.0) } else { 0.0 };
        let trade = Candle {
            instrument: self.instrument,
            open_at: at,
            close_at: at,
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
        };
        for target in &mut self.targets {
            target.fold(&trade);
        }
    }

    /// Closes every candle whose time is over at `now`.
    pub fn advance(&mut self, now: Timestamp, closed: &mut Vec<Candle>) {
        self.seen = self.seen.max(now);
        for target in &mut self.targets {
            if let Some(candle) = target.open
                && candle.close_at <= now
            {
                target.open = None;
                if target.whole {
                    closed.push(candle);
                }
                target.whole = true;
            }
        }
    }
}

impl Target {
    fn end(&self, at: Timestamp) -> Timestamp {
        self.timeframe.start_of(at).plus(self.timeframe.span())
    }

    fn fold(&mut self, part: &Candle) {
        let start = self.timeframe.start_of(part.open_at);
        match &mut self.open {
            Some(open) => {
                open.high = open.high.max(part.high);
                open.low = open.low.min(part.low);
                open.close = part.close;
                open.volume += part.volume;
            }
            None => {
                self.whole = self.begun || part.open_at == start;
                self.begun = true;
                let close_at = self.end(part.open_at);
                self.open = Some(Candle { open_at: start, close_at, ..*part });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000_000;

    fn minute(n: i64, close: i32) -> Candle {
        Candle {
            instrument: InstrumentId(1),
            open_at: Timestamp(n * MINUTE),
            close_at: Timestamp((n + 1) * MINUTE),
            open: Price::whole(close),
            high: Price::whole(close + 1),
            low: Price::whole(close - 1),
            close: Price::whole(close),
            volume: 1.0,
        }
    }

    #[test]
    fn minutes_become_five_minutes_and_hours() {
        let mut builder = Builder::new(InstrumentId(1), &[Timeframe::Minutes5, Timeframe::Hour1]);
        let mut closed = Vec::new();
        for n in 0..60 {
            builder.push(&minute(n, 100 + n as i32), &mut closed);
        }
        assert_eq!(closed.len(), 13);
        let hour = closed.last().copied().unwrap();
        assert_eq!((hour.open, hour.close), (Price::whole(100), Price::whole(159)));
        assert_eq!((hour.high, hour.low), (Price::whole(160), Price::whole(99)));
        assert_eq!((hour.volume, hour.close_at), (60.0, Timestamp(60 * MINUTE)));
    }

    #[test]
    fn nothing_comes_out_before_its_time() {
        let mut builder = Builder::new(InstrumentId(1), &[Timeframe::Minutes5]);
        let mut closed = Vec::new();
        for n in 0..4 {
            builder.push(&minute(n, 100), &mut closed);
        }
        builder.advance(Timestamp(5 * MINUTE - 1), &mut closed);
        assert!(closed.is_empty());
        builder.advance(Timestamp(5 * MINUTE), &mut closed);
        assert_eq!(closed.len(), 1);
    }

    #[test]
    fn a_first_candle_joined_midway_is_thrown_away_and_gaps_are_not_filled() {
        let mut builder = Builder::new(InstrumentId(1), &[Timeframe::Minutes5]);
        let mut closed = Vec::new();
        for n in [3, 4, 5, 6, 27, 29] {
            builder.push(&minute(n, 100), &mut closed);
        }
        let starts: Vec<i64> = closed.iter().map(|c| c.open_at.0 / MINUTE).collect();
        assert_eq!(starts, [5, 25]);
    }

    #[test]
    fn ticks_make_candles_and_late_ones_are_ignored() {
        let mut builder = Builder::new(InstrumentId(1), &[Timeframe::Minutes1]);
        let mut closed = Vec::new();
        for (at, price) in [(0, 5), (10, 9), (20, 3), (15, 99), (MINUTE, 4)] {
            builder.tick(Timestamp(at), Price::whole(price), 1.0, &mut closed);
        }
        let prices = closed.iter().map(|c| (c.open, c.high, c.low, c.close, c.volume));
        let want = (Price::whole(5), Price::whole(9), Price::whole(3), Price::whole(3), 3.0);
        assert_eq!(prices.collect::<Vec<_>>(), [want]);
    }

    proptest! {
        #[test]
        fn built_candles_are_sound_and_rise(steps in proptest::collection::vec((0i64..400, 1i32..1000), 1..200)) {
            let mut builder = Builder::new(InstrumentId(1), &[Timeframe::Minutes15]);
            let (mut closed, mut at) = (Vec::new(), 0);
            for (step, close) in steps {
                at += step;
                builder.push(&minute(at, close), &mut closed);
                prop_assert!(closed.iter().all(|c| c.close_at.0 <= (at + 1) * MINUTE));
            }
            for candle in &closed {
                prop_assert!(candle.checked().is_ok());
            }
            prop_assert!(closed.windows(2).all(|w| w[0].close_at <= w[1].open_at));
        }
    }
}
