//! Volume-weighted average price since the session began.

use crate::candle::Bar;
use nija_core::words::time::{Span, Timestamp};

/// Average of (high + low + close) / 3 weighted by volume, begun anew each day.
#[derive(Clone, Debug)]
pub struct SessionVwap {
    starts: Span,
    day: Option<i32>,
    paid: f64,
    volume: f64,
}

impl SessionVwap {
    /// For sessions that begin `starts` after midnight UTC.
    #[must_use]
    pub const fn new(starts: Span) -> Self {
        Self { starts, day: None, paid: 0.0, volume: 0.0 }
    }
    /// Takes a bar that opened at `at`; none while the session has no volume.
    pub fn push(&mut self, at: Timestamp, bar: &Bar) -> Option<f64> {
        let day = Some(at.day(self.starts));
        if self.day != day {
            (self.day, self.paid, self.volume) = (day, 0.0, 0.0);
        }
        if bar.volume > 0.0 {
            self.paid += (bar.high + bar.low + bar.close) / 3.0 * bar.volume;
            self.volume += bar.volume;
        }
        let value = self.paid / self.volume;
        (self.volume > 0.0 && value.is_finite()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighs_by_volume_and_begins_anew_each_day() {
        let bar = |close: f64, volume: f64| Bar {
            open: close,
            high: close + 1.0,
            low: close - 1.0,
            close,
            volume,
            open_time: 0,
        };
        let mut vwap = SessionVwap::new(Span::ZERO);
        let day = Timestamp(Span::DAY.0);
        assert_eq!(vwap.push(Timestamp(0), &bar(10.0, 0.0)), None);
        assert_eq!(vwap.push(Timestamp(1), &bar(10.0, 1.0)), Some(10.0));
        assert_eq!(vwap.push(Timestamp(2), &bar(20.0, 3.0)), Some(17.5));
        assert_eq!(vwap.push(day, &bar(30.0, 1.0)), Some(30.0));
        assert_eq!(vwap.push(day, &bar(30.0, f64::MAX)), None);
        assert_eq!(vwap.push(Timestamp(2 * Span::DAY.0), &bar(5.0, 2.0)), Some(5.0));
    }
}
