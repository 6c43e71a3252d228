//! Many orders in one request: one way to the desk, one batch of the journal, one answer. Each order is answered
//! as it would have been alone; none spoils another.

use super::order_request::TradeRequest;
use super::trading::{TradeBody, routing};
use crate::auth::{Principal, tier};
use crate::error::{Document, Problem};
use crate::json::{Many, Valid};
use crate::limit::Rates;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use nija_core::desk::input::Command;
use nija_core::words::id::UserId;
use nija_core::words::instrument::Instrument;
use nija_core::words::order::Side;
use nija_core::words::tier::Tier;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Orders of one caller.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the body; `Many` reads it order by order")]
pub(crate) struct BatchRequest {
    /// 1 to 500 orders, decided in this order. The whole body has at most 256 KiB.
    #[schema(min_items = 1, max_items = 500)]
    orders: Vec<TradeRequest>,
}

/// What `POST /api/v2/trade` would have answered to one order.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum BatchAnswer {
    /// Approved, or refused by a gate.
    Decided(Box<TradeBody>),
    /// Malformed, declined or too many: its `status` and `code` say which. Nothing was placed.
    Problem(#[schema(inline = false)] Document<'static>),
}

/// What became of the orders.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchBody {
    /// Orders that are durable and on their way.
    approved: usize,
    /// Orders that a gate refused.
    refused: usize,
    /// Orders that are problems.
    failed: usize,
    /// The place (from 0) of the first order that found its budget used up; send it and later ones of its kind
    /// again.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limited_from: Option<usize>,
    /// One answer an order, in the order of the request.
    answers: Vec<BatchAnswer>,
}

/// What the orders of a batch cost: an entry one of the tier's orders, a sale one of the exits. Once one finds
/// its budget used up, later ones of its kind are not asked for.
struct Budget<'a> {
    rates: &'a Rates,
    user: UserId,
    tier: Tier,
    entries: Result<(), Problem>,
    exits: Result<(), Problem>,
}

impl Budget<'_> {
    /// Whatever is not a sale that can be read counts as an entry.
    fn pay(&mut self, side: Side) -> Result<(), Problem> {
        match side {
            Side::Buy if self.entries.is_ok() => {
                self.entries = self.rates.order(self.user, Some(self.tier)).map_err(|problem| {
                    let detail = "orders per second of your tier are used up from this entry on";
                    Problem { detail, ..problem }
                });
                self.entries
            }
            Side::Buy => self.entries,
            Side::Sell if self.exits.is_ok() => {
                self.exits = self.rates.exit(self.user).map_err(|problem| {
                    let detail = "sales and cancels per second are used up from this sale on";
                    Problem { detail, ..problem }
                });
                self.exits
            }
            Side::Sell => self.exits,
        }
    }
}

/// Places many orders at once.
///
/// Each is answered as `POST /api/v2/trade` would have answered it, in the same order: approved, refused by a
/// gate, or a problem document with its `status` and `code`. They are decided one after the other and become
/// durable together. Each costs as much of the rate limit as it would alone; `rate_limited_from` tells which one
/// found it used up. An order with a `client_order_id` has that as its key; the others have keys that follow from
/// the `Idempotency-Key` header and their places. A body that is no such list is refused whole.
#[utoipa::path(
    post, path = "/api/v2/orders/batch", tag = "trading",
    request_body = BatchRequest,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats of the batch answer the same and place nothing",
        ),
    ),
    responses((status = 200, body = BatchBody)),
)]
pub(crate) async fn place(
    State(app): State<App>,
    principal: Principal,
    Many { items, pass }: Many<TradeRequest>,
) -> Result<Json<BatchBody>, Problem> {
    let tier = tier(&app, &principal).await?;
    let user = principal.user();
    let mut budget = Budget { rates: &app.rates, user, tier, entries: Ok(()), exits: Ok(()) };
    let mut commands = Vec::with_capacity(items.len());
    let mut places = Vec::with_capacity(items.len());
    for item in items {
        let read = item.and_then(|Valid { body, key }| Ok((body.wish(&app)?, key)));
        let side = read.as_ref().map_or(Side::Buy, |((wish, _), _)| wish.side);
        let paid = budget.pay(side);
        places.push(match (read, paid) {
            (Err(problem), _) | (Ok(_), Err(problem)) => Err(problem),
            (Ok(((wish, instrument), key)), Ok(())) => {
                commands.push((key, Command::Place(wish)));
                Ok(instrument)
            }
        });
    }
    let mut answers = Vec::new().into_iter();
    if !commands.is_empty() {
        answers = app.doors.desks.commands(principal.account(), commands).await?.into_iter();
    }
    drop(pass);
    let decided = places.into_iter().map(|place: Result<Arc<Instrument>, Problem>| {
        let instrument = place?;
        let answer = answers.next().ok_or(Problem::internal())?;
        TradeBody::of(answer, Some(routing(&app, tier, &instrument)))
    });
    Ok(Json(BatchBody::of(decided)))
}

impl BatchBody {
    fn of(decided: impl Iterator<Item = Result<TradeBody, Problem>>) -> Self {
        let answers = Vec::with_capacity(decided.size_hint().0);
        let mut body =
            Self { approved: 0, refused: 0, failed: 0, rate_limited_from: None, answers };
        for (place, decided) in decided.enumerate() {
            body.answers.push(match decided {
                Ok(answer) => {
                    *if answer.is_approved() { &mut body.approved } else { &mut body.refused } += 1;
                    BatchAnswer::Decided(Box::new(answer))
                }
                Err(problem) => {
                    body.failed += 1;
                    if problem.status == StatusCode::TOO_MANY_REQUESTS {
                        body.rate_limited_from.get_or_insert(place);
                    }
                    BatchAnswer::Problem(problem.body(None))
                }
            });
        }
        body
    }
}
