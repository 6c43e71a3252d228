//! Absurd candles: nothing panics, and whatever leaves the crate is in range.

use super::market::{BTC, BTC_HOURLY, ETH, SPY, VIX, setup};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::Action;
use nija_core::words::time::{Span, Timestamp};
use nija_market::analyst::{Analyst, Output, Setup};
use nija_market::candle::Candle;
use nija_market::engine::crypto::ScalpingParameters;
use proptest::prelude::*;

fn sane(output: &Output) -> bool {
    let scores = output.conditions.is_none_or(|c| {
        let optional = [c.crypto_volatility, c.equity_volatility, c.liquidity];
        c.confidence <= Score::MAX
            && optional.iter().flatten().all(|&s| s <= Score::MAX)
            && (-10_000..=10_000).contains(&c.momentum)
    });
    scores
        && output.signals.iter().all(|signal| match signal.action {
            Action::Enter { strength, stop } | Action::Short { strength, stop } => {
                strength <= Strength::FULL && stop.is_none_or(Price::is_positive)
            }
            Action::Trim { strength } => strength <= Strength::FULL,
            Action::Straddle { put_mark, strength, .. } => {
                strength <= Strength::FULL && put_mark.is_positive()
            }
            Action::Quote(quote) => {
                quote.most <= Strength::FULL && quote.bid.is_none_or(Price::is_positive)
            }
            Action::Cross { sell_limit, buy_limit, most, .. } => {
                buy_limit.is_positive() && buy_limit < sell_limit && most.is_positive()
            }
            Action::Loop(around) => {
                let prices = [around.limit, around.buy_limit, around.sell_limit];
                prices.into_iter().all(Price::is_positive)
                    && around.base.is_positive()
                    && around.quote.is_positive()
            }
            Action::Exit | Action::Roll { .. } => true,
        })
}

/// Prices from a few kinds: usual, tiny, huge, zero, negative.
fn prices() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 1_000_000_000i64..2_000_000_000,
        1 => 0i64..3,
        1 => Just(i64::MAX),
        1 => Just(i64::MIN),
        1 => any::<i64>(),
    ]
}

fn volumes() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(0.0), 2 => 0.0..1e6, 1 => Just(f64::MAX), 1 => any::<f64>()]
}

fn absurd() -> impl Strategy<Value = (usize, i64, [i64; 4], f64)> {
    let four = [prices(), prices(), prices(), prices()];
    (0usize..5, prop_oneof![9 => 1i64..4, 1 => 0i64..4_000], four, volumes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_candles_are_survived(steps in proptest::collection::vec(absurd(), 1..900), mend: bool) {
        let mut analyst = Analyst::new(&setup());
        let mut day = 0;
        for (which, step, mut raw, volume) in steps {
            day += step;
            if mend {
                raw.sort_unstable();
            }
            let [low, open, close, high] = raw.map(Price::from_raw);
            let instrument = [BTC, ETH, SPY, VIX, BTC_HOURLY][which];
            let open_at = Timestamp(day * Span::DAY.0);
            let lasts = if instrument == BTC_HOURLY { Span::seconds(3_600) } else { Span::DAY };
            let close_at = open_at.plus(lasts);
            let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
            prop_assert!(sane(&analyst.on_candle(&candle)));
        }
    }
}

fn day(instrument: InstrumentId, n: i64, dollars: i32, volume: f64) -> Candle {
    let price = Price::whole(dollars);
    let open_at = Timestamp(n * Span::DAY.0);
    Candle {
        instrument,
        open_at,
        close_at: open_at.plus(Span::DAY),
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
    }
}

#[test]
fn flat_prices_and_zero_volume_say_nothing() {
    let mut analyst = Analyst::new(&setup());
    for n in 0..900 {
        for instrument in [BTC, ETH, SPY, VIX] {
            let output = analyst.on_candle(&day(instrument, n, 20, 0.0));
            assert!(output.signals.is_empty() && sane(&output));
        }
    }
}

#[test]
fn huge_gaps_are_survived() {
    let mut analyst = Analyst::new(&setup());
    for n in 0..900 {
        let dollars = if n % 97 == 0 { 2_000_000_000 } else { 1 };
        for instrument in [BTC, SPY, VIX] {
            assert!(sane(&analyst.on_candle(&day(instrument, n * (1 + n % 40), dollars, 1.0))));
        }
    }
}

#[test]
fn absurd_settings_are_survived() {
    let mut setup: Setup = setup();
    let playbook = &mut setup.playbook;
    playbook.crypto_trend_riding.parameters.look_backs = vec![0, usize::MAX];
    playbook.crypto_trend_riding.parameters.target_volatility = f64::NAN;
    playbook.crypto_trend_riding.parameters.volatility_days = 0;
    playbook.equity_mean_reversion.parameters.first = f64::INFINITY;
    playbook.etf_rotation.parameters.look_back = usize::MAX;
    playbook.crypto_volatility_capture.parameters.weight = f64::NAN;
    playbook.equity_momentum_swing.parameters.look_back = usize::MAX;
    playbook.equity_momentum_swing.parameters.top = f64::NAN;
    playbook.equity_earnings_volatility.parameters.drift.seasons = usize::MAX;
    playbook.macro_trend.parameters.center_of_mass = 0;
    playbook.index_scalping.parameters.every_minutes = 0;
    playbook.volatility_breakout.parameters.unit = f64::NAN;
    setup.crypto.scalping[0].parameters = Some(ScalpingParameters {
        target: f64::NAN,
        move_bars: [0; 5],
        time_stop: [0; 5],
        ..ScalpingParameters::default()
    });
    setup.crypto.riding = Vec::new();
    let mut analyst = Analyst::new(&setup);
    for n in 0..400 {
        assert!(sane(&analyst.on_candle(&day(SPY, n, 100 + (n % 7) as i32, 1.0))));
    }
}
