//! The learned ranking as a whole, on shares whose secret is known, on chance, and on real ones.

use super::market::{Chance, SESSION, days, load};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::signal::{Action, Signal};
use nija_core::words::time::{Span, Timestamp};
use nija_market::analyst::Setup;
use nija_market::candle::Candle;
use nija_market::engine::equity;
use nija_market::learn::boost::Parameters as Growth;
use nija_market::learn::ranker::{Parameters, Ranker};

const SHARES: u32 = 30;

fn universe(count: u32) -> Vec<InstrumentId> {
    (1..=count).map(InstrumentId).collect()
}

/// Daily candles of shares that all follow a market; a share that fell behind in a week comes back in the next
/// fortnight, by this part of what it lost.
fn panel(seed: u64, sessions: usize, reversal: f64) -> Vec<Candle> {
    let mut chance = Chance(seed);
    let mut logs = vec![vec![4.0]; SHARES as usize];
    let mut candles = Vec::new();
    for day in 0..sessions {
        let market = 0.008 * chance.normal();
        for (share, path) in logs.iter_mut().enumerate() {
            let now = path[day];
            let week = now - path[day.saturating_sub(5)];
            let next = now + market + 0.015 * chance.normal() - reversal * week / 5.0;
            path.push(next);
            let close = Price::from_raw((next.exp() * 1e8) as i64);
            let open_at = Timestamp(day as i64 * Span::DAY.0);
            candles.push(Candle {
                instrument: InstrumentId(share as u32 + 1),
                open_at,
                close_at: open_at.plus(SESSION),
                open: close,
                high: close,
                low: close,
                close,
                volume: 1.0,
            });
        }
    }
    candles
}

fn quick() -> Parameters {
    let growth = Growth { rounds: 12, ..Growth::default() };
    Parameters { growth, ..Parameters::default() }
}

fn ranker(candles: &[Candle], shares: u32, parameters: Parameters) -> Ranker {
    let mut ranker = Ranker::new(&universe(shares), parameters);
    candles.iter().for_each(|candle| ranker.on_candle(candle));
    ranker
}

#[test]
fn a_secret_that_the_baseline_does_not_know_is_found_and_promoted() {
    let ranker = ranker(&panel(5, 2_000, 0.35), SHARES, quick());
    let promotion = ranker.promotion();
    assert!(promotion.promoted(), "{promotion}");
    assert!(promotion.area.unwrap() > 0.53, "{promotion}");
    // The model's word travels with its features; the first is what the baseline ranks by.
    let standing = ranker.standing(InstrumentId(3)).unwrap();
    let opinion = standing.opinion.unwrap();
    assert!(opinion.model > 1_800 && opinion.features.iter().all(|x| (-500..=500).contains(x)));
    assert!((standing.score - f64::from(opinion.score.as_hundredths()) / 10_000.0).abs() < 1e-4);
}

#[test]
fn the_swing_speaks_with_the_models_word() {
    let equity = equity::Setup { swing: universe(SHARES), ranking: quick(), ..Default::default() };
    let setup = Setup { equity, ..Setup::default() };
    let outputs = super::market::outputs(&setup, &panel(5, 1_200, 0.35));
    let signals: Vec<&Signal> = outputs.iter().flat_map(|output| &output.signals).collect();
    let model = |signal: &Signal| signal.insight.and_then(|i| i.opinion).map(|o| o.model);
    let entries = signals.iter().filter(|s| matches!(s.action, Action::Enter { .. }));
    let (before, after): (Vec<&Signal>, Vec<&Signal>) =
        entries.copied().partition(|signal| model(signal).is_none());
    assert!(before.len() > 10 && after.len() > 30, "{} {}", before.len(), after.len());
    // Before the first training there is nothing to say, and from then on it is always said.
    assert!(before.iter().all(|early| after.iter().all(|late| early.at < late.at)));
    let today = |signal: &Signal| u32::try_from(signal.at.day(Span::ZERO)).unwrap();
    assert!(after.iter().all(|signal| model(signal).unwrap() < today(signal)));
    assert!(signals.iter().all(|s| s.action != Action::Exit || s.insight.is_none()));
}

#[test]
fn chance_is_not_promoted() {
    for seed in [1, 2] {
        let ranker = ranker(&panel(seed, 1_300, 0.0), SHARES, quick());
        let promotion = ranker.promotion();
        assert!(!promotion.promoted() && promotion.periods > 40, "{promotion}");
        assert!((promotion.area.unwrap() - 0.5).abs() < 0.03, "{promotion}");
        let standing = ranker.standing(InstrumentId(3)).unwrap();
        let first = f64::from(standing.opinion.unwrap().features[0]);
        assert!((standing.score - (first / 1_000.0 + 0.5)).abs() < 1e-3, "the baseline's rank");
    }
}

#[test]
fn the_future_changes_no_standing() {
    let candles = panel(9, 1_200, 0.3);
    let parameters = Parameters { least_lessons: 500, ..quick() };
    let cut = 1_000 * SHARES as usize;
    let mut scrambled = candles.clone();
    for (n, candle) in scrambled.iter_mut().enumerate().skip(cut + 1) {
        candle.close = Price::whole(1 + n as i32 % 97);
    }
    let at_the_cut = |candles: &[Candle]| {
        let ranker = ranker(&candles[..=cut], SHARES, parameters);
        universe(SHARES).iter().map(|&share| ranker.standing(share)).collect::<Vec<_>>()
    };
    let all = at_the_cut(&candles);
    assert!(all.iter().all(|standing| standing.unwrap().opinion.is_some()));
    assert_eq!(all, at_the_cut(&scrambled));
}

/// Real shares: whatever the verdict, it follows from the figures that it prints.
#[test]
fn on_real_shares_the_report_gives_its_reasons() {
    let names = [
        "AAPL", "AMZN", "BAC", "CAT", "CVX", "DIS", "GE", "GOOGL", "HD", "JNJ", "JPM", "KO",
        "MSFT", "NFLX", "NVDA", "PG", "UNH", "WMT", "XOM",
    ];
    let files = names.iter().zip(1..);
    let files =
        files.map(|(name, id)| load(&format!("equity/{name}/1d.csv"), InstrumentId(id), SESSION));
    let from = Timestamp(days(2016, 1, 1) * Span::DAY.0);
    let mut candles = super::market::merged(files.collect());
    candles.retain(|candle| candle.open_at >= from);
    let ranker = ranker(&candles, names.len() as u32, quick());
    let promotion = ranker.promotion();
    assert!(promotion.periods > 100, "{promotion}");
    let judgment = promotion.judgment.unwrap();
    assert_eq!(promotion.promoted(), judgment.deflated >= 0.95);
}
