//! No look-ahead: what was said up to an instant does not change when later candles are taken away.

use super::market::{bills, decade, demo, outputs, reporting, setup};
use nija_core::words::signal::{Signal, StrategyName};
use nija_core::words::time::Timestamp;
use nija_market::analyst::{Output, Setup};

/// What was said by strategies and detector, as far as it goes.
fn said(outputs: &[Output]) -> Vec<Output> {
    outputs.iter().filter(|o| **o != Output::default()).cloned().collect()
}

#[test]
fn cutting_the_future_changes_nothing_said_before() {
    let setup = setup();
    let candles = demo();
    let whole = outputs(&setup, &candles);
    for strategy in [
        StrategyName::CryptoMomentumScalping,
        StrategyName::CryptoTrendRiding,
        StrategyName::CryptoVolatilityCapture,
        StrategyName::EquityMomentumSwing,
        StrategyName::MacroTrend,
        StrategyName::VolatilityBreakout,
        StrategyName::EquityMeanReversion,
        StrategyName::EtfRotation,
    ] {
        let count =
            whole.iter().flat_map(|o| &o.signals).filter(|s| s.strategy == strategy).count();
        assert!(count >= 2, "{strategy:?} said only {count}");
    }
    for part in 1..12 {
        let cut = candles.len() * part / 12;
        assert_eq!(outputs(&setup, &candles[..cut]), whole[..cut]);
    }
}

/// The calendar is clocked too: a strategy that trades reports says the same when later ones are unknown yet.
#[test]
fn reports_of_the_future_change_nothing_said_before() {
    let (setup, candles) = reporting();
    let whole = outputs(&setup, &candles);
    let drift = |signal: &&Signal| signal.strategy == StrategyName::EquityEarningsVolatility;
    let count = whole.iter().flat_map(|output| &output.signals).filter(drift).count();
    assert!(count >= 10, "only {count}");
    for part in 1..6 {
        let cut = candles.len() * part / 6;
        let mut early = setup.clone();
        early.calendar.retain(|report| report.known_at <= candles[cut - 1].close_at);
        assert!(early.calendar.len() < setup.calendar.len());
        assert_eq!(outputs(&early, &candles[..cut]), whole[..cut]);
    }
}

/// Rates are clocked like reports: what was said up to an instant is the same when later ones are unknown yet, and the
/// same when they are quite different.
#[test]
fn rates_of_the_future_change_nothing_said_before() {
    let setup = Setup { rates: bills(), ..setup() };
    let candles = demo();
    let whole = outputs(&setup, &candles);
    let dear = |from: Timestamp| {
        let mut setup = setup.clone();
        for rate in setup.rates.iter_mut().filter(|rate| rate.known_at > from) {
            rate.yearly += 0.25;
        }
        setup
    };
    for part in 4..8 {
        let cut = candles.len() * part / 8;
        let now = candles[cut - 1].close_at;
        let mut early = setup.clone();
        early.rates.retain(|rate| rate.known_at <= now);
        assert!(early.rates.len() < setup.rates.len());
        assert_eq!(outputs(&early, &candles[..cut]), whole[..cut]);
        // A rise of 25 points is heard, and by nobody before it is known.
        let after = outputs(&dear(now), &candles);
        assert_eq!(after[..cut], whole[..cut]);
        assert!(part > 6 || after != whole, "nobody heard it");
    }
}

#[test]
fn the_detector_does_not_look_ahead_over_a_decade() {
    let setup = setup();
    let candles = decade();
    let whole = outputs(&setup, &candles);
    for cut in [900, 2_500, 4_100, 6_007] {
        assert_eq!(said(&outputs(&setup, &candles[..cut])), said(&whole[..cut]));
    }
}

#[test]
fn ids_are_dense_and_nothing_is_known_before_its_close() {
    let (setup, candles) = (setup(), demo());
    let mut next = 1;
    for (candle, output) in candles.iter().zip(outputs(&setup, &candles)) {
        for signal in &output.signals {
            assert_eq!(signal.id.0, next);
            assert!(signal.at >= candle.close_at && signal.mark == candle.close);
            next += 1;
        }
        assert!(output.conditions.is_none_or(|c| c.at >= candle.close_at));
    }
}
