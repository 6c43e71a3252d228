//! Turbulence of two markets after Kritzman and Li (2010): how unusual a pair of returns is, given how
//! the two moved before. Only the rolling past is used; its expected value is about 1.

use std::collections::VecDeque;

use super::length;

/// Squared Mahalanobis distance of a pair of returns, halved; and the correlation of recent pairs.
#[derive(Clone, Debug)]
pub struct Turbulence {
    bars: usize,
    pairs: VecDeque<(f64, f64)>,
}

#[derive(Clone, Copy)]
struct Moments {
    mean: (f64, f64),
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Turbulence {
    /// Against this many past pairs (at least three).
    #[must_use]
    pub fn new(bars: usize) -> Self {
        Self { bars: length(bars).max(3), pairs: VecDeque::new() }
    }
    /// Takes a pair of returns; none until the past is long enough, or when it never moved.
    pub fn push(&mut self, x: f64, y: f64) -> Option<f64> {
        if !x.is_finite() || !y.is_finite() {
            return None;
        }
        let distance = (self.pairs.len() == self.bars).then(|| self.distance(x, y)).flatten();
        if self.pairs.len() == self.bars {
            self.pairs.pop_front();
        }
        self.pairs.push_back((x, y));
        distance
    }
    /// Correlation of the last `bars` pairs; none when there are fewer or one side never moved.
    #[must_use]
    pub fn correlation(&self, bars: usize) -> Option<f64> {
        let skip = self.pairs.len().checked_sub(bars.max(3))?;
        let m = moments(self.pairs.iter().skip(skip))?;
        let scale = (m.xx * m.yy).sqrt();
        (scale > 0.0).then(|| (m.xy / scale).clamp(-1.0, 1.0))
    }

    fn distance(&self, x: f64, y: f64) -> Option<f64> {
        let m = moments(self.pairs.iter())?;
        let determinant = m.xx * m.yy - m.xy * m.xy;
        let (dx, dy) = (x - m.mean.0, y - m.mean.1);
        let squared = (m.yy * dx * dx - 2.0 * m.xy * dx * dy + m.xx * dy * dy) / determinant;
        (determinant > 0.0 && squared.is_finite()).then_some(squared / 2.0)
    }
}

fn moments<'a>(pairs: impl ExactSizeIterator<Item = &'a (f64, f64)> + Clone) -> Option<Moments> {
    let n = pairs.len() as f64;
    if n < 2.0 {
        return None;
    }
    let sum = pairs.clone().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
    let mean = (sum.0 / n, sum.1 / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for &(x, y) in pairs {
        let (dx, dy) = (x - mean.0, y - mean.1);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    let free = n - 1.0;
    Some(Moments { mean, xx: xx / free, yy: yy / free, xy: xy / free })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two correlated series of uniform noise from a fixed linear congruential generator.
    fn noise(count: usize) -> Vec<(f64, f64)> {
        let mut state = 7u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        (0..count)
            .map(|_| {
                let shared = draw();
                (shared + 0.3 * draw(), shared + 0.3 * draw())
            })
            .collect()
    }

    #[test]
    fn mean_is_one_and_a_broken_correlation_shows() {
        let mut turbulence = Turbulence::new(252);
        let values: Vec<f64> =
            noise(4_252).into_iter().filter_map(|(x, y)| turbulence.push(x, y)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert_eq!(values.len(), 4_000);
        assert!((mean - 1.0).abs() < 0.06, "{mean}");
        let calm = turbulence.push(0.4, 0.4).unwrap();
        let broken = turbulence.push(0.4, -0.4).unwrap();
        assert!(calm < 2.0 && broken > 5.0, "{calm} {broken}");
        assert!(turbulence.correlation(200).unwrap() > 0.8);
    }

    #[test]
    fn no_past_or_no_movement_gives_nothing() {
        let mut turbulence = Turbulence::new(3);
        for _ in 0..10 {
            assert_eq!(turbulence.push(0.0, 0.0), None);
        }
        assert_eq!(turbulence.correlation(3), None);
        assert_eq!(turbulence.push(f64::NAN, 1.0), None);
    }
}
