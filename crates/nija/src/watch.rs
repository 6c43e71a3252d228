//! What the process tells those who watch it: the table of all metrics with units, a look at slow things every few
//! seconds, and figures that are only fetched when somebody asks.

mod names;
mod process;

use crate::check::{folder_of, free};
use crate::wire::Platform;
use anyhow::Context;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use nija_core::desk::answer::{Decline, Query, View};
use nija_core::ledger::chart::Book;
use nija_core::ports::views::Projection as _;
use nija_core::ports::{Clock, Desks, Journal as _};
use nija_core::risk::kill::Scope;
use nija_core::words::id::PartitionId;
use nija_core::words::tier::{Priority, Tier};
use nija_core::words::time::Timestamp;
use nija_engine::clock::Real;
use nija_engine::latency::Latencies;
use nija_engine::node::Handle;
use nija_store::sqlite::{Journal, schema};
use nija_store::views::Projection;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Time between two trial balances: each walks over all accounts.
const BALANCE: Duration = Duration::from_secs(60);
/// Seconds by which a clock goes wrong between two looks before it is told.
const JUMP: f64 = 0.5;
/// How long the desks may take to answer a look.
const PATIENCE: Duration = Duration::from_secs(2);
/// Units of a dollar.
const DOLLAR: f64 = nija_core::words::fixed::SCALE as f64;
/// Edges of the commit histogram, seconds.
const COMMIT: [f64; 9] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0];
/// Edges of the request histogram, seconds.
const REQUEST: [f64; 12] =
    [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];

/// Installs the recorder; once a process, before anything is counted.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let full = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(full("nija_commit_seconds"), &COMMIT)?
        .set_buckets_for_metric(full("nija_http_request_seconds"), &REQUEST)?
        .install_recorder()
        .context("metrics cannot be recorded")?;
    names::register();
    let labels =
        [("version", env!("CARGO_PKG_VERSION").to_owned()), ("schema", schema().to_string())];
    gauge!("nija_build_info", &labels).set(1.0);
    Ok(handle)
}

/// The text for `/metrics`: what is cheap to fetch is fetched now.
pub(crate) fn text(
    handle: PrometheusHandle,
    platform: &Platform,
) -> impl Fn() -> String + Send + Sync + use<> {
    let (latencies, gateway) = (Arc::clone(&platform.latencies), Arc::clone(&platform.gateway));
    move || {
        sending(&latencies);
        for (lane, waiting) in Priority::ALL.into_iter().zip(gateway.waiting()) {
            gauge!("nija_lane_waiting", "lane" => lane.title()).set(waiting as f64);
        }
        process::measure();
        handle.render()
    }
}

/// How fast orders left, per tier.
fn sending(latencies: &Latencies) {
    for tier in Tier::ALL {
        let (name, figures) = (tier.name(), latencies.figures(tier));
        counter!("nija_latency_misses_total", "tier" => name).absolute(figures.breaches);
        counter!("nija_sends_retried_total", "tier" => name).absolute(figures.retries);
        counter!("nija_orders_lapsed_total", "tier" => name).absolute(figures.lapsed);
        for (quantile, us) in
            [("0.5", figures.p50_us), ("0.95", figures.p95_us), ("0.99", figures.p99_us)]
        {
            let seconds = us as f64 / 1e6;
            gauge!("nija_send_seconds", "tier" => name, "quantile" => quantile).set(seconds);
        }
    }
}

/// Looks at what takes a query or a call of the system.
pub(crate) struct Watch {
    metrics: PrometheusHandle,
    handle: Handle,
    journal: Arc<Journal>,
    views: Arc<Projection>,
    /// What time it is for the market, simulated or not.
    time: Arc<dyn Clock>,
    database: PathBuf,
    /// Wall clock and monotonic clock at the beginning.
    began: (Timestamp, Instant),
    /// By how much they had gone apart at the last look, seconds.
    drift: f64,
    /// What the journal held when the views were last known to have all of it, and since when they lack something.
    behind: Option<(u64, Instant)>,
    /// When the books were last added up.
    added_up: Option<Instant>,
}

impl Watch {
    pub(crate) fn of(platform: &Platform, metrics: PrometheusHandle, database: PathBuf) -> Self {
        Self {
            metrics,
            handle: platform.handle.clone(),
            journal: platform.database.journal(),
            views: platform.database.projection(),
            time: Arc::clone(&platform.clock),
            database,
            began: (Real.now(), Instant::now()),
            drift: 0.0,
            behind: None,
            added_up: None,
        }
    }

    /// Looks until the task is dropped. A look that fails is missed: what was told before stays.
    pub(crate) async fn run(mut self) {
        loop {
            // Samples of histograms pile up until somebody asks for them, and where nobody does, for ever.
            self.metrics.run_upkeep();
            self.clock();
            self.disk();
            // A store that cannot be read is told by those who need it.
            let _ = self.lag().await;
            self.market().await;
            if self.added_up.is_none_or(|last| last.elapsed() >= BALANCE) {
                self.added_up = Some(Instant::now());
                self.books().await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// How far the wall clock went away from the monotonic one: somebody set it.
    fn clock(&mut self) {
        let (wall, monotonic) = self.began;
        let passed = Real.now().since(wall).0 as f64 / 1e6;
        let drift = passed - monotonic.elapsed().as_secs_f64();
        gauge!("nija_clock_drift_seconds").set(drift);
        let seconds = drift - std::mem::replace(&mut self.drift, drift);
        if seconds.abs() > JUMP {
            tracing::warn!(seconds, "the clock was set or stands still; check its time service");
        }
    }

    fn disk(&self) {
        if let Some(bytes) = free(&folder_of(&self.database)) {
            gauge!("nija_storage_free_bytes").set(bytes as f64);
        }
        for (file, path) in crate::check::kept(&self.database) {
            let bytes = std::fs::metadata(path).map_or(0, |data| data.len());
            gauge!("nija_storage_bytes", "file" => file).set(bytes as f64);
        }
    }

    /// How far views and snapshots are behind the journal.
    async fn lag(&mut self) -> anyhow::Result<()> {
        let (mut head, mut shown, mut unsaved) = (0, 0, 0);
        for partition in self.journal.partitions().await? {
            // Views first: what comes between the two reads must not look like a lag that is not there.
            let checkpoint = self.views.checkpoint(partition).await?.0;
            let (last, snapshot) = self.journal.ends(partition).await?;
            shown += checkpoint;
            head += last.0;
            unsaved = unsaved.max(last.0.saturating_sub(snapshot.0));
        }
        gauge!("nija_snapshot_behind_batches").set(unsaved as f64);
        gauge!("nija_views_behind_batches").set(head.saturating_sub(shown) as f64);
        let since = match self.behind {
            // They have what the journal held at the beginning of this lag: a new one begins.
            Some((held, _)) if shown >= held => None,
            before => before,
        };
        self.behind = (shown < head).then(|| since.unwrap_or((head, Instant::now())));
        let seconds = self.behind.map_or(0.0, |(_, since)| since.elapsed().as_secs_f64());
        gauge!("nija_views_behind_seconds").set(seconds);
        Ok(())
    }

    /// Switches that are pressed, and how old the newest price of an open market is.
    async fn market(&self) {
        let asked = tokio::time::timeout(PATIENCE, self.handle.query(Query::Market)).await;
        let Ok(Ok(View::Market(market))) = asked else { return };
        for (name, fits) in SCOPES {
            let pressed = market.pressed.iter().filter(|switch| fits(&switch.scope)).count();
            gauge!("nija_kill_switches", "scope" => name).set(pressed as f64);
        }
        // The desks' time stands still when nothing comes: what passed since then counts, too.
        let silent = self.time.now().since(market.now).as_millis().max(0);
        let open = market.instruments.iter().filter(|row| row.open && row.mark.is_some());
        if let Some(age) = open.map(|row| row.mark_age.as_millis()).min() {
            gauge!("nija_price_age_seconds").set((age + silent) as f64 / 1e3);
        }
    }
}

impl Watch {
    /// Adds up all books of all partitions, one partition after the other so that other work comes between. They
    /// sum to zero, or something is badly wrong. Partitions that do not answer are left for the next time.
    async fn books(&self) {
        let (mut off, mut clearing) = (0, 0);
        for partition in (0..=u16::MAX).map(PartitionId) {
            let asked = tokio::time::timeout(PATIENCE, self.handle.query(Query::House(partition)));
            let house = match asked.await {
                Ok(Ok(View::House(house))) => house,
                Ok(Ok(View::Declined(Decline::UnknownPartition))) => break,
                _ => return,
            };
            off += house.trial_balance.unsigned_abs();
            clearing += i128::from(house.books.balance(Book::Clearing).raw());
            if house.trial_balance != 0 {
                let units = house.trial_balance;
                tracing::error!(%partition, %units, "the books do not balance; run `nija verify`");
            }
        }
        gauge!("nija_books_off_dollars").set(off as f64 / DOLLAR);
        gauge!("nija_clearing_dollars").set(-clearing as f64 / DOLLAR);
    }
}

/// Does a switch stop this?
type Fits = fn(&Scope) -> bool;

/// Scopes of switches that concern more than one account.
const SCOPES: [(&str, Fits); 5] = [
    ("platform", |scope| matches!(scope, Scope::Platform)),
    ("venue", |scope| matches!(scope, Scope::Venue(_))),
    ("class", |scope| matches!(scope, Scope::Class(_))),
    ("symbol", |scope| matches!(scope, Scope::Symbol(_))),
    ("strategy", |scope| matches!(scope, Scope::Strategy(_))),
];
