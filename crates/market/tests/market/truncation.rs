//! No look-ahead: what was said up to an instant does not change when later candles are taken away.

use super::market::{decade, demo, outputs, reporting, setup};
use nija_core::words::signal::{Signal, StrategyName};
use nija_market::analyst::Output;

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
