//! Months of one contract that follow each other: what is said about the series that they make.

use super::market::{Chance, outputs};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::score::Strength;
use nija_core::words::signal::{Action, Signal};
use nija_core::words::time::{Span, Timestamp};
use nija_market::analyst::{Output, Setup};
use nija_market::candle::Candle;
use nija_market::engine::{Contract, derivatives};
use nija_market::roll::Family;
use std::collections::BTreeMap;

/// Months of thirty days, so many of them, from this number on.
const MONTH: i64 = 30;
const MONTHS: i64 = 24;
const FIRST: u32 = 100;

fn id(month: i64) -> InstrumentId {
    InstrumentId(FIRST + month as u32)
}

/// The day on which a month ends.
fn end(month: i64) -> i64 {
    (month + 2) * MONTH
}

/// A fair walk of the underlying, with every month as much dearer as its end is further away: 60 % a year. Of a month
/// that ends within twelve days less is traded than of the next one.
fn street() -> Vec<Candle> {
    let mut chance = Chance(9);
    let mut level = 100f64.ln();
    let mut all = Vec::new();
    for day in 0..end(MONTHS - 2) {
        level += 0.015 * chance.normal();
        for month in 0..MONTHS {
            let left = end(month) - day;
            if !(1..=75).contains(&left) {
                continue;
            }
            let close = Price::from_raw(((level + 0.6 * left as f64 / 365.0).exp() * 1e8) as i64);
            let volume = if left <= 12 { 10.0 } else { 1_000.0 / left as f64 };
            let open_at = Timestamp(day * Span::DAY.0);
            let (open, high, low) = (close, close, close);
            let close_at = open_at.plus(Span::DAY);
            all.push(Candle {
                instrument: id(month),
                open_at,
                close_at,
                open,
                high,
                low,
                close,
                volume,
            });
        }
    }
    all
}

fn family() -> Setup {
    let month = |month| {
        let expiry = Timestamp(end(month) * Span::DAY.0);
        Contract { instrument: id(month), expiry }
    };
    let contracts: Vec<Contract> = (0..MONTHS).map(month).collect();
    let families = vec![Family { months: contracts.clone() }];
    let derivatives =
        derivatives::Setup { trend: vec![id(0)], contracts, families, ..Default::default() };
    trader(derivatives)
}

/// A trend of two months, so that it turns now and then.
fn trader(derivatives: derivatives::Setup) -> Setup {
    let mut setup = Setup { derivatives, ..Setup::default() };
    let parameters = &mut setup.playbook.macro_trend.parameters;
    (parameters.look_back, parameters.center_of_mass) = (40, 20);
    (parameters.target_volatility, parameters.cash_return) = (0.1, 0.0);
    setup
}

/// The same trader of one contract that never ends.
fn endless() -> Setup {
    let contracts = vec![Contract { instrument: id(0), expiry: Timestamp(i64::MAX) }];
    let derivatives = derivatives::Setup { trend: vec![id(0)], contracts, ..Default::default() };
    trader(derivatives)
}

fn signals(outputs: &[Output]) -> Vec<Signal> {
    outputs.iter().flat_map(|output| output.signals.iter().copied()).collect()
}

const fn rolled(signal: &Signal) -> Option<InstrumentId> {
    match signal.action {
        Action::Roll { from } => Some(from),
        _ => None,
    }
}

/// When, on which side, how large.
fn said(signals: &[Signal]) -> Vec<(Timestamp, i32)> {
    let size = |strength: Strength| i32::from(strength.as_parts());
    let one = |signal: &Signal| {
        let size = match signal.action {
            Action::Enter { strength, .. } => size(strength),
            Action::Short { strength, .. } => -size(strength),
            Action::Trim { strength } => 20_000 + size(strength),
            Action::Exit => 0,
            _ => return None,
        };
        Some((signal.at, size))
    };
    signals.iter().filter_map(one).collect()
}

/// The candles of the front months by their rolls, each month's prices times what hindsight says.
fn joined(candles: &[Candle], rolls: &[Signal], back: bool) -> Vec<Candle> {
    let closes: BTreeMap<(InstrumentId, Timestamp), f64> =
        candles.iter().map(|c| ((c.instrument, c.close_at), c.close_f64())).collect();
    let mut series = Vec::new();
    for candle in candles {
        let gone = rolls.iter().filter(|roll| roll.at < candle.close_at).count() as i64;
        if candle.instrument != id(gone) {
            continue;
        }
        // Adjusted backwards: all rolls that come later have moved this price.
        let later = rolls.iter().skip(gone as usize).filter(|_| back);
        let factor: f64 = later
            .map(|roll| {
                let from = rolled(roll).unwrap();
                closes[&(roll.instrument, roll.at)] / closes[&(from, roll.at)]
            })
            .product();
        let close = Price::from_raw((candle.close_f64() * factor * 1e8).round() as i64);
        let (open, high, low) = (close, close, close);
        series.push(Candle { instrument: id(0), open, high, low, close, ..*candle });
    }
    series
}

#[test]
fn every_month_is_rolled_once_in_time_and_strategies_are_in_the_front_one() {
    let said = signals(&outputs(&family(), &street()));
    let rolls: Vec<Signal> = said.iter().copied().filter(|s| rolled(s).is_some()).collect();
    assert!(rolls.len() >= 12, "{}", rolls.len());
    for roll in &rolls {
        let month = i64::from(rolled(roll).unwrap().0 - FIRST);
        assert_eq!(roll.instrument, id(month + 1));
        // Two closes behind the crossing, and a third where the strategy spoke at the second.
        let left = Timestamp(end(month) * Span::DAY.0).since(roll.at).0 / Span::DAY.0;
        assert!((9..=11).contains(&left), "{left}");
    }
    let mut front = None;
    for signal in &said {
        match rolled(signal) {
            Some(_) => front = Some(signal.instrument),
            None if front.is_some() => assert_eq!(Some(signal.instrument), front, "{signal:?}"),
            None => {}
        }
    }
}

#[test]
fn joined_forwards_it_says_what_the_series_says_that_is_adjusted_backwards() {
    let candles = street();
    let all = signals(&outputs(&family(), &candles));
    // Rolls are told where a position moves; before the first position they happen as well.
    let unseen = {
        let first = all.iter().find(|signal| rolled(signal).is_some()).unwrap();
        i64::from(rolled(first).unwrap().0 - FIRST)
    };
    let silent = (0..unseen).map(|month| {
        // Two closes behind the crossing at twelve days.
        let at = Timestamp((end(month) - 10) * Span::DAY.0);
        let action = Action::Roll { from: id(month) };
        Signal { instrument: id(month + 1), action, at, ..all[0] }
    });
    let told = all.iter().copied().filter(|signal| rolled(signal).is_some());
    let rolls: Vec<Signal> = silent.chain(told).collect();
    let back = joined(&candles, &rolls, true);
    let here = said(&all);
    let there = said(&signals(&outputs(&endless(), &back)));
    assert!(here.len() >= 5, "{here:?}");
    assert_eq!(here.len(), there.len(), "{here:?}\n{there:?}");
    for (one, other) in here.iter().zip(&there) {
        assert_eq!(one.0, other.0);
        assert!((one.1 - other.1).abs() <= 1, "{one:?} {other:?}");
    }
    // What fell by its carry is sold short; the front months side by side do not show it.
    assert!(here.iter().any(|(_, size)| *size < 0), "{here:?}");
    let raw = said(&signals(&outputs(&endless(), &joined(&candles, &rolls, false))));
    assert_ne!(raw, there);
}

#[test]
fn cutting_the_future_changes_nothing_that_families_said_before() {
    let (setup, candles) = (family(), street());
    let whole = outputs(&setup, &candles);
    for part in 1..16 {
        let cut = candles.len() * part / 16;
        assert_eq!(outputs(&setup, &candles[..cut]), whole[..cut]);
    }
}

#[test]
fn a_family_of_one_month_is_that_month() {
    let candles: Vec<Candle> = street().into_iter().filter(|c| c.instrument == id(1)).collect();
    let month = Contract { instrument: id(1), expiry: Timestamp(end(1) * Span::DAY.0) };
    let mut setup = family();
    setup.derivatives.trend = vec![id(1)];
    setup.derivatives.families = vec![Family { months: vec![month] }];
    let with = outputs(&setup, &candles);
    setup.derivatives.families = Vec::new();
    assert_eq!(with, outputs(&setup, &candles));
}
