//! The API over the running rooms: doors, settings, figures, and a listener.

use crate::backtests::Workshop;
use crate::chance::System;
use crate::commands::regimes;
use crate::config::Config;
use crate::watch;
use crate::wire::Platform;
use anyhow::{Context, bail};
use metrics_exporter_prometheus::PrometheusHandle;
use nija_api::{Catalog, Doors, ExecutionStats, Limits, Readiness, Settings, TierStats};
use nija_core::words::tier::Tier;
use nija_documents::Press;
use nija_engine::clock::Real;
use nija_engine::latency::Latencies;
use std::sync::Arc;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

struct Stats(Arc<Latencies>);

impl ExecutionStats for Stats {
    fn tiers(&self) -> Vec<TierStats> {
        let row = |tier| {
            let figures = self.0.figures(tier);
            TierStats {
                tier,
                p50_us: figures.p50_us,
                p95_us: figures.p95_us,
                p99_us: figures.p99_us,
                sent: figures.sent,
                breaches: figures.breaches,
                retries: figures.retries,
                lapsed: figures.lapsed,
            }
        };
        Tier::ALL.into_iter().map(row).collect()
    }
}

/// What the API speaks to.
pub(crate) fn doors(
    config: &Config,
    platform: &Platform,
    metrics: PrometheusHandle,
) -> anyhow::Result<Doors> {
    Ok(Doors {
        desks: Arc::new(platform.handle.clone()),
        views: platform.database.views(),
        control: platform.database.control(),
        // Sessions live in real time also where the market does not.
        clock: Arc::new(Real),
        entropy: Arc::new(System),
        tiers: Arc::new(platform.tiers.clone()),
        catalog: Arc::new(Catalog::of(
            platform.catalog.instruments.iter().chain(&platform.contracts.listed).cloned(),
        )),
        greeks: Arc::clone(&platform.contracts.greeks) as _,
        stats: Arc::new(Stats(Arc::clone(&platform.latencies))),
        plans: Arc::new(platform.plans.clone()),
        documents: Arc::new(Press::new()?),
        backtests: Arc::new(Workshop::new(config)?),
        scorecard: regimes::publish()?,
        till: platform.database.control(),
        payments: Arc::clone(&platform.payments),
        issuer: config.billing.issuer.clone(),
        metrics: Arc::new(watch::text(metrics, platform)),
        readiness: Arc::new(Readiness::default()),
    })
}

/// The API's settings. Outside the demo a secret must be set, and a strong one.
pub(crate) fn settings(config: &Config, demo: bool) -> anyhow::Result<Settings> {
    let secret = match &config.jwt_secret {
        Some(secret) => secret.clone(),
        None if demo => {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret)?;
            secret.to_vec()
        }
        None => bail!("JWT_SECRET_KEY is not set; make one with `openssl rand -hex 32`"),
    };
    let mut settings = Settings::with_secret(secret);
    settings.jwt_previous = config.jwt_previous.clone().map(Into::into);
    settings.demo = demo;
    settings.tls = config.tls;
    settings.origins.clone_from(&config.origins);
    settings.cors_origins.clone_from(&config.cors_origins);
    settings.trusted_proxies.clone_from(&config.trusted_proxies);
    settings.rates = config.rates;
    settings.metrics_token = config.metrics_token.clone().map(Into::into);
    // A tenth of what a thread that serves is given where both want a core.
    settings.step_back = || {
        // A system that does not allow it hashes as before.
        let _ = rustix::process::nice(10);
    };
    Ok(settings)
}

/// Limits of the listener.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        connections: config.connections.get() as usize,
        connections_per_address: config.connections_per_address.get() as usize,
        trusted_proxies: config.trusted_proxies.clone(),
        ..Limits::default()
    }
}

/// Opens the listener; before anything else is started, so that a taken port is told at once.
pub(crate) async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}; set HOST and PORT", config.listen))
}

/// Ends with the first of: interrupt, termination.
pub(crate) async fn told_to_stop() {
    let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
}

/// The filter of the log.
pub(crate) fn filter(text: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::try_new(text).context("NIJA_LOG")
}

/// Logs to standard error: JSON lines, or plain text for people.
pub(crate) fn log(text: &str, json: bool) -> anyhow::Result<()> {
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter(text)?).with_writer(std::io::stderr);
    // Lost lines are not told on the same stream: where that is a file on a full disk, telling panics.
    let lines = lines.log_internal_errors(false);
    if json {
        lines.json().init()
    } else {
        lines.init()
    }
    Ok(())
}

/// Forbids dumps of this process's memory, which holds secrets.
pub(crate) fn no_core_dumps() -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).context("core dumps cannot be switched off")?;
    // A dump that is piped to a program asks for no limit, but for this.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .context("core dumps cannot be switched off")?;
    Ok(())
}
