//! Is it alive, started, ready; and the metrics. Nothing here tells a stranger more than one word.

use crate::address::Origin;
use crate::auth::bearer;
use crate::error::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

/// The state in one word.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// The process answers.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Json<Health> {
    OK
}

/// The process answers; restart it when it does not.
#[utoipa::path(
    get, path = "/health/live", tag = "health",
    responses((status = 200, body = Health)),
)]
pub(crate) async fn live() -> Json<Health> {
    OK
}

/// Orders can be taken; send no traffic when not.
#[utoipa::path(
    get, path = "/health/ready", tag = "health",
    responses((status = 200, body = Health), (status = 503, description = "Not ready")),
)]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if app.doors.readiness.is_serving() { Ok(OK) } else { Err(NOT_READY) }
}

/// Recovery is done.
#[utoipa::path(
    get, path = "/health/startup", tag = "health",
    responses((status = 200, body = Health), (status = 503, description = "Still recovering")),
)]
pub(crate) async fn startup(State(app): State<App>) -> Result<Json<Health>, Problem> {
    if app.doors.readiness.is_started() { Ok(OK) } else { Err(NOT_READY) }
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
