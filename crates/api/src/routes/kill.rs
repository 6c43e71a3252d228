//! The caller's own kill switch: entries stop at once, exits never; a person with a reason arms it
//! again.

use super::{Done, change};
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::{Field, Sentence};
use crate::json::Valid;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::input::Command;
use nija_core::risk::kill::Actor;
use serde::Deserialize;
use utoipa::ToSchema;

/// A stop with its reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KillRequest {
    /// Why, 3 to 200 characters; it is kept.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a drill",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
    /// Sell all that is held, too?
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    flatten: Field<Option<bool>>,
}

/// A release with its reason.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RearmRequest {
    /// Why, 3 to 200 characters; it is kept.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "a drill",
        min_length = 3,
        max_length = 200
    )]
    reason: Field<Sentence>,
}

/// Stops entries of the caller's account, cancels open ones, and sells all if asked.
#[utoipa::path(
    post, path = "/api/v2/kill", tag = "risk",
    request_body = KillRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn press(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<KillRequest>,
) -> Result<Json<Done>, Problem> {
    app.rates.exit(principal.user())?;
    let reason = body.reason.get("reason")?.0;
    let flatten = body.flatten.get("flatten")?.unwrap_or(false);
    let by = Actor::User(principal.user());
    let command = Command::Kill { by, reason: reason.clone(), flatten };
    let done = change(&app, &principal, key, command, "entries are stopped").await?;
    let subject = format!("account {}", principal.account());
    app.audit(Some(principal.user()), "kill_pressed", subject, reason).await?;
    Ok(done)
}

/// Releases the caller's own switch and halts. Switches of the platform stay.
#[utoipa::path(
    post, path = "/api/v2/rearm", tag = "risk",
    request_body = RearmRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn rearm(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<RearmRequest>,
) -> Result<Json<Done>, Problem> {
    let reason = body.reason.get("reason")?.0;
    let by = Actor::User(principal.user());
    let command = Command::Rearm { by, reason: reason.clone() };
    let done = change(&app, &principal, key, command, "entries pass again").await?;
    let subject = format!("account {}", principal.account());
    app.audit(Some(principal.user()), "kill_released", subject, reason).await?;
    Ok(done)
}
