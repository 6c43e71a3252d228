//! Is a result skill or the best of many tries? Probabilistic and deflated Sharpe ratio, minimum track record
//! length (Bailey, Lopez de Prado 2012 and 2014), and the probability of backtest overfitting by combinatorially
//! symmetric cross-validation (Bailey, Borwein, Lopez de Prado, Zhu 2017).
//!
//! Every Sharpe ratio here is per period, never annualized: divide an annual one by the root of the periods in a
//! year. Every trial counts, also those that nobody looked at.

use super::statistics::{kurtosis, mean, normal_cdf, normal_quantile, skewness, variance};
use serde::Serialize;

/// Euler's constant, of the expected maximum of normal numbers.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The parts into which a history is divided: 12,870 ways to halve sixteen.
const MOST_BLOCKS: usize = 16;

/// What a series of returns looks like to the tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Mean over deviation, per period.
    pub sharpe: f64,
    /// How many returns.
    pub observations: usize,
    /// Their skewness.
    pub skewness: f64,
    /// Their kurtosis, 3 for normal returns.
    pub kurtosis: f64,
}

impl Sample {
    /// Of returns per period; none of fewer than three, of ones that never move, or where one is no number.
    #[must_use]
    pub fn of(returns: &[f64]) -> Option<Self> {
        if returns.len() < 3 {
            return None;
        }
        let sharpe = sharpe(returns)?;
        Some(Self {
            sharpe,
            observations: returns.len(),
            skewness: skewness(returns),
            kurtosis: kurtosis(returns),
        })
    }

    /// Probability that the true ratio is above `benchmark`, given length, skewness and tails.
    #[must_use]
    pub fn probabilistic(&self, benchmark: f64) -> f64 {
        let periods = (self.observations.max(1) - 1) as f64;
        normal_cdf((self.sharpe - benchmark) * (periods / self.spread()).sqrt())
    }

    /// The same against the ratio that the best of so many worthless trials is expected to show, whose ratios
    /// have this variance.
    #[must_use]
    pub fn deflated(&self, trials: usize, variance: f64) -> f64 {
        self.probabilistic(expected_maximum(trials, variance))
    }

    /// Periods until the ratio is above `benchmark` with this confidence; none when it is not above it.
    #[must_use]
    pub fn minimum_length(&self, benchmark: f64, confidence: f64) -> Option<f64> {
        let ahead = self.sharpe - benchmark;
        let wanted = normal_quantile(confidence) / ahead;
        (ahead > 0.0).then(|| 1.0 + self.spread() * wanted * wanted)
    }

    /// Variance of the estimated ratio, times the number of periods.
    fn spread(&self) -> f64 {
        let ratio = self.sharpe;
        let spread = 1.0 - self.skewness * ratio + (self.kurtosis - 1.0) / 4.0 * ratio * ratio;
        spread.max(f64::MIN_POSITIVE)
    }
}

/// Mean over sample deviation; none where nothing moves or a return is no number.
#[must_use]
pub fn sharpe(returns: &[f64]) -> Option<f64> {
    let ratio = mean(returns) / variance(returns).sqrt();
    ratio.is_finite().then_some(ratio)
}

/// The ratio that the best of `trials` without skill is expected to show, if theirs have this variance.
#[must_use]
pub fn expected_maximum(trials: usize, variance: f64) -> f64 {
    if trials < 2 {
        return 0.0;
    }
    let n = trials as f64;
    let typical = normal_quantile(1.0 - 1.0 / n);
    let beyond = normal_quantile(1.0 - 1.0 / (n * core::f64::consts::E));
    variance.max(0.0).sqrt() * ((1.0 - EULER) * typical + EULER * beyond)
}

/// What became of the best of one half of the history in the other half, over all ways to halve it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Overfitting {
    /// Share of the ways in which it was no better than the median: the probability of overfitting.
    pub probability: f64,
    /// Share in which it lost money.
    pub loss: f64,
    /// How many ways there were.
    pub ways: usize,
}

/// Divides the histories of all trials into `blocks` (made even, 2 to 16) and judges every way to halve them.
/// None for fewer than two trials, unequal or too short histories (two returns a block), or no numbers.
#[must_use]
pub fn overfitting<R: AsRef<[f64]>>(trials: &[R], blocks: usize) -> Option<Overfitting> {
    let blocks = blocks.clamp(2, MOST_BLOCKS) & !1;
    let length = trials.first()?.as_ref().len();
    let unequal = trials.iter().any(|t| t.as_ref().len() != length);
    if trials.len() < 2 || unequal || length < 2 * blocks {
        return None;
    }
    let sums: Vec<Vec<Sums>> = trials.iter().map(|t| Sums::by_block(t.as_ref(), blocks)).collect();
    if sums.iter().flatten().any(|s| !s.squares.is_finite()) {
        return None;
    }
    let (mut ways, mut overfitted, mut losses) = (0_usize, 0_usize, 0_usize);
    let (mut chosen, mut held) = (vec![0.0; trials.len()], vec![0.0; trials.len()]);
    for way in 0..1_u32 << blocks {
        if way.count_ones() as usize * 2 != blocks {
            continue;
        }
        for (n, trial) in sums.iter().enumerate() {
            chosen[n] = Sums::ratio(trial, |block| way >> block & 1 == 1);
            held[n] = Sums::ratio(trial, |block| way >> block & 1 == 0);
        }
        let best = (0..chosen.len()).max_by(|&a, &b| chosen[a].total_cmp(&chosen[b]))?;
        ways += 1;
        losses += usize::from(held[best] < 0.0);
        overfitted += usize::from(rank(&held, best) <= 0.5);
    }
    let share = |count: usize| count as f64 / ways as f64;
    Some(Overfitting { probability: share(overfitted), loss: share(losses), ways })
}

/// Relative rank of one among all, between 0 and 1; equals share theirs.
fn rank(values: &[f64], of: usize) -> f64 {
    let below = values.iter().filter(|&&v| v < values[of]).count() as f64;
    let equal = values.iter().filter(|&&v| v == values[of]).count() as f64;
    (below + f64::midpoint(equal, 1.0)) / (values.len() + 1) as f64
}

/// What a block adds to a Sharpe ratio.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn by_block(returns: &[f64], blocks: usize) -> Vec<Self> {
        let edge = |block: usize| block * returns.len() / blocks;
        let one = |block: usize| {
            let part = &returns[edge(block)..edge(block + 1)];
            let squares = part.iter().map(|r| r * r).sum();
            Self { count: part.len() as f64, sum: part.iter().sum(), squares }
        };
        (0..blocks).map(one).collect()
    }

    /// Sharpe ratio of the blocks that are taken; 0 where nothing moves.
    fn ratio(blocks: &[Self], taken: impl Fn(usize) -> bool) -> f64 {
        let mut all = Self::default();
        for (_, block) in blocks.iter().enumerate().filter(|(n, _)| taken(*n)) {
            all.count += block.count;
            all.sum += block.sum;
            all.squares += block.squares;
        }
        let mean = all.sum / all.count;
        let variance = all.squares / all.count - mean * mean;
        // Rounding leaves a little variance in returns that are all equal.
        if variance > 1e-12 * mean * mean { mean / variance.sqrt() } else { 0.0 }
    }
}

/// What a result must show before money follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Deflated Sharpe ratio, at least.
    pub deflated: f64,
    /// Probability of overfitting, at most.
    pub overfitting: f64,
    /// Parts of the history for the latter.
    pub blocks: usize,
}

impl Default for Gate {
    /// 95 %, 20 %, and ten parts, which are 252 ways.
    fn default() -> Self {
        Self { deflated: 0.95, overfitting: 0.2, blocks: 10 }
    }
}

/// The gate's answer with its evidence; numbers are missing where the history is too short for them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Judgment {
    /// Which trial was judged: the one with the highest ratio.
    pub best: usize,
    /// How many were tried.
    pub trials: usize,
    /// The ratio of the best, per period.
    pub sharpe: f64,
    /// The ratio that the best of as many worthless ones would show.
    pub expected: f64,
    /// Probability that the true ratio is above that.
    pub deflated: f64,
    /// Probability that the choice was overfitted; none where there was no choice.
    pub overfitting: Option<Overfitting>,
    /// Periods needed for the wanted confidence; none if no length would do.
    pub minimum_length: Option<f64>,
    /// May money follow?
    pub passed: bool,
}

impl Gate {
    /// Judges the best of all trials, each the net returns of the same periods. None where the gate cannot judge:
    /// nothing was tried, histories are unequal, or the best is too short.
    #[must_use]
    pub fn judge<R: AsRef<[f64]>>(&self, trials: &[R]) -> Option<Judgment> {
        let length = trials.first()?.as_ref().len();
        if trials.iter().any(|t| t.as_ref().len() != length) {
            return None;
        }
        // One that never traded has a ratio of 0, and was a try all the same.
        let ratios: Vec<f64> = trials.iter().map(|t| sharpe(t.as_ref()).unwrap_or(0.0)).collect();
        let best = (0..ratios.len()).max_by(|&a, &b| ratios[a].total_cmp(&ratios[b]))?;
        let sample = Sample::of(trials[best].as_ref())?;
        let expected = expected_maximum(trials.len(), variance(&ratios));
        let deflated = sample.probabilistic(expected);
        let overfitting = overfitting(trials, self.blocks);
        let chosen_well = overfitting.is_some_and(|o| o.probability <= self.overfitting);
        Some(Judgment {
            best,
            trials: trials.len(),
            sharpe: sample.sharpe,
            expected,
            deflated,
            overfitting,
            minimum_length: sample.minimum_length(expected, self.deflated),
            passed: deflated >= self.deflated && (trials.len() == 1 || chosen_well),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64, within: f64) {
        assert!((got - want).abs() <= within, "{got} for {want}");
    }

    /// The worked example of Bailey and Lopez de Prado: 2.5 a year over five years of 250 days.
    fn example() -> Sample {
        Sample { sharpe: 2.5 / 250f64.sqrt(), observations: 1_250, skewness: -3.0, kurtosis: 10.0 }
    }

    #[test]
    fn the_published_example_is_deflated_as_published() {
        let variance = 0.5 / 250.0;
        near(expected_maximum(100, variance), 0.1132, 5e-5);
        near(example().deflated(100, variance), 0.9004, 5e-5);
        near(example().deflated(46, variance), 0.9505, 5e-5);
    }

    #[test]
    fn the_minimum_length_is_where_confidence_is_reached() {
        let sample = example();
        let length = sample.minimum_length(0.0, 0.95).unwrap();
        let cut = Sample { observations: length.ceil() as usize, ..sample };
        assert!(cut.probabilistic(0.0) >= 0.95);
        assert!(Sample { observations: cut.observations - 1, ..cut }.probabilistic(0.0) < 0.95);
        assert_eq!(sample.minimum_length(0.2, 0.95), None);
    }

    #[test]
    fn a_choice_by_hand() {
        // The first wins both halves: never overfitted. With the halves of the second exchanged, always.
        let steady = [0.02, 0.01, 0.02, 0.01];
        let poor = [-0.02, 0.01, -0.02, 0.01];
        let found = overfitting(&[steady, poor], 2).unwrap();
        assert_eq!((found.probability, found.loss, found.ways), (0.0, 0.0, 2));
        let (early, late) = ([0.02, 0.01, -0.02, -0.01], [-0.02, -0.01, 0.02, 0.01]);
        let found = overfitting(&[early, late], 2).unwrap();
        assert_eq!((found.probability, found.loss), (1.0, 1.0));
    }

    #[test]
    fn what_cannot_be_judged_is_not() {
        assert_eq!(sharpe(&[0.01, 0.01, 0.01]), None);
        assert_eq!(Sample::of(&[0.01, 0.02]), None);
        assert_eq!(overfitting(&[[0.1, 0.2, 0.1, 0.3]], 2), None);
        assert_eq!(overfitting(&[vec![0.1; 8], vec![0.1; 9]], 2), None);
        assert_eq!(overfitting(&[[0.1, f64::NAN, 0.1, 0.2], [0.1, 0.2, 0.1, 0.2]], 2), None);
        assert_eq!(Gate::default().judge::<[f64; 0]>(&[]), None);
        assert_eq!(Gate::default().judge(&[vec![0.1, 0.2, 0.3], vec![0.1, 0.2]]), None);
        assert_eq!(Gate::default().judge(&[[0.0; 50], [0.0; 50]]), None);
    }
}
