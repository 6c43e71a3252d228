//! Where a number stands among the latest ones, in percent.

use super::Window;

/// Percentile rank of each number within a rolling window that includes it.
#[derive(Clone, Debug)]
pub struct PercentileRank {
    window: Window,
    minimum: usize,
}

impl PercentileRank {
    /// Among the last `size` numbers, once there are `minimum` (at least two).
    #[must_use]
    pub fn new(size: usize, minimum: usize) -> Self {
        Self { window: Window::new(size), minimum: minimum.max(2) }
    }
    /// Takes a number: 0 when all others are greater, 100 when all are smaller, equals count half.
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        self.window.push(value);
        let values = self.window.values();
        if values.len() < self.minimum {
            return None;
        }
        let below: u32 = values.iter().map(|&v| u32::from(v < value)).sum();
        let equal: u32 = values.iter().map(|&v| u32::from(v == value)).sum();
        let others = (values.len() - 1) as f64;
        Some(100.0 * (f64::from(below) + 0.5 * f64::from(equal.saturating_sub(1))) / others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranks_by_hand() {
        let mut rank = PercentileRank::new(3, 2);
        let ranks: Vec<Option<f64>> =
            [5.0, 9.0, 5.0, 1.0, 9.0].into_iter().map(|v| rank.push(v)).collect();
        assert_eq!(ranks, [None, Some(100.0), Some(25.0), Some(0.0), Some(100.0)]);
        assert_eq!(rank.push(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn always_a_percentage(values in proptest::collection::vec(proptest::num::f64::ANY, 1..60)) {
            let mut rank = PercentileRank::new(20, 5);
            for value in values {
                prop_assert!(rank.push(value).is_none_or(|p| (0.0..=100.0).contains(&p)));
            }
        }
    }
}
