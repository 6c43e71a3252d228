//! Published shapes, looked for on real prices with the product's own parts.

use super::market::{BTC, SESSION, load, load_sound, merged};
use nija_core::words::conditions::Conditions;
use nija_core::words::id::InstrumentId;
use nija_core::words::signal::Action;
use nija_core::words::time::Span;
use nija_market::candle::Candle;
use nija_market::engine::crypto::TrendRiding;
use nija_market::engine::derivatives::{MacroTrend, TrendParameters};
use nija_market::engine::{Model, Seen, Strategy, View};
use nija_market::indicator::RealizedVolatility;
use nija_market::playbook::Playbook;
use std::collections::BTreeMap;

/// What a series of returns came to.
#[derive(Debug)]
struct Shape {
    /// Growth, deviation and their ratio, a year.
    grew: f64,
    deviation: f64,
    sharpe: f64,
    /// Deepest fall from a peak, as a fraction.
    fall: f64,
}

impl Shape {
    fn of(returns: &[f64], year: f64) -> Self {
        let n = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / n;
        let variance = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let (mut worth, mut peak, mut fall) = (1.0f64, 1.0f64, 0.0f64);
        for one in returns {
            worth *= 1.0 + one;
            peak = peak.max(worth);
            fall = fall.max(1.0 - worth / peak);
        }
        let sharpe = mean / variance.sqrt() * year.sqrt();
        let (grew, deviation) = (worth.powf(year / n) - 1.0, (variance * year).sqrt());
        Self { grew, deviation, sharpe, fall }
    }
}

/// Closes as the paper uses them: nothing happens between two of them.
fn closes(file: &str, instrument: InstrumentId) -> Vec<Candle> {
    let flat = |c: Candle| Candle { open: c.close, high: c.close, low: c.close, ..c };
    load(file, instrument, Span::DAY).into_iter().map(flat).collect()
}

/// Is the member of one look-back long after each close?
fn sides(look_back: usize, candles: &[Candle]) -> Vec<bool> {
    let mut parameters = Playbook::shipped().crypto_trend_riding.parameters.clone();
    // Told whole, whatever the volatility: the ensemble below is sized outside.
    (parameters.look_backs, parameters.target_volatility) = (vec![look_back], 1e9);
    parameters.volatility_days = 2;
    let mut member = TrendRiding::new(BTC, &parameters);
    let view = View { conditions: Conditions::default(), open: true };
    let mut long = false;
    let mut side = |candle: &Candle| {
        match member.on_candle(candle, &view) {
            Some(Action::Enter { .. }) => long = true,
            Some(Action::Exit) => long = false,
            _ => {}
        }
        long
    };
    candles.iter().map(&mut side).collect()
}

/// Zarattini, Pagani and Barbon's ensemble on bitcoin, with members of the shipped strategy: nine look-backs alike,
/// 25 % a year by 90 days, at most twice the capital, a tenth of a percent for what is traded. They report a Sharpe
/// ratio above 1.5 and falls about 20 % where bitcoin fell by four fifths.
#[test]
fn the_ensemble_of_channels_on_bitcoin_has_the_published_shape() {
    const COST: f64 = 0.001;
    let shipped = &Playbook::shipped().crypto_trend_riding.parameters;
    let candles = closes("crypto/BTC-USD/1d.csv", BTC);
    let members: Vec<Vec<bool>> =
        shipped.look_backs.iter().map(|&bars| sides(bars, &candles)).collect();
    let mut volatility = RealizedVolatility::new(shipped.volatility_days, 365.0);
    let (mut held, mut ours, mut bitcoins) = (0.0, Vec::new(), Vec::new());
    for (n, pair) in candles.windows(2).enumerate() {
        let now = volatility.push(pair[0].close_f64());
        let long = members.iter().filter(|member| member[n]).count() as f64 / members.len() as f64;
        let size = now.map_or(0.0, |now| (shipped.target_volatility / now).min(2.0));
        let wanted = size * long;
        let one = pair[1].close_f64() / pair[0].close_f64() - 1.0;
        // From the day on that the longest look-back is known.
        if n > 360 {
            ours.push(wanted * one - COST * f64::abs(wanted - held));
            bitcoins.push(one);
        }
        held = wanted;
    }
    let (ensemble, bitcoin) = (Shape::of(&ours, 365.0), Shape::of(&bitcoins, 365.0));
    println!("ensemble {ensemble:.3?}\nbitcoin  {bitcoin:.3?}");
    assert!((1.45..1.75).contains(&ensemble.sharpe) && ensemble.sharpe > bitcoin.sharpe + 0.2);
    assert!((0.15..0.23).contains(&ensemble.fall) && bitcoin.fall > 0.8);
    assert!(ensemble.deviation < shipped.target_volatility && ensemble.grew > 0.2);
}

/// What the macro trend earned in the quarters of a gauge, from its worst to its best: the mean of the worst fifth, of
/// the middle, and of the best fifth.
fn by_quarter(files: &[&str], cash_return: f64, gauge: usize) -> [f64; 3] {
    let universe: Vec<InstrumentId> = (21..).map(InstrumentId).take(files.len()).collect();
    let read = |(file, id): (&&str, &InstrumentId)| load_sound(file, *id, SESSION);
    let candles = merged(files.iter().zip(&universe).map(read).collect());
    let shipped = Playbook::shipped().macro_trend.parameters;
    let mut trend = MacroTrend::new(&universe, TrendParameters { cash_return, ..shipped });
    let mut last: BTreeMap<InstrumentId, (f64, f64)> = BTreeMap::new();
    // Growth of both, by quarter.
    let mut quarters: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for candle in candles {
        let close = candle.close_f64();
        let stance = trend.see(&Seen::Candle(candle));
        let (before, weight) = *last.entry(candle.instrument).or_insert((close, 0.0));
        let one = close / before - 1.0;
        let at = candle.open_at.to_string();
        let quarter = format!("{}-{}", &at[..4], (at[5..7].parse::<u32>().unwrap() - 1) / 3);
        let sums = quarters.entry(quarter).or_insert((0.0, 0.0));
        sums.0 += weight * one;
        if candle.instrument == universe[gauge] {
            sums.1 += one;
        }
        last.insert(candle.instrument, (close, stance.map_or(weight, |stance| stance.weight)));
    }
    let mut all: Vec<(f64, f64)> = quarters.into_values().filter(|q| q.0 != 0.0).collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1));
    let fifth = all.len() / 5;
    let (worst, rest) = all.split_at(fifth);
    let (middle, best) = rest.split_at(rest.len() - fifth);
    [worst, middle, best].map(|part| part.iter().map(|q| q.0).sum::<f64>() / part.len() as f64)
}

/// The smile of Moskowitz, Ooi and Pedersen: a trend earns most in the extremes of the stock market. A diagnostic, not
/// evidence: it is there on four funds and not on four series of front months.
#[test]
fn the_smile_of_the_macro_trend() {
    let funds = ["SPY", "TLT", "GLD", "XLE"].map(|symbol| format!("etf/{symbol}/1d.csv"));
    let futures = ["ES", "ZN", "GC", "CL"].map(|symbol| format!("futures/{symbol}/1d.csv"));
    let smile = |files: &[String; 4], cash| by_quarter(&files.each_ref().map(|f| &**f), cash, 0);
    let (funds, futures) = (smile(&funds, 0.02), smile(&futures, 0.0));
    println!("worst, middle and best quarters: funds {funds:.4?}, futures {futures:.4?}");
    assert!(funds[0] > 1.5 * funds[1] && funds[2] > 1.5 * funds[1], "{funds:?}");
    assert!(futures[0] < futures[1] && futures[1] < futures[2], "{futures:?}");
}
