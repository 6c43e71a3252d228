//! The analyst as a whole: what it ignores, what it builds itself, that entries and exits alternate.

use super::market::{BTC, Chance, SPY, VIX, demo, outputs, path, setup};
use nija_core::words::conditions::Regime;
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::{Action, StrategyName};
use nija_core::words::time::Span;
use nija_market::analyst::{Analyst, Output, Setup};
use nija_market::candle::{Builder, Candle, Timeframe};
use nija_market::conditions::Roles;
use nija_market::engine::crypto;
use nija_market::playbook::Limits;
use nija_market::regime::Thresholds;
use std::collections::BTreeMap;

#[test]
fn positions_open_grow_and_close_in_turn() {
    let candles = demo();
    let mut held: BTreeMap<(StrategyName, InstrumentId), u16> = BTreeMap::new();
    for signal in outputs(&setup(), &candles).iter().flat_map(|o| &o.signals) {
        let key = (signal.strategy, signal.instrument);
        match signal.action {
            Action::Enter { strength, stop } => {
                // What is rebalanced is bought back to its part; all others only grow.
                let rebalances = signal.strategy == StrategyName::CryptoVolatilityCapture;
                let before = held.get(&key).copied().unwrap_or(0);
                assert!(rebalances || strength.as_parts() > before, "{signal:?}");
                assert!(stop.is_none_or(|stop| stop < signal.mark && stop.is_positive()));
                held.insert(key, strength.as_parts());
            }
            Action::Trim { strength } => {
                assert!(held.insert(key, strength.as_parts()).is_some(), "{signal:?}");
            }
            Action::Short { .. } => panic!("nothing here is a contract: {signal:?}"),
            Action::Exit => assert!(held.remove(&key).is_some(), "{signal:?}"),
            Action::Straddle { .. } => panic!("there is no chain: {signal:?}"),
            Action::Quote(_) | Action::Cross { .. } | Action::Loop(_) => {
                panic!("there is no book: {signal:?}")
            }
            Action::Roll { .. } => panic!("there is no family: {signal:?}"),
        }
    }
}

/// The limits of the playbook are wide enough for what the first four strategies say on the demo.
#[test]
fn shipped_limits_hold_back_none_of_the_first_four() {
    let mut wide = setup();
    let playbook = &mut wide.playbook;
    for limits in [
        &mut playbook.crypto_momentum_scalping.limits,
        &mut playbook.crypto_trend_riding.limits,
        &mut playbook.equity_mean_reversion.limits,
        &mut playbook.etf_rotation.limits,
    ] {
        *limits = Limits { max_positions: u16::MAX, risk: 1.0, min_size: 0.0, max_size: 1.0 };
    }
    assert_eq!(outputs(&wide, &demo()), outputs(&setup(), &demo()));
}

#[test]
fn risk_off_admits_rotation_only() {
    let candles = demo();
    let mut regime = None;
    for output in outputs(&setup(), &candles) {
        regime = output.conditions.map_or(regime, |c| c.regime);
        for signal in &output.signals {
            let entry = matches!(signal.action, Action::Enter { .. });
            let rotation = signal.strategy == StrategyName::EtfRotation;
            assert!(regime != Some(Regime::RiskOff) || !entry || rotation, "{signal:?}");
        }
    }
}

#[test]
fn repeated_late_broken_and_unknown_candles_are_ignored() {
    let candles = demo();
    let mut analyst = Analyst::new(&setup());
    let clean = outputs(&setup(), &candles);
    let mut got = Vec::new();
    for (n, candle) in candles.iter().enumerate() {
        got.push(analyst.on_candle(candle));
        let earlier = &candles[n / 2];
        for noise in [
            *candle,
            *earlier,
            Candle { instrument: InstrumentId(99), ..*candle },
            Candle { volume: f64::NAN, ..*candle },
            Candle { close_at: candle.open_at, ..*candle },
        ] {
            assert_eq!(analyst.on_candle(&noise), Output::default());
        }
    }
    assert_eq!(got, clean);
}

#[test]
fn the_setup_reads_from_settings_with_defaults_for_what_is_left_out() {
    let text = "
        [roles]
        leader = '00000001'
        [thresholds]
        vix_high = 35.0
        [crypto]
        riding = ['00000001']
        [[crypto.scalping]]
        instrument = '00000007'
        timeframe = '1h'
        [derivatives]
        trend = ['00000002']
    ";
    let read: Setup = toml::from_str(text).unwrap();
    assert_eq!(read.roles.leader, Some(BTC));
    let thresholds = Thresholds { vix_high: 35.0, ..Thresholds::default() };
    assert_eq!(read.thresholds, thresholds);
    assert_eq!(read.crypto.scalping, setup().crypto.scalping);
    assert_eq!((read.derivatives.trend, read.playbook), (vec![SPY], setup().playbook));
    assert!(toml::from_str::<Setup>("[thresholds]\nvix = 3.0").is_err());
}

/// Hours or days: the analyst says the same about trends when it has to build the days itself.
#[test]
fn days_are_built_from_hours() {
    let mut chance = Chance(5);
    let mut log = 9.0;
    let mut step = |n: usize| {
        let drift = if (n / 3_000).is_multiple_of(2) { 0.0006 } else { -0.0006 };
        log += drift + 0.004 * chance.normal();
        log
    };
    let logs: Vec<f64> = (0..24 * 900).map(&mut step).collect();
    let hours = path(BTC, Span::seconds(3_600), &logs);
    let mut days = Vec::new();
    let mut builder = Builder::new(BTC, &[Timeframe::Day1]);
    hours.iter().for_each(|hour| builder.push(hour, &mut days));
    let setup = Setup {
        roles: Roles { leader: Some(BTC), index: Some(SPY), vix: Some(VIX), ..Roles::default() },
        crypto: crypto::Setup { riding: vec![BTC], ..crypto::Setup::default() },
        ..Setup::default()
    };
    let said = |candles: &[Candle]| -> Vec<Output> {
        outputs(&setup, candles).into_iter().filter(|o| *o != Output::default()).collect()
    };
    let from_hours = said(&hours);
    assert_eq!(from_hours, said(&days));
    assert!(from_hours.iter().flat_map(|o| &o.signals).count() > 4);
}
