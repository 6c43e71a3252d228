//! Signals of the caller's own model: sized and judged as those of the platform's strategies, for this caller alone.

use super::trading::{TradeBody, submit};
use crate::auth::Principal;
use crate::error::Problem;
use crate::field::{Field, Readable, Sentence, Why};
use crate::json::Valid;
use crate::number::Decimal;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::Decline;
use nija_core::desk::input::{Command, OwnSignal};
use nija_core::words::instrument::Instrument;
use nija_core::words::money::Price;
use nija_core::words::score::{Score, Strength};
use nija_core::words::signal::{Action, Grounds};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The name of a model: 1 to 64 characters that print, without spaces around them.
#[derive(Clone, Debug)]
struct ModelName(String);

impl Readable for ModelName {
    fn read(raw: &str) -> Result<Self, Why> {
        const WHY: Why = "must be 1 to 64 characters that print, without spaces around them";
        let name = String::read(raw)?;
        let fits = (1..=64).contains(&name.chars().take(65).count());
        let prints = !name.chars().any(char::is_control) && name.trim().len() == name.len();
        if fits && prints { Ok(Self(name)) } else { Err(WHY) }
    }
}

/// What a model wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Enter,
    Short,
    Trim,
    Exit,
}

impl Readable for Wanted {
    fn read(raw: &str) -> Result<Self, Why> {
        match String::read(raw)?.as_str() {
            "enter" => Ok(Self::Enter),
            "short" => Ok(Self::Short),
            "trim" => Ok(Self::Trim),
            "exit" => Ok(Self::Exit),
            _ => Err("must be enter, short, trim or exit"),
        }
    }
}

/// A signal of the caller's own model.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignalRequest {
    /// Ticker, like `AAPL` or `BTC-USD`.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "BTC-USD")]
    symbol: Field<String>,
    /// `enter`: hold a long position. `short`: hold a short one, of contracts only. `trim`: hold no more than
    /// `strength`. `exit`: hold nothing.
    #[serde(default)]
    #[schema(value_type = String, required = true, example = "exit")]
    action: Field<Wanted>,
    /// Part of the account's full position, 0 to 1 in at most 4 decimal places; required but for `exit`. What is
    /// held already counts: the same signal again buys nothing more.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>, example = 0.5)]
    strength: Field<Option<Strength>>,
    /// Where the idea is wrong: a protective stop rests there once the entry is filled. For `enter` and `short`.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>)]
    stop_price: Field<Option<Price>>,
    /// Name of the model, 1 to 64 characters.
    #[serde(default)]
    #[schema(
        value_type = String,
        required = true,
        example = "ridge-7",
        min_length = 1,
        max_length = 64
    )]
    model: Field<ModelName>,
    /// How sure the model is, 0 to 100 in at most 2 decimal places. Kept and shown; nothing is decided by it.
    #[serde(default)]
    #[schema(value_type = Option<Decimal>, example = 80)]
    confidence: Field<Option<Score>>,
    /// Why, in one line of 3 to 200 characters. Kept and shown.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "breadth turned", min_length = 3, max_length = 200)]
    reason: Field<Option<Sentence>>,
    /// The signal's own name: what the `Idempotency-Key` header is, in the body. 1 to 64 letters, digits, - and _.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    client_order_id: Field<Option<String>>,
}

impl SignalRequest {
    fn read(self, app: &App) -> Result<(OwnSignal, Arc<Instrument>), Problem> {
        let symbol = self.symbol.get("symbol")?;
        let wanted = self.action.get("action")?;
        let strength = self.strength.get("strength")?;
        let stop = self.stop_price.get("stop_price")?;
        let model = self.model.get("model")?.0;
        let confidence = self.confidence.get("confidence")?;
        let reason = self.reason.get("reason")?.map(|reason| reason.0);
        self.client_order_id.get("client_order_id")?;
        let required = || strength.ok_or(Problem::field("strength", "is required by this action"));
        let action = match wanted {
            Wanted::Enter => Action::Enter { strength: required()?, stop },
            Wanted::Short => Action::Short { strength: required()?, stop },
            Wanted::Trim => Action::Trim { strength: required()? },
            Wanted::Exit => Action::Exit,
        };
        if wanted == Wanted::Exit && strength.is_some() {
            return Err(Problem::field("strength", "is not used by this action"));
        }
        if action.reduces() && stop.is_some() {
            return Err(Problem::field("stop_price", "is not used by this action"));
        }
        let instrument = app.doors.catalog.by_symbol(&symbol).ok_or(Decline::UnknownInstrument)?;
        let grounds = Grounds { model, confidence, reason };
        Ok((OwnSignal { instrument: instrument.id, action, grounds }, instrument))
    }
}

/// Sends a signal of your own model.
///
/// For the pool Custom AI (tier BALLER, and PAPER to try it). It is sized by the tier's limits and the allocation,
/// passes the four gates, and is executed as the signals of the platform's strategies are; decisions, orders and lots
/// name it `own`. Only your own account hears it. Where it leads to no order, the answer is 200 with `success` false,
/// and `skipped` or `refusal` says why. While the autopilot is off nothing is entered; `trim` and `exit` always work,
/// also on a lower tier that still holds what the model bought.
#[utoipa::path(
    post, path = "/api/v2/signals", tag = "trading",
    request_body = SignalRequest,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats answer the same and lead to nothing more",
        ),
    ),
    responses(
        (status = 200, body = TradeBody, description = "Heard; `success` tells whether it led to an order"),
        (status = 403, description = "The pool of the caller's tier does not hold signals of one's own"),
        (status = 409, description = "The Idempotency-Key was used for another request"),
    ),
)]
pub(crate) async fn hear(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<SignalRequest>,
) -> Result<Json<TradeBody>, Problem> {
    let (signal, instrument) = body.read(&app)?;
    if signal.action.reduces() {
        app.rates.exit(principal.user())?;
    } else {
        app.rates.order(principal.user(), principal.tier)?;
    }
    submit(&app, &principal, key, Command::Signal(signal), &instrument).await
}
