//! The indicators of `quantedge-ta`, guarded: bars that do not rise in time are ignored and
//! whatever is not finite is kept back.

use super::length;
use crate::candle::Bar;
use core::num::NonZero;
use quantedge_ta as ta;
use quantedge_ta::Indicator;

/// Feeds an indicator only with bars that rise in time.
#[derive(Clone, Debug)]
struct Rising<I> {
    inner: I,
    last: Option<u64>,
}

impl<I: Indicator> Rising<I> {
    fn new(config: I::Config) -> Self {
        Self { inner: I::new(config), last: None }
    }

    fn push(&mut self, bar: &Bar) -> Option<I::Output> {
        if self.last.is_some_and(|last| bar.open_time <= last) {
            return self.inner.value();
        }
        self.last = Some(bar.open_time);
        self.inner.compute(bar)
    }
}

fn size(wanted: usize) -> NonZero<usize> {
    NonZero::new(length(wanted)).unwrap_or(NonZero::<usize>::MIN)
}

macro_rules! single {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $make:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Rising<$inner>);

        impl $name {
            /// Over this many bars.
            #[must_use]
            pub fn new(bars: usize) -> Self {
                Self(Rising::new($make(size(bars))))
            }
            /// Takes a closed bar; none until there are enough.
            pub fn push(&mut self, bar: &Bar) -> Option<f64> {
                self.0.push(bar).filter(|value| value.is_finite())
            }
            /// The latest value.
            #[must_use]
            pub fn value(&self) -> Option<f64> {
                self.0.inner.value().filter(|value| value.is_finite())
            }
        }
    )*};
}

single! {
    /// Exponential moving average of closes, seeded with a simple average.
    Ema(ta::Ema) = ta::EmaConfig::close;
    /// Simple moving average of closes.
    Sma(ta::Sma) = ta::SmaConfig::close;
    /// Relative strength index of closes after Wilder (1978), 0 to 100; 50 when nothing moved.
    Rsi(ta::Rsi) = ta::RsiConfig::close;
    /// Average true range after Wilder (1978), in dollars.
    Atr(ta::Atr) = ta::AtrConfig::period;
}

/// Strength and direction of a trend, each 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// Strength, whatever the direction.
    pub adx: f64,
    /// Pull upward.
    pub plus: f64,
    /// Pull downward.
    pub minus: f64,
}

/// Average directional index after Wilder (1978).
#[derive(Clone, Debug)]
pub struct Adx(Rising<ta::Adx>);

impl Adx {
    /// Over this many bars; the first value takes twice as many.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self(Rising::new(ta::AdxConfig::builder().length(size(bars)).build()))
    }
    /// Takes a closed bar; none until there are enough.
    pub fn push(&mut self, bar: &Bar) -> Option<Direction> {
        let v = self.0.push(bar)?;
        (v.adx.is_finite() && v.plus_di.is_finite() && v.minus_di.is_finite())
            .then_some(Direction { adx: v.adx, plus: v.plus_di, minus: v.minus_di })
    }
}

/// A band around the average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    /// Average plus the deviations.
    pub upper: f64,
    /// Simple average.
    pub middle: f64,
    /// Average minus the deviations.
    pub lower: f64,
}

/// Bollinger bands on closes with the population deviation.
#[derive(Clone, Debug)]
pub struct Bollinger(Rising<ta::Bb>);

impl Bollinger {
    /// Over this many bars, two deviations wide.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self(Rising::new(ta::BbConfig::close(size(bars))))
    }
    /// Takes a closed bar; none until there are enough.
    pub fn push(&mut self, bar: &Bar) -> Option<Bands> {
        let v = self.0.push(bar)?;
        (v.upper.is_finite() && v.lower.is_finite()).then_some(Bands {
            upper: v.upper,
            middle: v.middle,
            lower: v.lower,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(n: u64, close: f64) -> Bar {
        Bar { open: close, high: close, low: close, close, volume: 0.0, open_time: n }
    }

    /// Wilder's RSI(14) vector of the design documents.
    #[test]
    fn rsi_follows_wilder() {
        let closes = [
            44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433,
            46.0826, 45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116,
        ];
        let mut rsi = Rsi::new(14);
        let values: Vec<f64> =
            closes.iter().zip(1..).filter_map(|(&close, n)| rsi.push(&bar(n, close))).collect();
        let want = [70.53, 66.32, 66.55, 69.41];
        assert_eq!(values.len(), want.len());
        for (value, want) in values.iter().zip(want) {
            assert!((value - want).abs() < 0.005, "{value} for {want}");
        }
    }

    /// RSI(2) by hand: gains 1 and 2, then a loss of 3: averages 0.75 and 1.5, so 100/3.
    #[test]
    fn short_rsi_by_hand() {
        let mut rsi = Rsi::new(2);
        let values: Vec<f64> = [10.0, 11.0, 13.0, 10.0]
            .into_iter()
            .zip(1..)
            .filter_map(|(close, n)| rsi.push(&bar(n, close)))
            .collect();
        assert_eq!(values[0], 100.0);
        assert!((values[1] - 100.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn flat_prices_and_repeated_bars_are_harmless() {
        let (mut rsi, mut adx, mut atr) = (Rsi::new(14), Adx::new(14), Atr::new(14));
        for n in 1..100 {
            rsi.push(&bar(n, 5.0));
            adx.push(&bar(n, 5.0));
            atr.push(&bar(n, 5.0));
        }
        assert_eq!(rsi.push(&bar(50, 900.0)), Some(50.0));
        assert_eq!(adx.push(&bar(100, 5.0)).map(|d| d.adx), Some(0.0));
        assert_eq!(atr.value(), Some(0.0));
    }

    #[test]
    fn absurd_lengths_are_held() {
        assert!(Sma::new(0).push(&bar(1, 3.0)).is_some());
        assert!(Sma::new(usize::MAX).push(&bar(1, 3.0)).is_none());
    }
}
