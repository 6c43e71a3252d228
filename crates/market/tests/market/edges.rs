//! What scalping alone must show beside the harness: it dies where returns turn around, and its fee gate holds.

use super::market::{BTC, Chance, path, t_statistic, trades};
use nija_core::words::time::Span;
use nija_market::candle::{Candle, Timeframe};
use nija_market::engine::crypto::{MomentumScalping, ScalpingParameters};

const MINUTE: Span = Span::seconds(60);

/// Log prices whose returns persist by `phi`.
fn logs(seed: u64, count: usize, phi: f64) -> Vec<f64> {
    let mut chance = Chance(seed);
    let (mut log, mut last) = (6.0, 0.0);
    let mut step = |_| {
        last = phi * last + 0.001 * chance.normal();
        log += last;
        log
    };
    (0..count).map(&mut step).collect()
}

fn free_scalping() -> ScalpingParameters {
    ScalpingParameters { fee: 0.0, half_spread: 0.0, ..ScalpingParameters::default() }
}

fn scalp(parameters: ScalpingParameters, candles: &[Candle]) -> Vec<f64> {
    trades(&mut MomentumScalping::new(BTC, Timeframe::Minutes1, parameters), candles)
}

#[test]
fn scalping_lives_on_persistence_and_dies_on_its_opposite() {
    let persistent = |phi: f64| scalp(free_scalping(), &path(BTC, MINUTE, &logs(21, 100_000, phi)));
    let (up, down) = (persistent(0.3), persistent(-0.3));
    assert!(t_statistic(&up) > 5.0, "{}", t_statistic(&up));
    assert!(t_statistic(&down) < -3.0, "{}", t_statistic(&down));
}

#[test]
fn the_fee_gate_stops_scalping_that_cannot_pay() {
    let series = path(BTC, MINUTE, &logs(22, 50_000, 0.3));
    // A target of 1.5 ranges is about 0.13 % here; three round trips of 0.05 % a side cost 0.3 %.
    let dear = ScalpingParameters { fee: 0.0005, ..free_scalping() };
    let cheap = ScalpingParameters { fee: 0.0001, ..free_scalping() };
    assert!(scalp(dear, &series).is_empty());
    assert!(scalp(cheap, &series).len() > 100);
}
