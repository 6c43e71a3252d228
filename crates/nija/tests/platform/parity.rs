//! Paper run and backtest over the same half year, March 2020 included: the same events in every partition, and
//! a backtest that writes the same bytes whenever it is run.

mod copies;
mod gap;

use nija_bus::LocalBus;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::desk::Rules;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::Event;
use nija_core::desk::input::{Command, Input};
use nija_core::journal::Batch;
use nija_core::ports::{Clock, Desks, Journal, Venue};
use nija_core::words::catalog;
use nija_core::words::id::{AccountId, Epoch, PartitionId, Seq, UserId};
use nija_core::words::instrument::{Hours, Instrument};
use nija_core::words::money::Money;
use nija_core::words::signal::StrategyName;
use nija_core::words::tier::{DEFAULT_TABLE, Tier, TierTable, Tolerance};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::backtest::Backtest;
use nija_engine::backtest::tape::Tape;
use nija_engine::clock::Simulated;
use nija_engine::copier::{Copier, Parcels};
use nija_engine::driver::{Driver, Pace, Rooms};
use nija_engine::feeds::bars::Terms;
use nija_engine::feeds::merge::Merge;
use nija_engine::feeds::{Error, Feed, MarketEvent, csv};
use nija_engine::gateway::Gateway;
use nija_engine::latency::Latencies;
use nija_engine::node::{self, Parts};
use nija_engine::partitions::Partitions;
use nija_engine::sim::{Exchange, Paper, Rules as VenueRules};
use nija_engine::trader::Trader;
use nija_market::analyst::Analyst;
use nija_market::candle::Timeframe;
use nija_store::memory;
use nija_store::sqlite::{Database, Mode};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};

/// 1 October 2018: the analyst reads from here on.
const WARM: Timestamp = Timestamp(1_538_352_000_000_000);
/// 1 October 2019: the desks trade from here on, to the end of the shipped history half a year later.
const BEGIN: Timestamp = Timestamp(1_569_888_000_000_000);
const PARTITIONS: u16 = 3;
const HOURS: [Hours; 2] = [Hours::Always, Hours::Nyse];

const FILES: [(&str, &str, Timeframe); 13] = [
    ("BTC-USD", "crypto/BTC-USD/1d.csv", Timeframe::Day1),
    ("ETH-USD", "crypto/ETH-USD/1d.csv", Timeframe::Day1),
    ("LTC-USD", "crypto/LTC-USD/1d.csv", Timeframe::Day1),
    ("XRP-USD", "crypto/XRP-USD/1d.csv", Timeframe::Day1),
    ("BTC-USDT", "crypto/BTC-USDT.BINANCE/1h.csv", Timeframe::Hour1),
    ("SPY", "etf/SPY/1d.csv", Timeframe::Day1),
    ("QQQ", "etf/QQQ/1d.csv", Timeframe::Day1),
    ("DIA", "etf/DIA/1d.csv", Timeframe::Day1),
    ("AAPL", "equity/AAPL/1d.csv", Timeframe::Day1),
    ("AMZN", "equity/AMZN/1d.csv", Timeframe::Day1),
    ("JPM", "equity/JPM/1d.csv", Timeframe::Day1),
    ("MSFT", "equity/MSFT/1d.csv", Timeframe::Day1),
    ("VIX", "index/VIX/1d.csv", Timeframe::Day1),
];

fn catalog() -> Vec<Instrument> {
    catalog::parse(include_str!("../../data/instruments.toml")).unwrap().instruments
}

/// A feed from a time on.
struct From {
    feed: Box<dyn Feed>,
    at: Timestamp,
}

impl Feed for From {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        self.peek_time()?;
        self.feed.next()
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        while self.feed.peek_time()?.is_some_and(|at| at < self.at) {
            self.feed.next()?;
        }
        self.feed.peek_time()
    }
}

/// Events that were read before.
struct Recorded(VecDeque<MarketEvent>);

impl Feed for Recorded {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        Ok(self.0.pop_front())
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.0.front().map(|event| event.at))
    }
}

/// The shipped history from a time on.
fn history(at: Timestamp) -> Vec<MarketEvent> {
    let rows = catalog();
    let source = |(symbol, file, timeframe): (&str, &str, Timeframe)| -> Box<dyn Feed> {
        let row = rows.iter().find(|row| row.symbol == symbol).unwrap();
        let (instrument, hours) = (row.id, row.hours);
        let terms = Terms { instrument, hours, timeframe, skip_bad: false };
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/demo");
        let feed = Box::new(csv::open(&Path::new(path).join(file), terms).unwrap());
        Box::new(From { feed, at })
    };
    let mut merged = Merge::new(FILES.map(source).into(), &HOURS);
    let mut all = Vec::new();
    while let Some(event) = merged.next().unwrap() {
        all.push(event);
    }
    all
}

/// A trader whose analyst has read the year before.
fn trader(warm: &[MarketEvent]) -> Trader {
    let setup = toml::from_str(include_str!("../../data/analyst.toml")).unwrap();
    let mut trader = Trader::new(Analyst::new(&setup));
    for event in warm {
        trader.step(std::slice::from_ref(event), drop);
    }
    trader
}

fn rules() -> Arc<Rules> {
    let plans = Plans::parse(DEFAULT_PLANS).unwrap();
    let tiers = TierTable::parse(DEFAULT_TABLE).unwrap();
    Arc::new(Rules::new(tiers, plans, Money::whole(10)))
}

fn desks() -> Partitions {
    let mut desks = Partitions::new(PARTITIONS, &rules());
    let node = "parity".to_owned();
    desks.take(Input::Announce { node, epoch: Epoch(1) }, BEGIN).unwrap();
    for row in catalog() {
        desks.take(Input::List(row), BEGIN).unwrap();
    }
    desks
}

fn exchange() -> Exchange {
    exchange_of(VenueRules { seed: 7, ..VenueRules::default() })
}

fn exchange_of(rules: VenueRules) -> Exchange {
    let mut exchange = Exchange::new(rules);
    catalog().into_iter().for_each(|row| exchange.list(row));
    exchange
}

/// Two accounts of each tier, so that lanes and partitions are shared.
fn accounts() -> impl Iterator<Item = (AccountId, Command)> {
    let twice = Tier::ALL.into_iter().chain(Tier::ALL).zip(1u128..);
    twice.map(|(tier, n)| {
        let tolerance = if n > 7 { Tolerance::Aggressive } else { Tolerance::Moderate };
        opened(n, tier, tolerance)
    })
}

/// With the masters among them, and those who copy them.
fn everybody() -> impl Iterator<Item = (AccountId, Command)> {
    accounts().chain(copies::begin(copies::MASTERS.into()))
}

fn opened(n: u128, tier: Tier, tolerance: Tolerance) -> (AccountId, Command) {
    let (user, day_starts, deposit) = (UserId(n), Span::ZERO, Money::whole(30_000));
    (AccountId(n), Command::Open { user, tier, tolerance, day_starts, deposit })
}

async fn read(journal: &dyn Journal) -> Vec<Vec<Batch>> {
    let mut all = Vec::new();
    for partition in (0..PARTITIONS).map(PartitionId) {
        let mut batches: Vec<Batch> = Vec::new();
        loop {
            let after = batches.last().map_or(Seq(0), |batch| batch.seq);
            let next = journal.read(partition, after, 1_000).await.unwrap();
            if next.is_empty() {
                break;
            }
            batches.extend(next);
        }
        all.push(batches);
    }
    all
}

async fn backtest(warm: &[MarketEvent], events: &[MarketEvent]) -> Vec<Vec<Batch>> {
    let journal = Arc::new(memory::Journal::default());
    let kept = Arc::clone(&journal);
    let mut run = Backtest::new(desks(), exchange(), trader(warm), journal, Box::new(|_| {}));
    for (account, command) in accounts() {
        let open = Input::Command { account, key: None, command };
        assert_eq!(run.input(open, BEGIN).await.unwrap(), Answer::Done);
    }
    let told = run.run(&mut Recorded(events.to_vec().into())).await.unwrap();
    assert_eq!(told, events.len() as u64);
    read(&*kept).await
}

/// The desks at the end of a run, step by step or in large batches, and how many batches it took.
async fn ended(
    warm: &[MarketEvent],
    events: &[MarketEvent],
    large: bool,
) -> (Vec<[u8; 32]>, Vec<Event>) {
    let events = events.to_vec();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let seen = Box::new(move |batch: &Batch| {
        let decided = |event: &Event| !matches!(event, Event::Clock { .. } | Event::Marked { .. });
        heard.lock().unwrap().extend(batch.events().unwrap().into_iter().filter(decided));
    });
    let run = Backtest::new(desks(), exchange(), trader(warm), Arc::new(Tape::default()), seen);
    let mut run = if large { run.in_large_batches() } else { run };
    for (account, command) in everybody() {
        run.input(Input::Command { account, key: None, command }, BEGIN).await.unwrap();
    }
    run.run(&mut Recorded(events.into())).await.unwrap();
    run.finish().await.unwrap();
    let desks = run.partitions().unwrap().desks();
    let hashes = desks.iter().map(nija_core::desk::Desk::state_hash).collect();
    (hashes, std::mem::take(&mut *told.lock().unwrap()))
}

#[tokio::test]
async fn large_batches_change_nothing_that_is_decided() {
    let warm: Vec<_> = history(WARM).into_iter().take_while(|event| event.at < BEGIN).collect();
    let events = history(BEGIN);
    let (step_by_step, large) =
        (ended(&warm, &events, false).await, ended(&warm, &events, true).await);
    assert_eq!(step_by_step.0, large.0, "the desks ended in other states");
    let order = |events: &[Event]| {
        let mut all: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
        all.sort_unstable();
        all
    };
    assert!(large.1.len() > 1_000);
    assert_eq!(order(&step_by_step.1), order(&large.1));
}

/// The same by the rooms of the platform: node, gateway, paper venue, copier, driver.
async fn paper(
    accounts: impl Iterator<Item = (AccountId, Command)>,
    (warm, events): (&[MarketEvent], &[MarketEvent]),
    (clock, journal): (Arc<Simulated>, Arc<dyn Journal>),
) {
    clock.advance(BEGIN);
    let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
    let venue = Arc::new(Paper::new(exchange(), Arc::clone(&time)));
    let parcels = Arc::new(Parcels::default());
    let latencies = Arc::new(Latencies::new().unwrap());
    let door = Arc::clone(&venue) as Arc<dyn Venue>;
    let gateway = Arc::new(Gateway::new(door, Arc::clone(&time), latencies));
    let at_gateway = Arc::clone(&gateway);
    let parts = Parts {
        partitions: desks(),
        journal,
        clock: time,
        bus: Arc::new(LocalBus::new()),
        parcels: Arc::clone(&parcels),
        release: Box::new(move |releases| at_gateway.accept(releases)),
    };
    let (handle, ended) = node::start(parts).unwrap();
    let (send, mut reports) = mpsc::channel(64);
    let running = Arc::clone(&gateway);
    let sending = tokio::spawn(async move { running.run(send).await });
    let (to, at_gateway) = (handle.clone(), Arc::clone(&gateway));
    let copier = Copier::new(handle.clone(), at_gateway, Arc::clone(&parcels), PARTITIONS);
    let copying = tokio::spawn(async move { copier.run().await });
    let carrying = tokio::spawn(async move {
        while let Some(report) = reports.recv().await {
            let at = report.at;
            to.send(Input::Report(report), Some(at)).await.unwrap();
        }
    });

    for (account, command) in accounts {
        assert_eq!(handle.command(account, None, command).await.unwrap(), Answer::Done);
    }
    let (handle_of, gateway_of) = (handle.clone(), Arc::clone(&gateway));
    let rooms = Rooms { handle: handle_of, gateway: gateway_of, venue, parcels };
    let pace = Pace::Simulated { clock, day: Box::new(|_| None) };
    let (_stop, mut stopped) = watch::channel(false);
    let mut driver = Driver::new(rooms, trader(warm), pace);
    driver.run(&mut Recorded(events.to_vec().into()), &mut stopped).await.unwrap();
    gateway.settled().await;
    handle.stop().await;
    ended.await.unwrap().unwrap();
    sending.abort();
    carrying.abort();
    copying.abort();
}

/// What happened and when, without the marks of time and of batches.
fn story(batches: &[Batch]) -> Vec<(Timestamp, Event)> {
    let mut all = Vec::new();
    for batch in batches {
        let mut at = batch.at;
        for event in batch.events().unwrap() {
            match event {
                Event::Clock { at: now } => at = now,
                event => all.push((at, event)),
            }
        }
    }
    all
}

/// The half year must be worth comparing: every strategy enters, stops rest and close, a class is stopped.
fn assert_eventful(stories: &[Vec<(Timestamp, Event)>]) {
    let events = || stories.iter().flatten().map(|(_, event)| event);
    let count = |is: fn(&Event) -> bool| events().filter(|event| is(event)).count();
    assert!(count(|e| matches!(e, Event::Filled { .. })) > 300);
    assert!(count(|e| matches!(e, Event::Refused { .. })) > 10);
    assert!(count(|e| matches!(e, Event::Killed { .. })) >= PARTITIONS.into());
    assert!(count(|e| matches!(e, Event::Closed { .. })) > 50);
    let strategies: BTreeSet<StrategyName> = events()
        .filter_map(|event| match event {
            Event::Approved { ticket, .. } => Event::strategy(ticket.origin),
            _ => None,
        })
        .collect();
    assert!(strategies.len() >= 3, "{strategies:?}");
    assert!(stories.iter().all(|story| story.len() > 1_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paper_and_backtest_tell_one_story() {
    let warm: Vec<_> = history(WARM).into_iter().take_while(|event| event.at < BEGIN).collect();
    let events = history(BEGIN);
    let first = backtest(&warm, &events).await;
    let second = backtest(&warm, &events).await;
    assert!(first == second, "two backtests of the same events wrote different bytes");

    let expected: Vec<_> = first.iter().map(|batches| story(batches)).collect();
    assert_eventful(&expected);
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Simulated::default());
    let time: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
    let database = Database::open(folder.path().join("paper.db"), Mode::Owner, time).unwrap();
    paper(accounts(), (&warm, &events), (clock, database.journal())).await;
    let told: Vec<_> =
        read(&*database.journal()).await.iter().map(|batches| story(batches)).collect();
    for (partition, (paper, backtest)) in told.iter().zip(&expected).enumerate() {
        let same = paper.iter().zip(backtest).take_while(|(a, b)| a == b).count();
        let differ = (paper.get(same), backtest.get(same));
        assert_eq!(differ, (None, None), "partition {partition}, event {same}: paper, backtest");
    }
}
