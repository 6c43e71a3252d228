//! What a signed event tells. Only fields that we need are read; what we did not make is ignored, and what is
//! ours but odd is told to a person in place of being booked.

use super::objects::{CURRENCY, Dispute, Intent, Movement, Return, Session, Stray, is_id, line};
use crate::bounds;
use nija_core::ports::payments::{News, Payment, Stage, Standing, Told, WebhookError};
use nija_core::words::time::{Span, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The events that the webhook endpoint at Stripe is to be registered for.
pub const EVENTS: [&str; 11] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "charge.refunded",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
];

/// The envelope of every event.
#[derive(Deserialize)]
struct Head {
    id: String,
    object: String,
    #[serde(rename = "type")]
    kind: String,
    /// In seconds since 1970.
    created: i64,
    livemode: bool,
    /// Another account that the event is about, of platforms that have such.
    account: Option<String>,
}

#[derive(Deserialize)]
struct Body<T> {
    data: Data<T>,
}

#[derive(Deserialize)]
struct Data<T> {
    object: T,
}

/// Reads an event whose signature fits. `live` says whether our key is for real money.
pub(super) fn read(body: &[u8], live: Option<bool>) -> Result<Told, WebhookError> {
    // Checked as a whole, since unknown fields are skipped unread.
    let text = std::str::from_utf8(body).map_err(|_| WebhookError::Malformed)?;
    let head: Head = parse(text)?;
    let at = head.created.checked_mul(Span::seconds(1).0).filter(|at| *at >= 0);
    let (true, true, Some(at)) = (head.object == "event", is_id(&head.id), at) else {
        return Err(WebhookError::Malformed);
    };
    let news = match live {
        _ if head.account.is_some() => News::Ignored("about another Stripe account".to_owned()),
        Some(live) if live != head.livemode => {
            let of = if head.livemode { "real money" } else { "test money" };
            News::Suspect(format!("an event of {of}, and our key is not; check the webhook secret"))
        }
        _ => told(&head.kind, text)?,
    };
    Ok(Told { event: head.id, at: Timestamp(at), news })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, WebhookError> {
    serde_json::from_str(text).map_err(|_| WebhookError::Malformed)
}

fn object<T: DeserializeOwned>(text: &str) -> Result<T, WebhookError> {
    parse(text).map(|body: Body<T>| body.data.object)
}

fn told(kind: &str, text: &str) -> Result<News, WebhookError> {
    Ok(match kind {
        "checkout.session.completed" | "checkout.session.async_payment_succeeded" => {
            settled(&object(text)?)
        }
        "checkout.session.async_payment_failed" => {
            let session: Session = object(text)?;
            let why = "the bank did not pay".to_owned();
            or_stray(session.payment(Standing::Unpaid), |payment| News::Failed { payment, why })
        }
        "payment_intent.succeeded" => or_stray(object::<Intent>(text)?.payment(), paid),
        "payment_intent.payment_failed" => failed(&object(text)?),
        "charge.refunded" => or_stray(object::<Movement>(text)?.refunded(), |(payment, total)| {
            News::Refunded { payment, total }
        }),
        "refund.failed" => refund_failed(object(text)?),
        "charge.dispute.created" => disputed(object(text)?, |_| Some(Stage::Opened)),
        "charge.dispute.funds_withdrawn" => disputed(object(text)?, |_| Some(Stage::Taken)),
        "charge.dispute.funds_reinstated" => disputed(object(text)?, |_| Some(Stage::Returned)),
        "charge.dispute.closed" => disputed(object(text)?, |status| match status {
            "lost" => Some(Stage::Lost),
            "won" | "warning_closed" | "prevented" => Some(Stage::Won),
            _ => None,
        }),
        _ => News::Ignored(format!("nothing to do about {}", line(kind))),
    })
}

/// The news, or why there is none.
fn or_stray<T>(read: Result<T, Stray>, news: impl FnOnce(T) -> News) -> News {
    match read {
        Ok(payment) => news(payment),
        Err(Stray::Foreign) => News::Ignored("not asked for by us".to_owned()),
        Err(Stray::Odd(what)) => News::Suspect(what),
    }
}

fn paid(payment: Payment) -> News {
    match payment.standing {
        Standing::Paid => News::Paid(payment),
        Standing::Pending | Standing::Unpaid => {
            News::Suspect(format!("invoice {} told as paid, and it is not", payment.invoice))
        }
    }
}

fn settled(session: &Session) -> News {
    match session.payment_status.as_str() {
        "paid" => or_stray(session.payment(Standing::Paid), paid),
        "unpaid" => News::Ignored("the bank has not paid yet".to_owned()),
        other => or_stray(session.payment(Standing::Unpaid), |payment| {
            News::Suspect(format!("invoice {} ended as {}", payment.invoice, line(other)))
        }),
    }
}

fn failed(intent: &Intent) -> News {
    let error = intent.last_payment_error.as_ref();
    let why = error.map_or_else(|| "no reason given".to_owned(), |error| error.reason());
    or_stray(intent.payment(), |payment| News::Failed { payment, why })
}

fn refund_failed(refund: Return) -> News {
    let (Some(reference), true) = (refund.payment_intent, refund.currency == CURRENCY) else {
        return News::Ignored("a refund of nothing that we asked for".to_owned());
    };
    let Some(amount) = bounds::dollars(refund.amount).filter(|_| is_id(&reference)) else {
        return News::Suspect("a failed refund without an amount or a payment".to_owned());
    };
    let why = line(refund.failure_reason.as_deref().unwrap_or("no reason given"));
    News::RefundFailed { reference, refund: line(&refund.id), amount, why }
}

fn disputed(dispute: Dispute, stage: impl FnOnce(&str) -> Option<Stage>) -> News {
    let (Some(reference), true) = (dispute.payment_intent, dispute.currency == CURRENCY) else {
        return News::Ignored("a dispute of nothing that we asked for".to_owned());
    };
    let Some(amount) = bounds::dollars(dispute.amount).filter(|_| is_id(&reference)) else {
        return News::Suspect("a dispute without an amount or a payment".to_owned());
    };
    let Some(stage) = stage(&dispute.status) else {
        let status = line(&dispute.status);
        return News::Suspect(format!("a dispute of {reference} closed as {status}"));
    };
    let why = line(dispute.reason.as_deref().unwrap_or("no reason given"));
    News::Disputed { reference, dispute: line(&dispute.id), amount, stage, why }
}
