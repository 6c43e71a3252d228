//! A ring of the last numbers with their sum and variance. Sums are made anew on every turn of the
//! ring, so rounding does not pile up.

use super::length;

/// The last `n` finite numbers.
#[derive(Clone, Debug)]
pub struct Window {
    values: Vec<f64>,
    size: usize,
    next: usize,
    sum: f64,
    squares: f64,
}

impl Window {
    /// Of this many numbers.
    #[must_use]
    pub fn new(size: usize) -> Self {
        let size = length(size);
        Self { values: Vec::with_capacity(size), size, next: 0, sum: 0.0, squares: 0.0 }
    }

    /// Takes a number and lets the oldest go; what is not finite is ignored.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.values.len() < self.size {
            self.values.push(value);
        } else {
            let old = core::mem::replace(&mut self.values[self.next], value);
            self.sum -= old;
            self.squares -= old * old;
        }
        self.sum += value;
        self.squares += value * value;
        self.next = (self.next + 1) % self.size;
        if self.next == 0 {
            self.sum = self.values.iter().sum();
            self.squares = self.values.iter().map(|v| v * v).sum();
        }
    }

    /// Are there as many numbers as it can hold?
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.values.len() == self.size
    }

    /// The numbers held, in no particular order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The number pushed `back` pushes before the latest one.
    #[must_use]
    pub fn back(&self, back: usize) -> Option<f64> {
        if back >= self.values.len() {
            return None;
        }
        self.values.get((self.next + self.size - 1 - back) % self.size).copied()
    }

    /// Sum of a full window.
    #[must_use]
    pub fn sum(&self) -> Option<f64> {
        (self.is_full() && self.sum.is_finite()).then_some(self.sum)
    }

    /// Sample variance of a full window of at least two.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        if !self.is_full() || self.size < 2 {
            return None;
        }
        let n = self.size as f64;
        let variance = (self.squares - self.sum * self.sum / n) / (n - 1.0);
        variance.is_finite().then_some(variance.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_two_passes(values in proptest::collection::vec(-1e3f64..1e3, 5..80)) {
            let mut window = Window::new(5);
            for &value in &values {
                window.push(value);
            }
            let tail = &values[values.len() - 5..];
            let mean = tail.iter().sum::<f64>() / 5.0;
            let variance = tail.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4.0;
            prop_assert!((window.sum().unwrap() - mean * 5.0).abs() < 1e-9);
            prop_assert!((window.variance().unwrap() - variance).abs() < 1e-6);
            prop_assert_eq!(window.back(0), tail.last().copied());
            prop_assert_eq!(window.back(4), tail.first().copied());
        }
    }

    #[test]
    fn what_is_not_finite_is_ignored() {
        let mut window = Window::new(2);
        for value in [1.0, f64::NAN, f64::INFINITY, 3.0] {
            window.push(value);
        }
        assert_eq!((window.sum(), window.variance()), (Some(4.0), Some(2.0)));
        assert_eq!(window.back(2), None);
    }
}
