//! The table: how each strategy is made, and the market it is tried on. Parameters are those of the playbook but
//! for what a market of the test needs, such as no fee gate or shorter windows.

use super::account::watch;
use super::candles::{announcing, hours, many, one, reporting, reverting, sessions, walk};
use super::streets::{crossing, making};
use super::subject::{Acting, Episode, Make, Modeling, Subject};
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::signal::StrategyName;
use nija_core::words::time::Span;
use nija_market::candle::Timeframe;
use nija_market::engine::crypto::arbitrage::Purse;
use nija_market::engine::crypto::{
    Arbitrage, ArbitrageParameters, MakingParameters, MarketMaking, MomentumScalping,
    ScalpingParameters, TrendRiding, VolatilityCapture,
};
use nija_market::engine::derivatives::{IndexScalping, Intraday, MacroTrend, VolatilityBreakout};
use nija_market::engine::equity::{
    Drift, EarningsParameters, EtfRotation, MeanReversion, MomentumSwing, Straddle, SwingParameters,
};
use nija_market::learn::ranker;
use nija_market::playbook::Playbook;

/// One strategy and its markets.
pub(super) struct Row {
    pub(super) name: StrategyName,
    pub(super) title: &'static str,
    pub(super) make: Make,
    /// The market of a seed, with the edge planted or without, played to a subject.
    pub(super) world: fn(Make, u64, bool) -> Vec<Episode>,
}

const ONE: InstrumentId = InstrumentId(1);
const MINUTE: Span = Span::seconds(60);

fn ids<const N: usize>() -> [InstrumentId; N] {
    std::array::from_fn(|n| InstrumentId(n as u32 + 1))
}

fn book() -> &'static Playbook {
    Playbook::shipped()
}

fn acting(strategy: impl nija_market::engine::Strategy + 'static) -> Box<dyn Subject> {
    Box::new(Acting(strategy))
}

const fn intraday(timeframe: Timeframe, hours: Hours) -> Intraday {
    Intraday { instrument: ONE, timeframe, hours }
}

/// A drift that is there for one of `count` at a time, for `days` each.
fn turn(of: usize, count: usize, days: usize, up: f64, down: f64) -> impl Fn(f64, usize) -> f64 {
    move |_, n| if n / days % count == of { up } else { down }
}

fn in_turn<const N: usize>(
    seed: u64,
    days: usize,
    planted: Option<(usize, f64, f64)>,
) -> Vec<Vec<f64>> {
    let path = |of: usize| match planted {
        Some((each, up, down)) => {
            let drift = turn(of, N, each, up, down);
            walk(seed + of as u64, days, 0.005, drift)
        }
        None => walk(seed + of as u64, days, 0.005, |_, _| 0.0),
    };
    (0..N).map(path).collect()
}

pub(super) const ROWS: [Row; 13] = [
    Row {
        name: StrategyName::CryptoMomentumScalping,
        title: "momentum scalping",
        make: || {
            let shipped = book().crypto_momentum_scalping.parameters;
            let free = ScalpingParameters { fee: 0.0, half_spread: 0.0, ..shipped };
            acting(MomentumScalping::new(ONE, Timeframe::Minutes1, free))
        },
        // Planted: returns persist.
        world: |make, seed, planted| {
            let phi = if planted { 0.5 } else { 0.0 };
            let logs = walk(seed, 60_000, 0.002, move |last, _| phi * last);
            watch(make, one(MINUTE, &logs))
        },
    },
    Row {
        name: StrategyName::CryptoTrendRiding,
        title: "trend riding",
        make: || acting(TrendRiding::new(ONE, &book().crypto_trend_riding.parameters)),
        // Planted: the drift turns its sign every 200 days.
        world: |make, seed, planted| {
            let swing = move |_: f64, n: usize| match (planted, (n / 200).is_multiple_of(2)) {
                (true, true) => 0.006,
                (true, false) => -0.006,
                (false, _) => 0.0,
            };
            let deviation = if planted { 0.02 } else { 0.01 };
            watch(make, one(Span::DAY, &walk(seed, 30_000, deviation, swing)))
        },
    },
    Row {
        name: StrategyName::CryptoMarketMaking,
        title: "market making",
        make: || {
            let parameters = MakingParameters {
                gamma: 0.5,
                k: 60.0,
                horizon_seconds: 20.0,
                volatility_seconds: 30.0,
                calm_seconds: 3_000.0,
                maker_fee: 0.000_002,
                adverse: 0.0,
                quote: 1.0,
                least_inventory: -5.0,
                most_inventory: 5.0,
                refresh_millis: 5_000,
                ..book().crypto_market_making.parameters
            };
            Box::new(Modeling(MarketMaking::new(ONE, 0, 0.0, parameters)))
        },
        world: making,
    },
    Row {
        name: StrategyName::CryptoArbitrage,
        title: "arbitrage",
        make: || {
            let shipped = book().crypto_arbitrage.parameters;
            let parameters = ArbitrageParameters { lot: 0.1, ..shipped };
            let purse = Purse { fee: 0.0005, dollars: 1_000.0, units: 10.0 };
            Box::new(Modeling(Arbitrage::new(ONE, [purse; 2], parameters)))
        },
        world: crossing,
    },
    Row {
        name: StrategyName::CryptoVolatilityCapture,
        title: "volatility capture",
        make: || acting(VolatilityCapture::new(ONE, book().crypto_volatility_capture.parameters)),
        // Planted: deviations from a line come back.
        world: |make, seed, planted| {
            let logs = if planted {
                reverting(seed, 20_000, 0.06, 0.0)
            } else {
                walk(seed, 40_000, 0.01, |_, _| 0.0)
            };
            watch(make, one(Span::DAY, &logs))
        },
    },
    Row {
        name: StrategyName::EquityMomentumSwing,
        title: "momentum swing",
        make: || {
            let shipped = book().equity_momentum_swing.parameters;
            // Ranges of these candles are those of their closes only, so stops lie farther.
            let parameters = SwingParameters { stop: 8.0, ..shipped };
            let ranking = ranker::Parameters::default();
            acting(MomentumSwing::new(&ids::<8>(), parameters, ranking))
        },
        // Planted: each share in turn rises for two years.
        world: |make, seed, planted| {
            let paths = in_turn::<8>(seed, 12_000, planted.then_some((500, 0.002, -0.0002)));
            watch(make, many(&paths))
        },
    },
    Row {
        name: StrategyName::EquityEarningsVolatility,
        title: "earnings drift",
        make: || acting(Drift::new(&ids::<10>(), EarningsParameters::default().drift)),
        world: |make, seed, planted| watch(make, reporting(seed, 10, 160, planted)),
    },
    Row {
        name: StrategyName::EquityEarningsVolatility,
        title: "earnings straddle",
        make: || acting(Straddle::new(ONE, EarningsParameters::default().straddle)),
        world: |make, seed, planted| watch(make, announcing(seed, 150, planted)),
    },
    Row {
        name: StrategyName::EquityMeanReversion,
        title: "mean reversion",
        make: || acting(MeanReversion::new(ONE, book().equity_mean_reversion.parameters)),
        // Planted: deviations from a rising line come back.
        world: |make, seed, planted| {
            let logs = if planted {
                reverting(seed, 20_000, 0.01, 0.001)
            } else {
                walk(seed, 40_000, 0.01, |_, _| 0.0)
            };
            watch(make, one(Span::DAY, &logs))
        },
    },
    Row {
        name: StrategyName::EtfRotation,
        title: "fund rotation",
        make: || acting(EtfRotation::new(&ids::<3>(), book().etf_rotation.parameters)),
        // Planted: each fund in turn rises for two years while the others fall.
        world: |make, seed, planted| {
            let paths = in_turn::<3>(seed, 30_000, planted.then_some((730, 0.002, -0.001)));
            watch(make, many(&paths))
        },
    },
    Row {
        name: StrategyName::MacroTrend,
        title: "macro trend",
        make: || Box::new(Modeling(MacroTrend::new(&ids::<3>(), book().macro_trend.parameters))),
        // Planted: each market in turn rises for three years while the others fall.
        world: |make, seed, planted| {
            let paths = in_turn::<3>(seed, 20_000, planted.then_some((750, 0.002, -0.001)));
            watch(make, many(&paths))
        },
    },
    Row {
        name: StrategyName::IndexScalping,
        title: "index scalping",
        make: || {
            let market = intraday(Timeframe::Minutes5, Hours::Nyse);
            let parameters = book().index_scalping.parameters;
            Box::new(Modeling(IndexScalping::new(market, parameters)))
        },
        world: |make, seed, planted| watch(make, sessions(seed, 700, planted)),
    },
    Row {
        name: StrategyName::VolatilityBreakout,
        title: "volatility breakout",
        make: || {
            let market = intraday(Timeframe::Hour1, Hours::Always);
            let parameters = book().volatility_breakout.parameters;
            Box::new(Modeling(VolatilityBreakout::new(market, parameters)))
        },
        world: |make, seed, planted| watch(make, hours(seed, 3_000, planted)),
    },
];
