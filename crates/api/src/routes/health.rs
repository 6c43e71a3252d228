//! Is it alive, started, ready, and has it room to write; and the metrics. Nothing here tells a stranger more than
//! a word each.

use crate::address::Origin;
use crate::auth::bearer;
use crate::error::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use nija_core::ports::Space;
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

/// The state in a word each.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
    /// Room for the journal: `ok`; `low`: purchases are refused; `full`: nothing is written, reading works.
    storage: &'static str,
}

fn ok(app: &App) -> Json<Health> {
    let storage = match app.doors.desks.space() {
        Space::Ample => "ok",
        Space::Low => "low",
        Space::Full => "full",
    };
    Json(Health { status: "ok", storage })
}

/// The process answers.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    ok(&app)
}

/// The process answers; restart it when it does not.
#[utoipa::path(
    get, path = "/health/live", tag = "health",
    responses((status = 200, body = Health)),
)]
pub(crate) async fn live(State(app): State<App>) -> Json<Health> {
    ok(&app)
}

/// Orders can be taken; send no traffic when not. Short storage is no reason: sales and cancels must come in.
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses((status = 200, body = Health), (status = 503, description = "Not ready")),
)]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if app.doors.readiness.is_serving() { Ok(ok(&app)) } else { Err(NOT_READY) }
}

/// Recovery is done.
#[utoipa::path(
    get, path = "/health/startup", tag = "health",
    responses((status = 200, body = Health), (status = 503, description = "Still recovering")),
)]
pub(crate) async fn startup(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if app.doors.readiness.is_started() { Ok(ok(&app)) } else { Err(NOT_READY) }
}

const NOT_READY: Problem = Problem::unavailable("not_ready", "not ready yet; ask again", 2);

/// Prometheus' text form. Behind a token when the operator set one; else for callers of this machine only.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, body = String, content_type = "text/plain")),
)]
pub(crate) async fn metrics(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let admitted = match &app.settings.metrics_token {
        None => origin.is_this_machine(),
        Some(token) => {
            let shown = bearer(&headers).unwrap_or("");
            bool::from(shown.as_bytes().ct_eq(token.as_bytes()))
        }
    };
    if !admitted {
        return Err(Problem::unauthorized());
    }
    let kind = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    Ok(([kind], (app.doors.metrics)()))
}
