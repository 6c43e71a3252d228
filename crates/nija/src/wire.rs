//! Where the rooms are joined: database, recovery, desks, gateway, paper venue, projector. The one place that
//! pairs journals with venues.

use crate::config::Config;
use crate::contracts::Contracts;
use anyhow::Context;
use nija_bus::LocalBus;
use nija_core::billing::plans::Plans;
use nija_core::desk::Rules;
use nija_core::desk::input::Input;
use nija_core::ports::payments::Payments;
use nija_core::ports::{Bus, Clock, Journal, Memory, Venue};
use nija_core::words::catalog::Catalog;
use nija_core::words::order::Report;
use nija_core::words::tier::TierTable;
use nija_core::words::time::Timestamp;
use nija_engine::cashier::{Cashier, Counter};
use nija_engine::copier::{Copier, Parcels};
use nija_engine::gateway::Gateway;
use nija_engine::latency::Latencies;
use nija_engine::node::{self, Ended, Handle, Parts};
use nija_engine::partitions::Partitions;
use nija_engine::projector::Projector;
use nija_engine::recovery::{hand_back, known_prices, take_over};
use nija_engine::sim::Paper;
use nija_store::sqlite::Database;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

/// Reports that may wait between a gateway and the desks.
const REPORTS: usize = 4_096;

/// How long a stop waits for what is still to be sent.
const LAST_SENDS: std::time::Duration = std::time::Duration::from_secs(5);

/// The running rooms.
pub(crate) struct Platform {
    pub(crate) database: Database,
    pub(crate) handle: Handle,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) venue: Arc<Paper>,
    pub(crate) parcels: Arc<Parcels>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) latencies: Arc<Latencies>,
    pub(crate) tiers: TierTable,
    pub(crate) plans: Plans,
    pub(crate) payments: Arc<dyn Payments>,
    pub(crate) catalog: Catalog,
    pub(crate) contracts: Contracts,
    /// How the desks ended, once they have.
    pub(crate) ended: oneshot::Receiver<Result<(), Ended>>,
    stop: watch::Sender<bool>,
    carriers: JoinSet<()>,
    projector: JoinHandle<anyhow::Result<()>>,
}

/// The tier table: the operator's file, or the embedded one.
pub(crate) fn tiers(config: &Config) -> anyhow::Result<TierTable> {
    let text = match &config.tiers {
        None => nija_core::words::tier::DEFAULT_TABLE.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?,
    };
    Ok(TierTable::parse(&text)?)
}

/// The numbers of billing: the operator's file, or the embedded one.
pub(crate) fn plans(config: &Config) -> anyhow::Result<Plans> {
    let text = match &config.plans {
        None => nija_core::billing::plans::DEFAULT_PLANS.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?,
    };
    Ok(Plans::parse(&text)?)
}

/// The rules of the desks.
pub(crate) fn rules(config: &Config) -> anyhow::Result<Arc<Rules>> {
    let mut plans = plans(config)?;
    plans.fee_policy = config.fee_policy.unwrap_or(plans.fee_policy);
    Ok(Arc::new(Rules::new(tiers(config)?, plans, config.min_balance)))
}

/// Starts all rooms but the API: recovers, announces itself, lists the catalog, resumes open orders.
pub(crate) async fn start(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Platform> {
    let catalog = crate::catalog::read(config.instruments.as_deref())?;
    let instruments = &catalog.instruments;
    let rules = rules(config)?;
    let database = Database::own(&config.database, config.reserve, Arc::clone(&clock))?;
    database.require_sound()?;
    let journal: Arc<dyn Journal> = database.journal();
    let exchange = crate::market::exchange(instruments, config.seed);
    let venue = Arc::new(Paper::new(exchange, Arc::clone(&clock)));
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new());
    let latencies = Arc::new(Latencies::new()?);
    let gateway = Arc::new(Gateway::new(
        Arc::clone(&venue) as Arc<dyn Venue>,
        Arc::clone(&clock),
        Arc::clone(&latencies),
    ));

    let now = clock.now();
    let taken = take_over(&journal, config.partitions, &rules, instruments, now).await;
    let (partitions, releases) = taken.context("recovery refused to start")?;
    let contracts = Contracts::recover(config, &partitions, &venue)?;
    let mut early = match venue.abilities().memory {
        Memory::Venue => gateway.adopt(partitions.in_doubt()).await,
        Memory::Journal => remind(&venue, &partitions, now),
    };
    early.extend(gateway.accept(releases));

    let at_gateway = Arc::clone(&gateway);
    let parcels = Arc::new(Parcels::default());
    // What lies in the outboxes since before the start is carried before the market moves on.
    parcels.ring();
    let parts = Parts {
        partitions,
        journal: Arc::clone(&journal),
        clock: Arc::clone(&clock),
        bus: Arc::clone(&bus),
        release: Box::new(move |releases| at_gateway.accept(releases)),
        parcels: Arc::clone(&parcels),
    };
    let (handle, ended) = node::start(parts)?;
    for report in early {
        handle.send(Input::Report(report), None).await?;
    }

    let (stop, stopped) = watch::channel(false);
    let mut carriers = JoinSet::new();
    carry_reports(&mut carriers, &handle, &gateway);
    carriers.spawn(copy(config, &handle, &gateway, &parcels));
    let payments = config.billing.door()?;
    let cashier = cashier(config, &handle, &database, &payments, &clock);
    carriers.spawn(cashier.run());
    let projector = Projector::new(journal, database.projection());
    let heard = Arc::clone(&bus);
    let projector = tokio::spawn(async move { Ok(projector.run(&*heard, stopped).await?) });

    Ok(Platform {
        database,
        handle,
        gateway,
        venue,
        parcels,
        clock,
        latencies,
        tiers: rules.tiers.clone(),
        plans: rules.plans.clone(),
        payments,
        catalog,
        contracts,
        ended,
        stop,
        carriers,
        projector,
    })
}

/// Tells a venue that remembers nothing what the journal knows: prices, and the orders that are open.
fn remind(venue: &Paper, partitions: &Partitions, now: Timestamp) -> Vec<Report> {
    known_prices(partitions).for_each(|(id, price)| venue.know(id, price));
    hand_back(partitions, now, |of| venue.restore(&of.ticket, of.filled, of.fills))
}

/// Carries what travels between partitions, as long as there are desks.
fn copy(
    config: &Config,
    handle: &Handle,
    gateway: &Arc<Gateway>,
    parcels: &Arc<Parcels>,
) -> impl Future<Output = ()> + use<> {
    let (gateway, parcels) = (Arc::clone(gateway), Arc::clone(parcels));
    let copier = Copier::new(handle.clone(), gateway, parcels, config.partitions);
    async move { copier.run().await }
}

fn cashier(
    config: &Config,
    handle: &Handle,
    database: &Database,
    payments: &Arc<dyn Payments>,
    clock: &Arc<dyn Clock>,
) -> Cashier {
    Cashier::new(Counter {
        desks: Arc::new(handle.clone()),
        till: database.control(),
        payments: Arc::clone(payments),
        clock: Arc::clone(clock),
        issuer: config.billing.issuer.name.clone(),
    })
}

/// The gateway's own reports travel to the desks by the same door as everything else; the driver brings the
/// venue's.
fn carry_reports(tasks: &mut JoinSet<()>, handle: &Handle, gateway: &Arc<Gateway>) {
    let (send, mut reports) = mpsc::channel::<Report>(REPORTS);
    let running = Arc::clone(gateway);
    tasks.spawn(async move {
        running.run(send).await;
    });
    let to = handle.clone();
    tasks.spawn(async move {
        while let Some(report) = reports.recv().await {
            let at = report.at;
            if to.send(Input::Report(report), Some(at)).await.is_err() {
                break;
            }
        }
    });
}

impl Platform {
    /// Ends everything in order: nothing new, everything durable, views caught up.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        // What cannot be sent now is settled by the recovery.
        let _ = tokio::time::timeout(LAST_SENDS, self.gateway.settled()).await;
        self.handle.stop().await;
        let ended = self.ended.await.context("the desks' thread is gone")?;
        self.carriers.shutdown().await;
        self.venue.close();
        // The projector's last turn reads what the desks made durable last.
        let _ = self.stop.send(true);
        self.projector.await.context("the projector's task is gone")??;
        Ok(ended?)
    }
}
