//! Where the caller stands: how the capital is split and why, and how near the account is to its
//! limits.

use super::verdict::PressedBody;
use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::number::Plain;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::copy::sleeve::Stage;
use nija_core::words::instrument::AssetClass;
use nija_core::words::money::{Money, Pct};
use nija_core::words::tier::Tolerance;
use serde::Serialize;
use utoipa::ToSchema;

/// The split of the caller's capital, percent and dollars.
#[derive(Serialize, ToSchema)]
pub(crate) struct AllocationBody {
    /// Percent in crypto.
    #[schema(value_type = f64, example = 60.0)]
    crypto_pct: Plain,
    /// Percent in equities.
    #[schema(value_type = f64, example = 40.0)]
    equity_pct: Plain,
    /// Percent in derivatives.
    #[schema(value_type = f64, example = 0.0)]
    derivatives_pct: Plain,
    /// Percent in cash.
    #[schema(value_type = f64, example = 0.0)]
    cash_pct: Plain,
    /// Dollars in crypto.
    #[schema(value_type = f64, example = 600.0)]
    crypto_usd: Plain,
    /// Dollars in equities.
    #[schema(value_type = f64, example = 400.0)]
    equity_usd: Plain,
    /// Dollars in derivatives.
    #[schema(value_type = f64, example = 0.0)]
    derivatives_usd: Plain,
    /// Dollars in cash.
    #[schema(value_type = f64, example = 0.0)]
    cash_usd: Plain,
    /// The market's regime; null while it is not known.
    regime: Option<&'static str>,
    /// Why the split is what it is, in one sentence.
    reason: String,
}

/// How the caller's capital is split.
#[utoipa::path(
    get, path = "/api/v2/allocation", tag = "trading",
    responses((status = 200, body = AllocationBody)),
)]
pub(crate) async fn allocation(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<AllocationBody>, Problem> {
    let view = account(&app, principal.account()).await?;
    let [crypto, equity, derivatives, cash] = view.split.dollars(view.equity);
    let percent = |class| view.split.class(class).into();
    Ok(Json(AllocationBody {
        crypto_pct: percent(AssetClass::Crypto),
        equity_pct: percent(AssetClass::Equity),
        derivatives_pct: percent(AssetClass::Derivatives),
        cash_pct: view.split.cash().into(),
        crypto_usd: crypto.into(),
        equity_usd: equity.into(),
        derivatives_usd: derivatives.into(),
        cash_usd: cash.into(),
        regime: view.regime.map(|regime| regime.name()),
        reason: view.reason.to_string(),
    }))
}

/// Percent a class.
#[derive(Serialize, ToSchema)]
pub(crate) struct Shares {
    /// Crypto.
    #[schema(value_type = f64)]
    crypto: Plain,
    /// Equities.
    #[schema(value_type = f64)]
    equity: Plain,
    /// Derivatives.
    #[schema(value_type = f64)]
    derivatives: Plain,
    /// Cash.
    #[schema(value_type = f64)]
    cash: Plain,
}

/// How the caller stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatusBody {
    /// The user.
    user_id: String,
    /// The tier.
    tier: &'static str,
    /// Why the operator granted this tier; null where the subscription decides.
    tier_granted: Option<String>,
    /// Cash and positions at their marks, of all sleeves too, dollars.
    #[schema(value_type = f64)]
    total_capital: Plain,
    /// The split in force, percent.
    asset_allocation: Shares,
    /// Positions held; those of sleeves are counted there.
    active_positions: usize,
    /// `safe`, `warning`, `danger` or `critical`: how near to a limit.
    risk_status: &'static str,
    /// `Normal`, `High`, `Very High` or `Ultra High`.
    execution_priority: &'static str,
    /// Appetite for risk.
    #[schema(value_type = String)]
    risk_tolerance: Tolerance,
    /// Do strategies trade for the account?
    autopilot: bool,
    /// Orders that can still change.
    open_orders: usize,
    /// Equity without sleeves: what the performance fee is charged on, dollars.
    #[schema(value_type = String)]
    own_equity: Money,
    /// Equity of the sleeves that copy masters, dollars.
    #[schema(value_type = String)]
    copy_equity: Money,
    /// Masters that are copied now.
    copying: usize,
    /// Cash, reservations included.
    #[schema(value_type = String)]
    cash: Money,
    /// Cash held back for open entries.
    #[schema(value_type = String)]
    reserved: Money,
    /// Cash held back for contracts that are held.
    #[schema(value_type = String)]
    margin: Money,
    /// Loss of the trading day, percent.
    #[schema(value_type = String)]
    daily_loss_pct: Pct,
    /// Fall from the highest equity, percent.
    #[schema(value_type = String)]
    drawdown_pct: Pct,
    /// Is the daily-loss halt in force?
    daily_halt: bool,
    /// Is the drawdown halt in force?
    drawdown_halt: bool,
    /// When the trading day ends, RFC 3339.
    day_ends: String,
    /// Kill switches that stop entries.
    kill_switches: Vec<PressedBody>,
}

/// How the caller's account stands.
#[utoipa::path(
    get, path = "/api/v2/status", tag = "trading",
    responses((status = 200, body = StatusBody)),
)]
pub(crate) async fn status(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<StatusBody>, Problem> {
    let view = account(&app, principal.account()).await?;
    let percent = |class| view.split.class(class).into();
    Ok(Json(StatusBody {
        user_id: principal.user().to_string(),
        tier: view.tier.name(),
        tier_granted: view.granted.map(|grant| grant.reason),
        total_capital: view.equity.into(),
        asset_allocation: Shares {
            crypto: percent(AssetClass::Crypto),
            equity: percent(AssetClass::Equity),
            derivatives: percent(AssetClass::Derivatives),
            cash: view.split.cash().into(),
        },
        active_positions: view.positions.len(),
        risk_status: view.level.name(),
        execution_priority: app.doors.tiers.rules(view.tier).priority.title(),
        risk_tolerance: view.tolerance,
        autopilot: view.autopilot,
        open_orders: view.orders.len(),
        own_equity: view.own_equity,
        copy_equity: view.equity.saturating_sub(view.own_equity),
        copying: view.sleeves.iter().filter(|of| of.sleeve.stage != Stage::Stopped).count(),
        cash: view.cash,
        reserved: view.reserved,
        margin: view.margin,
        daily_loss_pct: view.daily_loss_pct,
        drawdown_pct: view.drawdown_pct,
        daily_halt: view.daily_halt,
        drawdown_halt: view.drawdown_halt,
        day_ends: view.day_ends.to_string(),
        kill_switches: view.pressed.iter().map(|p| PressedBody::of(&app, p)).collect(),
    }))
}
