//! The overfitting gate on chance alone and on an edge that was planted.

use super::market::Chance;
use nija_market::learn::overfit::{Gate, overfitting};

/// Daily returns of several trials: noise of 1 % a day, the first with this drift.
fn trials(seed: u64, count: usize, days: usize, drift: f64) -> Vec<Vec<f64>> {
    let mut chance = Chance(seed);
    (0..count)
        .map(|n| {
            let drift = if n == 0 { drift } else { 0.0 };
            (0..days).map(|_| drift + 0.01 * chance.normal()).collect()
        })
        .collect()
}

#[test]
fn chance_rarely_passes_and_an_edge_does() {
    let gate = Gate { blocks: 8, ..Gate::default() };
    let rounds: u64 = 200;
    let passing = |days: usize, drift: f64| {
        let passed = |&seed: &u64| gate.judge(&trials(seed, 20, days, drift)).unwrap().passed;
        (0..rounds).filter(passed).count()
    };
    let noises = passing(500, 0.0);
    assert!(noises <= 10, "{noises} of {rounds} noises passed");
    // 3 a year over four years, found among 20.
    let edges = passing(1_000, 0.0019);
    assert!(edges >= 190, "{edges} of {rounds} edges passed");
}

#[test]
fn one_trial_passes_by_chance_one_time_in_twenty() {
    let gate = Gate::default();
    let passed = |&seed: &u64| gate.judge(&trials(seed, 1, 250, 0.0)).unwrap().passed;
    let passed = (0..1_000).filter(passed).count();
    assert!((25..=75).contains(&passed), "{passed} of 1,000");
}

#[test]
fn the_best_of_noise_is_no_better_than_the_median_half_the_time() {
    let all = (0..40).map(|seed| overfitting(&trials(900 + seed, 10, 400, 0.0), 8).unwrap());
    let mean = all.map(|found| found.probability).sum::<f64>() / 40.0;
    assert!((mean - 0.5).abs() < 0.08, "{mean}");
    let edge = overfitting(&trials(7, 10, 1_000, 0.003), 10).unwrap();
    assert!(edge.probability < 0.02 && edge.ways == 252);
}
