//! The kill switch against a flood, by the real rooms: node, journal on disk, gateway, paper venue. A
//! thousand orders a second come in while the switch of the platform is pressed again and again; the
//! venue notes when each order begins its way. None may begin between the answer and the release.

use crate::figure::{Better, Figure, Goal};
use crate::journal::database;
use crate::meter::Chance;
use crate::scene::{self, BTC, NOON, bitcoin, block, populate, wish};
use crate::{RUNS, Scale};
use anyhow::{Context, Result, ensure};
use nija_bus::LocalBus;
use nija_core::commit::Release;
use nija_core::desk::input::{Command, Input};
use nija_core::ports::{Abilities, Desks, Doing, Found, Venue, VenueError};
use nija_core::risk::kill::{Actor, Scope};
use nija_core::words::id::{AccountId, OrderId, PartitionId};
use nija_core::words::instrument::VenueName;
use nija_core::words::money::Price;
use nija_core::words::order::{Report, Side};
use nija_engine::clock::Simulated;
use nija_engine::gateway::Gateway;
use nija_engine::latency::Latencies;
use nija_engine::node::{self, Handle, Parts};
use nija_engine::recovery::recover;
use nija_engine::sim::{Exchange, Paper, Rules};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

const ACCOUNTS: u32 = 200;
/// Between two orders of the flood: a thousand a second.
const EVERY: Duration = Duration::from_millis(1);

/// The paper venue, with a note of when each order began.
struct Noted {
    paper: Paper,
    begun: Mutex<Vec<Instant>>,
}

impl Noted {
    fn between(&self, from: Instant, until: Instant) -> usize {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().filter(|at| **at > from && **at < until).count()
    }
}

impl Venue for Noted {
    fn name(&self) -> VenueName {
        self.paper.name()
    }
    fn abilities(&self) -> Abilities {
        self.paper.abilities()
    }
    fn submit<'a>(&'a self, release: &'a Release) -> Doing<'a, Result<(), VenueError>> {
        Box::pin(async move {
            if release.is_entry() {
                self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            }
            self.paper.submit(release).await
        })
    }
    fn find(&self, order: OrderId) -> Doing<'_, Result<Found, VenueError>> {
        self.paper.find(order)
    }
    fn reports(&self) -> Doing<'_, Option<Vec<Report>>> {
        self.paper.reports()
    }
}

/// Brings what a source of reports says to the desks.
async fn carry(handle: Handle, mut reports: mpsc::Receiver<Report>, venue: Arc<Noted>) {
    loop {
        let said = tokio::select! {
            Some(report) = reports.recv() => vec![report],
            Some(said) = venue.reports() => said,
            else => return,
        };
        for report in said {
            let at = report.at;
            if handle.send(Input::Report(report), Some(at)).await.is_err() {
                return;
            }
        }
    }
}

/// A thousand orders a second until told to stop; what is refused is refused.
async fn flood(handle: Handle, accounts: Vec<AccountId>, stop: watch::Receiver<bool>) -> u64 {
    let mut clock = tokio::time::interval(EVERY);
    let (mut asked, mut n) = (0, 0usize);
    while !*stop.borrow() {
        clock.tick().await;
        n += 1;
        let dollars = 100 + i32::try_from(n % 1_000).unwrap_or(0);
        let (account, place) = (accounts[n % accounts.len()], wish(Side::Buy, dollars));
        asked += u64::from(handle.command(account, None, Command::Place(place)).await.is_ok());
    }
    asked
}

/// Presses and releases; milliseconds until each press was acknowledged.
async fn presses(count: u32, handle: &Handle, venue: &Noted) -> Result<Vec<f64>> {
    let (mut chance, mut took) = (Chance::new(5), Vec::new());
    let by = || Actor::Platform;
    for n in 0..count {
        tokio::time::sleep(Duration::from_micros(1_000 + chance.below(9_000) as u64)).await;
        let pressed = Instant::now();
        handle.kill(Scope::Platform, by(), "a flood".to_owned(), false).await?;
        let answered = Instant::now();
        took.push(answered.duration_since(pressed).as_secs_f64() * 1e3);
        tokio::time::sleep(Duration::from_millis(2)).await;
        let late = venue.between(answered, Instant::now());
        ensure!(late == 0, "press {n}: {late} orders began after it was acknowledged");
        if n + 1 < count {
            handle.rearm(Scope::Platform, by(), "the next one".to_owned()).await?;
        }
    }
    Ok(took)
}

async fn floods(count: u32) -> Result<(Vec<f64>, usize)> {
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(Simulated::default());
    clock.advance(NOON);
    let mut desks = scene::desks(scene::PARTITIONS)?;
    let accounts = populate(&mut desks, ACCOUNTS)?;
    let mut exchange = Exchange::new(Rules::default());
    exchange.list(bitcoin());
    exchange.on_market(&scene::quote(NOON));
    let paper = Paper::new(exchange, clock.clone());
    let venue = Arc::new(Noted { paper, begun: Mutex::new(Vec::new()) });
    let latencies = Arc::new(Latencies::new()?);
    let gateway = Arc::new(Gateway::new(venue.clone(), clock.clone(), latencies));
    let (at_gateway, store) = (Arc::clone(&gateway), database(folder.path())?);
    let (handle, ended) = node::start(Parts {
        partitions: desks,
        journal: store.journal(),
        clock,
        bus: Arc::new(LocalBus::new()),
        parcels: Arc::default(),
        release: Box::new(move |releases| at_gateway.accept(releases)),
    })?;
    let (send, reports) = mpsc::channel(4_096);
    let sending = tokio::spawn(Arc::clone(&gateway).run(send));
    let carrying = tokio::spawn(carry(handle.clone(), reports, Arc::clone(&venue)));
    let mark = Input::Mark { instrument: BTC, price: Price::whole(50_000) };
    handle.send(mark, Some(NOON)).await?;

    let (stop, stopped) = watch::channel(false);
    let flooding = tokio::spawn(flood(handle.clone(), accounts, stopped));
    let took = presses(count, &handle, &venue).await?;
    let _ = stop.send(true);
    let asked = flooding.await?;
    let sent = venue.begun.lock().unwrap_or_else(PoisonError::into_inner).len();
    ensure!(sent > took.len(), "only {sent} of {asked} orders were ever sent");
    handle.stop().await;
    ended.await.context("the desks' thread is gone")??;
    sending.abort();
    carrying.abort();

    // The switch is still pressed after a restart, and nothing that could enter is left.
    for n in 0..scene::PARTITIONS {
        let desk = recover(&*store.journal(), PartitionId(n), &scene::rules()?).await?;
        ensure!(desk.outstanding().iter().all(|open| open.cancelling), "an entry would come back");
        let view = desk.query(&nija_core::desk::answer::Query::Market);
        let nija_core::desk::answer::View::Market(market) = view else { continue };
        let pressed = market.pressed.iter().any(|pressed| pressed.scope == Scope::Platform);
        ensure!(pressed, "partition {n} forgot the switch");
    }
    Ok((took, sent))
}

pub(crate) fn kill(scale: &Scale) -> Result<Vec<Figure>> {
    let count = scale.of(1_000) / RUNS as u32;
    let (mut worst, mut middle, mut orders) = (0.0, Vec::new(), 0);
    for _ in 0..RUNS {
        let (took, sent) = block(floods(count))??;
        middle.push(crate::figure::median(&took));
        worst = took.iter().copied().fold(worst, f64::max);
        orders += sent;
    }
    let presses = count as usize * RUNS;
    let name = format!("worst answer of {presses} presses into {orders} orders, none sent after");
    let goal = Goal::value("R24", Better::Less, 100.0, 100.0);
    Ok(vec![
        // A promise for every press: judged by the worst of all rounds, not by a median.
        Figure::new("kill", name, "ms", vec![worst]).goal(goal),
        Figure::new("kill", "answer to a press, median", "ms", middle),
    ])
}
