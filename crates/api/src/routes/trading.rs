//! Orders through the gates: trade, and preview, which asks the gates and records nothing. A
//! refusal by a gate is an answer (200, `success: false`), not an error: callers of the blueprint
//! expect it so.

use super::order_request::TradeRequest;
use super::verdict::RefusalBody;
use crate::auth::{Principal, tier};
use crate::error::Problem;
use crate::json::Valid;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::event::Skip;
use nija_core::desk::input::{Command, Key};
use nija_core::risk::refusal::Level;
use nija_core::words::instrument::Instrument;
use nija_core::words::money::{Money, Qty};
use nija_core::words::order::{Purpose, Side};
use nija_core::words::tier::Tier;
use serde::Serialize;
use utoipa::ToSchema;

/// How an order travels.
#[derive(Serialize, ToSchema)]
pub(crate) struct Routing {
    /// The caller's tier.
    tier: &'static str,
    /// Its lane: `Normal`, `High`, `Very High` or `Ultra High`.
    priority: &'static str,
    /// Which machines serve it.
    infrastructure: String,
    /// Where the order goes.
    venue: &'static str,
    /// Promise from accepted to sent, milliseconds.
    latency_promise_ms: u32,
    /// How often a send that certainly did not happen is tried again.
    retries: u8,
}

pub(super) fn routing(app: &App, tier: Tier, instrument: &Instrument) -> Routing {
    let rules = app.doors.tiers.rules(tier);
    Routing {
        tier: tier.name(),
        priority: rules.priority.title(),
        infrastructure: rules.infrastructure.clone(),
        venue: instrument.venue.name(),
        latency_promise_ms: rules.latency_promise_ms,
        retries: rules.retries,
    }
}

/// What became of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct TradeBody {
    /// Did the gates approve it? True means that it is durable and on its way.
    success: bool,
    /// What happened, in one sentence.
    message: String,
    /// `safe`, `warning`, `danger` or `critical`: how near to a limit it brings the account.
    risk_level: &'static str,
    /// How it travels; null where the tier could not be read in time.
    routing: Option<Routing>,
    /// The order; absent on refusals and on exits that wait for protective stops.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    /// `entry` or `exit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    /// Quantity approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    quantity: Option<Qty>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalBody>,
    /// Of a signal: why it led to no order before any gate was asked, as in `GET /api/v2/decisions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    skipped: Option<Skip>,
}

const fn purpose_name(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Entry => "entry",
        Purpose::Exit => "exit",
    }
}

impl TradeBody {
    /// Is the order durable and on its way?
    pub(super) const fn is_approved(&self) -> bool {
        self.success
    }
    /// What a desk's answer means to the caller.
    pub(crate) fn of(answer: Answer, routing: Option<Routing>) -> Result<Self, Problem> {
        let blank = Self {
            success: true,
            message: String::new(),
            risk_level: Level::Safe.name(),
            routing,
            order_id: None,
            purpose: None,
            quantity: None,
            refusal: None,
            skipped: None,
        };
        match answer {
            Answer::Placed { order, purpose, qty, level } => Ok(Self {
                message: format!("approved: {} of {qty}", purpose_name(purpose)),
                risk_level: level.name(),
                order_id: Some(order.to_string()),
                purpose: Some(purpose_name(purpose)),
                quantity: Some(qty),
                ..blank
            }),
            Answer::Queued => Ok(Self {
                message: "approved: the exit goes out once protective stops are cancelled"
                    .to_owned(),
                purpose: Some(purpose_name(Purpose::Exit)),
                ..blank
            }),
            Answer::Refused(refusal) => Ok(Self {
                success: false,
                message: refusal.to_string(),
                risk_level: Level::Critical.name(),
                refusal: Some((&refusal).into()),
                ..blank
            }),
            Answer::Skipped(why) => Ok(Self {
                success: false,
                message: format!("no order: {}", why.sentence()),
                skipped: Some(why),
                ..blank
            }),
            Answer::Done => Ok(Self { message: "done".to_owned(), ..blank }),
            Answer::Declined(decline) => Err(decline.into()),
            Answer::Led { .. } | Answer::PaidOut(_) => Err(Problem::internal()),
        }
    }
}

/// Asks a desk to do something with an instrument and tells how it went.
pub(crate) async fn submit(
    app: &App,
    principal: &Principal,
    key: Option<Key>,
    command: Command,
    instrument: &Instrument,
) -> Result<Json<TradeBody>, Problem> {
    let answer = app.doors.desks.command(principal.account(), key, command).await?;
    // The order stands whether or not its tier can be read now.
    let tier = tier(app, principal).await.ok();
    let routing = tier.map(|tier| routing(app, tier, instrument));
    TradeBody::of(answer, routing).map(Json)
}

/// Places an order.
///
/// A refusal by a gate is an answer, not an error: 200 with `success` false and the evidence in
/// `refusal`.
#[utoipa::path(
    post, path = "/api/v2/trade", tag = "trading",
    request_body = TradeRequest,
    params(
        (
            "Idempotency-Key" = Option<String>,
            Header,
            description = "Repeats answer the same and place nothing",
        ),
    ),
    responses(
        (
            status = 200,
            body = TradeBody,
            description = "Approved, or refused by a gate: see `success`",
        ),
        (status = 409, description = "The Idempotency-Key was used for another request"),
    ),
)]
pub(crate) async fn place(
    State(app): State<App>,
    principal: Principal,
    Valid { body, key }: Valid<TradeRequest>,
) -> Result<Json<TradeBody>, Problem> {
    let (wish, instrument) = body.wish(&app)?;
    match wish.side {
        Side::Buy => {
            app.rates.order(principal.user(), principal.tier)?;
        }
        Side::Sell => app.rates.exit(principal.user())?,
    }
    submit(&app, &principal, key, Command::Place(wish), &instrument).await
}

/// What the gates would say.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewBody {
    /// Would it be approved?
    approved: bool,
    /// In one sentence.
    message: String,
    /// `safe`, `warning`, `danger` or `critical`.
    risk_level: &'static str,
    /// How it would travel.
    routing: Routing,
    /// `entry` or `exit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<&'static str>,
    /// Quantity that would be ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    quantity: Option<Qty>,
    /// What it is worth at the mark, dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    notional: Option<Money>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalBody>,
}

/// Asks the gates about an order; nothing is recorded and nothing is placed.
#[utoipa::path(
    post, path = "/api/v2/preview", tag = "trading",
    request_body = TradeRequest,
    responses((status = 200, body = PreviewBody)),
)]
pub(crate) async fn preview(
    State(app): State<App>,
    principal: Principal,
    Valid { body, .. }: Valid<TradeRequest>,
) -> Result<Json<PreviewBody>, Problem> {
    let (wish, instrument) = body.wish(&app)?;
    let query = Query::Preview { account: principal.account(), wish };
    let verdict = match app.doors.desks.query(query).await? {
        View::Preview(verdict) => verdict,
        View::Declined(decline) => return Err(decline.into()),
        _ => return Err(Problem::internal()),
    };
    let routing = routing(&app, tier(&app, &principal).await?, &instrument);
    Ok(Json(match verdict {
        Ok(passed) => PreviewBody {
            approved: true,
            message: format!("would pass: {} of {}", purpose_name(passed.purpose), passed.qty),
            risk_level: passed.level.name(),
            routing,
            purpose: Some(purpose_name(passed.purpose)),
            quantity: Some(passed.qty),
            notional: Some(passed.notional),
            refusal: None,
        },
        Err(refusal) => PreviewBody {
            approved: false,
            message: refusal.to_string(),
            risk_level: Level::Critical.name(),
            routing,
            purpose: None,
            quantity: None,
            notional: None,
            refusal: Some((&refusal).into()),
        },
    }))
}
