//! The caller's settings that decide about orders: own limits (stricter than the tier's, never
//! looser), appetite for risk, autopilot.

use super::{Done, change};
use crate::auth::{Principal, account};
use crate::error::Problem;
use crate::field::Field;
use crate::json::Valid;
use crate::number::Decimal;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::Decline;
use nija_core::desk::event::{OwnLimits, Setting};
use nija_core::desk::input::Command;
use nija_core::words::id::InstrumentId;
use nija_core::words::money::{Money, Pct};
use nija_core::words::score::Score;
use nija_core::words::tier::{Limits, Tolerance};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Limits that hold. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitsBody {
    /// Percent of equity in one symbol.
    #[schema(value_type = String)]
    max_position_pct: Pct,
    /// Percent lost in one trading day.
    #[schema(value_type = String)]
    max_daily_loss_pct: Pct,
    /// Percent below the highest equity.
    #[schema(value_type = String)]
    max_drawdown_pct: Pct,
    /// Positions at once.
    max_open_positions: u16,
    /// Highest volatility score, 0 to 100.
    volatility_limit: String,
    /// Smallest entry, dollars.
    #[schema(value_type = String)]
    min_trade: Money,
    /// Largest entry, dollars.
    #[schema(value_type = String)]
    max_trade: Money,
}

impl From<&Limits> for LimitsBody {
    fn from(limits: &Limits) -> Self {
        Self {
            max_position_pct: limits.max_position_pct,
            max_daily_loss_pct: limits.max_daily_loss_pct,
            max_drawdown_pct: limits.max_drawdown_pct,
            max_open_positions: limits.max_open_positions,
            volatility_limit: limits.volatility_limit.to_string(),
            min_trade: limits.min_trade,
            max_trade: limits.max_trade,
        }
    }
}

/// Limits of the caller's own; null means the tier's.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnBody {
    /// Percent of equity in one symbol.
    #[schema(value_type = Option<String>)]
    max_position_pct: Option<Pct>,
    /// Percent lost in one trading day.
    #[schema(value_type = Option<String>)]
    max_daily_loss_pct: Option<Pct>,
    /// Percent below the highest equity.
    #[schema(value_type = Option<String>)]
    max_drawdown_pct: Option<Pct>,
    /// Positions at once.
    max_open_positions: Option<u16>,
    /// Highest volatility score, 0 to 100.
    volatility_limit: Option<String>,
    /// Largest entry, dollars.
    #[schema(value_type = Option<String>)]
    max_trade: Option<Money>,
    /// The only symbols that may be entered; null means all.
    symbols: Option<Vec<String>>,
}

/// The caller's limits.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitsAnswer {
    /// The tier.
    tier: &'static str,
    /// What holds now: the stricter of both.
    in_force: LimitsBody,
    /// The tier's.
    of_tier: LimitsBody,
    /// The caller's own.
    own: OwnBody,
}

/// The limits that the gates hold the caller to.
#[utoipa::path(
    get, path = "/api/v2/limits", tag = "account",
    responses((status = 200, body = LimitsAnswer)),
)]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<LimitsAnswer>, Problem> {
    let view = account(&app, principal.account()).await?;
    let own = view.own;
    let symbol = |id| app.doors.catalog.symbol(id);
    Ok(Json(LimitsAnswer {
        tier: view.tier.name(),
        in_force: (&view.limits).into(),
        of_tier: (&app.doors.tiers.rules(view.tier).limits).into(),
        own: OwnBody {
            max_position_pct: own.max_position_pct,
            max_daily_loss_pct: own.max_daily_loss_pct,
            max_drawdown_pct: own.max_drawdown_pct,
            max_open_positions: own.max_open_positions,
            volatility_limit: own.volatility_limit.map(|score| score.to_string()),
            max_trade: own.max_trade,
            symbols: own.symbols.map(|ids| ids.into_iter().map(symbol).collect()),
        },
    }))
}

/// All of the caller's own limits; what is absent or null goes back to the tier's.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnRequest {
    /// Percent of equity in one symbol.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_position_pct: Field<Option<Pct>>,
    /// Percent lost in one trading day.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_daily_loss_pct: Field<Option<Pct>>,
    /// Percent below the highest equity.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_drawdown_pct: Field<Option<Pct>>,
    /// Positions at once.
    #[serde(default)]
    #[schema(value_type = Option<u16>)]
    max_open_positions: Field<Option<u16>>,
    /// Highest volatility score, 0 to 100, at most two decimal places.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    volatility_limit: Field<Option<Score>>,
    /// Largest entry, dollars.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    max_trade: Field<Option<Money>>,
    /// The only symbols that may be entered, at most 100.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    symbols: Field<Option<Vec<String>>>,
}

impl OwnRequest {
    fn limits(self, app: &App) -> Result<OwnLimits, Problem> {
        let symbols = self.symbols.get("symbols")?;
        Ok(OwnLimits {
            max_position_pct: self.max_position_pct.get("max_position_pct")?,
            max_daily_loss_pct: self.max_daily_loss_pct.get("max_daily_loss_pct")?,
            max_drawdown_pct: self.max_drawdown_pct.get("max_drawdown_pct")?,
            max_open_positions: self.max_open_positions.get("max_open_positions")?,
            volatility_limit: self.volatility_limit.get("volatility_limit")?,
            max_trade: self.max_trade.get("max_trade")?,
            symbols: symbols.map(|symbols| instruments(app, &symbols)).transpose()?,
        })
    }
}

/// The instruments that a list of symbols names.
pub(super) fn instruments(app: &App, symbols: &[String]) -> Result<Vec<InstrumentId>, Problem> {
    if symbols.len() > 100 {
        return Err(Problem::field("symbols", "must name at most 100 symbols"));
    }
    let id = |symbol: &String| match app.doors.catalog.by_symbol(symbol) {
        Some(instrument) => Ok(instrument.id),
        None => Err(Problem::from(Decline::UnknownInstrument).with_field("symbols")),
    };
    symbols.iter().map(id).collect()
}

/// Replaces the caller's own limits.
#[utoipa::path(
    put, path = "/api/v2/limits", tag = "account",
    request_body = OwnRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses(
        (status = 200, body = Done),
        (status = 422, description = "Looser than the tier's, or malformed"),
    ),
)]
pub(crate) async fn replace(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<OwnRequest>,
) -> Result<Json<Done>, Problem> {
    let own = body.limits(&app)?;
    let subject = principal.user().to_string();
    let done =
        change(&app, &principal, key, Command::limits(own), "your limits hold from now").await?;
    app.audit(Some(principal.user()), "limits_changed", subject, String::new()).await?;
    Ok(done)
}

/// An appetite for risk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToleranceRequest {
    /// `conservative`, `moderate` or `aggressive`.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "moderate")]
    risk_tolerance: Field<Tolerance>,
}

/// Sets the caller's appetite for risk.
#[utoipa::path(
    put, path = "/api/v2/tolerance", tag = "account",
    request_body = ToleranceRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn tolerance(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<ToleranceRequest>,
) -> Result<Json<Done>, Problem> {
    let setting = Setting::Tolerance(body.risk_tolerance.get("risk_tolerance")?);
    change(&app, &principal, key, setting.into(), "your tolerance holds from now").await
}

/// Autopilot on or off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AutopilotRequest {
    /// Shall strategies trade for the account?
    #[serde(default)]
    #[schema(value_type = bool, required = true, example = false)]
    enabled: Field<bool>,
}

/// Lets strategies trade for the caller, or stops that. Exits of theirs go on.
#[utoipa::path(
    put, path = "/api/v2/autopilot", tag = "account",
    request_body = AutopilotRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats answer the same")),
    responses((status = 200, body = Done)),
)]
pub(crate) async fn autopilot(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<AutopilotRequest>,
) -> Result<Json<Done>, Problem> {
    let setting = Setting::Autopilot(body.enabled.get("enabled")?);
    change(&app, &principal, key, setting.into(), "autopilot is set").await
}
