//! Bars a second of the engine's backtest, everything included but the reading of the data: the
//! shipped history through the analyst for an account of every tier, generated minute bars through
//! it, and generated minute bars with a crossover of two means that orders.

use crate::figure::{Better, Figure, Goal};
use crate::meter::cpu;
use crate::python::Python;
use crate::scene::{self, BTC, bitcoin, block, wish};
use crate::{RUNS, Scale};
use anyhow::{Context, Result, ensure};
use nija_core::desk::answer::Answer;
use nija_core::desk::event::Wish;
use nija_core::desk::input::{Command, Input};
use nija_core::words::catalog;
use nija_core::words::id::{AccountId, Epoch};
use nija_core::words::instrument::{Hours, Instrument};
use nija_core::words::money::Price;
use nija_core::words::order::Side;
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::generator::{Generator, Mood, Motion, Path as Walk, Settings};
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::{Error, Feed, Kind, MarketEvent, csv};
use nija_engine::partitions::Partitions;
use nija_engine::sim::{Exchange, Rules};
use nija_engine::trader::Trader;
use nija_market::analyst::{Analyst, Setup};
use nija_market::candle::Timeframe;
use std::path::Path;
use std::sync::Arc;

/// A tenth of the minutes of one symbol when it has to be quick.
const MINUTES: u32 = 1_000_000;
const FAST: usize = 10;
const SLOW: usize = 20;

/// Seconds of the same crossover in vectorbt, one unit long and short at the next open, with orders and equity. The
/// first call, which compiles, is left out.
const VECTORBT: &str = "
import pandas as pd
import vectorbt as vbt
closes, opens = pd.Series(closes), pd.Series(opens)
def run(closes, opens):
    fast, slow = (vbt.MA.run(closes, bars).ma.to_numpy().ravel() for bars in (10, 20))
    side = np.where(fast > slow, 1.0, np.where(fast < slow, -1.0, np.nan))
    orders = vbt.Portfolio.from_orders(closes, size=pd.Series(side).shift(1), size_type='targetamount',
                                       price=opens, fees=0.0002, init_cash=10_000_000, freq='1min')
    return orders.orders.count(), orders.final_value()
run(closes[:2000], opens[:2000])
def measure():
    return [timed(lambda: run(closes, opens))]
";

/// Events that were read before.
struct Given<'a>(std::slice::Iter<'a, MarketEvent>);

impl Feed for Given<'_> {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.0.next().copied())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.as_slice().first().map(|event| event.at))
    }
}

fn read(mut feed: impl Feed) -> Result<Vec<MarketEvent>> {
    let mut all = Vec::new();
    while let Some(event) = feed.next()? {
        all.push(event);
    }
    Ok(all)
}

pub(crate) fn bars(events: &[MarketEvent]) -> u64 {
    events.iter().filter(|event| matches!(event.kind, Kind::BarClosed(_))).count() as u64
}

/// The analyst as shipped.
pub(crate) fn trader() -> Result<Trader> {
    let setup: Setup = toml::from_str(include_str!("../../data/analyst.toml"))?;
    Ok(Trader::new(Analyst::new(&setup)))
}

pub(crate) fn catalog() -> Result<Vec<Instrument>> {
    Ok(catalog::parse(include_str!("../../data/instruments.toml"))?.instruments)
}

/// The shipped history: every series of the demo folder whose symbol is in the catalog.
pub(crate) fn history(catalog: &[Instrument]) -> Result<Vec<MarketEvent>> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo"));
    let mut sources: Vec<Box<dyn Feed>> = Vec::new();
    for class in ["crypto", "equity", "etf", "index"] {
        let mut symbols: Vec<_> = std::fs::read_dir(folder.join(class))?.collect();
        symbols.sort_by_key(|entry| entry.as_ref().ok().map(std::fs::DirEntry::path));
        for symbol in symbols {
            let symbol = symbol?.path();
            let name = symbol.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let name = name.split('.').next().unwrap_or_default();
            let Some(row) = catalog.iter().find(|row| row.symbol == name) else { continue };
            for timeframe in [Timeframe::Day1, Timeframe::Hour1] {
                let file = if timeframe == Timeframe::Day1 { "1d.csv" } else { "1h.csv" };
                let file = symbol.join(file);
                if file.exists() {
                    let (instrument, hours) = (row.id, row.hours);
                    let terms = Terms { instrument, hours, timeframe, skip_bad: false };
                    sources.push(Box::new(csv::open(&file, terms)?));
                }
            }
        }
    }
    ensure!(sources.len() >= 10, "only {} series of the shipped history", sources.len());
    read(Merge::new(sources, &[Hours::Always, Hours::Nyse]))
}

/// Opens, highs, lows and closes of the bars among events.
fn columns(events: &[MarketEvent]) -> [Vec<f64>; 4] {
    let mut columns: [Vec<f64>; 4] = Default::default();
    for event in events {
        let Kind::BarClosed(candle) = event.kind else { continue };
        let prices = [candle.open_f64(), candle.high_f64(), candle.low_f64(), candle.close_f64()];
        columns.iter_mut().zip(prices).for_each(|(column, price)| column.push(price));
    }
    columns
}

/// Generated minutes of bitcoin.
pub(crate) fn minutes(count: u32) -> Result<Vec<MarketEvent>> {
    let from = Timestamp(1_600_000_000_000_000);
    let until = Timestamp(from.0 + i64::from(count) * 60_000_000);
    let walk = Walk {
        instrument: BTC,
        hours: Hours::Always,
        last: Price::whole(50_000),
        tick: Price::from_raw(1_000_000),
        motion: Motion::Asset { volatility: 0.55, correlation: 0.5 },
        daily_volume: 1_000_000.0,
    };
    read(Generator::new(Settings {
        seed: 1,
        timeframe: Timeframe::Minutes1,
        from,
        until: Some(until),
        mood: Mood::Calm,
        paths: vec![walk],
    })?)
}

/// A run over a catalog with an account of each tier.
async fn begin(
    catalog: &[Instrument],
    trader: Trader,
    tiers: &[Tier],
    at: Timestamp,
) -> Result<Backtest> {
    // As `nija backtest` runs where nobody asks for the journal.
    let mut desks = Partitions::new(1, &scene::rules()?).unwritten();
    let mut exchange = Exchange::new(Rules::default());
    desks.take(Input::Announce { node: "bench".to_owned(), epoch: Epoch(1) }, at)?;
    for row in catalog {
        desks.take(Input::List(row.clone()), at)?;
        exchange.list(row.clone());
    }
    let tape = Arc::new(Tape::default());
    let run = Backtest::new(desks, exchange, trader, tape, Box::new(|_| {}));
    let mut run = run.in_large_batches();
    for (n, tier) in tiers.iter().enumerate() {
        let command = scene::open(n as u128, *tier);
        let input = Input::Command { account: AccountId(n as u128), key: None, command };
        ensure!(run.input(input, at).await? == Answer::Done, "an account was not opened");
    }
    Ok(run)
}

/// Bars a CPU second of events that go through the analyst.
async fn through_analyst(catalog: &[Instrument], events: &[MarketEvent]) -> Result<f64> {
    let first = events.first().context("no events")?.at;
    let mut run = begin(catalog, trader()?, &Tier::ALL, first).await?;
    let mut feed = Given(events.iter());
    let before = cpu();
    run.run(&mut feed).await?;
    run.finish().await?;
    let took = cpu() - before;
    Ok(bars(events) as f64 / took)
}

/// Two means of the last closes, and whether the fast one lies above.
#[derive(Default)]
struct Cross {
    /// The last closes, each at its number's rest.
    closes: [i64; SLOW],
    count: usize,
    fast: i64,
    slow: i64,
    above: Option<bool>,
}

impl Cross {
    /// Takes a close; tells which way the means crossed, where they did.
    fn close(&mut self, price: Price) -> Option<Side> {
        let (price, at) = (price.raw(), self.count % SLOW);
        // Where nothing was yet stands a zero.
        self.fast += price - self.closes[(at + SLOW - FAST) % SLOW];
        self.slow += price - self.closes[at];
        self.closes[at] = price;
        self.count += 1;
        if self.count < SLOW {
            return None;
        }
        let above = self.fast * (SLOW / FAST) as i64 > self.slow;
        let crossed = self.above.replace(above).is_some_and(|before| before != above);
        crossed.then_some(if above { Side::Buy } else { Side::Sell })
    }
}

/// Events that are read at a time. A backtest keeps no series in memory: what it takes lies in the cache, where reading
/// has just put it, and reading is not counted here.
const PARCEL: usize = 1_024;

/// Bars a CPU second of minute bars with a crossover that buys and sells, or only looks where it is `watching`; and the
/// orders of a run.
async fn crossover(events: &[MarketEvent], watching: bool) -> Result<(f64, u64)> {
    let first = events.first().context("no events")?.at;
    let idle = Trader::new(Analyst::new(&Setup::default()));
    let mut run = begin(&[bitcoin()], idle, &[Tier::Baller], first).await?;
    run.input(Input::Conditions(scene::calm()), first).await?;
    let (mut cross, mut orders, mut took) = (Cross::default(), 0, 0.0);
    let mut parcel = Vec::with_capacity(PARCEL);
    for read in events.chunks(PARCEL) {
        parcel.clear();
        parcel.extend_from_slice(read);
        let before = cpu();
        for event in &parcel {
            run.step(event.at, std::slice::from_ref(event)).await?;
            let Kind::BarClosed(candle) = event.kind else { continue };
            let Some(side) = cross.close(candle.close).filter(|_| !watching) else { continue };
            let mut order = wish(side, 1_000);
            if side == Side::Sell {
                order = Wish { size: nija_core::desk::event::Size::All, ..order };
            }
            let command = Command::Place(order);
            let input = Input::Command { account: AccountId(0), key: None, command };
            let answer = run.input(input, event.at).await?;
            orders += u64::from(matches!(answer, Answer::Placed { .. }));
        }
        took += cpu() - before;
    }
    let before = cpu();
    run.finish().await?;
    took += cpu() - before;
    ensure!(
        watching || orders > 1_000 || events.len() < 100_000,
        "the crossover hardly traded: {orders}"
    );
    Ok((bars(events) as f64 / took, orders))
}

pub(crate) fn backtest(scale: &Scale) -> Result<Vec<Figure>> {
    let catalog = catalog()?;
    let history = history(&catalog)?;
    let minutes = minutes(scale.of(MINUTES))?;
    let [opens, highs, lows, closes] = columns(&minutes);
    let mut peer = Python::start(scale.python(), VECTORBT, [&opens, &highs, &lows, &closes])?;
    let mut beside = Vec::new();
    block(async {
        let (mut demo, mut analyst) = (Vec::new(), Vec::new());
        let (mut cross, mut watched, mut orders) = (Vec::new(), Vec::new(), 0);
        for _ in 0..RUNS {
            demo.push(through_analyst(&catalog, &history).await?);
            analyst.push(through_analyst(&catalog, &minutes).await?);
            watched.push(crossover(&minutes, true).await?.0);
            let (rate, placed) = crossover(&minutes, false).await?;
            cross.push(rate);
            orders = placed;
            if let Some(peer) = &mut peer {
                let seconds: f64 = peer.round()?.into_iter().sum();
                beside.push(bars(&minutes) as f64 / seconds);
            }
        }
        let new = |name: String, values| Figure::new("backtest", name, "1/s", values);
        let goal = Goal::value("P14", Better::More, 5e6, 25e6);
        let count = bars(&minutes);
        let crossover =
            format!("bars a CPU s, {count} minutes, desk, crossover with {orders} orders");
        let mut figures = vec![
            new(format!("bars a CPU s, shipped history ({}), 7 accounts", bars(&history)), demo),
            new(format!("bars a CPU s, {count} minutes, analyst, 7 accounts"), analyst),
            new(crossover, cross.clone()).goal(goal),
            new(format!("bars a CPU s, {count} minutes, desk, crossover without orders"), watched),
        ];
        if !beside.is_empty() {
            let twice = Goal::ratio("P14", Better::More, 2.0, 10.0);
            let held = new("the same beside vectorbt".to_owned(), cross);
            figures.push(held.peer("vectorbt", &beside).goal(twice));
        }
        Ok(figures)
    })?
}
