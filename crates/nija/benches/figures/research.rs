//! Bars a second of a research run: the rule on its own, with orders, exact money and its books, but without
//! accounts and gates. In memory, from a file, and many pairs of averages over one piece of data.

use crate::backtest::{bars, minutes};
use crate::figure::{Better, Figure, Goal};
use crate::meter::cpu;
use crate::scene::bitcoin;
use crate::{RUNS, Scale};
use anyhow::{Context, Result, ensure};
use nija_core::words::instrument::{AssetClass, Instrument};
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_engine::feeds::Kind;
use nija_engine::feeds::series::{Reading, Series};
use nija_engine::research::manner::Manner;
use nija_engine::research::portfolio::{Plan, Size};
use nija_engine::research::record::Keep;
use nija_engine::research::{Outcome, Run};
use nija_engine::sim::Rules;
use nija_engine::sim::fee::Fee;
use nija_engine::sim::rules::Terms;
use nija_market::candle::Candle;
use nija_market::teaching::{SmaCross, Windows};
use std::io::Write;

/// The minutes of the goals.
const MINUTES: u32 = 1_000_000;
/// Runs over the data in one measurement: a CPU clock counts hundredths of a second.
const TIMES: usize = 10;
/// Pairs of averages that share one reading.
const PAIRS: usize = 64;
/// Candles that are shown to all pairs before the next ones.
const PIECE: usize = 1_024;
/// A pair takes vectorbt 0.42 s; a tenth and a thirtieth of it in milliseconds.
const PAIR_MS: (f64, f64) = (42.0, 14.0);

fn plan() -> Plan {
    let whole = Qty::whole(1);
    let instrument = Instrument { tick: Price::STEP, lot: whole, ..bitcoin() };
    let fee = Fee::Percent { rate: Pct::from_raw(2_000_000) };
    let terms = Terms { fee, ..*Rules::frictionless(0).terms(AssetClass::Crypto) };
    let (cash, size, manner) = (Money::whole(10_000_000), Size::Units(whole), Manner::default());
    Plan { instrument, terms, cash, size, manner }
}

fn rule(fast: usize, slow: usize) -> Result<SmaCross> {
    let windows = Windows::new(fast, slow).context("no pair of averages")?;
    Ok(SmaCross::new(windows, false).following_the_side())
}

fn judged(outcome: &Outcome, count: usize) -> Result<()> {
    let trades = outcome.record.closed;
    ensure!(outcome.portfolio.is_balanced(), "the books do not balance");
    ensure!(trades > count as u64 / 50, "the crossover hardly traded: {trades}");
    Ok(())
}

fn in_memory(candles: &[Candle]) -> Result<f64> {
    let before = cpu();
    for _ in 0..TIMES {
        let mut run = Run::new(rule(10, 20)?, plan(), Keep::default());
        candles.iter().for_each(|candle| run.on_candle(candle));
        judged(&run.finish(), candles.len())?;
    }
    Ok((TIMES * candles.len()) as f64 / (cpu() - before))
}

fn from_file(path: &std::path::Path, count: usize) -> Result<f64> {
    let before = cpu();
    for _ in 0..TIMES {
        let mut series = Series::open(path, bitcoin().id, Reading::default())?;
        let mut run = Run::new(rule(10, 20)?, plan(), Keep::default());
        let mut some = Vec::new();
        while series.next(&mut some)? {
            some.iter().for_each(|candle| run.on_candle(candle));
        }
        judged(&run.finish(), count)?;
    }
    Ok((TIMES * count) as f64 / (cpu() - before))
}

/// Milliseconds of one CPU that a pair takes.
fn pairs(candles: &[Candle]) -> Result<f64> {
    let before = cpu();
    let begin = |n| Ok(Run::new(rule(5 + n % 8, 20 + n)?, plan(), Keep::default()));
    let mut runs = (0..PAIRS).map(begin).collect::<Result<Vec<_>>>()?;
    for piece in candles.chunks(PIECE) {
        for run in &mut runs {
            piece.iter().for_each(|candle| run.on_candle(candle));
        }
    }
    ensure!(runs.into_iter().all(|run| run.finish().portfolio.is_balanced()), "books");
    Ok((cpu() - before) * 1_000.0 / PAIRS as f64)
}

pub(crate) fn research(scale: &Scale) -> Result<Vec<Figure>> {
    let events = minutes(scale.of(MINUTES))?;
    let closed = events.iter().filter_map(|event| match event.kind {
        Kind::BarClosed(candle) => Some(candle),
        _ => None,
    });
    let candles: Vec<Candle> = closed.collect();
    let count = bars(&events);
    drop(events);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("minutes.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    writeln!(file, "ts,open,high,low,close,volume")?;
    for c in &candles {
        let (at, volume) = (c.open_at.0 / 1_000_000, c.volume.round());
        writeln!(file, "{at},{},{},{},{},{volume}", c.open, c.high, c.low, c.close)?;
    }
    file.into_inner()?.sync_all()?;
    let (mut memory, mut files, mut sweeps) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        memory.push(in_memory(&candles)?);
        files.push(from_file(&path, candles.len())?);
        sweeps.push(pairs(&candles)?);
    }
    let new = |name: String, unit, values| Figure::new("research", name, unit, values);
    let (bar, moonshot) = PAIR_MS;
    Ok(vec![
        new(format!("bars a CPU s, {count} minutes, crossover"), "1/s", memory).goal(Goal::value(
            "P14",
            Better::More,
            5e6,
            25e6,
        )),
        new(format!("the same from CSV, {count} rows"), "1/s", files).goal(Goal::value(
            "P16",
            Better::More,
            2.5e6,
            4.8e6,
        )),
        new(format!("a pair of a sweep over {count} minutes"), "ms", sweeps).goal(Goal::value(
            "P19",
            Better::Less,
            bar,
            moonshot,
        )),
    ])
}
