//! An order as a caller writes it, and the wish that a desk understands.

use crate::error::Problem;
use crate::field::Field;
use crate::number::Decimal;
use crate::state::App;
use nija_core::desk::answer::Decline;
use nija_core::desk::event::{Size, Wish};
use nija_core::words::instrument::{AssetClass, Instrument};
use nija_core::words::money::{Money, Price};
use nija_core::words::order::{OrderType, Origin, Side, TimeInForce};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// An order, as the blueprint writes it and a little more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TradeRequest {
    /// Ticker, like `AAPL` or `BTC-USD`.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "AAPL")]
    symbol: Field<String>,
    /// `crypto`, `equity` or `derivatives`; when given it must be the symbol's.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "equity")]
    asset_class: Field<Option<AssetClass>>,
    /// `buy` or `sell`.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "buy")]
    side: Field<Side>,
    /// Worth so many US dollars.
    #[serde(default)]
    #[schema(value_type = Decimal, required = true, example = 100.0)]
    size: Field<Money>,
    /// `market` (when absent), `limit`, `stop` or `stop_limit`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "market")]
    order_type: Field<Option<String>>,
    /// Worst price, for `limit` and `stop_limit`.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    limit_price: Field<Option<Price>>,
    /// Trigger, for `stop` and `stop_limit`.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    stop_price: Field<Option<Price>>,
    /// `day` (when absent), `gtc`, `ioc`, `fok` or, for a limit order that never takes, `post_only`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "day")]
    time_in_force: Field<Option<TimeInForce>>,
    /// The order's own name: what the `Idempotency-Key` header is, in the body. 1 to 64 letters, digits, - and _.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "my-first-order")]
    client_order_id: Field<Option<String>>,
}

fn order_type(
    word: Option<&str>,
    limit: Option<Price>,
    stop: Option<Price>,
) -> Result<OrderType, Problem> {
    let field = Problem::field;
    match (word.unwrap_or("market"), limit, stop) {
        ("market", None, None) => Ok(OrderType::Market),
        ("limit", Some(limit), None) => Ok(OrderType::Limit { limit }),
        ("stop", None, Some(stop)) => Ok(OrderType::Stop { stop }),
        ("stop_limit", Some(limit), Some(stop)) => Ok(OrderType::StopLimit { stop, limit }),
        ("limit" | "stop_limit", None, _) => {
            Err(field("limit_price", "is required by this order_type"))
        }
        ("stop" | "stop_limit", _, None) => {
            Err(field("stop_price", "is required by this order_type"))
        }
        ("market" | "stop", Some(_), _) => {
            Err(field("limit_price", "is not used by this order_type"))
        }
        ("market" | "limit", _, Some(_)) => {
            Err(field("stop_price", "is not used by this order_type"))
        }
        _ => Err(field("order_type", "must be market, limit, stop or stop_limit")),
    }
}

impl TradeRequest {
    /// The wish, with the instrument it is about.
    pub(super) fn wish(self, app: &App) -> Result<(Wish, Arc<Instrument>), Problem> {
        let symbol = self.symbol.get("symbol")?;
        let class = self.asset_class.get("asset_class")?;
        let side = self.side.get("side")?;
        let size = self.size.get("size")?;
        let word = self.order_type.get("order_type")?;
        let limit = self.limit_price.get("limit_price")?;
        let stop = self.stop_price.get("stop_price")?;
        let tif = self.time_in_force.get("time_in_force")?.unwrap_or(TimeInForce::Day);
        self.client_order_id.get("client_order_id")?;
        let order_type = order_type(word.as_deref(), limit, stop)?;
        if tif == TimeInForce::PostOnly && !matches!(order_type, OrderType::Limit { .. }) {
            return Err(Problem::field("time_in_force", "post_only is for limit orders"));
        }
        let instrument = app.doors.catalog.by_symbol(&symbol).ok_or(Decline::UnknownInstrument)?;
        if class.is_some_and(|class| class != instrument.class) {
            return Err(Problem::field("asset_class", "is not the class of this symbol"));
        }
        let wish = Wish {
            instrument: instrument.id,
            side,
            size: Size::Dollars(size),
            order_type,
            tif,
            origin: Origin::User,
        };
        Ok((wish, instrument))
    }
}
