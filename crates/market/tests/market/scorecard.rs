//! The scorecard on markets whose answer is known.

use super::market::{BTC, Chance, SPY};
use nija_core::words::conditions::{Conditions, Regime};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable};
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;
use nija_market::regime::scorecard::{Contender, Parts, Recorder, Scorecard, Terms, Word};

const BONDS: InstrumentId = InstrumentId(20);
const PARTS: Parts = Parts { crypto: BTC, index: SPY, bonds: Some(BONDS) };

fn candle(instrument: InstrumentId, day: i64, close: f64) -> Candle {
    let close = Price::from_raw((close * 1e8) as i64);
    let open_at = Timestamp(day * Span::DAY.0);
    let close_at = open_at.plus(Span::DAY);
    let (open, high, low) = (close, close, close);
    Candle { instrument, open_at, close_at, open, high, low, close, volume: 1.0 }
}

/// Prices of crypto, index and bonds, and the regime known at each close.
fn card(days: &[([f64; 3], Regime)], held_out_from: i64, costs: (f64, f64)) -> Scorecard {
    let table = TierTable::parse(DEFAULT_TABLE).unwrap();
    let mut recorder = Recorder::new(PARTS);
    recorder.on_candle(&candle(BONDS, -1, 100.0), &Conditions::default());
    for (day, (prices, regime)) in (0..).zip(days) {
        let conditions = Conditions { regime: Some(*regime), ..Conditions::default() };
        // Bonds are told after the index, as implied volatility would be.
        for (instrument, price) in [BTC, SPY, BONDS].into_iter().zip(prices) {
            recorder.on_candle(&candle(instrument, day, *price), &conditions);
        }
    }
    let terms = Terms {
        rules: table.rules(Tier::Investor),
        crypto_cost: costs.0,
        fund_cost: costs.1,
        held_out_from: Timestamp(held_out_from * Span::DAY.0),
    };
    recorder.scorecard(&terms).unwrap()
}

fn near(got: f64, want: f64) {
    assert!((got - want).abs() < 1e-9, "{got} for {want}");
}

#[test]
fn a_reading_is_traded_a_close_later() {
    use Regime::{Ranging, TrendingUp};
    let days = [
        ([100.0, 100.0, 100.0], TrendingUp),
        ([200.0, 50.0, 100.0], Ranging),
        ([220.0, 50.0, 100.0], Ranging),
        ([220.0, 55.0, 90.0], Ranging),
    ];
    let card = card(&days, 0, (0.01, 0.001));
    assert_eq!((card.sessions, card.chapters.len()), (2, 2));
    let grew = |contender| card.totals.iter().find(|t| t.record.contender == contender).unwrap();
    // 80/20 is bought at the second close and earns a tenth of 80 %; then 50/50 is bought, and the index rises.
    let bought = 1.0 - (0.8 * 0.01 + 0.2 * 0.001);
    let moved = 0.88 / 1.08 - 0.5;
    let turned = 1.0 - moved * (0.01 + 0.001);
    near(grew(Contender::Regimes).grew_to, bought * 1.08 * turned * 1.05);
    // Two sessions are the 126th part of a year.
    near(grew(Contender::Regimes).costs, ((1.0 - bought) + (1.0 - turned)) * 126.0);
    near(grew(Contender::BuyAndHold).grew_to, 0.999 * 1.1);
    // Bonds lose a tenth while the index gains one.
    near(grew(Contender::SixtyForty).grew_to, 0.999 * (1.0 + 0.06 - 0.04));
    near(grew(Contender::SixtyForty).drawdown, 0.001);
    // The last reading can no longer be traded.
    let mut other = days;
    other[3].1 = TrendingUp;
    other[2].1 = TrendingUp;
    assert_eq!(self::card(&other, 0, (0.01, 0.001)), card);
}

/// Days on which crypto drifts up by `drift` a day where the regime says so, and down where it says the opposite.
fn days(seed: u64, count: usize, drift: f64) -> Vec<([f64; 3], Regime)> {
    let mut chance = Chance(seed);
    let mut prices = [100.0_f64; 3];
    let mut all = Vec::new();
    for n in 0..count {
        let up = (n / 30).is_multiple_of(2);
        let gains = [if up { drift } else { -drift }, 0.0, 0.0];
        for (price, gain) in prices.iter_mut().zip(gains) {
            *price *= 1.0 + gain + 0.01 * chance.normal();
        }
        // What is known at a close is traded at the next one and earns from there on.
        let known = ((n + 2) / 30).is_multiple_of(2);
        all.push((prices, if known { Regime::TrendingUp } else { Regime::RiskOff }));
    }
    all
}

#[test]
fn skill_is_named_and_luck_is_not() {
    let against = |card: &Scorecard, contender| {
        let mut all = card.findings.iter();
        all.find(|f| f.regime.is_none() && f.against == contender).unwrap().word
    };
    let skilled = card(&days(3, 1_500, 0.003), 500, (0.001, 0.0005));
    assert_eq!(against(&skilled, Contender::Frozen), Word::Better);
    assert_eq!(skilled.contrast.unwrap().word, Word::Better);
    let wrong = card(&days(3, 1_500, -0.003), 500, (0.001, 0.0005));
    assert_eq!(against(&wrong, Contender::Frozen), Word::Worse);
    for seed in 0..20 {
        let luck = card(&days(seed, 1_500, 0.0), 500, (0.0, 0.0));
        let words = luck.findings.iter().filter(|f| f.word != Word::NoEvidence).count();
        assert_eq!(words, 0, "seed {seed}");
    }
}

#[test]
fn only_held_out_sessions_are_evidence() {
    let card = card(&days(3, 600, 0.003), 580, (0.001, 0.0005));
    assert!(card.findings.is_empty() && card.contrast.is_none());
    assert_eq!(card.sessions, 598);
    assert!((card.switches_a_year - 252.0 / 30.0).abs() < 0.5, "{}", card.switches_a_year);
}
