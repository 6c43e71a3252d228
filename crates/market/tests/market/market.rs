//! Where the tests get their candles: the shared data files and seeded random numbers.

use nija_core::words::conditions::Conditions;
use nija_core::words::id::InstrumentId;
use nija_core::words::instrument::Hours;
use nija_core::words::money::Price;
use nija_core::words::signal::Action;
use nija_core::words::time::{Span, Timestamp};
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::{Candle, Timeframe};
use nija_market::conditions::Roles;
use nija_market::earnings::{self, Report};
use nija_market::engine::derivatives::Intraday;
use nija_market::engine::{Strategy, View, crypto, derivatives, equity};
use nija_market::rates::{self, Rate};

pub(crate) const BTC: InstrumentId = InstrumentId(1);
pub(crate) const SPY: InstrumentId = InstrumentId(2);
pub(crate) const VIX: InstrumentId = InstrumentId(3);
pub(crate) const QQQ: InstrumentId = InstrumentId(4);
pub(crate) const DIA: InstrumentId = InstrumentId(5);
pub(crate) const ETH: InstrumentId = InstrumentId(6);
pub(crate) const BTC_HOURLY: InstrumentId = InstrumentId(7);
pub(crate) const VIX3M: InstrumentId = InstrumentId(8);
pub(crate) const HYG: InstrumentId = InstrumentId(9);
pub(crate) const SHARES: [(InstrumentId, &str); 4] = [
    (InstrumentId(11), "AAPL"),
    (InstrumentId(12), "AMZN"),
    (InstrumentId(13), "JPM"),
    (InstrumentId(14), "MSFT"),
];

/// Days since 1970 of a date (Howard Hinnant's algorithm).
pub(crate) fn days(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let (era, yoe) = (y.div_euclid(400), y.rem_euclid(400));
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

pub(crate) fn instant(text: &str) -> Timestamp {
    let n = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let seconds = (n(11..13) * 60 + n(14..16)) * 60 + n(17..19);
    Timestamp(days(n(0..4), n(5..7), n(8..10)) * Span::DAY.0 + seconds * 1_000_000)
}

/// Reads a bar file of the shared data; `lasts` is how long after its stamp a bar is known.
pub(crate) fn load(file: &str, instrument: InstrumentId, lasts: Span) -> Vec<Candle> {
    read(file, instrument, lasts).into_iter().map(|candle| candle.checked().unwrap()).collect()
}

/// The same without the rows that are no candle: oil was below zero in April 2020.
pub(crate) fn load_sound(file: &str, instrument: InstrumentId, lasts: Span) -> Vec<Candle> {
    read(file, instrument, lasts).into_iter().filter_map(|candle| candle.checked().ok()).collect()
}

fn read(file: &str, instrument: InstrumentId, lasts: Span) -> Vec<Candle> {
    let path = format!("{}/../../../shared/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
    let candle = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let price = |n: usize| {
            let text = cells[n];
            text.parse::<Price>()
                .unwrap_or_else(|_| format!("{:.8}", text.parse::<f64>().unwrap()).parse().unwrap())
        };
        let open_at = instant(cells[0]);
        Candle {
            instrument,
            open_at,
            close_at: open_at.plus(lasts),
            open: price(1),
            high: price(2),
            low: price(3),
            close: price(4),
            volume: cells[5].parse().unwrap(),
        }
    };
    text.lines().skip(1).map(candle).collect()
}

pub(crate) const SESSION: Span = Span::seconds(21 * 3_600);

/// In the order of closing, as a feed would hand them in.
pub(crate) fn merged(files: Vec<Vec<Candle>>) -> Vec<Candle> {
    let mut all: Vec<Candle> = files.into_iter().flatten().collect();
    all.sort_by_key(|candle| (candle.close_at, candle.instrument));
    all
}

/// The demo: daily leaders, three funds, four shares, hourly bitcoin.
pub(crate) fn demo() -> Vec<Candle> {
    let share = |(id, symbol)| load(&format!("demo/equity/{symbol}/1d.csv"), id, SESSION);
    let mut files: Vec<Vec<Candle>> = SHARES.into_iter().map(share).collect();
    files.extend([
        load("demo/crypto/BTC-USD/1d.csv", BTC, Span::DAY),
        load("demo/crypto/ETH-USD/1d.csv", ETH, Span::DAY),
        load("demo/crypto/BTC-USDT.BINANCE/1h.csv", BTC_HOURLY, Span::seconds(3_600)),
        load("demo/etf/SPY/1d.csv", SPY, SESSION),
        load("demo/etf/QQQ/1d.csv", QQQ, SESSION),
        load("demo/etf/DIA/1d.csv", DIA, SESSION),
        load("demo/index/VIX/1d.csv", VIX, SESSION),
    ]);
    merged(files)
}

/// What companies reported from 2012 to 2019.
fn calendar(find: impl Fn(&str) -> Option<InstrumentId>) -> Vec<Report> {
    let path = "../../../shared/data/earnings/surprises_2012_2019.csv";
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    earnings::read(&text, find).unwrap()
}

/// What bills earned from 2000 on.
pub(crate) fn bills() -> Vec<Rate> {
    let path = "../../../shared/data/macro/rates.csv";
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    rates::read(&text).unwrap().rates
}

/// Twelve large companies and their reports, for the drift after earnings.
pub(crate) fn reporting() -> (Setup, Vec<Candle>) {
    let symbols =
        ["AAPL", "AMZN", "BAC", "CAT", "CVX", "HD", "JNJ", "JPM", "MSFT", "NVDA", "UNH", "WMT"];
    let ids = || (11..).map(InstrumentId);
    let of = |(id, symbol)| load(&format!("equity/{symbol}/1d.csv"), id, SESSION);
    let mut candles = merged(ids().zip(symbols).map(of).collect());
    let span = days(2014, 1, 1) * Span::DAY.0..days(2020, 1, 1) * Span::DAY.0;
    candles.retain(|candle| span.contains(&candle.open_at.0));
    let find = |symbol: &str| Some(ids().zip(symbols).find(|(_, s)| *s == symbol)?.0);
    let earnings = ids().take(symbols.len()).collect();
    let equity = equity::Setup { earnings, ..equity::Setup::default() };
    (Setup { equity, calendar: calendar(find), ..Setup::default() }, candles)
}

/// Ten years of the three markets that the detector needs.
pub(crate) fn decade() -> Vec<Candle> {
    let from = Timestamp(days(2014, 9, 17) * Span::DAY.0);
    let mut all = merged(vec![
        load("crypto/BTC-USD/1d.csv", BTC, Span::DAY),
        load("etf/SPY/1d.csv", SPY, SESSION),
        load("index/VIX/1d.csv", VIX, SESSION),
    ]);
    all.retain(|candle| candle.open_at >= from);
    all
}

/// A column of a table of closing levels, as candles; days without a level are left out.
pub(crate) fn levels(file: &str, column: &str, instrument: InstrumentId) -> Vec<Candle> {
    let path = format!("{}/../../../shared/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
    let place = text.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    let candle = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let level: Price = cells[place].parse().ok()?;
        let open_at = instant(cells[0]);
        let close_at = open_at.plus(SESSION);
        let (open, high, low, close) = (level, level, level, level);
        Some(Candle { instrument, open_at, close_at, open, high, low, close, volume: 0.0 })
    };
    text.lines().skip(1).filter_map(candle).collect()
}

/// Two decades of everything that the detector can read; bitcoin joins in 2014, the term structure in 2009.
pub(crate) fn decades() -> Vec<Candle> {
    let from = Timestamp(days(2005, 1, 3) * Span::DAY.0);
    let mut all = merged(vec![
        load("crypto/BTC-USD/1d.csv", BTC, Span::DAY),
        load("etf/SPY/1d.csv", SPY, SESSION),
        load("etf/HYG/1d.csv", HYG, SESSION),
        load("index/VIX/1d.csv", VIX, SESSION),
        levels("macro/vol_indices.csv", "VIX3M", VIX3M),
    ]);
    all.retain(|candle| candle.open_at >= from);
    all
}

pub(crate) fn setup() -> Setup {
    let scalped =
        crypto::Scalped { instrument: BTC_HOURLY, timeframe: Timeframe::Hour1, parameters: None };
    Setup {
        roles: Roles {
            leader: Some(BTC),
            second: Some(ETH),
            index: Some(SPY),
            vix: Some(VIX),
            ..Roles::default()
        },
        crypto: crypto::Setup {
            riding: vec![BTC, ETH],
            scalping: vec![scalped],
            capture: vec![BTC, ETH],
            ..crypto::Setup::default()
        },
        equity: equity::Setup {
            reversion: vec![SPY, QQQ, DIA],
            rotation: vec![SPY, QQQ, DIA],
            swing: SHARES.map(|share| share.0).to_vec(),
            earnings: SHARES.map(|share| share.0).to_vec(),
            ..equity::Setup::default()
        },
        derivatives: derivatives::Setup {
            trend: vec![SPY, QQQ, DIA],
            breakout: vec![Intraday {
                instrument: BTC_HOURLY,
                timeframe: Timeframe::Hour1,
                hours: Hours::Always,
            }],
            ..derivatives::Setup::default()
        },
        calendar: calendar(|symbol| Some(SHARES.iter().find(|share| share.1 == symbol)?.0)),
        ..Setup::default()
    }
}

/// Everything an analyst says about these candles.
pub(crate) fn outputs(setup: &Setup, candles: &[Candle]) -> Vec<nija_market::analyst::Output> {
    let mut analyst = Analyst::new(setup);
    candles.iter().map(|candle| analyst.on_candle(candle)).collect()
}

/// SplitMix64 with the polar method: the same numbers on every machine.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }
}

/// Candles of a path of log prices; each spans a little beyond its two closes.
pub(crate) fn path(instrument: InstrumentId, lasts: Span, logs: &[f64]) -> Vec<Candle> {
    let price = |log: f64| Price::from_raw((log.exp() * 1e8) as i64);
    let candle = |(n, pair): (usize, &[f64])| {
        let open_at = Timestamp(n as i64 * lasts.0);
        let (open, close) = (price(pair[0]), price(pair[1]));
        Candle {
            instrument,
            open_at,
            close_at: open_at.plus(lasts),
            open,
            high: open.max(close),
            low: open.min(close),
            close,
            volume: 1.0,
        }
    };
    logs.windows(2).enumerate().map(candle).collect()
}

/// Log returns of the trades of one strategy, from close to close, with the door always open.
pub(crate) fn trades(strategy: &mut dyn Strategy, candles: &[Candle]) -> Vec<f64> {
    let view = View { conditions: Conditions::default(), open: true };
    let mut entered: std::collections::BTreeMap<InstrumentId, f64> = Default::default();
    let mut gains = Vec::new();
    for candle in candles {
        match strategy.on_candle(candle, &view) {
            Some(Action::Enter { .. }) => {
                entered.entry(candle.instrument).or_insert(candle.close_f64().ln());
            }
            Some(Action::Exit) => {
                let paid = entered.remove(&candle.instrument).expect("exit without entry");
                gains.push(candle.close_f64().ln() - paid);
            }
            Some(_) | None => {}
        }
    }
    gains
}

/// Mean over standard error.
pub(crate) fn t_statistic(gains: &[f64]) -> f64 {
    let n = gains.len() as f64;
    let mean = gains.iter().sum::<f64>() / n;
    let variance = gains.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / (n - 1.0);
    mean / (variance / n).sqrt()
}
