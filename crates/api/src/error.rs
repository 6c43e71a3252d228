//! What goes wrong, as RFC 9457 problem documents with a stable `code`. Promises: no input echoed,
//! no library text, and the same shape for every status of 400 and above. The frame adds the
//! request id and writes the body; see `frame.rs`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nija_core::billing::subscription::request::Refused;
use nija_core::desk::answer::Decline;
use nija_core::ports::control::ControlError;
use nija_core::ports::{DeskError, EntropyError, ReadError};
use nija_core::words::money::Money;
use nija_core::words::tier::Tier;
use serde::Serialize;
use utoipa::ToSchema;

/// A problem on its way to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: &'static str,
    pub(crate) field: Option<&'static str>,
    pub(crate) retry_after: Option<u32>,
    pub(crate) free: Option<Money>,
}

/// What is wrong with a plan or a table that came along, beside a problem: carried by the response.
#[derive(Clone)]
pub(crate) struct Reason(pub(crate) String);

/// The body of every answer of status 400 and above (RFC 9457, `application/problem+json`).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Document<'a> {
    /// `urn:nija:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "urn:nija:problem:invalid_field")]
    kind: String,
    /// The status in words.
    #[schema(value_type = String, example = "Unprocessable Entity")]
    title: &'a str,
    /// The status.
    #[schema(example = 422)]
    status: u16,
    /// Stable word for programs.
    #[schema(value_type = String, example = "invalid_field")]
    code: &'a str,
    /// What is wrong and what to do, for people.
    #[schema(value_type = String)]
    detail: &'a str,
    /// Which field of the request, where one is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    field: Option<&'a str>,
    /// Whole seconds to wait before asking again (also in `Retry-After`).
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    /// Dollars that could be paid out or given back, where too much was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    free: Option<Money>,
    /// Where a backtest cannot be run: why, with the line of the table that is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) reason: Option<&'a str>,
    /// Names this answer in the server's log; within a batch the header `X-Request-Id` does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    request_id: Option<&'a str>,
}

impl Problem {
    pub(crate) const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail, field: None, retry_after: None, free: None }
    }
    /// A field of the request that cannot be used.
    pub(crate) const fn field(field: &'static str, why: &'static str) -> Self {
        Self {
            field: Some(field),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", why)
        }
    }
    pub(crate) const fn with_field(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }
    /// The caller has no valid token; one answer for every reason.
    pub(crate) const fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "a valid access token is needed: log in, or refresh the session",
        )
    }
    pub(crate) const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here for you")
    }
    /// Too much, too fast.
    pub(crate) const fn too_many(seconds: u32) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many requests; wait for the time in Retry-After",
        )
        .after(seconds)
    }
    pub(crate) const fn unavailable(code: &'static str, detail: &'static str, after: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).after(after)
    }
    /// Something broke; the log has the reason under the request id.
    pub(crate) const fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something broke on our side; tell us the request id",
        )
    }
    const fn after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The problem behind an answer that only carries a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "this address does not know that method; see Allow")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("too_large", "the body is larger than 64 KiB (a batch: 256 KiB)")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("unsupported_media_type", "send application/json")
            }
            StatusCode::TOO_MANY_REQUESTS => return Self::too_many(1),
            StatusCode::SERVICE_UNAVAILABLE => {
                return Self::unavailable("unavailable", "not serving now; ask again", 1);
            }
            s if s.is_server_error() => return Self::internal(),
            _ => ("bad_request", "the request cannot be understood"),
        };
        Self::new(status, code, detail)
    }

    /// The document's bytes.
    pub(crate) fn document(&self, request_id: &str, reason: Option<&Reason>) -> Vec<u8> {
        let reason = reason.map(|reason| reason.0.as_str());
        serde_json::to_vec(&Document { reason, ..self.body(Some(request_id)) }).unwrap_or_default()
    }

    /// The document.
    pub(crate) fn body<'a>(&self, request_id: Option<&'a str>) -> Document<'a> {
        Document {
            kind: format!("urn:nija:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail,
            field: self.field,
            retry_after: self.retry_after,
            free: self.free,
            reason: None,
            request_id,
        }
    }
}

impl IntoResponse for Problem {
    /// Without a body: the frame writes it, with the request id.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(self);
        response
    }
}

const STORAGE_FULL: Problem = Problem::unavailable(
    "storage_full",
    "storage is full and nothing was done: purchases wait until there is space; reading works, and sales, cancels \
     and kill switches as long as the reserve lasts",
    5,
);

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Busy => {
                Self::unavailable("busy", "busy; ask again with the same Idempotency-Key", 1)
            }
            DeskError::Gone => Self::unavailable(
                "unavailable",
                "not serving, and it may have been done: ask again with the same Idempotency-Key",
                2,
            ),
            DeskError::StorageFull => STORAGE_FULL,
        }
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::EmailTaken => Self::new(
                StatusCode::CONFLICT,
                "email_taken",
                "this address cannot be registered; if it is yours, log in",
            ),
            ControlError::NotFound => Self::not_found(),
            ControlError::Full => STORAGE_FULL,
            ControlError::Unavailable(why) => {
                tracing::error!(%why, "control store");
                Self::unavailable("unavailable", "the user store does not answer; ask again", 2)
            }
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "views");
        match error {
            ReadError::Unavailable(_) => {
                Self::unavailable("unavailable", "the views do not answer; ask again", 2)
            }
            ReadError::Damaged { .. } => Self::internal(),
        }
    }
}

impl From<EntropyError> for Problem {
    fn from(_: EntropyError) -> Self {
        tracing::error!("no randomness from the system");
        Self::internal()
    }
}

impl From<Decline> for Problem {
    fn from(decline: Decline) -> Self {
        let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
        match decline {
            Decline::UnknownAccount => Self::new(
                StatusCode::CONFLICT,
                "account_not_open",
                "the trading account is not open; repeat the registration",
            ),
            Decline::UnknownPartition => Self::internal(),
            Decline::AccountExists => {
                Self::new(StatusCode::CONFLICT, "account_exists", "the account exists already")
            }
            Decline::UnknownInstrument => Self::new(
                unprocessable,
                "unknown_symbol",
                "no such symbol; GET /api/v2/market lists all",
            )
            .with_field("symbol"),
            Decline::UnknownOrder => {
                Self::new(StatusCode::NOT_FOUND, "not_found", "no open order of yours has that id")
            }
            Decline::KeyReused => Self::new(
                StatusCode::CONFLICT,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request; use a new key",
            ),
            Decline::Invalid { field, why } => Self::field(field, why),
            Decline::NotEnoughCash { free } => Self {
                free: Some(free),
                ..Self::new(
                    unprocessable,
                    "not_enough_cash",
                    "not so much cash is free to be paid out; see `free`",
                )
                .with_field("amount")
            },
            Decline::LooserThanTier { field } => Self::new(
                unprocessable,
                "looser_than_tier",
                "your own limit must be at least as strict as the tier's",
            )
            .with_field(field),
            Decline::NotInPool { tier } => {
                Self::new(StatusCode::FORBIDDEN, "not_in_pool", not_in_pool(tier))
            }
            Decline::NoPosition => {
                Self::new(StatusCode::NOT_FOUND, "no_position", "you hold nothing of that symbol")
            }
            Decline::NotCopied => Self::new(
                StatusCode::NOT_FOUND,
                "not_copied",
                "you do not copy this master; start copying first",
            ),
            Decline::Copying(why) => Self::new(StatusCode::CONFLICT, why.code(), why.sentence()),
            Decline::Subscription(why) => why.into(),
            Decline::OfOwner => Self::new(
                StatusCode::CONFLICT,
                "of_owner",
                "a copy has no settings of its own; change those of the account it belongs to",
            ),
            Decline::NoFee => Self::new(
                StatusCode::CONFLICT,
                "no_fee",
                "no fee was charged that could be given back",
            ),
        }
    }
}

/// Why a tier may send no signals of its own, and what to do.
const fn not_in_pool(tier: Tier) -> &'static str {
    macro_rules! of {
        ($($tier:ident = $name:literal)*) => {
            match tier {
                $(Tier::$tier => concat!(
                    "signals of your own are for tiers with the pool Custom AI (BALLER; PAPER, to try), and yours is ",
                    $name,
                    "; PATCH /api/v2/subscription changes the tier, POST /api/v2/trade places orders on any"
                ),)*
            }
        };
    }
    of!(Starter = "STARTER" Saver = "SAVER" Investor = "INVESTOR" Income = "INCOME" Livable = "LIVABLE"
        Baller = "BALLER" Paper = "PAPER")
}

impl From<Refused> for Problem {
    /// Why a subscription did not change, and what to do next.
    fn from(why: Refused) -> Self {
        let (code, detail) = match why {
            Refused::Free => (
                "paper_is_free",
                "PAPER is free and needs no subscription; DELETE /api/v2/subscription returns to it when the term ends",
            ),
            Refused::Running => (
                "subscription_running",
                "a subscription runs already; PATCH /api/v2/subscription changes its plan",
            ),
            Refused::NotRunning => (
                "no_subscription",
                "no subscription runs; POST /api/v2/subscription begins one, GET /api/v2/plans has the prices",
            ),
            Refused::SamePlan => (
                "same_plan",
                "this is the plan already; name another tier or cycle, or pay the invoice if one is open",
            ),
            Refused::Canceled => (
                "subscription_canceled",
                "the subscription is canceled; POST /api/v2/subscription/reactivate takes that back first",
            ),
            Refused::NotCanceled => (
                "subscription_not_canceled",
                "the subscription was not canceled, so there is nothing to take back; if an invoice is open, pay it",
            ),
            Refused::InvoiceOpen(_) => (
                "invoice_open",
                "an invoice is open; pay it first (POST /api/v2/invoices/{number}/checkout), or cancel what it is for",
            ),
            Refused::NotOpen(_) => (
                "invoice_not_open",
                "this invoice is not open, so it can be neither paid nor withdrawn; GET /api/v2/invoices tells how \
                 each stands",
            ),
            Refused::NotPaid(_) => (
                "invoice_not_paid",
                "this invoice is not among the last paid ones, so nothing of it can be given back; adjust the account \
                 or pay credit out instead",
            ),
            Refused::TooMuch { .. } => {
                ("more_than_was_paid", "not so much can be given back; ask for at most `free`")
            }
            Refused::PayoutsWait => (
                "payouts_wait",
                "too many payouts wait; say of those that were sent that they went back, then ask again",
            ),
            Refused::NoPayout(_) => {
                ("no_payout", "there is no such payout; look at the list of those that wait")
            }
            Refused::Amount => {
                ("invalid_amount", "name whole cents, above zero and at most 100000000 dollars")
            }
            Refused::Text => ("invalid_text", "write 1 to 200 bytes of text"),
            Refused::TooManyChanges => (
                "too_many_changes",
                "the plan changed too often in this term; change it again once the next term has begun",
            ),
            Refused::Range => (
                "out_of_range",
                "an amount is beyond what can be held and nothing was done; tell the operator the request id",
            ),
        };
        let free = match why {
            Refused::TooMuch { left } => Some(left),
            _ => None,
        };
        Self { free, ..Self::new(StatusCode::CONFLICT, code, detail) }
    }
}
