//! Thompson sampling over strategies, one bandit a regime: what each earned there says how much of it to follow.
//!
//! An arm's results are taken as normal with unknown mean and variance (normal-inverse-gamma). Each time weights
//! are asked for, a mean and a deviation are drawn from every arm's posterior; the best draw gets full strength,
//! the others their share of it. What happened long ago fades. Chance is seeded with the instant of the question:
//! the same history asked at the same time answers the same.

use nija_core::words::conditions::Regime;
use nija_core::words::score::Strength;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::{Span, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Results beyond this many deviations are held to it: one wild trade must not decide alone.
const MOST: f64 = 5.0;

/// How the bandit learns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parameters {
    /// Days in which a result loses half of its weight.
    pub half_life_days: f64,
    /// Results, after fading, from which an arm is judged; before that it has full weight.
    pub minimum: f64,
    /// The least weight, as a fraction: what is never tried is never learned.
    pub floor: f64,
}

impl Default for Parameters {
    /// All three are our choice; a year lets slow strategies gather results and old markets be forgotten.
    fn default() -> Self {
        Self { half_life_days: 365.0, minimum: 5.0, floor: 0.25 }
    }
}

/// What is known of one strategy in one regime.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Arm {
    /// Instant up to which it has faded.
    at: Timestamp,
    count: f64,
    sum: f64,
    squares: f64,
}

/// Prior of a mean of 0 worth one result and a variance of about 1: results come in deviations.
const PRIOR: (f64, f64, f64) = (1.0, 2.0, 1.0);

impl Arm {
    /// The same arm at a later instant. Time that goes back fades nothing.
    fn faded(&self, at: Timestamp, half_life_days: f64) -> Self {
        let days = at.since(self.at).0.max(0) as f64 / Span::DAY.0 as f64;
        let left = (-days / half_life_days).exp2();
        Self {
            at: self.at.max(at),
            count: self.count * left,
            sum: self.sum * left,
            squares: self.squares * left,
        }
    }

    /// A Sharpe ratio drawn from the posterior.
    fn draw(&self, chance: &mut ChaCha8Rng) -> f64 {
        let (kappa, alpha, beta) = PRIOR;
        let weight = kappa + self.count;
        let mean = self.sum / weight;
        let shape = alpha + self.count / 2.0;
        let rate = beta + ((self.squares - weight * mean * mean) / 2.0).max(0.0);
        // The shape is never below the prior's, so the distribution exists; the mean stands in if it did not.
        let precision = Gamma::new(shape, 1.0).map_or(shape, |gamma| gamma.sample(chance)) / rate;
        let normal: f64 = StandardNormal.sample(chance);
        mean * precision.sqrt() + normal / weight.sqrt()
    }
}

/// All arms of all regimes; at most six times twelve.
#[derive(Clone, Debug, PartialEq)]
pub struct Bandit {
    parameters: Parameters,
    arms: BTreeMap<(Regime, StrategyName), Arm>,
}

impl Bandit {
    /// One that knows nothing.
    #[must_use]
    pub fn new(parameters: Parameters) -> Self {
        // An hour at least; what is no number becomes that, too.
        let half_life_days = parameters.half_life_days.max(1.0 / 24.0);
        let floor = parameters.floor.clamp(0.0, 1.0);
        Self {
            parameters: Parameters { half_life_days, floor, ..parameters },
            arms: BTreeMap::new(),
        }
    }

    /// A trade that the strategy entered in this regime ended with this result, in deviations of its market over
    /// the time it was held, costs paid.
    pub fn learn(
        &mut self,
        (regime, strategy): (Regime, StrategyName),
        result: f64,
        at: Timestamp,
    ) {
        if !result.is_finite() {
            return;
        }
        let result = result.clamp(-MOST, MOST);
        let fresh = Arm { at, ..Arm::default() };
        let arm = self.arms.entry((regime, strategy)).or_insert(fresh);
        *arm = arm.faded(at, self.parameters.half_life_days);
        arm.count += 1.0;
        arm.sum += result;
        arm.squares += result * result;
    }

    /// How much of a strategy to follow in a regime at an instant: full while too little is known of it.
    #[must_use]
    pub fn weight(&self, regime: Regime, strategy: StrategyName, at: Timestamp) -> Strength {
        let mut chance = ChaCha8Rng::seed_from_u64(at.0.cast_unsigned());
        // Every arm of the regime is drawn in its order, so that all strategies asked at one instant are
        // compared by the same draws.
        let arms = self.arms.iter().filter(|((of, _), _)| *of == regime);
        let (mut own, mut best) = (None, 0.0_f64);
        for ((_, name), arm) in arms {
            let arm = arm.faded(at, self.parameters.half_life_days);
            if arm.count < self.parameters.minimum {
                continue;
            }
            let draw = arm.draw(&mut chance);
            best = best.max(draw);
            if *name == strategy {
                own = Some(draw);
            }
        }
        let share = own.map_or(1.0, |own| if best > 0.0 { own / best } else { 0.0 });
        crate::clamp::strength(share.max(self.parameters.floor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REGIME: Regime = Regime::TrendingUp;
    const GOOD: StrategyName = StrategyName::CryptoTrendRiding;
    const PLAIN: StrategyName = StrategyName::EquityMeanReversion;
    const BAD: StrategyName = StrategyName::CryptoMomentumScalping;

    fn day(n: i32) -> Timestamp {
        Timestamp::of_day(n, Span::ZERO)
    }

    /// One result a day around each mean; the noise is normal with deviation 1.
    fn taught(means: &[(StrategyName, f64)], days: core::ops::Range<i32>, bandit: &mut Bandit) {
        let mut chance = ChaCha8Rng::seed_from_u64(7);
        for n in days {
            for &(strategy, mean) in means {
                let noise: f64 = StandardNormal.sample(&mut chance);
                bandit.learn((REGIME, strategy), mean + noise, day(n));
            }
        }
    }

    /// Mean weight, as a fraction, over many instants of a day.
    fn mean_weight(bandit: &Bandit, strategy: StrategyName, of: i32) -> f64 {
        let at = |n| day(of).plus(Span::seconds(n));
        let weight = |n| f64::from(bandit.weight(REGIME, strategy, at(n)).as_parts());
        (0..500).map(weight).sum::<f64>() / 500.0 / 10_000.0
    }

    #[test]
    fn the_better_gets_more_and_the_worse_is_still_tried() {
        let mut bandit = Bandit::new(Parameters::default());
        taught(&[(GOOD, 0.5), (PLAIN, 0.2), (BAD, -0.5)], 0..100, &mut bandit);
        let [good, plain, bad] = [GOOD, PLAIN, BAD].map(|s| mean_weight(&bandit, s, 100));
        assert!(good > 0.95 && plain < 0.75 && plain > bad, "{good} {plain} {bad}");
        assert!((0.25..0.27).contains(&bad), "{bad}");
        // Another regime knows nothing of it.
        assert_eq!(bandit.weight(Regime::Ranging, BAD, Timestamp(3)), Strength::FULL);
    }

    #[test]
    fn equals_are_treated_alike() {
        let mut bandit = Bandit::new(Parameters::default());
        for n in 0..40 {
            let result = if n % 2 == 0 { 1.5 } else { -0.9 };
            bandit.learn((REGIME, GOOD), result, day(n));
            bandit.learn((REGIME, PLAIN), result, day(n));
        }
        let (a, b) = (mean_weight(&bandit, GOOD, 40), mean_weight(&bandit, PLAIN, 40));
        assert!((a - b).abs() < 0.05 && a > 0.7, "{a} {b}");
    }

    #[test]
    fn a_turn_of_fortune_is_followed_and_silence_forgets() {
        let mut bandit = Bandit::new(Parameters { half_life_days: 30.0, ..Parameters::default() });
        taught(&[(GOOD, 0.8), (PLAIN, -0.4)], 0..200, &mut bandit);
        taught(&[(GOOD, -0.4), (PLAIN, 0.8)], 200..300, &mut bandit);
        assert!(mean_weight(&bandit, PLAIN, 300) > 0.9 && mean_weight(&bandit, GOOD, 300) < 0.4);
        assert_eq!(bandit.weight(REGIME, GOOD, day(450)), Strength::FULL);
    }

    #[test]
    fn the_same_history_asked_at_the_same_time_answers_the_same() {
        let (mut one, mut two) =
            (Bandit::new(Parameters::default()), Bandit::new(Parameters::default()));
        for bandit in [&mut one, &mut two] {
            taught(&[(GOOD, 0.1), (PLAIN, 0.1)], 0..10, bandit);
        }
        let ask = |bandit: &Bandit, n| bandit.weight(REGIME, PLAIN, Timestamp(n));
        assert!((0..100).all(|n| ask(&one, n) == ask(&two, n)));
        assert!((1..100).any(|n| ask(&one, n) != ask(&one, 0)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_result_breaks_it(
            results in proptest::collection::vec((0..12usize, proptest::num::f64::ANY), 0..60),
            half_life_days in proptest::num::f64::ANY,
            at in any::<i64>(),
        ) {
            let mut bandit = Bandit::new(Parameters { half_life_days, ..Parameters::default() });
            for (strategy, result) in results {
                bandit.learn((REGIME, StrategyName::ALL[strategy]), result, Timestamp(at / 2));
            }
            for strategy in StrategyName::ALL {
                let weight = bandit.weight(REGIME, strategy, Timestamp(at));
                prop_assert!((2_500..=10_000).contains(&weight.as_parts()));
            }
        }
    }
}
