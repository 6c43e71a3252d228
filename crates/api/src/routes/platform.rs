//! Figures of the platform that everyone may know: how fast orders are sent.

use crate::state::App;
use axum::Json;
use axum::extract::State;
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
