//! The caller's orders and fills, and taking an order back.

use super::{Done, change};
use crate::auth::Principal;
use crate::error::Problem;
use crate::json::Keyed;
use crate::page::{Listed, Paging, Params, page};
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::desk::input::Command;
use nija_core::ports::views::{FillRow, OrderRow, Scope};
use nija_core::words::id::OrderId;
use nija_core::words::insight::Insight;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those that can still change?
    open: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// An order. Amounts are decimal strings, times RFC 3339.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderBody {
    /// Its id.
    id: String,
    /// Symbol.
    symbol: String,
    /// `crypto`, `equity` or `derivatives`.
    asset_class: String,
    /// `buy` or `sell`.
    side: String,
    /// `market`, `limit`, `stop` or `stop_limit`.
    order_type: String,
    /// `day`, `gtc`, `ioc`, `fok` or `post_only`.
    time_in_force: String,
    /// `entry` or `exit`.
    purpose: String,
    /// Who asked: `user`, a strategy's name, `own` for the owner's own model, `protection`, `kill_switch` or `copy`.
    origin: String,
    /// Version of the strategy whose signal asked for it; null where none did.
    version: Option<u16>,
    /// What was learned about that signal, of entries: its `weight` in ten-thousandths, which learned weighting
    /// follows; a model's `opinion`, its version as the day of its training since 1970, its score in hundredths and
    /// its features in thousandths; what options `implied`. Null where nothing was, and of exits.
    #[schema(value_type = Option<Object>)]
    insight: Option<Insight>,
    /// Quantity ordered.
    qty: String,
    /// Quantity filled.
    filled_qty: String,
    /// Average price of the fills.
    average_price: Option<String>,
    /// Limit price.
    limit_price: Option<String>,
    /// Stop price.
    stop_price: Option<String>,
    /// Fees so far.
    fees: String,
    /// `approved`, `working`, `partly_filled`, `filled`, `cancelled`, `rejected` or `lapsed`.
    state: String,
    /// Why it ended, where it did not fill whole.
    why: Option<String>,
    /// When it was approved.
    created_at: String,
    /// When it last changed.
    updated_at: String,
}

impl From<OrderRow> for OrderBody {
    fn from(row: OrderRow) -> Self {
        Self {
            id: row.id,
            symbol: row.symbol,
            asset_class: row.asset_class,
            side: row.side,
            order_type: row.order_type,
            time_in_force: row.time_in_force,
            purpose: row.purpose,
            origin: row.origin,
            version: row.version,
            insight: row.insight,
            qty: row.qty,
            filled_qty: row.filled_qty,
            average_price: row.average_price,
            limit_price: row.limit_price,
            stop_price: row.stop_price,
            fees: row.fees,
            state: row.state,
            why: row.why,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A fill. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct FillBody {
    /// Its order.
    order_id: String,
    /// Its id within the order.
    fill_id: String,
    /// Symbol.
    symbol: String,
    /// `buy` or `sell`.
    side: String,
    /// Quantity.
    qty: String,
    /// Price.
    price: String,
    /// Fee.
    fee: String,
    /// Realized profit before fees, for sales.
    realized: Option<String>,
    /// When, RFC 3339.
    at: String,
}

impl From<FillRow> for FillBody {
    fn from(row: FillRow) -> Self {
        Self {
            order_id: row.order_id,
            fill_id: row.fill_id,
            symbol: row.symbol,
            side: row.side,
            qty: row.qty,
            price: row.price,
            fee: row.fee,
            realized: row.realized,
            at: row.at,
        }
    }
}

/// The caller's orders, newest first.
#[utoipa::path(
    get, path = "/api/v2/orders", tag = "orders",
    params(Which),
    responses((status = 200, body = Listed<OrderBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    Params(which): Params<Which>,
) -> Result<Json<Listed<OrderBody>>, Problem> {
    listed(&app, &principal.scope, &which).await
}

/// A page of an account's orders.
pub(super) async fn listed(
    app: &App,
    scope: &Scope,
    which: &Which,
) -> Result<Json<Listed<OrderBody>>, Problem> {
    let page = page(which.cursor.as_deref(), which.limit)?;
    let open = which.open.unwrap_or(false);
    let rows = app.doors.views.orders(scope, page, open).await?;
    Ok(Json(Listed::of(rows, page)))
}

/// Reads an order id; what is none belongs to nobody.
fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// One order of the caller.
#[utoipa::path(
    get, path = "/api/v2/orders/{id}", tag = "orders",
    params(("id" = String, Path, description = "The order, 16 hexadecimal digits")),
    responses(
        (status = 200, body = OrderBody),
        (status = 404, description = "No such order of yours"),
    ),
)]
pub(crate) async fn one(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<Json<OrderBody>, Problem> {
    let row = app.doors.views.order(&principal.scope, order_id(&id)?).await?;
    row.map(|row| Json(row.into())).ok_or(Problem::not_found())
}

/// Takes an open order back. The answer is durable; the venue's word follows in the order's state.
#[utoipa::path(
    delete, path = "/api/v2/orders/{id}", tag = "orders",
    params(
        ("id" = String, Path, description = "The order, 16 hexadecimal digits"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = Done),
        (status = 404, description = "No open order of yours has that id"),
    ),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<String>,
    Keyed(key): Keyed,
) -> Result<Json<Done>, Problem> {
    app.rates.exit(principal.user())?;
    let cancel = Command::Cancel(order_id(&id)?);
    change(&app, &principal, key, cancel, "the cancel is on its way").await
}

/// The caller's fills, newest first.
#[utoipa::path(
    get, path = "/api/v2/fills", tag = "orders",
    params(Paging),
    responses((status = 200, body = Listed<FillBody>)),
)]
pub(crate) async fn fills(
    State(app): State<App>,
    principal: Principal,
    Params(paging): Params<Paging>,
) -> Result<Json<Listed<FillBody>>, Problem> {
    filled(&app, &principal.scope, &paging).await
}

/// A page of an account's fills.
pub(super) async fn filled(
    app: &App,
    scope: &Scope,
    paging: &Paging,
) -> Result<Json<Listed<FillBody>>, Problem> {
    let page = paging.page()?;
    let rows = app.doors.views.fills(scope, page).await?;
    Ok(Json(Listed::of(rows, page)))
}
