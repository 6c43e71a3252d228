//! The generated market: the same twice, bars that hold together, and statistics that are what was asked for.

use super::*;
use crate::calendar::is_open;
use crate::feeds::{Kind, instant};
use nija_market::candle::Candle;
use std::collections::BTreeMap;

const COIN: u32 = 1;

fn at(text: &str) -> Timestamp {
    instant::read(text.as_bytes()).unwrap()
}
fn asset(instrument: u32, hours: Hours, volatility: f64, correlation: f64) -> Path {
    Path {
        instrument: InstrumentId(instrument),
        hours,
        last: Price::whole(100),
        tick: Price::from_raw(1_000_000),
        motion: Motion::Asset { volatility, correlation },
        daily_volume: 1_000.0,
    }
}
fn settings(timeframe: Timeframe, days: i64, paths: Vec<Path>) -> Settings {
    let from = at("2020-03-02T00:00:00Z");
    let until = Some(from.plus(Span(days * Span::DAY.0)));
    Settings { seed: 11, timeframe, from, until, mood: Mood::Normal, paths }
}
fn run(settings: Settings) -> Vec<(MarketEvent, Mood)> {
    let mut generator = Generator::new(settings).unwrap();
    let mut all = Vec::new();
    while let Some(at) = generator.peek_time().unwrap() {
        let event = generator.next().unwrap().unwrap();
        assert_eq!(event.at, at);
        all.push((event, generator.mood()));
    }
    all
}
fn candles(settings: Settings, instrument: u32) -> Vec<(Candle, Mood)> {
    let all = run(settings).into_iter().filter_map(|(event, mood)| match event.kind {
        Kind::BarClosed(candle) if candle.instrument.0 == instrument => Some((candle, mood)),
        _ => None,
    });
    all.collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let make = |seed| {
        let paths = vec![asset(COIN, Hours::Always, 0.7, 0.8), asset(2, Hours::Nyse, 0.2, 0.5)];
        let all = run(Settings { seed, ..settings(Timeframe::Minutes15, 5, paths) });
        format!("{all:?}")
    };
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
}

#[test]
fn an_instrument_moves_the_same_whoever_stands_beside_it() {
    let coin = || asset(COIN, Hours::Always, 0.7, 0.8);
    let alone = candles(settings(Timeframe::Hour1, 20, vec![coin()]), COIN);
    let beside = vec![asset(2, Hours::Nyse, 0.2, 0.5), coin()];
    assert_eq!(alone, candles(settings(Timeframe::Hour1, 20, beside), COIN));
}

#[test]
fn bars_hold_together_and_follow_each_other() {
    for timeframe in Timeframe::ALL {
        let days = if timeframe == Timeframe::Day1 { 60 } else { 9 };
        let paths = vec![asset(COIN, Hours::Always, 0.9, 0.9), asset(2, Hours::Nyse, 0.3, 0.5)];
        let all = run(settings(timeframe, days, paths));
        assert!(all.is_sorted_by_key(|(event, _)| event.rank()), "{timeframe}");
        let mut last: BTreeMap<u32, Candle> = BTreeMap::new();
        for (event, _) in &all {
            let Kind::BarClosed(candle) = event.kind else {
                continue;
            };
            assert_eq!(candle.checked(), Ok(candle));
            let before = last.insert(candle.instrument.0, candle);
            if candle.instrument.0 == 2 {
                assert!(is_open(Hours::Nyse, candle.open_at));
                assert!(is_open(Hours::Nyse, candle.close_at.plus(Span(-1))));
            } else if let Some(before) = before {
                assert_eq!((before.close_at, before.close), (candle.open_at, candle.open));
            }
        }
        assert_eq!(last.len(), 2, "{timeframe}");
    }
}

#[test]
fn it_goes_on_from_the_prices_it_is_given() {
    let mut path = asset(COIN, Hours::Always, 0.5, 0.5);
    path.last = Price::whole(6_412);
    let all = candles(settings(Timeframe::Hour1, 1, vec![path]), COIN);
    assert_eq!(all[0].0.open, Price::whole(6_412));
}

/// Annual volatility, kurtosis and number of the log returns of one mood.
fn shape(returns: &[f64], a_year: f64) -> (f64, f64) {
    let n = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / n;
    let moment = |power| returns.iter().map(|r| (r - mean).powi(power)).sum::<f64>() / n;
    ((moment(2) * a_year).sqrt(), moment(4) / moment(2).powi(2))
}

#[test]
fn volatility_is_what_each_mood_asks_for_and_jumps_are_there() {
    let all = candles(
        settings(Timeframe::Hour1, 6_000, vec![asset(COIN, Hours::Always, 0.6, 0.7)]),
        COIN,
    );
    let mut returns: BTreeMap<Mood, Vec<f64>> = BTreeMap::new();
    for (candle, mood) in &all {
        returns.entry(*mood).or_default().push((candle.close_f64() / candle.open_f64()).ln());
    }
    let mut kurtosis = 0.0f64;
    for mood in [Mood::Calm, Mood::Normal, Mood::Wild] {
        let of = &returns[&mood];
        assert!(of.len() > 1_000, "{mood:?} is visited");
        let sorted = {
            let mut sorted: Vec<_> = of.iter().map(|r| r.abs()).collect();
            sorted.sort_by(f64::total_cmp);
            sorted
        };
        // The median of |r| is 0.6745 standard deviations and knows nothing of jumps.
        let typical = sorted[sorted.len() / 2] / 0.6745 * (24.0f64 * 365.0).sqrt();
        let wanted = 0.6 * mood.volatility();
        assert!((typical / wanted - 1.0).abs() < 0.06, "{mood:?}: {typical:.3} for {wanted:.3}");
        kurtosis = kurtosis.max(shape(of, 24.0 * 365.0).1);
    }
    assert!(kurtosis > 6.0, "without jumps it would be 3, it is {kurtosis:.1}");
}

#[test]
fn instruments_share_the_common_factor_as_told() {
    let paths = vec![asset(COIN, Hours::Always, 0.6, 0.9), asset(2, Hours::Always, 0.6, 0.8)];
    let of = |n| -> Vec<f64> {
        let all = candles(settings(Timeframe::Hour1, 900, paths.clone()), n);
        all.iter().map(|(c, _)| (c.close_f64() / c.open_f64()).ln()).collect()
    };
    let (one, two) = (of(COIN), of(2));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let correlation = dot(&one, &two) / (dot(&one, &one) * dot(&two, &two)).sqrt();
    assert!((correlation - 0.72).abs() < 0.08, "{correlation:.3}");
}

#[test]
fn fear_follows_the_mood_and_stays_in_its_bounds() {
    let fear =
        Path { last: Price::whole(18), motion: Motion::Fear, ..asset(3, Hours::Nyse, 0.0, 0.0) };
    let all = candles(settings(Timeframe::Day1, 6_000, vec![fear]), 3);
    let mean = |mood: Mood| {
        let of: Vec<_> =
            all.iter().filter(|(_, m)| *m == mood).map(|(c, _)| c.close_f64()).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    assert!(all.iter().all(|(c, _)| (9.0..=90.0).contains(&c.low_f64()) && c.high_f64() <= 90.0));
    let (calm, normal, wild) = (mean(Mood::Calm), mean(Mood::Normal), mean(Mood::Wild));
    assert!(calm + 2.0 < normal && normal + 8.0 < wild, "{calm:.1} {normal:.1} {wild:.1}");
}

#[test]
fn settings_without_sense_are_refused() {
    let wrong = |change: fn(&mut Path)| {
        let mut path = asset(COIN, Hours::Always, 0.5, 0.5);
        change(&mut path);
        Generator::new(settings(Timeframe::Hour1, 1, vec![path])).map(drop).is_err()
    };
    assert!(wrong(|path| path.last = Price::ZERO));
    assert!(wrong(|path| path.tick = Price::ZERO));
    assert!(wrong(|path| path.daily_volume = f64::NAN));
    assert!(wrong(|path| path.motion = Motion::Asset { volatility: f64::NAN, correlation: 0.0 }));
    assert!(wrong(|path| path.motion = Motion::Asset { volatility: 0.1, correlation: 2.0 }));
    assert!(Generator::new(settings(Timeframe::Hour1, 1, vec![])).map(drop).is_err());
}
