//! What the caller holds, and closing all of it.

use super::trading::{TradeBody, submit};
use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::json::Keyed;
use crate::page::Listed;
use crate::state::App;
use axum::Json;
use axum::extract::{Path, State};
use nija_core::desk::answer::{Decline, PositionView};
use nija_core::desk::event::{Size, Wish};
use nija_core::desk::input::Command;
use nija_core::words::instrument::Kind;
use nija_core::words::money::{Money, Pct, Price, Qty};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use serde::Serialize;
use utoipa::ToSchema;

/// A holding. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct PositionBody {
    /// Symbol.
    symbol: String,
    /// Quantity; below zero it is short, which contracts alone can be.
    #[schema(value_type = String)]
    qty: Qty,
    /// What it cost, fees apart, dollars. Of contracts: the value they were agreed at, or settled at since, below
    /// zero of what is short; nobody has paid it.
    #[schema(value_type = String)]
    cost: Money,
    /// What it is worth at the mark, dollars; below zero of what is short.
    #[schema(value_type = String)]
    value: Money,
    /// Value less cost, dollars: of contracts all that they add to equity beside cash.
    #[schema(value_type = String)]
    unrealized: Money,
    /// Cash that contracts hold back, dollars; zero of what is paid for.
    #[schema(value_type = String)]
    margin: Money,
    /// The last price; null before the first.
    #[schema(value_type = Option<String>)]
    mark: Option<Price>,
    /// Quantity of open exit orders.
    #[schema(value_type = String)]
    exiting: Qty,
    /// What was bought, or sold short, at once, oldest first.
    lots: Vec<LotBody>,
    /// How sensitive a holding of options is; null for anything else, and where its chain is not known.
    greeks: Option<GreeksBody>,
}

/// The greeks of a holding at the last picture of its chain, after Black and Scholes. Sum them by underlying, with
/// shares at a delta of one each, for those of a portfolio.
#[derive(Serialize, ToSchema)]
pub(crate) struct GreeksBody {
    /// Symbol of the underlying.
    underlying: String,
    /// When the chain was quoted, RFC 3339.
    at: String,
    /// Implied volatility, percent a year.
    #[schema(value_type = String)]
    volatility_pct: Pct,
    /// Units of the underlying that move like the holding.
    #[schema(value_type = String)]
    delta: Qty,
    /// Delta for a dollar of the underlying.
    #[schema(value_type = String)]
    gamma: Qty,
    /// Dollars for a point of volatility.
    #[schema(value_type = String)]
    vega: Money,
    /// Dollars for a day that passes.
    #[schema(value_type = String)]
    theta: Money,
}

impl GreeksBody {
    fn of(app: &App, view: &PositionView) -> Option<Self> {
        let row = app.doors.catalog.by_id(view.instrument)?;
        let Kind::Option { underlying, multiplier, .. } = row.kind else { return None };
        let units = i64::from(multiplier).checked_mul(view.qty.raw()).map(Qty::from_raw)?;
        let held = app.doors.greeks.of(view.instrument)?.times(units)?;
        Some(Self {
            underlying: app.doors.catalog.symbol(underlying),
            at: held.at.to_string(),
            volatility_pct: held.volatility,
            delta: held.delta,
            gamma: held.gamma,
            vega: held.vega,
            theta: held.theta,
        })
    }
}

/// What was bought at once, or sold short.
#[derive(Serialize, ToSchema)]
pub(crate) struct LotBody {
    /// How much is left of it.
    #[schema(value_type = String)]
    qty: Qty,
    /// What that cost, dollars.
    #[schema(value_type = String)]
    cost: Money,
    /// When it was opened, RFC 3339.
    at: String,
    /// Which strategy opened it, `own` of the owner's own model; null for the user.
    strategy: Option<&'static str>,
}

impl PositionBody {
    pub(super) fn of(app: &App, view: PositionView) -> Self {
        Self {
            greeks: GreeksBody::of(app, &view),
            symbol: app.doors.catalog.symbol(view.instrument),
            qty: view.qty,
            cost: view.cost,
            value: view.value,
            unrealized: view.value.saturating_sub(view.cost),
            margin: view.margin,
            mark: view.mark,
            exiting: view.exiting,
            lots: view
                .lots
                .iter()
                .map(|lot| LotBody {
                    qty: lot.qty,
                    cost: lot.cost,
                    at: lot.at.to_string(),
                    strategy: lot.strategy.map(|strategy| strategy.name()),
                })
                .collect(),
        }
    }
}

/// What the caller holds.
#[utoipa::path(
    get, path = "/api/v2/positions", tag = "positions",
    responses((status = 200, body = Listed<PositionBody>)),
)]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Listed<PositionBody>>, Problem> {
    let view = account(&app, principal.account()).await?;
    let items = view.positions.into_iter().map(|position| PositionBody::of(&app, position));
    Ok(Json(Listed::whole(items.collect())))
}

/// Closes all that is held of a symbol at the market: sells it, or buys back what is short. No gate stands in the
/// way of an exit.
#[utoipa::path(
    delete, path = "/api/v2/positions/{symbol}", tag = "positions",
    params(
        ("symbol" = String, Path, description = "Ticker, like AAPL or BTC-USD"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same"),
    ),
    responses(
        (status = 200, body = TradeBody),
        (status = 404, description = "Nothing is held of that symbol"),
    ),
)]
pub(crate) async fn close(
    State(app): State<App>,
    principal: Principal,
    Path(symbol): Path<String>,
    Keyed(key): Keyed,
) -> Result<Json<TradeBody>, Problem> {
    app.rates.exit(principal.user())?;
    let instrument = app.doors.catalog.by_symbol(&symbol).ok_or(Decline::NoPosition)?;
    let view = account(&app, principal.account()).await?;
    let held = view.positions.iter().find(|position| position.instrument == instrument.id);
    let is_short = held.is_some_and(|position| position.qty.is_negative());
    let wish = Wish {
        instrument: instrument.id,
        side: if is_short { Side::Buy } else { Side::Sell },
        size: Size::All,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        origin: Origin::User,
    };
    submit(&app, &principal, key, Command::Place(wish), &instrument).await
}
