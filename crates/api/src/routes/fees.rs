//! Fees on profits: where the high-water mark stands, what would be due now, and every move of the mark with all
//! that it takes to recompute a fee by hand.

use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::page::{Listed, Paging, Params};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::FeesView;
use nija_core::ports::views::{FeeRow, Scope};
use nija_core::words::money::{Money, Pct};
use serde::Serialize;
use utoipa::ToSchema;

/// A fee by payee, whole cents, dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct PayeesBody {
    /// The platform's part.
    #[schema(value_type = String)]
    platform: Money,
    /// The part of the master who is copied.
    #[schema(value_type = String)]
    master: Money,
}

/// The mark and what is due above it. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeesBody {
    /// Who is charged on this platform: `everyone` of a paid tier, or `qualified_only`.
    policy: &'static str,
    /// The platform's part of a gain, percent; 0 where nothing is charged.
    #[schema(value_type = String)]
    platform_pct: Pct,
    /// The master's part, percent.
    #[schema(value_type = String)]
    master_pct: Pct,
    /// What the mark is held against, dollars.
    #[schema(value_type = String)]
    equity: Money,
    /// The high-water mark, dollars; null before the first deposit.
    #[schema(value_type = Option<String>)]
    mark: Option<Money>,
    /// Profit above the mark, dollars.
    #[schema(value_type = String)]
    gain: Money,
    /// Loss below the mark, to be won back before a fee is due, dollars.
    #[schema(value_type = String)]
    loss: Money,
    /// The fee if the month ended now. Shown, not booked.
    accrued: PayeesBody,
    /// Charged and not taken yet for want of cash, dollars.
    #[schema(value_type = String)]
    owed: Money,
    /// What shows that you may be charged, where that is on record.
    qualified: Option<String>,
    /// When the gain is charged next, unless money leaves before, RFC 3339.
    next_charge: String,
}

impl FeesBody {
    pub(super) fn of(view: FeesView, equity: Money) -> Self {
        Self {
            policy: view.policy.name(),
            platform_pct: view.rates.platform,
            master_pct: view.rates.leader,
            equity,
            mark: view.high,
            gain: view.gain,
            loss: view.loss,
            accrued: PayeesBody { platform: view.accrued.platform, master: view.accrued.leader },
            owed: view.owed,
            qualified: view.qualified,
            next_charge: view.month_ends.to_string(),
        }
    }
}

/// Where the caller's fees stand. Copies have marks of their own: `GET /api/v2/copy`.
#[utoipa::path(
    get, path = "/api/v2/fees", tag = "fees",
    responses((status = 200, body = FeesBody)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<FeesBody>, Problem> {
    let view = account(&app, principal.account()).await?;
    Ok(Json(FeesBody::of(view.fees, view.own_equity)))
}

/// A move of the mark. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeeBody {
    /// `flow`, `month`, `stopped`, `tier_changed`, `qualified`, `refunded`, `began`, or `followed`:
    /// a copy begins, with the loss that it carries.
    cause: String,
    /// What was paid in, or out below 0, of a flow.
    amount: Option<String>,
    /// The month that ended, like `2026-03`.
    month: Option<String>,
    /// Equity just before.
    equity: String,
    /// The platform's part of the fee; below 0 it was given back.
    platform_fee: String,
    /// The master's part.
    master_fee: String,
    /// Where the mark stood; null before the first.
    mark_before: Option<String>,
    /// Where it stands from then on.
    mark: String,
    /// The ledger entry that booked the fee; null where nothing was charged.
    entry: Option<String>,
    /// When, RFC 3339.
    at: String,
}

impl From<FeeRow> for FeeBody {
    fn from(row: FeeRow) -> Self {
        Self {
            cause: row.cause,
            amount: row.amount,
            month: row.month,
            equity: row.equity,
            platform_fee: row.platform,
            master_fee: row.leader,
            mark_before: row.mark_before,
            mark: row.mark,
            entry: row.entry,
            at: row.at,
        }
    }
}

/// Every move of the caller's high-water mark and the fee due with it, newest first.
#[utoipa::path(
    get, path = "/api/v2/fees/history", tag = "fees",
    params(Paging),
    responses((status = 200, body = Listed<FeeBody>)),
)]
pub(crate) async fn history(
    State(app): State<App>,
    principal: Principal,
    Params(paging): Params<Paging>,
) -> Result<Json<Listed<FeeBody>>, Problem> {
    listed(&app, &principal.scope, &paging).await
}

/// A page of the moves of an account's mark.
pub(super) async fn listed(
    app: &App,
    scope: &Scope,
    paging: &Paging,
) -> Result<Json<Listed<FeeBody>>, Problem> {
    let page = paging.page()?;
    let rows = app.doors.views.fees(scope, page).await?;
    Ok(Json(Listed::of(rows, page)))
}
