//! Candles: what an instrument did between two instants, known only once the second has passed.

mod builder;
mod timeframe;

pub use builder::Builder;
pub use timeframe::{ParseTimeframeError, Timeframe};

use crate::clamp::dollars;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::time::Timestamp;

/// The view of a candle in floats that indicators read.
pub use quantedge_ta::Ohlcv as Bar;

/// Microseconds around 1970 within which date arithmetic cannot overflow: over 100 000 years.
const SANE_TIME: i64 = 1 << 62;

/// Open, high, low, close and volume of one instrument over one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candle {
    /// About what.
    pub instrument: InstrumentId,
    /// First instant; a daily candle of a session may carry midnight of its date.
    pub open_at: Timestamp,
    /// First instant after it: nobody knows this candle earlier.
    pub close_at: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Volume in units of the source; zero where it has none.
    pub volume: f64,
}

/// Why a candle cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It closes at or before its open, or lies beyond the calendar.
    #[error("the candle closes before it opens or has no sane date; check the time column")]
    Time,
    /// The high lies below another price.
    #[error("the high is below the open, the close or the low; drop or repair the row")]
    High,
    /// The low lies above another price.
    #[error("the low is above the open or the close; drop or repair the row")]
    Low,
    /// Volume is negative or not a number.
    #[error("the volume is negative or not a number; write 0 where it is unknown")]
    Volume,
}

impl Candle {
    /// The same candle once its numbers fit together. Negative prices are allowed: crude oil had them in April 2020.
    ///
    /// # Errors
    /// The first rule of [`Invalid`] that it breaks.
    pub fn checked(self) -> Result<Self, Invalid> {
        let sane = -SANE_TIME..=SANE_TIME;
        let dated = sane.contains(&self.open_at.0) && sane.contains(&self.close_at.0);
        if !dated || self.close_at <= self.open_at {
            Err(Invalid::Time)
        } else if self.high < self.open.max(self.close).max(self.low) {
            Err(Invalid::High)
        } else if self.low > self.open.min(self.close) {
            Err(Invalid::Low)
        } else if !self.volume.is_finite() || self.volume < 0.0 {
            Err(Invalid::Volume)
        } else {
            Ok(self)
        }
    }

    /// First price in dollars.
    #[must_use]
    pub fn open_f64(&self) -> f64 {
        dollars(self.open)
    }
    /// Highest price in dollars.
    #[must_use]
    pub fn high_f64(&self) -> f64 {
        dollars(self.high)
    }
    /// Lowest price in dollars.
    #[must_use]
    pub fn low_f64(&self) -> f64 {
        dollars(self.low)
    }
    /// Last price in dollars.
    #[must_use]
    pub fn close_f64(&self) -> f64 {
        dollars(self.close)
    }

    /// The float view. Its time is shifted so that instants before 1970 keep their order.
    #[must_use]
    pub fn bar(&self) -> Bar {
        Bar {
            open: self.open_f64(),
            high: self.high_f64(),
            low: self.low_f64(),
            close: self.close_f64(),
            volume: self.volume,
            open_time: self.open_at.0.cast_unsigned() ^ (1 << 63),
        }
    }

    /// The timeframe it is a candle of; none beyond a day.
    #[must_use]
    pub fn timeframe(&self) -> Option<Timeframe> {
        Timeframe::covering(self.close_at.since(self.open_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle() -> Candle {
        Candle {
            instrument: InstrumentId(1),
            open_at: Timestamp(0),
            close_at: Timestamp(60_000_000),
            open: Price::whole(10),
            high: Price::whole(12),
            low: Price::whole(9),
            close: Price::whole(11),
            volume: 5.0,
        }
    }

    #[test]
    fn a_sound_candle_passes_and_each_rule_bites() {
        assert_eq!(candle().checked(), Ok(candle()));
        let close_at = Timestamp(0);
        assert_eq!(Candle { close_at, ..candle() }.checked(), Err(Invalid::Time));
        assert_eq!(
            Candle { open_at: Timestamp(i64::MIN), ..candle() }.checked(),
            Err(Invalid::Time)
        );
        assert_eq!(Candle { high: Price::whole(10), ..candle() }.checked(), Err(Invalid::High));
        assert_eq!(Candle { low: Price::whole(11), ..candle() }.checked(), Err(Invalid::Low));
        assert_eq!(Candle { volume: f64::NAN, ..candle() }.checked(), Err(Invalid::Volume));
        assert_eq!(Candle { volume: -1.0, ..candle() }.checked(), Err(Invalid::Volume));
    }

    #[test]
    fn the_float_view_keeps_prices_and_order() {
        let before = Candle { open_at: Timestamp(-5), ..candle() };
        assert_eq!((candle().bar().high, candle().bar().close), (12.0, 11.0));
        assert!(before.bar().open_time < candle().bar().open_time);
    }
}
