//! Where there is nothing to win the strategies win nothing; where an edge is planted they find it.

use super::market::{BTC, Chance, DIA, QQQ, SPY, path, t_statistic, trades};
use nija_core::words::id::InstrumentId;
use nija_core::words::time::Span;
use nija_market::candle::{Candle, Timeframe};
use nija_market::engine::crypto::{
    MomentumScalping, RidingParameters, ScalpingParameters, TrendRiding,
};
use nija_market::engine::equity::{
    EtfRotation, MeanReversion, ReversionParameters, RotationParameters,
};

const MINUTE: Span = Span::seconds(60);

/// Log prices with normal returns of this deviation; `drift` sees the last return and the number of the step.
fn logs(seed: u64, count: usize, deviation: f64, drift: impl Fn(f64, usize) -> f64) -> Vec<f64> {
    let mut chance = Chance(seed);
    let (mut log, mut last) = (6.0, 0.0);
    let mut step = |n| {
        last = drift(last, n) + deviation * chance.normal();
        log += last;
        log
    };
    (0..count).map(&mut step).collect()
}

fn free_scalping() -> ScalpingParameters {
    let cheap = ScalpingParameters::default();
    ScalpingParameters { fee: 0.0, half_spread: 0.0, ..cheap }
}

fn scalp(parameters: ScalpingParameters, candles: &[Candle]) -> Vec<f64> {
    trades(&mut MomentumScalping::new(BTC, Timeframe::Minutes1, parameters), candles)
}

fn ride(candles: &[Candle]) -> Vec<f64> {
    trades(&mut TrendRiding::new(BTC, &RidingParameters::default()), candles)
}

fn revert(candles: &[Candle]) -> Vec<f64> {
    trades(&mut MeanReversion::new(SPY, ReversionParameters::default()), candles)
}

fn rotate(parts: [Vec<f64>; 3]) -> Vec<f64> {
    let universe = [SPY, QQQ, DIA];
    let mut all: Vec<Candle> = universe
        .into_iter()
        .zip(&parts)
        .flat_map(|(instrument, logs): (InstrumentId, _)| path(instrument, Span::DAY, logs))
        .collect();
    all.sort_by_key(|candle| (candle.close_at, candle.instrument));
    trades(&mut EtfRotation::new(&universe, RotationParameters::default()), &all)
}

#[test]
fn a_random_walk_pays_nothing() {
    let none = |_: f64, _: usize| 0.0;
    let scalped = scalp(free_scalping(), &path(BTC, MINUTE, &logs(11, 200_000, 0.001, none)));
    let ridden = ride(&path(BTC, Span::DAY, &logs(12, 60_000, 0.01, none)));
    let reverted = revert(&path(SPY, Span::DAY, &logs(13, 60_000, 0.01, none)));
    let rotated = rotate([14, 15, 16].map(|seed| logs(seed, 60_000, 0.005, none)));
    for (name, gains) in
        [("scalping", scalped), ("riding", ridden), ("reversion", reverted), ("rotation", rotated)]
    {
        let t = t_statistic(&gains);
        assert!(gains.len() > 100, "{name}: {} trades", gains.len());
        assert!(t.abs() < 3.5, "{name}: t = {t} over {} trades", gains.len());
    }
}

#[test]
fn scalping_lives_on_persistence_and_dies_on_its_opposite() {
    let persistent = |phi: f64| {
        let series = logs(21, 100_000, 0.001, move |last, _| phi * last);
        scalp(free_scalping(), &path(BTC, MINUTE, &series))
    };
    let (up, down) = (persistent(0.3), persistent(-0.3));
    assert!(t_statistic(&up) > 5.0, "{}", t_statistic(&up));
    assert!(t_statistic(&down) < -3.0, "{}", t_statistic(&down));
}

#[test]
fn the_fee_gate_stops_scalping_that_cannot_pay() {
    let series = path(BTC, MINUTE, &logs(22, 50_000, 0.001, |last, _| 0.3 * last));
    // A target of 1.5 ranges is about 0.13 % here; three round trips of 0.05 % a side cost 0.3 %.
    let dear = ScalpingParameters { fee: 0.0005, ..free_scalping() };
    let cheap = ScalpingParameters { fee: 0.0001, ..free_scalping() };
    assert!(scalp(dear, &series).is_empty());
    assert!(scalp(cheap, &series).len() > 100);
}

#[test]
fn riding_wins_on_long_swings() {
    // The drift turns its sign every 200 days.
    let swing = |_: f64, n: usize| {
        if (n / 200).is_multiple_of(2) { 0.006 } else { -0.006 }
    };
    let gains = ride(&path(BTC, Span::DAY, &logs(31, 40_000, 0.02, swing)));
    assert!(gains.len() > 80 && t_statistic(&gains) > 5.0, "{}", t_statistic(&gains));
}

#[test]
fn reversion_wins_around_a_rising_line() {
    // An Ornstein-Uhlenbeck deviation with a half-life of 3 days around a steady rise.
    let mut chance = Chance(41);
    let mut off = 0.0;
    let line: Vec<f64> = (0..20_000)
        .map(|n| {
            off = off * 0.5f64.powf(1.0 / 3.0) + 0.01 * chance.normal();
            // The rise is slow and begins anew now and then, or prices would leave every range.
            4.0 + 0.001 * f64::from(n % 2_500) + off
        })
        .collect();
    let gains = revert(&path(SPY, Span::DAY, &line));
    assert!(gains.len() > 100 && t_statistic(&gains) > 10.0, "{}", t_statistic(&gains));
}

#[test]
fn rotation_finds_the_fund_whose_turn_it_is() {
    // Each fund in turn rises for two years while the others fall.
    let turn = |of: usize| move |_: f64, n: usize| if n / 730 % 3 == of { 0.002 } else { -0.001 };
    let gains = rotate([
        logs(51, 40_000, 0.005, turn(0)),
        logs(52, 40_000, 0.005, turn(1)),
        logs(53, 40_000, 0.005, turn(2)),
    ]);
    assert!(gains.len() > 40 && t_statistic(&gains) > 4.0, "{}", t_statistic(&gains));
}
