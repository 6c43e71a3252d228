//! Why it traded, and why it did not.

use crate::auth::Principal;
use crate::error::Problem;
use crate::page::{Listed, Params, page};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::ports::views::{DecisionRow, Scope};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

const KINDS: [&str; 6] = ["approved", "refused", "skipped", "halted", "reallocated", "signaled"];

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// `approved`, `refused`, `skipped`, `halted`, `reallocated` or `signaled`; all when absent.
    kind: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// A decision with its evidence.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecisionBody {
    /// `approved`, `refused`, `skipped`, `halted`, `reallocated` or `signaled`.
    kind: String,
    /// Symbol, where it is about one.
    symbol: Option<String>,
    /// `buy` or `sell`, where it is about an order.
    side: Option<String>,
    /// Size asked for, with its unit.
    size: Option<String>,
    /// Who asked.
    origin: Option<String>,
    /// The order, where one was approved.
    order_id: Option<String>,
    /// Stable code of a refusal.
    code: Option<String>,
    /// Gate that refused.
    gate: Option<String>,
    /// One sentence for people.
    sentence: String,
    /// Measured value, limit, age, changes, marks; of what came of a signal `version`, that of its strategy, and
    /// `insight`, what was learned about it, as orders have it.
    #[schema(value_type = Object)]
    evidence: Option<Box<RawValue>>,
    /// When, RFC 3339.
    at: String,
}

impl From<DecisionRow> for DecisionBody {
    fn from(row: DecisionRow) -> Self {
        Self {
            kind: row.kind,
            symbol: row.symbol,
            side: row.side,
            size: row.size,
            origin: row.origin,
            order_id: row.order_id,
            code: row.code,
            gate: row.gate,
            sentence: row.sentence,
            evidence: RawValue::from_string(row.evidence).ok(),
            at: row.at,
        }
    }
}

/// Decisions about the caller's account, newest first.
#[utoipa::path(
    get, path = "/api/v2/decisions", tag = "ledger",
    params(Which),
    responses((status = 200, body = Listed<DecisionBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    Params(which): Params<Which>,
) -> Result<Json<Listed<DecisionBody>>, Problem> {
    listed(&app, &principal.scope, &which).await
}

/// A page of the decisions about an account.
pub(super) async fn listed(
    app: &App,
    scope: &Scope,
    which: &Which,
) -> Result<Json<Listed<DecisionBody>>, Problem> {
    let page = page(which.cursor.as_deref(), which.limit)?;
    let kind = which.kind.as_deref();
    if kind.is_some_and(|kind| !KINDS.contains(&kind)) {
        let why = "must be approved, refused, skipped, halted, reallocated or signaled";
        return Err(Problem::field("kind", why));
    }
    let rows = app.doors.views.decisions(scope, page, kind).await?;
    Ok(Json(Listed::of(rows, page)))
}
