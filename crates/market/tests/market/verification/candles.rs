//! Markets of candles: random walks, and the same with an edge that one strategy lives on. On the walks prices are
//! fair: their logs fall by half a variance a step, so that no position has an expected gain.

use super::super::market::{Chance, path};
use nija_core::words::id::InstrumentId;
use nija_core::words::money::Price;
use nija_core::words::time::{Span, Timestamp};
use nija_market::candle::Candle;
use nija_market::chain::{Chain, OptionQuote};
use nija_market::earnings::{News, Report, Slot};
use nija_market::engine::Seen;
use nija_market::options::{Contract, Right};

/// Log prices whose steps have this deviation around `drift`, which sees the last step and the number of this one.
pub(super) fn walk(
    seed: u64,
    count: usize,
    deviation: f64,
    drift: impl Fn(f64, usize) -> f64,
) -> Vec<f64> {
    let mut chance = Chance(seed);
    let (mut log, mut last) = (6.0, 0.0);
    let mut step = |n| {
        last = drift(last, n) - deviation * deviation / 2.0 + deviation * chance.normal();
        log += last;
        log
    };
    (0..count).map(&mut step).collect()
}

/// Candles of one path.
pub(super) fn one(lasts: Span, logs: &[f64]) -> Vec<Seen> {
    path(InstrumentId(1), lasts, logs).into_iter().map(Seen::Candle).collect()
}

/// Daily candles of several paths, in the order of closing; instruments are numbered from one.
pub(super) fn many(paths: &[Vec<f64>]) -> Vec<Seen> {
    let days = paths.iter().map(Vec::len).min().unwrap_or(0) - 1;
    let candles: Vec<Vec<Candle>> =
        (1..).zip(paths).map(|(id, logs)| path(InstrumentId(id), Span::DAY, logs)).collect();
    (0..days).flat_map(|day| candles.iter().map(move |of| Seen::Candle(of[day]))).collect()
}

/// A line with deviations that halve in three days, begun anew now and then so that prices stay in range.
pub(super) fn reverting(seed: u64, count: usize, deviation: f64, rise: f64) -> Vec<f64> {
    let mut chance = Chance(seed);
    let mut off = 0.0;
    let mut step = |n: usize| {
        off = off * 0.5f64.powf(1.0 / 3.0) + deviation * chance.normal();
        4.0 + rise * (n % 2_500) as f64 + off
    };
    (0..count).map(&mut step).collect()
}

/// Sessions of five-minute candles of New York; planted, each day goes on in the direction of its first hour.
pub(super) fn sessions(seed: u64, days: i64, planted: bool) -> Vec<Seen> {
    let mut chance = Chance(seed);
    let (mut log, mut events) = (6.0f64, Vec::new());
    let step = 0.001f64;
    let price = |log: f64| Price::from_raw((log.exp() * 1e8) as i64);
    for day in 0..days {
        log += 0.003 * chance.normal() - 0.003 * 0.003 / 2.0;
        let morning = log;
        for bar in 0..78 {
            let follows = if bar >= 12 { 0.0003 * (log - morning).signum() } else { 0.0 };
            let before = log;
            let drift = if planted { follows } else { 0.0 };
            log += drift - step * step / 2.0 + step * chance.normal();
            let (open, close) = (price(before), price(log));
            let minute = day * 1_440 + 870 + 5 * bar;
            let at = |minute: i64| Timestamp(minute * 60_000_000);
            let (high, low) = (open.max(close), open.min(close));
            let (open_at, close_at, instrument) = (at(minute), at(minute + 5), InstrumentId(1));
            let volume = 1.0;
            let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
            events.push(Seen::Candle(candle));
        }
        // A walk of years is begun anew where it would leave the range of prices.
        log = if (3.0..9.0).contains(&log) { log } else { 6.0 };
    }
    events
}

/// Hourly candles of days that are wide and narrow in turn; planted, each day has a direction.
pub(super) fn hours(seed: u64, days: usize, planted: bool) -> Vec<Seen> {
    let mut chance = Chance(seed);
    let mut logs = vec![6.0f64];
    let mut log = 6.0;
    for _ in 0..days {
        let deviation = 0.001 * (0.5 * chance.normal()).exp();
        let direction = if chance.uniform() < 0.5 { -0.3 } else { 0.3 };
        let drift = if planted { direction * deviation } else { 0.0 };
        for _ in 0..24 {
            log += drift - deviation * deviation / 2.0 + deviation * chance.normal();
            logs.push(log);
        }
    }
    one(Span::seconds(3_600), &logs)
}

/// Quarters of a company in sessions.
const QUARTER: usize = 63;

/// Companies that report each quarter; planted, prices go on for a quarter in the direction of the surprise.
pub(super) fn reporting(seed: u64, companies: u32, quarters: usize, planted: bool) -> Vec<Seen> {
    let mut paths = Vec::new();
    let mut reports: Vec<(usize, u32, f64)> = Vec::new();
    for id in 1..=companies {
        let mut chance = Chance(seed + u64::from(id));
        let mut earned = [1.0; 4];
        let mut drift = 0.0;
        let mut log = 6.0;
        let mut logs = Vec::new();
        for day in 0..quarters * QUARTER {
            if day % QUARTER == (id as usize * 5) % QUARTER {
                let surprise = chance.normal();
                let quarter = day / QUARTER;
                earned[quarter % 4] += 0.1 * surprise;
                reports.push((day, id, earned[quarter % 4]));
                drift = if planted { 0.0015 * surprise } else { 0.0 };
                log += if planted { 0.02 * surprise } else { 0.0 };
            }
            log += drift - 0.01 * 0.01 / 2.0 + 0.01 * chance.normal();
            logs.push(log);
        }
        paths.push(logs);
    }
    let mut events = many(&paths);
    events.extend(reports.into_iter().map(|(day, id, earned)| {
        let known_at = Timestamp(day as i64 * Span::DAY.0 + Span::DAY.0 / 2);
        let (instrument, news) = (InstrumentId(id), News::Published { earned });
        Seen::Report(Report { instrument, period: (day / QUARTER) as i32, known_at, news })
    }));
    events.sort_by_key(Seen::known_at);
    events
}

/// Volatility of the share behind the chains.
const QUIET: f64 = 0.3;

/// Quotes of two expiries whose price holds a jump at the report.
fn chain(day: i32, report: i32, spot: f64, jump: f64) -> Chain {
    let mut quotes = Vec::new();
    for expiry in [report + 7, report + 35] {
        let years = f64::from(expiry - day) / 365.0;
        let volatility = (QUIET * QUIET + jump * jump / years).sqrt();
        // Strikes are listed once and do not follow the price.
        for step in 80..=125_u32 {
            let strike = f64::from(step) * 4.0;
            for (n, right) in (0..).zip([Right::Call, Right::Put]) {
                let contract = Contract { right, spot, strike, years, rate: 0.03, dividend: 0.0 };
                let price = contract.price(volatility);
                let (bid, ask) = (0.99 * price, 1.01 * price);
                let contract = InstrumentId(expiry.cast_unsigned() * 256 + step * 2 + n);
                quotes.push(OptionQuote { contract, expiry, strike, right, bid, ask });
            }
        }
    }
    let at = Timestamp::of_day(day, Span::DAY);
    let next_session = if day == report { day + 3 } else { day + 1 };
    Chain { instrument: InstrumentId(1), at, spot, next_session, rate: None, quotes }
}

/// A share that reports on a Friday every thirteen weeks and jumps by about a tenth. Its options hold a jump of 6 %;
/// planted, 9 % on the eve: what was sold too cheap is paid for ahead of the news.
pub(super) fn announcing(seed: u64, quarters: i32, planted: bool) -> Vec<Seen> {
    let mut chance = Chance(seed);
    let mut events = Vec::new();
    for quarter in 0..quarters {
        // The price begins anew each quarter, near the middle of the strikes.
        let mut log = 400.0f64.ln();
        let report = 8 + quarter * 91;
        let planned = News::Planned { day: report, slot: Some(Slot::After) };
        let known_at = Timestamp::of_day(report - 14, Span::ZERO);
        let instrument = InstrumentId(1);
        events.push(Seen::Report(Report { instrument, period: quarter, known_at, news: planned }));
        for day in report - 4..=report + 3 {
            if (report + 1..report + 3).contains(&day) {
                continue;
            }
            // A calendar day of volatility each, as the options count; growing with interest, as they expect.
            let days = if day == report + 3 { 3.0 } else { 1.0 };
            let deviation = QUIET * (days / 365.0f64).sqrt();
            log += 0.03 * days / 365.0 - deviation * deviation / 2.0 + deviation * chance.normal();
            log += if day == report + 3 { 0.14 * chance.normal() } else { 0.0 };
            let eve = planted && day == report;
            if day <= report {
                let jump = if eve { 0.09 } else { 0.06 };
                events.push(Seen::Chain(chain(day, report, log.exp(), jump)));
            }
            let close = Price::from_raw((log.exp() * 1e8) as i64);
            let open_at = Timestamp::of_day(day, Span::ZERO);
            let close_at = open_at.plus(Span::DAY);
            let (open, high, low, volume) = (close, close, close, 1.0);
            let candle = Candle { instrument, open_at, close_at, open, high, low, close, volume };
            events.push(Seen::Candle(candle));
        }
    }
    events
}
