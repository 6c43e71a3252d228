//! The caller's money over time: the equity curve and the ledger's lines.

use crate::auth::Principal;
use crate::error::Problem;
use crate::page::{Listed, Paging, Params};
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::ports::views::{EntryRow, EquityRow, Scope};
use serde::Serialize;
use utoipa::ToSchema;

/// A point of the equity curve.
#[derive(Serialize, ToSchema)]
pub(crate) struct EquityBody {
    /// End of the account's trading day, RFC 3339.
    at: String,
    /// Equity, dollars.
    equity: String,
    /// Cash, dollars.
    cash: String,
}

impl From<EquityRow> for EquityBody {
    fn from(row: EquityRow) -> Self {
        Self { at: row.at, equity: row.equity, cash: row.cash }
    }
}

/// A ledger line.
#[derive(Serialize, ToSchema)]
pub(crate) struct EntryBody {
    /// The entry it belongs to; the lines of one entry sum to zero.
    entry: String,
    /// `cash`, `positions`, `capital`, `realized`, `venue_fees`, `performance_fees`, `copy_fees` and others.
    book: String,
    /// Dollars, debit positive.
    amount: String,
    /// What it is for: `transfer`, `fill`, `fee`, `fee_refund`, `fee_collected`, `copy_funding`,
    /// `copy_fee_earned`, `dividend`, `funding`, `correction`, `settlement`, `swap` or `subscription`.
    cause: String,
    /// The order, where there is one.
    order_id: Option<String>,
    /// When, RFC 3339.
    at: String,
}

impl From<EntryRow> for EntryBody {
    fn from(row: EntryRow) -> Self {
        Self {
            entry: row.entry,
            book: row.book,
            amount: row.amount,
            cause: row.cause,
            order_id: row.order_id,
            at: row.at,
        }
    }
}

/// The equity curve, newest first.
#[utoipa::path(
    get, path = "/api/v2/equity", tag = "ledger",
    params(Paging),
    responses((status = 200, body = Listed<EquityBody>)),
)]
pub(crate) async fn equity(
    State(app): State<App>,
    principal: Principal,
    Params(paging): Params<Paging>,
) -> Result<Json<Listed<EquityBody>>, Problem> {
    curve(&app, &principal.scope, &paging).await
}

/// A page of an account's equity curve.
pub(super) async fn curve(
    app: &App,
    scope: &Scope,
    paging: &Paging,
) -> Result<Json<Listed<EquityBody>>, Problem> {
    let page = paging.page()?;
    let rows = app.doors.views.equity(scope, page).await?;
    Ok(Json(Listed::of(rows, page)))
}

/// The ledger's lines, newest first.
#[utoipa::path(
    get, path = "/api/v2/entries", tag = "ledger",
    params(Paging),
    responses((status = 200, body = Listed<EntryBody>)),
)]
pub(crate) async fn entries(
    State(app): State<App>,
    principal: Principal,
    Params(paging): Params<Paging>,
) -> Result<Json<Listed<EntryBody>>, Problem> {
    lines(&app, &principal.scope, &paging).await
}

/// A page of an account's ledger lines.
pub(super) async fn lines(
    app: &App,
    scope: &Scope,
    paging: &Paging,
) -> Result<Json<Listed<EntryBody>>, Problem> {
    let page = paging.page()?;
    let rows = app.doors.views.entries(scope, page).await?;
    Ok(Json(Listed::of(rows, page)))
}
