//! The market as the desks see it: instruments with marks, the regime, switches that concern
//! everybody.

use super::market_view;
use super::verdict::PressedBody;
use crate::error::Problem;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::InstrumentView;
use nija_core::words::conditions::Conditions;
use nija_core::words::instrument::Kind;
use nija_core::words::money::{Price, Qty};
use serde::Serialize;
use utoipa::ToSchema;

/// The market.
#[derive(Serialize, ToSchema)]
pub(crate) struct MarketBody {
    /// The desk's time, RFC 3339.
    now: String,
    /// The last reading; null before the first.
    conditions: Option<ConditionsBody>,
    /// Pressed switches that concern more than one account.
    kill_switches: Vec<PressedBody>,
    /// All instruments.
    instruments: Vec<InstrumentBody>,
}

/// A reading of the market. Scores are 0 to 100.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConditionsBody {
    /// When it was known, RFC 3339.
    at: String,
    /// `trending_up`, `trending_down`, `ranging`, `high_volatility`, `low_volatility` or
    /// `risk_off`; null before there is enough history.
    regime: Option<&'static str>,
    /// Share of the detector's inputs that agree.
    confidence: String,
    /// Absolute volatility of crypto.
    crypto_volatility: Option<String>,
    /// Absolute volatility of equities and derivatives.
    equity_volatility: Option<String>,
    /// Liquidity, where it is known.
    liquidity: Option<String>,
    /// A black swan in crypto?
    crypto_black_swan: bool,
    /// A black swan in equities and derivatives?
    equity_black_swan: bool,
}

impl From<Conditions> for ConditionsBody {
    fn from(reading: Conditions) -> Self {
        Self {
            at: reading.at.to_string(),
            regime: reading.regime.map(|regime| regime.name()),
            confidence: reading.confidence.to_string(),
            crypto_volatility: reading.crypto_volatility.map(|score| score.to_string()),
            equity_volatility: reading.equity_volatility.map(|score| score.to_string()),
            liquidity: reading.liquidity.map(|score| score.to_string()),
            crypto_black_swan: reading.crypto_black_swan,
            equity_black_swan: reading.equity_black_swan,
        }
    }
}

/// An instrument with its mark. Amounts are decimal strings.
#[derive(Serialize, ToSchema)]
pub(crate) struct InstrumentBody {
    /// Ticker.
    symbol: String,
    /// `crypto`, `equity` or `derivatives`.
    asset_class: &'static str,
    /// `spot`, `share`, `fund`, `index`, `future`, `option`, or `pair` of two coins, whose prices are in the second.
    kind: &'static str,
    /// Can it be bought and sold?
    tradable: bool,
    /// Is its session open?
    open: bool,
    /// The last price; null before the first.
    #[schema(value_type = Option<String>)]
    mark: Option<Price>,
    /// How old the mark is, milliseconds; null before the first.
    mark_age_ms: Option<i64>,
    /// Smallest price step.
    #[schema(value_type = String)]
    tick: Price,
    /// Smallest quantity step.
    #[schema(value_type = String)]
    lot: Qty,
    /// Dollars per point and unit.
    multiplier: u32,
    /// Where its orders go.
    venue: &'static str,
    /// Last instant of trading, for contracts, RFC 3339.
    expiry: Option<String>,
}

impl From<InstrumentView> for InstrumentBody {
    fn from(view: InstrumentView) -> Self {
        let row = view.instrument;
        Self {
            asset_class: row.class.name(),
            kind: match row.kind {
                Kind::Spot => "spot",
                Kind::Share => "share",
                Kind::Fund => "fund",
                Kind::Index => "index",
                Kind::Future { .. } => "future",
                Kind::Option { .. } => "option",
                Kind::Pair { .. } => "pair",
            },
            tradable: row.is_tradable(),
            open: view.open,
            mark: view.mark,
            mark_age_ms: view.mark.map(|_| view.mark_age.as_millis()),
            tick: row.tick,
            lot: row.lot,
            multiplier: row.multiplier(),
            venue: row.venue.name(),
            expiry: row.expiry().map(|at| at.to_string()),
            symbol: row.symbol,
        }
    }
}

/// Instruments, marks, regime and conditions.
#[utoipa::path(
    get, path = "/api/v2/market", tag = "market",
    responses((status = 200, body = MarketBody)),
)]
pub(crate) async fn show(State(app): State<App>) -> Result<Json<MarketBody>, Problem> {
    let view = market_view(&app).await?;
    Ok(Json(MarketBody {
        now: view.now.to_string(),
        conditions: view.conditions.map(Into::into),
        kill_switches: view.pressed.iter().map(|p| PressedBody::of(&app, p)).collect(),
        instruments: view.instruments.into_iter().map(Into::into).collect(),
    }))
}
