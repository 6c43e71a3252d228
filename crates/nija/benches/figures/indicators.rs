//! Nanoseconds a bar of the indicators: over whole series, beside TA-Lib over the same numbers, and pushed bar by bar
//! as strategies push them.

use crate::backtest::minutes;
use crate::figure::{Better, Figure, Goal};
use crate::meter::cpu;
use crate::python::Python;
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_engine::feeds::Kind;
use nija_market::candle::Bar;
use nija_market::indicator::{Atr, Bollinger, Ema, Rsi, Sma, series};
use std::hint::black_box;

const MINUTES: u32 = 1_000_000;
/// Passes over the bars in one measurement.
const TIMES: usize = 10;

/// The same six, as often; seconds of all passes over all bars. The C library is told (`mallopt`: M_MMAP_THRESHOLD,
/// M_TRIM_THRESHOLD) to keep the memory of arrays that are given back, so that TA-Lib writes where it wrote before.
const TA_LIB: &str = "
import ctypes, talib
memory = ctypes.CDLL(None)
assert memory.mallopt(-3, 1 << 25) and memory.mallopt(-1, 1 << 30)
works = [lambda: talib.SMA(closes, 20), lambda: talib.EMA(closes, 20), lambda: talib.RSI(closes, 14),
         lambda: talib.ATR(highs, lows, closes, 14), lambda: talib.BBANDS(closes, 20, 2, 2),
         lambda: talib.MACD(closes, 12, 26, 9)]
def measure():
    return [timed(lambda: [work() for _ in range(10)]) for work in works]
";

/// Nanoseconds a bar of work that passes over so many.
fn nanos(bars: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let before = cpu();
    for _ in 0..TIMES {
        work()?;
    }
    Ok((cpu() - before) * 1e9 / (TIMES * bars) as f64)
}

/// What a fresh `make` says of all bars, one by one.
fn each<T>(
    bars: &[Bar],
    make: impl Fn() -> T,
    push: fn(&mut T, &Bar) -> Option<f64>,
) -> Result<f64> {
    nanos(bars.len(), || {
        let mut indicator = make();
        let values = bars.iter().filter_map(|bar| push(&mut indicator, bar).map(black_box)).count();
        ensure!(values + 100 > bars.len(), "an indicator is silent");
        Ok(())
    })
}

/// What is said of a whole series at once, always into the same memory, as a scan over many series does.
fn whole<T>(bars: usize, say: impl Fn(Vec<T>) -> Vec<T>) -> Result<f64> {
    let mut out = say(Vec::new());
    nanos(bars, || {
        out = black_box(say(std::mem::take(&mut out)));
        ensure!(out.len() + 100 > bars, "an indicator is silent");
        Ok(())
    })
}

pub(crate) fn indicators(scale: &Scale) -> Result<Vec<Figure>> {
    let events = minutes(scale.of(MINUTES))?;
    let closed = events.iter().filter_map(|event| match event.kind {
        Kind::BarClosed(candle) => Some(candle.bar()),
        _ => None,
    });
    let bars: Vec<Bar> = closed.collect();
    drop(events);
    let column = |of: fn(&Bar) -> f64| bars.iter().map(of).collect::<Vec<f64>>();
    let (opens, closes) = (column(|bar| bar.open), column(|bar| bar.close));
    let (highs, lows) = (column(|bar| bar.high), column(|bar| bar.low));
    let count = bars.len();
    let mut peer = Python::start(scale.python(), TA_LIB, [&opens, &highs, &lows, &closes])?;
    let (mut arrays, mut peers): ([Vec<f64>; 6], [Vec<f64>; 6]) = Default::default();
    let mut pushed: [Vec<f64>; 5] = Default::default();
    for _ in 0..RUNS {
        let said = [
            whole(count, |out| series::sma(&closes, 20, out))?,
            whole(count, |out| series::ema(&closes, 20, out))?,
            whole(count, |out| series::rsi(&closes, 14, out))?,
            whole(count, |out| series::atr([&highs, &lows, &closes], 14, out))?,
            whole(count, |out| series::bollinger(&closes, 20, out))?,
            whole(count, |out| series::macd(&closes, [12, 26, 9], out))?,
        ];
        arrays.iter_mut().zip(said).for_each(|(to, value)| to.push(value));
        if let Some(peer) = &mut peer {
            let seconds = peer.round()?;
            ensure!(seconds.len() == peers.len(), "TA-Lib answered {} figures", seconds.len());
            let each = seconds.iter().map(|s| s * 1e9 / (TIMES * count) as f64);
            peers.iter_mut().zip(each).for_each(|(to, value)| to.push(value));
        }
        let width = |bands: &mut Bollinger, bar: &Bar| bands.push(bar).map(|b| b.upper - b.lower);
        let said = [
            each(&bars, || Sma::new(20), Sma::push)?,
            each(&bars, || Ema::new(20), Ema::push)?,
            each(&bars, || Rsi::new(14), Rsi::push)?,
            each(&bars, || Atr::new(14), Atr::push)?,
            each(&bars, || Bollinger::new(20), width)?,
        ];
        pushed.iter_mut().zip(said).for_each(|(to, value)| to.push(value));
    }
    let names = ["SMA 20", "EMA 20", "RSI 14", "ATR 14", "Bollinger 20", "MACD 12 26 9"];
    let new = |name, values| Figure::new("indicators", name, "ns", values);
    let mut figures = Vec::new();
    for ((name, values), beside) in names.into_iter().zip(arrays).zip(&peers) {
        let figure = new(format!("{name} over {count} bars at once"), values);
        // As fast, and twice as fast.
        let goal = Goal::ratio("P18", Better::Less, 1.0, 0.5);
        let held = peer.is_some();
        figures.push(if held { figure.peer("TA-Lib", beside).goal(goal) } else { figure });
    }
    let by_bar = names.into_iter().zip(pushed);
    figures.extend(by_bar.map(|(name, values)| new(format!("{name}, bar by bar"), values)));
    Ok(figures)
}
