//! The few statistics that judging and learning need, over plain slices of numbers.

use core::f64::consts::PI;

/// Arithmetic mean; 0 of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Sample variance (divisor n - 1); 0 of fewer than two.
#[must_use]
pub fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    moment(values, 2) * values.len() as f64 / (values.len() - 1) as f64
}

/// Skewness: third central moment over the third power of the population deviation; 0 where nothing moves.
#[must_use]
pub fn skewness(values: &[f64]) -> f64 {
    let spread = moment(values, 2).powf(1.5);
    if spread > 0.0 { moment(values, 3) / spread } else { 0.0 }
}

/// Kurtosis, 3 for normal numbers; 3 where nothing moves.
#[must_use]
pub fn kurtosis(values: &[f64]) -> f64 {
    let spread = moment(values, 2).powi(2);
    if spread > 0.0 { moment(values, 4) / spread } else { 3.0 }
}

fn moment(values: &[f64], order: i32) -> f64 {
    let center = mean(values);
    values.iter().map(|v| (v - center).powi(order)).sum::<f64>() / values.len().max(1) as f64
}

/// Mean over its standard error, where numbers up to `lags` apart may be related (Newey and West 1987); 0 where
/// nothing moves.
#[must_use]
pub fn t_statistic(values: &[f64], lags: usize) -> f64 {
    let (n, center) = (values.len(), mean(values));
    let related = |lag: usize| -> f64 {
        let pairs = values.iter().zip(values.iter().skip(lag));
        pairs.map(|(a, b)| (a - center) * (b - center)).sum::<f64>()
    };
    let weighted = |lag: usize| 2.0 * (1.0 - lag as f64 / (lags + 1) as f64) * related(lag);
    let sum = related(0) + (1..=lags.min(n.saturating_sub(1))).map(weighted).sum::<f64>();
    let error = sum.max(0.0).sqrt() / n.max(1) as f64;
    if error > 0.0 { center / error } else { 0.0 }
}

/// Probability that a standard normal number is at most `x`, to 14 digits (Hart 1968 in West's form, 2005).
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    const ABOVE: [f64; 7] = [
        0.0352624965998911,
        0.700383064443688,
        6.37396220353165,
        33.912866078383,
        112.079291497871,
        221.213596169931,
        220.206867912376,
    ];
    const BELOW: [f64; 8] = [
        0.0883883476483184,
        1.75566716318264,
        16.064177579207,
        86.7807322029461,
        296.564248779674,
        637.333633378831,
        793.826512519948,
        440.413735824752,
    ];
    let far = x.abs();
    let horner = |terms: &[f64]| terms.iter().fold(0.0, |sum, term| sum * far + term);
    let density = (-far * far / 2.0).exp();
    let tail = if far < 7.0 {
        density * horner(&ABOVE) / horner(&BELOW)
    } else {
        let fraction = [4.0, 3.0, 2.0, 1.0].iter().fold(far + 0.65, |below, n| far + n / below);
        density / (fraction * (2.0 * PI).sqrt())
    };
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// The number that a standard normal one stays below with probability `p`, by bisection; held to 0..=1.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal_cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12 * want.abs().max(1.0), "{got} for {want}");
    }

    #[test]
    fn moments_by_hand() {
        let values = [1.0, 2.0, 3.0, 10.0];
        near(mean(&values), 4.0);
        near(variance(&values), 50.0 / 3.0);
        // Central moments: 12.5, (-27 - 8 - 1 + 216) / 4 = 45, (81 + 16 + 1 + 1296) / 4 = 348.5.
        near(skewness(&values), 45.0 / 12.5f64.powf(1.5));
        near(kurtosis(&values), 348.5 / 156.25);
        assert_eq!((mean(&[]), variance(&[1.0]), skewness(&[2.0, 2.0])), (0.0, 0.0, 0.0));
    }

    #[test]
    fn related_numbers_count_less() {
        // Without lags: mean 4, population variance 12.5 of four numbers.
        near(t_statistic(&[1.0, 2.0, 3.0, 10.0], 0), 4.0 / (12.5f64 / 4.0).sqrt());
        let fours: Vec<f64> = (0..400).map(|n| [3.0, -1.0][n / 4 % 2]).collect();
        assert!(t_statistic(&fours, 1) < 0.85 * t_statistic(&fours, 0));
        assert_eq!((t_statistic(&[], 3), t_statistic(&[1.0; 9], 3)), (0.0, 0.0));
    }

    /// Values of Python's `statistics.NormalDist`.
    #[test]
    fn the_normal_distribution() {
        near(normal_cdf(0.0), 0.5);
        near(normal_cdf(1.0), 0.841_344_746_068_542_9);
        near(normal_cdf(-3.0), 0.001_349_898_031_630_094_6);
        near(normal_cdf(7.5), 1.0);
        assert!((normal_cdf(-7.5) / 3.190_891_672_910_896e-14 - 1.0).abs() < 1e-3);
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(normal_quantile(0.01), -2.326_347_874_040_841);
        for p in [1e-9, 0.2, 0.5, 0.9] {
            near(normal_cdf(normal_quantile(p)), p);
        }
    }
}
