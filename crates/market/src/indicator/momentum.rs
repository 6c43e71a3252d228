//! Momentum on a scale from -100 to 100: the return of a window in units of its own deviation.

use super::{LogReturns, Window};

/// `100 tanh(r / (s sqrt n))` of the last n log returns with sum r and deviation s.
#[derive(Clone, Debug)]
pub struct Momentum {
    returns: LogReturns,
    window: Window,
}

impl Momentum {
    /// Over this many returns.
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self { returns: LogReturns::default(), window: Window::new(bars.max(2)) }
    }
    /// Takes a closing price. Without any deviation the sign of the return decides.
    pub fn push(&mut self, close: f64) -> Option<f64> {
        let one = self.returns.push(close)?;
        self.window.push(one);
        let (sum, variance) = (self.window.sum()?, self.window.variance()?);
        let scale = (variance * self.window.values().len() as f64).sqrt();
        let score = if scale > 0.0 { (sum / scale).tanh() } else { sign(sum) };
        Some(100.0 * score)
    }
}

fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn momentum_by_hand() {
        let mut momentum = Momentum::new(2);
        let e = core::f64::consts::E;
        assert_eq!(momentum.push(1.0), None);
        assert_eq!(momentum.push(e), None);
        // returns 1 and 0: sum 1, deviation sqrt(1/2), so tanh(1)
        assert!((momentum.push(e).unwrap() - 100.0 * 1f64.tanh()).abs() < 1e-9);
        assert_eq!(momentum.push(e), Some(0.0));
    }
}
