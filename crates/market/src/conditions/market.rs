//! The daily statistics of one market: volatility and its rank, momentum, trend, shocks.

use crate::candle::Candle;
use crate::indicator::{
    Adx, EwmaVolatility, LogReturns, Momentum, PercentileRank, RealizedVolatility, Window,
};
use nija_core::words::time::Timestamp;

/// Days of realized volatility, of momentum and of the shock's deviation; bars of ADX.
const REALIZED: usize = 30;
const MOMENTUM: usize = 60;
const SHOCK: usize = 60;
const DIRECTION: usize = 14;
/// The two averages that say where the trend points, and the days of the fall.
const FAST: usize = 50;
const SLOW: usize = 200;
const FALL: usize = 20;

/// How many daily candles a year has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// One every day: 365.
    Always,
    /// One a trading session: 252.
    Sessions,
}

impl Calendar {
    /// Candles in a year.
    #[must_use]
    pub const fn year(self) -> usize {
        match self {
            Self::Always => 365,
            Self::Sessions => 252,
        }
    }
    /// Candles in a month: the one that 12-1 momentum leaves out.
    #[must_use]
    pub const fn month(self) -> usize {
        match self {
            Self::Always => 30,
            Self::Sessions => 21,
        }
    }
}

/// Where a trend points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Up.
    Plus,
    /// Down.
    Minus,
    /// No agreement.
    Zero,
}

/// One market at its latest close; none where history is too short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The close.
    pub at: Timestamp,
    /// Closing price in dollars.
    pub close: f64,
    /// Annualized realized volatility of 30 days as a fraction.
    pub realized: Option<f64>,
    /// Its percentile within a year; known from a quarter of a year on.
    pub percentile: Option<f64>,
    /// `100 tanh` of the 60-day return in its own deviations.
    pub momentum: Option<f64>,
    /// ADX(14).
    pub adx: Option<f64>,
    /// Agreement of two of: close against both averages, directional lines, 12-1 return.
    pub trend: Option<Sign>,
    /// Return of 20 days as a fraction.
    pub fall: Option<f64>,
    /// Close below the 200-day average?
    pub below_average: Option<bool>,
    /// The day's return in deviations of a 60-day exponential average that ends the day before.
    pub shock: Option<f64>,
}

/// Statistics of one market.
#[derive(Clone, Debug)]
pub struct Market {
    calendar: Calendar,
    returns: LogReturns,
    realized: RealizedVolatility,
    rank: PercentileRank,
    momentum: Momentum,
    adx: Adx,
    shock: EwmaVolatility,
    closes: Window,
    fast: Window,
    slow: Window,
    reading: Option<Reading>,
}

impl Market {
    /// A market that nobody has seen yet.
    #[must_use]
    pub fn new(calendar: Calendar) -> Self {
        let year = calendar.year();
        Self {
            calendar,
            returns: LogReturns::default(),
            realized: RealizedVolatility::new(REALIZED, year as f64),
            rank: PercentileRank::new(year, year / 4),
            momentum: Momentum::new(MOMENTUM),
            adx: Adx::new(DIRECTION),
            shock: EwmaVolatility::new(SHOCK),
            closes: Window::new(year + 1),
            fast: Window::new(FAST),
            slow: Window::new(SLOW),
            reading: None,
        }
    }

    /// The latest reading.
    #[must_use]
    pub const fn reading(&self) -> Option<Reading> {
        self.reading
    }

    /// Takes a closed daily candle. One that does not rise in time or has no positive close is ignored.
    pub fn push(&mut self, candle: &Candle) {
        let stale = self.reading.is_some_and(|r| candle.close_at <= r.at);
        if stale || !candle.close.is_positive() {
            return;
        }
        let bar = candle.bar();
        let close = bar.close;
        for window in [&mut self.closes, &mut self.fast, &mut self.slow] {
            window.push(close);
        }
        let realized = self.realized.push(close);
        let direction = self.adx.push(&bar);
        let slow = self.slow.sum().map(|sum| sum / SLOW as f64);
        let signs = [
            self.averages(close, slow),
            direction.map(|d| sign(d.plus - d.minus)),
            self.year_but_month().map(sign),
        ];
        self.reading = Some(Reading {
            at: candle.close_at,
            close,
            realized,
            percentile: realized.and_then(|value| self.rank.push(value)),
            momentum: self.momentum.push(close),
            adx: direction.map(|d| d.adx),
            trend: agreement(signs),
            fall: self.closes.back(FALL).map(|then| close / then - 1.0),
            below_average: slow.map(|average| close < average),
            shock: self.returns.push(close).and_then(|one| self.shock_of(one)),
        });
    }

    fn averages(&self, close: f64, slow: Option<f64>) -> Option<Sign> {
        let fast = self.fast.sum()? / FAST as f64;
        let (above, below) = (close > fast.max(slow?), close < fast.min(slow?));
        Some(if above {
            Sign::Plus
        } else if below {
            Sign::Minus
        } else {
            Sign::Zero
        })
    }

    /// Return of the last year without its last month.
    fn year_but_month(&self) -> Option<f64> {
        let then = self.closes.back(self.calendar.year())?;
        Some(self.closes.back(self.calendar.month())? / then - 1.0)
    }

    fn shock_of(&mut self, one: f64) -> Option<f64> {
        let before = self.shock.value();
        self.shock.push(one);
        let shock = one / before?;
        shock.is_finite().then_some(shock)
    }
}

fn sign(x: f64) -> Sign {
    if x > 0.0 {
        Sign::Plus
    } else if x < 0.0 {
        Sign::Minus
    } else {
        Sign::Zero
    }
}

/// Two of the signs that are known must agree; with fewer than two known nothing can be said.
fn agreement(signs: [Option<Sign>; 3]) -> Option<Sign> {
    let count = |wanted: Sign| signs.iter().filter(|&&s| s == Some(wanted)).count();
    if signs.iter().flatten().count() < 2 {
        None
    } else if count(Sign::Plus) >= 2 {
        Some(Sign::Plus)
    } else if count(Sign::Minus) >= 2 {
        Some(Sign::Minus)
    } else {
        Some(Sign::Zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nija_core::words::id::InstrumentId;
    use nija_core::words::money::Price;
    use nija_core::words::time::Span;

    fn day(n: i64, close: f64) -> Candle {
        let close = crate::clamp::price(close).unwrap_or(Price::STEP);
        Candle {
            instrument: InstrumentId(1),
            open_at: Timestamp(n * Span::DAY.0),
            close_at: Timestamp((n + 1) * Span::DAY.0),
            open: close,
            high: close,
            low: close,
            close,
            volume: 0.0,
        }
    }

    #[test]
    fn a_steady_rise_is_a_trend_up_without_shock() {
        let mut market = Market::new(Calendar::Sessions);
        for n in 0..400 {
            let wiggle = if n % 2 == 0 { 1.001 } else { 0.999 };
            market.push(&day(n, 100.0 * 1.002f64.powi(n as i32) * wiggle));
        }
        let reading = market.reading().unwrap();
        assert_eq!(reading.trend, Some(Sign::Plus));
        assert_eq!(reading.below_average, Some(false));
        assert!(reading.momentum.unwrap() > 90.0 && reading.shock.unwrap().abs() < 3.0);
        assert!((reading.fall.unwrap() - (1.002f64.powi(20) - 1.0)).abs() < 1e-6);
    }

    #[test]
    fn a_crash_is_measured_with_the_deviation_before_it() {
        let mut market = Market::new(Calendar::Always);
        for n in 0..100 {
            market.push(&day(n, if n % 2 == 0 { 100.0 } else { 101.0 }));
        }
        let deviation = 1.01f64.ln();
        market.push(&day(100, 101.0 * (-7.0 * deviation).exp()));
        assert!((market.reading().unwrap().shock.unwrap() + 7.0).abs() < 0.01);
    }

    #[test]
    fn flat_prices_read_as_nothing_special() {
        let mut market = Market::new(Calendar::Always);
        for n in 0..500 {
            market.push(&day(n, 7.0));
        }
        let reading = market.reading().unwrap();
        assert_eq!((reading.realized, reading.percentile), (Some(0.0), Some(50.0)));
        assert_eq!((reading.momentum, reading.shock), (Some(0.0), None));
        assert_eq!(reading.trend, Some(Sign::Zero));
    }
}
