//! A fan-out through the real rooms: node, journal on disk, copier, gateway, paper venue and driver, in real time,
//! while users of the highest tier trade.

use super::crowd::Crowd;
use super::outcomes::{Outcomes, Timed};
use crate::backtest::trader;
use crate::figure::median;
use crate::journal::database;
use crate::meter::Process;
use crate::scene::{self, PARTITIONS, bitcoin, wish};
use anyhow::{Context, Result, bail};
use nija_bus::LocalBus;
use nija_core::desk::answer::Answer;
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::{Command, Input, Key};
use nija_core::ports::{Clock, Desks};
use nija_core::words::id::{AccountId, OrderId};
use nija_core::words::order::{Report, Side};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::clock::Real;
use nija_engine::copier::{Copier, Parcels};
use nija_engine::driver::{Driver, Pace, Rooms};
use nija_engine::feeds::{Error, Feed, MarketEvent};
use nija_engine::gateway::Gateway;
use nija_engine::latency::Latencies;
use nija_engine::node::{self, Handle, Parts};
use nija_engine::sim::{Exchange, Paper, Rules};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Between two quotes, as shipped.
const QUOTES: Span = Span::seconds(1);
/// Between two orders of users.
const ORDERS: Duration = Duration::from_millis(1);
/// How long users trade alone, and in how many such times the copies of one lead must be over.
const WINDOW: Duration = Duration::from_secs(4);
const PATIENCE: u32 = 20;

/// Quotes without an end.
struct Quotes(Timestamp);

impl Feed for Quotes {
    fn next(&mut self) -> Result<Option<MarketEvent>, Error> {
        let event = scene::quote(self.0);
        self.0 = self.0.plus(QUOTES);
        Ok(Some(event))
    }
    fn peek_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(Some(scene::quote(self.0).at))
    }
}

/// When each order of a user was placed, and milliseconds until its answer.
type Waits = Arc<Mutex<Vec<(Instant, f64)>>>;

/// What one fan-out showed.
pub(super) struct Shown {
    pub(super) outcomes: Outcomes,
    /// The wait of a user's order that one in a hundred exceeds, milliseconds: alone, and while copies were made.
    pub(super) alone: f64,
    pub(super) beside: f64,
    /// Processor time of all threads for one follower, users' orders taken off, microseconds.
    pub(super) cpu: f64,
    /// Orders that waited at the gateway at most.
    pub(super) lanes: usize,
    pub(super) opened_in: f64,
}

/// The running rooms.
struct Street {
    handle: Handle,
    gateway: Arc<Gateway>,
    ended: oneshot::Receiver<Result<(), node::Ended>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    leader: AccountId,
}

impl Street {
    fn open(crowd: Crowd, journal: Arc<Timed>) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(Real);
        let mut exchange = Exchange::new(Rules::default());
        exchange.list(bitcoin());
        let venue = Arc::new(Paper::new(exchange, Arc::clone(&clock)));
        let latencies = Arc::new(Latencies::new()?);
        let gateway = Arc::new(Gateway::new(venue.clone(), Arc::clone(&clock), latencies));
        let parcels = Arc::new(Parcels::default());
        let at_gateway = Arc::clone(&gateway);
        let (handle, ended) = node::start(Parts {
            partitions: crowd.desks,
            journal: Arc::clone(&journal) as _,
            clock: Arc::clone(&clock),
            bus: Arc::new(LocalBus::new()),
            parcels: Arc::clone(&parcels),
            release: Box::new(move |releases| at_gateway.accept(releases)),
        })?;
        let (stop, mut stopped) = watch::channel(false);
        let (send, reports) = mpsc::channel(4_096);
        let copier =
            Copier::new(handle.clone(), Arc::clone(&gateway), Arc::clone(&parcels), PARTITIONS);
        let rooms = Rooms { handle: handle.clone(), gateway: Arc::clone(&gateway), venue, parcels };
        let pace = Pace::Real(Arc::clone(&clock));
        let (mut driver, mut feed) = (Driver::new(rooms, trader()?, pace), Quotes(clock.now()));
        let tasks = vec![
            tokio::spawn(Arc::clone(&gateway).run(send)),
            tokio::spawn(carry(handle.clone(), reports)),
            tokio::spawn(async move { copier.run().await }),
            tokio::spawn(async move { drop(driver.run(&mut feed, &mut stopped).await) }),
        ];
        let leader = crowd.leader;
        Ok(Self { handle, gateway, ended, stop, tasks, leader })
    }

    /// The master buys; all who copy it follow.
    async fn lead(&self) -> Result<OrderId> {
        let command = Command::Place(wish(Side::Buy, 1_400));
        match self.handle.command(self.leader, None, command).await? {
            Answer::Placed { order, .. } => Ok(order),
            other => bail!("the master could not buy: {other:?}"),
        }
    }

    async fn close(self) -> Result<()> {
        let _ = self.stop.send(true);
        self.handle.stop().await;
        self.ended.await.context("the desks' thread is gone")??;
        self.tasks.iter().for_each(JoinHandle::abort);
        Ok(())
    }
}

/// Brings the gateway's own reports to the desks.
async fn carry(handle: Handle, mut reports: mpsc::Receiver<Report>) {
    while let Some(report) = reports.recv().await {
        let at = report.at;
        if handle.send(Input::Report(report), Some(at)).await.is_err() {
            return;
        }
    }
}

/// Users place an order every millisecond, none waiting for another, until told to stop.
async fn trade(handle: Handle, users: Vec<AccountId>, waits: Waits, stop: watch::Receiver<bool>) {
    let mut clock = tokio::time::interval(ORDERS);
    let mut n = 0;
    while !*stop.borrow() {
        clock.tick().await;
        n += 1;
        let (side, size) = match n / users.len() % 2 {
            0 => (Side::Buy, wish(Side::Buy, 100).size),
            _ => (Side::Sell, Size::All),
        };
        let (account, handle, waits) = (users[n % users.len()], handle.clone(), waits.clone());
        let place = Command::Place(Wish { size, ..wish(side, 100) });
        let key = Some(Key { key: n as u64, request: n as u64 });
        tokio::spawn(async move {
            let began = Instant::now();
            // A sale of what is not bought yet is refused, as durably as a purchase is taken.
            if handle.command(account, key, place).await.is_ok() {
                let wait = (began, began.elapsed().as_secs_f64() * 1e3);
                waits.lock().unwrap_or_else(PoisonError::into_inner).push(wait);
            }
        });
    }
}

/// The most that waits at the gateway, looked at every millisecond.
async fn watch_lanes(gateway: Arc<Gateway>, most: Arc<AtomicUsize>) {
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    loop {
        clock.tick().await;
        most.fetch_max(gateway.waiting().into_iter().sum(), Ordering::Relaxed);
    }
}

/// What one in a hundred exceeds.
fn p99(mut waits: Vec<f64>) -> f64 {
    waits.sort_unstable_by(f64::total_cmp);
    let at = waits.len() * 99 / 100;
    waits.get(at).copied().unwrap_or_else(|| median(&waits))
}

/// One fan-out to so many followers.
pub(super) async fn fan_out(followers: u32) -> Result<Shown> {
    let folder = tempfile::tempdir()?;
    let store = database(folder.path())?;
    let journal = Arc::new(Timed::new(store.journal()));
    let crowd = Crowd::gather(&*journal.journal, followers, Real.now()).await?;
    let (users, opened_in) = (crowd.users.clone(), crowd.opened_in);
    let street = Street::open(crowd, Arc::clone(&journal))?;
    let waits = Waits::default();
    let trading = trade(street.handle.clone(), users, waits.clone(), street.stop.subscribe());
    let trading = tokio::spawn(trading);
    let most = Arc::new(AtomicUsize::new(0));
    let watching = tokio::spawn(watch_lanes(Arc::clone(&street.gateway), Arc::clone(&most)));
    let process = Process::own();
    // The first second is the opening of files and the first quote.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (began, before, first_events) = (Instant::now(), process.cpu()?, journal.events());
    tokio::time::sleep(WINDOW).await;
    let (led, between) = (Instant::now(), process.cpu()?);
    let usual = journal.events() - first_events;
    let leads = street.lead().await?;
    // It is over when no more is written than users alone make.
    for _ in 0..PATIENCE {
        let written = journal.events();
        tokio::time::sleep(WINDOW).await;
        if journal.events() - written < usual + usual / 2 {
            break;
        }
    }
    let after = process.cpu()?;
    let users_alone = (between - before) * led.elapsed().as_secs_f64() / WINDOW.as_secs_f64();
    let lanes = most.load(Ordering::Relaxed);
    street.close().await?;
    trading.await?;
    watching.abort();

    let outcomes = Outcomes::read(&journal, leads).await?;
    outcomes.check(followers)?;
    let (Some(first), Some(last)) = (outcomes.led, outcomes.last_fill) else {
        bail!("nothing was filled");
    };
    let waits = waits.lock().unwrap_or_else(PoisonError::into_inner);
    let within = |from: Instant, until: Instant| {
        let these = waits.iter().filter(|(at, _)| *at >= from && *at < until);
        p99(these.map(|(_, wait)| *wait).collect())
    };
    let cpu = (after - between - users_alone) * 1e6 / f64::from(followers);
    let (alone, beside) = (within(began, led), within(first, last));
    Ok(Shown { outcomes, alone, beside, cpu, lanes, opened_in })
}
