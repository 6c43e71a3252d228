//! The rooms of one node on a database of its own, joined as the product joins them, under a clock that is moved.
//! A second opening goes on where the first one ended, or died.

use anyhow::{Context, Result};
use nija_bus::LocalBus;
use nija_core::billing::plans::{DEFAULT_PLANS, Plans};
use nija_core::commit::Release;
use nija_core::desk::answer::{Query, View};
use nija_core::desk::input::Input;
use nija_core::desk::{Desk, Rules};
use nija_core::ports::views::Projection;
use nija_core::ports::{Bus, Clock, Journal, Venue};
use nija_core::words::catalog;
use nija_core::words::id::{PartitionId, Seq};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Money;
use nija_core::words::order::{Outcome, Report};
use nija_core::words::tier::{DEFAULT_TABLE, TierTable};
use nija_core::words::time::{Span, Timestamp};
use nija_engine::clock::Simulated;
use nija_engine::copier::{Copier, Parcels};
use nija_engine::feeds::MarketEvent;
use nija_engine::gateway::Gateway;
use nija_engine::latency::Latencies;
use nija_engine::node::{self, Ended, Handle, Parts};
use nija_engine::partitions::Partitions;
use nija_engine::projector::Projector;
use nija_engine::recovery::{take_over, verify};
use nija_engine::sim::{self, Exchange, Paper};
use nija_store::sqlite::{Database, Mode};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Partitions of a server as shipped.
pub(crate) const PARTITIONS: u16 = 8;
/// A Wednesday at midnight, UTC.
const BEGIN: Timestamp = Timestamp(1_718_150_400_000_000);
const REPORTS: usize = 4_096;
const HANDFUL: usize = 1_024;

/// The rooms.
pub(crate) struct House {
    pub(crate) handle: Handle,
    pub(crate) instruments: Vec<Instrument>,
    rules: Arc<Rules>,
    clock: Arc<Simulated>,
    venue: Arc<Paper>,
    gateway: Arc<Gateway>,
    parcels: Arc<Parcels>,
    database: Database,
    partitions: u16,
    ended: oneshot::Receiver<Result<(), Ended>>,
    stop: watch::Sender<bool>,
    carriers: Vec<JoinHandle<()>>,
    projector: JoinHandle<Result<(), nija_engine::projector::Ended>>,
    counted: BTreeMap<PartitionId, Seq>,
    events: u64,
}

/// What was found at the end.
pub(crate) struct Closed {
    pub(crate) batches: u64,
    pub(crate) trial_balance: i128,
    /// Batches that the views lack.
    pub(crate) behind: u64,
}

impl House {
    pub(crate) async fn open(folder: &Path, count: u16) -> Result<Self> {
        let instruments = catalog::parse(include_str!("../../data/instruments.toml"))?.instruments;
        let tiers = TierTable::parse(DEFAULT_TABLE)?;
        let plans = Plans::parse(DEFAULT_PLANS)?;
        let rules = Arc::new(Rules::new(tiers, plans, Money::whole(10)));
        let clock = Arc::new(Simulated::default());
        clock.advance(BEGIN);
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as Arc<dyn Clock>;
        let database = Database::open(folder.join("nija.db"), Mode::Owner, Arc::clone(&shared))?;
        let journal: Arc<dyn Journal> = database.journal();

        let mut exchange = Exchange::new(sim::Rules::default());
        instruments.iter().for_each(|row| exchange.list(row.clone()));
        let venue = Arc::new(Paper::new(exchange, Arc::clone(&shared)));
        let door = Arc::clone(&venue) as Arc<dyn Venue>;
        let latencies = Arc::new(Latencies::new()?);
        let gateway = Arc::new(Gateway::new(door, Arc::clone(&shared), latencies));
        let (partitions, releases) =
            take_over(&journal, count, &rules, &instruments, BEGIN).await?;
        if let View::Market(market) = partitions.query(&Query::Market) {
            clock.advance(market.now);
        }
        let mut early = restore(&venue, &partitions, clock.now());
        early.extend(gateway.accept(releases));

        let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
        let at_gateway = Arc::clone(&gateway);
        let release =
            Box::new(move |releases: Vec<Release>| -> Vec<Report> { at_gateway.accept(releases) });
        let parcels = Arc::new(Parcels::default());
        parcels.ring();
        let parts = Parts {
            partitions,
            journal: Arc::clone(&journal),
            clock: shared,
            bus: Arc::clone(&bus),
            parcels: Arc::clone(&parcels),
            release,
        };
        let (handle, ended) = node::start(parts)?;
        for report in early {
            handle.send(Input::Report(report), None).await?;
        }
        let mut carriers = carry(&handle, &gateway);
        let copier = Copier::new(handle.clone(), Arc::clone(&gateway), Arc::clone(&parcels), count);
        carriers.push(tokio::spawn(async move { copier.run().await }));
        let (stop, stopped) = watch::channel(false);
        let projector = Projector::new(journal, database.projection());
        let projector = tokio::spawn(async move { projector.run(&*bus, stopped).await });
        Ok(Self {
            handle,
            instruments,
            rules,
            clock,
            venue,
            gateway,
            parcels,
            database,
            partitions: count,
            ended,
            stop,
            carriers,
            projector,
            counted: BTreeMap::new(),
            events: 0,
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
    pub(crate) fn forward(&self, by: Span) {
        self.clock.advance(self.now().plus(by));
    }

    /// Brings the events of one instant and waits until everything they caused is done.
    pub(crate) async fn step(&self, events: &[MarketEvent], mut inputs: Vec<Input>) -> Result<()> {
        events.iter().for_each(|event| self.venue.on_market(event));
        loop {
            let reports = self.venue.take_reports(HANDFUL);
            inputs.splice(0..0, reports.into_iter().map(Input::Report));
            if inputs.is_empty() {
                return Ok(());
            }
            self.handle.slice(std::mem::take(&mut inputs), self.now()).await?;
            self.parcels.settled().await;
            self.gateway.settled().await;
        }
    }

    /// Events of the journal so far; only what was written since the last call is read.
    pub(crate) async fn events(&mut self) -> Result<u64> {
        let journal = self.database.journal();
        for partition in (0..self.partitions).map(PartitionId) {
            let after = self.counted.entry(partition).or_default();
            loop {
                let batches = journal.read(partition, *after, 256).await?;
                let Some(last) = batches.last() else { break };
                *after = last.seq;
                self.events += batches.iter().map(|batch| u64::from(batch.count)).sum::<u64>();
            }
        }
        Ok(self.events)
    }

    /// Ends everything in order, then replays and verifies every partition.
    pub(crate) async fn close(self) -> Result<Closed> {
        self.gateway.settled().await;
        self.handle.stop().await;
        self.ended.await.context("the desks' thread is gone")??;
        self.carriers.iter().for_each(JoinHandle::abort);
        let _ = self.stop.send(true);
        self.projector.await??;
        let (journal, views) = (self.database.journal(), self.database.projection());
        let mut closed = Closed { batches: 0, trial_balance: 0, behind: 0 };
        for partition in (0..self.partitions).map(PartitionId) {
            let found = verify(&*journal, partition, &self.rules).await?;
            let (_, same) = found.snapshot.context("a stop leaves a snapshot")?;
            anyhow::ensure!(same, "partition {partition}: the snapshot is of another state");
            closed.batches += found.last.0;
            closed.trial_balance += found.trial_balance.abs();
            closed.behind += found.last.0 - views.checkpoint(partition).await?.0;
        }
        Ok(closed)
    }
}

/// Hands open orders back to the venue; what was cancelled does not come back.
fn restore(venue: &Paper, partitions: &Partitions, at: Timestamp) -> Vec<Report> {
    let mut cancelled = Vec::new();
    for open in partitions.desks().iter().flat_map(Desk::outstanding) {
        if open.cancelling {
            let outcome = Outcome::Cancelled { why: "taken back before the restart" };
            cancelled.push(Report { order: open.ticket.id, outcome, at });
        } else {
            venue.restore(&open.ticket, open.filled, open.fills);
        }
    }
    cancelled
}

/// The gateway, and what carries its reports.
fn carry(handle: &Handle, gateway: &Arc<Gateway>) -> Vec<JoinHandle<()>> {
    let (send, mut reports) = mpsc::channel::<Report>(REPORTS);
    let (running, to) = (Arc::clone(gateway), handle.clone());
    let sends = tokio::spawn(async move { running.run(send).await });
    let carries = tokio::spawn(async move {
        while let Some(report) = reports.recv().await {
            let at = report.at;
            if to.send(Input::Report(report), Some(at)).await.is_err() {
                break;
            }
        }
    });
    vec![sends, carries]
}
