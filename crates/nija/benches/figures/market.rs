//! From the market to a decision, in process: a tick to the desk's look at its holder, a bar through
//! the analyst and its strategies to what the desk makes of it. One account on autopilot, the shipped
//! history as the market; the venue, the journal and its disk are not timed.

use crate::backtest::{catalog, history, trader};
use crate::figure::{Better, Figure, Goal, median};
use crate::scene::{self, open};
use crate::{RUNS, Scale};
use anyhow::{Context, Result, ensure};
use nija_core::commit::commit;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::Input;
use nija_core::ports::Journal;
use nija_core::words::id::{AccountId, Epoch};
use nija_core::words::money::{Price, Qty};
use nija_core::words::tier::Tier;
use nija_core::words::time::Timestamp;
use nija_engine::feeds::{Kind, MarketEvent};
use nija_engine::partitions::Partitions;
use nija_engine::sim::{Exchange, Rules};
use nija_engine::trader::Trader;
use std::sync::Arc;
use std::time::Instant;

/// Nanoseconds of single events, by what they were.
#[derive(Default)]
struct Taken {
    ticks: Vec<f64>,
    bars: Vec<f64>,
    /// Bars on which a strategy spoke.
    heard: Vec<f64>,
}

struct Street {
    desks: Partitions,
    exchange: Exchange,
    trader: Trader,
    journal: Arc<dyn Journal>,
    inputs: Vec<Input>,
}

impl Street {
    fn new(at: Timestamp) -> Result<Self> {
        let mut desks = Partitions::new(1, &scene::rules()?);
        let mut exchange = Exchange::new(Rules::default());
        desks.take(Input::Announce { node: "bench".to_owned(), epoch: Epoch(1) }, at)?;
        for row in catalog()? {
            desks.take(Input::List(row.clone()), at)?;
            exchange.list(row);
        }
        let account =
            Input::Command { account: AccountId(1), key: None, command: open(1, Tier::Baller) };
        ensure!(desks.take(account, at)? == Answer::Done, "the account was not opened");
        let (trader, journal, inputs) = (trader()?, scene::memory_journal(), Vec::new());
        Ok(Self { desks, exchange, trader, journal, inputs })
    }

    /// Brings an event to the venue, untimed, and then to the desk; tells how long that took, and
    /// whether a strategy spoke.
    async fn event(&mut self, event: &MarketEvent) -> Result<(f64, bool)> {
        self.exchange.on_market(event);
        self.settle(event.at).await?;
        let began = Instant::now();
        self.trader.step(std::slice::from_ref(event), |input| self.inputs.push(input));
        let heard = self.inputs.iter().any(|input| matches!(input, Input::Signal(_)));
        for input in self.inputs.drain(..) {
            self.desks.take(input, event.at)?;
        }
        let took = began.elapsed().as_secs_f64() * 1e9;
        self.settle(event.at).await?;
        Ok((took, heard))
    }

    /// Commits, sends and takes reports until nothing more happens.
    async fn settle(&mut self, at: Timestamp) -> Result<()> {
        loop {
            for report in self.exchange.take_reports(usize::MAX) {
                self.desks.take(Input::Report(report), at)?;
            }
            let held = self.desks.seal();
            if held.is_empty() {
                return Ok(());
            }
            for release in commit(&*self.journal, held).await? {
                self.exchange.act(release.act(), at);
            }
        }
    }
}

/// A quote around a price.
fn quote(candle: &nija_market::candle::Candle, at: Timestamp) -> MarketEvent {
    let (bid, qty) = (candle.close, Qty::whole(1_000_000));
    let ask = bid.saturating_add(Price::from_raw(1_000_000));
    let instrument = candle.instrument;
    MarketEvent { at, kind: Kind::Quote { instrument, bid, ask, bid_qty: qty, ask_qty: qty } }
}

async fn run(events: &[MarketEvent]) -> Result<Taken> {
    let mut street = Street::new(events.first().context("no events")?.at)?;
    let mut taken = Taken::default();
    for event in events {
        let (took, heard) = street.event(event).await?;
        let Kind::BarClosed(candle) = event.kind else { continue };
        let row = if heard { &mut taken.heard } else { &mut taken.bars };
        row.push(took);
        if candle.volume > 0.0 {
            taken.ticks.push(street.event(&quote(&candle, event.at)).await?.0);
        }
    }
    ensure!(street.desks.desks()[0].trial_balance() == 0, "out of balance");
    ensure!(taken.heard.len() > 100, "strategies spoke only {} times", taken.heard.len());
    Ok(taken)
}

pub(crate) fn decisions(_: &Scale) -> Result<Vec<Figure>> {
    let events = history(&catalog()?)?;

    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    scene::block(async {
        run(&events).await?;
        for _ in 0..RUNS {
            let Taken { ticks, bars, heard } = run(&events).await?;
            for (row, values) in all.iter_mut().zip([ticks, bars, heard]) {
                row.push(median(&values));
            }
        }
        anyhow::Ok(())
    })??;
    let [ticks, bars, heard] = all;
    let goal = Goal::value("P26", Better::Less, 2_000.0, 500.0);
    let figure = |name: &str, values| Figure::new("market", name, "ns", values).goal(goal);
    Ok(vec![
        figure("tick to decision, p50", ticks),
        figure("bar to decision where no strategy speaks, p50", bars),
        figure("bar to decision where one does, p50", heard),
    ])
}
