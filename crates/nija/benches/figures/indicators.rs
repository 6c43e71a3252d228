//! Nanoseconds a bar of the indicators, pushed bar by bar as strategies push them. TA-Lib, which computes over whole
//! arrays, is run beside this by hand.

use crate::backtest::minutes;
use crate::figure::Figure;
use crate::meter::Process;
use crate::{RUNS, Scale};
use anyhow::{Result, ensure};
use nija_engine::feeds::Kind;
use nija_market::candle::Bar;
use nija_market::indicator::{Atr, Bollinger, Ema, Rsi, Sma};
use std::hint::black_box;

const MINUTES: u32 = 1_000_000;
/// Passes over the bars in one measurement.
const TIMES: usize = 10;

/// Nanoseconds a bar of what a fresh `make` says of all bars.
fn each<T>(
    bars: &[Bar],
    make: impl Fn() -> T,
    push: fn(&mut T, &Bar) -> Option<f64>,
) -> Result<f64> {
    let before = Process::own().cpu()?;
    for _ in 0..TIMES {
        let mut indicator = make();
        let values = bars.iter().filter_map(|bar| push(&mut indicator, bar).map(black_box)).count();
        ensure!(values + 100 > bars.len(), "an indicator is silent");
    }
    Ok((Process::own().cpu()? - before) * 1e9 / (TIMES * bars.len()) as f64)
}

pub(crate) fn indicators(scale: &Scale) -> Result<Vec<Figure>> {
    let events = minutes(scale.of(MINUTES))?;
    let closed = events.iter().filter_map(|event| match event.kind {
        Kind::BarClosed(candle) => Some(candle.bar()),
        _ => None,
    });
    let bars: Vec<Bar> = closed.collect();
    drop(events);
    let mut taken: [Vec<f64>; 5] = Default::default();
    for _ in 0..RUNS {
        let [sma, ema, rsi, atr, bands] = &mut taken;
        sma.push(each(&bars, || Sma::new(20), Sma::push)?);
        ema.push(each(&bars, || Ema::new(20), Ema::push)?);
        rsi.push(each(&bars, || Rsi::new(14), Rsi::push)?);
        atr.push(each(&bars, || Atr::new(14), Atr::push)?);
        let width = |bands: &mut Bollinger, bar: &Bar| bands.push(bar).map(|b| b.upper - b.lower);
        bands.push(each(&bars, || Bollinger::new(20), width)?);
    }
    let names = ["SMA 20", "EMA 20", "RSI 14", "ATR 14", "Bollinger 20"];
    let figure = |(name, values)| Figure::new("indicators", name, "ns", values);
    Ok(names.into_iter().zip(taken).map(figure).collect())
}
