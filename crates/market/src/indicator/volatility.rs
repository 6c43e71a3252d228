//! How much prices move: log returns, realized volatility over a window, exponentially weighted volatility.

use super::{Window, length};

/// Log returns of consecutive positive prices; a price of zero or less breaks the chain.
#[derive(Clone, Debug, Default)]
pub struct LogReturns {
    last: Option<f64>,
}

impl LogReturns {
    /// Takes a price; none for the first and around prices that have no logarithm.
    pub fn push(&mut self, price: f64) -> Option<f64> {
        let log = (price > 0.0 && price.is_finite()).then(|| price.ln());
        let previous = core::mem::replace(&mut self.last, log);
        Some(log? - previous?)
    }
}

/// Annualized sample deviation of the last log returns.
#[derive(Clone, Debug)]
pub struct RealizedVolatility {
    returns: LogReturns,
    window: Window,
    year: f64,
}

impl RealizedVolatility {
    /// Over this many returns, with so many bars in a year.
    #[must_use]
    pub fn new(bars: usize, year: f64) -> Self {
        Self { returns: LogReturns::default(), window: Window::new(bars.max(2)), year }
    }
    /// Takes a closing price; a fraction a year: 0.8 is 80 %.
    pub fn push(&mut self, close: f64) -> Option<f64> {
        if let Some(one) = self.returns.push(close) {
            self.window.push(one);
        }
        self.value()
    }
    /// The latest value.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let value = (self.window.variance()? * self.year).sqrt();
        value.is_finite().then_some(value)
    }
}

/// Deviation of returns around zero with exponential weights 2/(n+1), seeded with a plain average.
#[derive(Clone, Debug)]
pub struct EwmaVolatility {
    bars: usize,
    seen: usize,
    variance: f64,
}

impl EwmaVolatility {
    /// With the weights of an average over this many bars.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self { bars: length(bars), seen: 0, variance: 0.0 }
    }
    /// Takes a return; what is not finite is ignored.
    pub fn push(&mut self, one: f64) -> Option<f64> {
        let square = one * one;
        if square.is_finite() {
            self.seen = self.seen.saturating_add(1);
            let weight = if self.seen <= self.bars {
                1.0 / self.seen as f64
            } else {
                2.0 / (self.bars as f64 + 1.0)
            };
            self.variance += weight * (square - self.variance);
        }
        self.value()
    }
    /// Deviation of one return, from everything pushed so far.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        (self.seen >= self.bars).then(|| self.variance.max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realized_volatility_by_hand() {
        let mut volatility = RealizedVolatility::new(2, 4.0);
        let e = core::f64::consts::E;
        assert_eq!(volatility.push(1.0), None);
        assert_eq!(volatility.push(e), None);
        let value = volatility.push(e).unwrap();
        assert!((value - 2f64.sqrt()).abs() < 1e-12, "{value}");
    }

    #[test]
    fn prices_without_a_logarithm_break_the_chain_only() {
        let mut returns = LogReturns::default();
        assert_eq!(returns.push(1.0), None);
        for price in [0.0, -37.63, f64::NAN] {
            assert_eq!(returns.push(price), None);
        }
        assert_eq!(returns.push(2.0), None);
        assert_eq!(returns.push(2.0), Some(0.0));
    }

    #[test]
    fn weights_fade_like_an_average() {
        let mut volatility = EwmaVolatility::new(3);
        assert_eq!(volatility.push(0.01), None);
        assert_eq!(volatility.push(-0.01), None);
        assert!((volatility.push(0.01).unwrap() - 0.01).abs() < 1e-15);
        let value = volatility.push(0.03).unwrap();
        assert!((value * value - (0.5 * 0.0001 + 0.5 * 0.0009)).abs() < 1e-15);
    }
}
