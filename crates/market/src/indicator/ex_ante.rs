//! Volatility that is expected now: exponentially weighted around its own mean, after Moskowitz, Ooi and Pedersen
//! (2012). The weights' center of mass says how far back it looks: 60 days there, so each day counts 60/61 of the
//! next. Unlike theirs, weights are normalized to those seen, so that a young series is not taken for a calm one.

/// Annualized exponentially weighted deviation of returns.
#[derive(Clone, Debug)]
pub struct ExAnteVolatility {
    /// What yesterday counts of today.
    decay: f64,
    year: f64,
    needed: usize,
    seen: usize,
    weight: f64,
    mean: f64,
    /// Weighted sum of squares around the mean.
    squares: f64,
}

impl ExAnteVolatility {
    /// With this center of mass in returns, and so many returns a year.
    #[must_use]
    pub fn new(center_of_mass: usize, year: f64) -> Self {
        let needed = super::length(center_of_mass);
        let center = needed as f64;
        let decay = center / (center + 1.0);
        Self { decay, year, needed, seen: 0, weight: 0.0, mean: 0.0, squares: 0.0 }
    }

    /// Takes a return; what is not finite is ignored.
    pub fn push(&mut self, one: f64) -> Option<f64> {
        if one.is_finite() {
            let old = self.decay * self.weight;
            self.weight = old + 1.0;
            let off = one - self.mean;
            self.mean += off / self.weight;
            self.squares = self.decay * self.squares + off * off * old / self.weight;
            self.seen = self.seen.saturating_add(1);
        }
        self.value()
    }

    /// A fraction a year, once there are as many returns as the center of mass.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let value = (self.year * self.squares / self.weight).max(0.0).sqrt();
        (self.seen >= self.needed && value.is_finite()).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Center of mass 1: weights 1, 1/2, 1/4. Returns 1 %, 2 %, -1 %: mean (-1 + 1 + 1/4)/(7/4) = 1/7 %.
    #[test]
    fn a_vector_by_hand() {
        let mut volatility = ExAnteVolatility::new(1, 261.0);
        let values: Vec<f64> =
            [0.01, 0.02, -0.01].into_iter().filter_map(|r| volatility.push(r)).collect();
        assert_eq!(values[0], 0.0);
        // Two returns: mean 5/3 %, variance (1/9 + 1/2 x 4/9)/(3/2) = 2/9 of 1e-4.
        assert!((values[1] - (261.0f64 * 2.0 / 9.0 * 1e-4).sqrt()).abs() < 1e-15);
        // Three: squares 64/49 + 1/2 x 169/49 + 1/4 x 36/49 = 157.5/49, over 7/4.
        assert!((values[2] - (261.0f64 * 157.5 / 49.0 / 1.75 * 1e-4).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn sixty_days_count_sixty_sixty_firsts() {
        assert_eq!(ExAnteVolatility::new(60, 261.0).decay, 60.0 / 61.0);
    }

    proptest! {
        #[test]
        fn agrees_with_the_sums(returns in proptest::collection::vec(-0.1f64..0.1, 20..80)) {
            let mut volatility = ExAnteVolatility::new(10, 261.0);
            let mut value = None;
            returns.iter().for_each(|&r| value = volatility.push(r));
            let decay = 10.0f64 / 11.0;
            let weights: Vec<f64> =
                (0..returns.len()).rev().map(|back| decay.powi(back as i32)).collect();
            let all: f64 = weights.iter().sum();
            let mean = weights.iter().zip(&returns).map(|(w, r)| w * r).sum::<f64>() / all;
            let squares = weights.iter().zip(&returns).map(|(w, r)| w * (r - mean).powi(2));
            let want = (261.0 * squares.sum::<f64>() / all).sqrt();
            prop_assert!((value.unwrap() - want).abs() < 1e-9);
        }
    }
}
