//! The caller: who they are and where they are logged in.

use crate::auth::token::session as session_id;
use crate::auth::{Principal, session, tier};
use crate::error::Problem;
use crate::page::Listed;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use nija_core::ports::control::Role;
use serde::Serialize;
use utoipa::ToSchema;

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user.
    user_id: String,
    /// The address.
    email: String,
    /// `user` or `admin`.
    role: &'static str,
    /// The tier.
    tier: &'static str,
    /// The trading account.
    account_id: String,
    /// Since when, RFC 3339.
    created_at: String,
}

/// A session of the caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionBody {
    /// Its id.
    id: String,
    /// Is it the one that asks?
    current: bool,
    /// Since when, RFC 3339.
    created_at: String,
    /// Last refresh, RFC 3339.
    used_at: String,
    /// Ends at the latest then, RFC 3339.
    expires_at: String,
}

/// Who am I?
#[utoipa::path(get, path = "/api/v2/me", tag = "account", responses((status = 200, body = Me)))]
pub(crate) async fn me(State(app): State<App>, principal: Principal) -> Result<Json<Me>, Problem> {
    let user = app.doors.control.user(principal.user()).await?.ok_or(Problem::unauthorized())?;
    Ok(Json(Me {
        user_id: user.id.to_string(),
        role: match user.role {
            Role::User => "user",
            Role::Admin => "admin",
        },
        tier: tier(&app, &principal).await?.name(),
        account_id: user.account.to_string(),
        created_at: user.created_at.to_string(),
        email: user.email,
    }))
}

/// Where am I logged in?
#[utoipa::path(
    get, path = "/api/v2/sessions", tag = "account",
    responses((status = 200, body = Listed<SessionBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Listed<SessionBody>>, Problem> {
    let sessions = app.doors.control.sessions(principal.user()).await?;
    let body = sessions.into_iter().map(|session| SessionBody {
        id: format!("{:032x}", session.id),
        current: session.id == principal.session,
        created_at: session.created_at.to_string(),
        used_at: session.used_at.to_string(),
        expires_at: session.expires_at.to_string(),
    });
    Ok(Json(Listed::whole(body.collect())))
}

/// Ends one of the caller's sessions.
#[utoipa::path(
    delete, path = "/api/v2/sessions/{id}", tag = "account",
    params(("id" = String, Path, description = "The session, 32 hexadecimal digits")),
    responses((status = 204), (status = 404, description = "No such session of yours")),
)]
pub(crate) async fn end(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = session_id(&id).ok_or(Problem::not_found())?;
    session::end(&app, principal.user(), id).await?;
    let subject = format!("{id:032x}");
    app.audit(Some(principal.user()), "session_ended", subject, "revoked".to_owned()).await?;
    Ok(StatusCode::NO_CONTENT)
}
