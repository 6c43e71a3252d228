//! Figures of the platform: how fast orders are sent, and, for administrators, what it earns.

use crate::error::Problem;
use crate::number::Plain;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::words::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

/// How fast orders are sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct ExecutionBody {
    /// One row a tier.
    tiers: Vec<TierBody>,
}

/// How fast a tier's orders are sent, since the process began.
#[derive(Serialize, ToSchema)]
pub(crate) struct TierBody {
    /// The tier.
    tier: &'static str,
    /// Its lane.
    priority: &'static str,
    /// Promise from accepted to sent, milliseconds.
    latency_promise_ms: u32,
    /// Median, milliseconds.
    p50_ms: f64,
    /// 95th percentile, milliseconds.
    p95_ms: f64,
    /// 99th percentile, milliseconds.
    p99_ms: f64,
    /// Orders sent.
    sent: u64,
    /// Orders sent later than promised.
    breaches: u64,
    /// Sends that were tried again.
    retries: u64,
    /// Entries that grew too old to send.
    lapsed: u64,
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// How fast orders are sent, a tier.
#[utoipa::path(
    get, path = "/api/v2/execution/stats", tag = "platform",
    responses((status = 200, body = ExecutionBody)),
)]
pub(crate) async fn execution(State(app): State<App>) -> Json<ExecutionBody> {
    let row = |stats: crate::doors::TierStats| {
        let rules = app.doors.tiers.rules(stats.tier);
        TierBody {
            tier: stats.tier.name(),
            priority: rules.priority.title(),
            latency_promise_ms: rules.latency_promise_ms,
            p50_ms: millis(stats.p50_us),
            p95_ms: millis(stats.p95_us),
            p99_ms: millis(stats.p99_us),
            sent: stats.sent,
            breaches: stats.breaches,
            retries: stats.retries,
            lapsed: stats.lapsed,
        }
    };
    Json(ExecutionBody { tiers: app.doors.stats.tiers().into_iter().map(row).collect() })
}

/// Dollars by stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct Streams {
    /// Subscriptions.
    #[schema(value_type = f64)]
    subscription: Plain,
    /// Performance fees.
    #[schema(value_type = f64)]
    performance_fee: Plain,
    /// Copy-trading fees.
    #[schema(value_type = f64)]
    copy_trading_fee: Plain,
}

/// What the platform earned, dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct RevenueBody {
    /// All streams, all time.
    #[schema(value_type = f64)]
    total_revenue: Plain,
    /// Monthly recurring revenue.
    #[schema(value_type = f64)]
    mrr: Plain,
    /// Twelve times that.
    #[schema(value_type = f64)]
    arr: Plain,
    /// By stream.
    revenue_by_type: Streams,
    /// All streams, last 30 days.
    #[schema(value_type = f64)]
    revenue_last_30_days: Plain,
}

/// What the platform earned, from the ledger. Administrators only.
#[utoipa::path(
    get, path = "/api/v2/revenue", tag = "platform",
    responses((status = 200, body = RevenueBody)),
)]
pub(crate) async fn revenue(State(app): State<App>) -> Result<Json<RevenueBody>, Problem> {
    let figures = app.doors.revenue.figures().await?;
    let total = [figures.subscription, figures.performance_fee, figures.copy_trading_fee]
        .into_iter()
        .try_fold(Money::ZERO, Money::checked_add)
        .ok_or(Problem::internal())?;
    let arr = figures.mrr.raw().checked_mul(12).map(Money::from_raw).ok_or(Problem::internal())?;
    Ok(Json(RevenueBody {
        total_revenue: total.into(),
        mrr: figures.mrr.into(),
        arr: arr.into(),
        revenue_by_type: Streams {
            subscription: figures.subscription.into(),
            performance_fee: figures.performance_fee.into(),
            copy_trading_fee: figures.copy_trading_fee.into(),
        },
        revenue_last_30_days: figures.last_30_days.into(),
    }))
}
