//! What the payment provider tells. Believed only where its signature fits; told twice, late or in any order, it
//! changes nothing more: the desk counts a payment once for each reference. What needs a person is an alarm.

use crate::error::Problem;
use crate::json::read;
use crate::routes::Done;
use crate::state::App;
use axum::Json;
use axum::extract::{Request as HttpRequest, State};
use axum::http::StatusCode;
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::subscription::request::{Request, told};
use nija_core::desk::answer::{Answer, Query, View};
use nija_core::desk::input::Command;
use nija_core::ports::payments::{News, Payment, Standing, Told, WEBHOOK_BYTES_MAX, WebhookError};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

/// What a person has to look at; nothing is booked.
#[derive(Clone, Copy)]
enum Alarm {
    Suspect,
    NotBooked,
    RefundNotBooked,
    RefundFailed,
    Disputed,
}

impl Alarm {
    const ALL: [Self; 5] =
        [Self::Suspect, Self::NotBooked, Self::RefundNotBooked, Self::RefundFailed, Self::Disputed];
    const fn name(self) -> &'static str {
        match self {
            Self::Suspect => "payment_suspect",
            Self::NotBooked => "payment_not_booked",
            Self::RefundNotBooked => "refund_not_booked",
            Self::RefundFailed => "refund_failed",
            Self::Disputed => "payment_disputed",
        }
    }
}

/// Kinds of alarms that payments raise, as their metric names them.
pub fn payment_alarms() -> Vec<&'static str> {
    Alarm::ALL.into_iter().map(Alarm::name).collect()
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let detail = match error {
            WebhookError::NotOffered => "this platform takes no webhooks",
            WebhookError::TooLarge => "a webhook has at most 64 KiB",
            WebhookError::Unsigned => {
                "no readable signature; only the payment provider may call this"
            }
            WebhookError::Forged => "the signature does not fit",
            WebhookError::Stale => "signed too long ago or ahead of our time",
            WebhookError::Malformed => "signed, but not an event that can be read",
        };
        Self::new(StatusCode::BAD_REQUEST, "webhook_refused", detail)
    }
}

/// Takes what the payment provider tells. Each event counts once, however often and in whatever order it is told.
#[utoipa::path(
    post, path = "/api/v2/payments/webhook", tag = "subscription",
    request_body(
        content = serde_json::Value,
        content_type = "application/json",
        description = "The provider's event, byte for byte as it was signed",
    ),
    params((
        "Stripe-Signature" = String,
        Header,
        description = "The provider's signature over time and body; an old one is refused",
    )),
    responses(
        (status = 200, body = Done),
        (status = 400, description = "Not signed, forged, too old, or no event that can be read"),
        (status = 413, description = "The body is larger than 64 KiB"),
    ),
)]
pub(crate) async fn take(
    State(app): State<App>,
    request: HttpRequest,
) -> Result<Json<Done>, Problem> {
    let (parts, body) = request.into_parts();
    let bytes = read(body, &app, WEBHOOK_BYTES_MAX).await?;
    let headers: Vec<(&str, &[u8])> =
        parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let told = app.doors.payments.webhook(&headers, &bytes, app.now()).inspect_err(|why| {
        tracing::warn!(%why, "a webhook was refused");
    })?;
    heard(&app, told).await?;
    Ok(Json(Done { success: true, message: "heard" }))
}

async fn heard(app: &App, Told { event, at, news }: Told) -> Result<(), Problem> {
    match news {
        News::Paid(payment) if payment.standing == Standing::Paid => {
            let (amount, reference) = (payment.amount, payment.reference.clone());
            let pay = |invoice| Request::Pay { invoice, amount, reference };
            match book(app, (&event, "payment_received"), &payment, pay).await? {
                true => keep_payer(app, &payment, at).await,
                false => Ok(()),
            }
        }
        News::Failed { payment, why } => {
            let fail = |invoice| Request::failed(invoice, &why);
            book(app, (&event, "payment_failed"), &payment, fail).await.map(drop)
        }
        News::Paid(_) | News::Ignored(_) => Ok(()),
        News::Refunded { payment, total } => refunded(app, &event, &payment, total).await,
        News::RefundFailed { reference, amount, why, .. } => {
            let detail = format!("{event}: ${amount} did not reach the payer: {}", told(&why));
            alarm(app, Alarm::RefundFailed, reference, detail).await
        }
        News::Disputed { reference, amount, stage, why, .. } => {
            let detail = format!("{event}: {stage:?}, ${amount}: {}", told(&why));
            alarm(app, Alarm::Disputed, reference, detail).await
        }
        News::Suspect(why) => alarm(app, Alarm::Suspect, event, told(&why)).await,
    }
}

/// Brings a payment to the desk of its account; did it book that? One of an account that is not ours belongs to
/// another installation.
async fn book(
    app: &App,
    (event, action): (&str, &str),
    payment: &Payment,
    request: impl FnOnce(InvoiceNo) -> Request,
) -> Result<bool, Problem> {
    let detail = format!("{event}: ${} by {}", payment.amount, payment.reference);
    let Ok(invoice) = payment.invoice.parse() else {
        alarm(app, Alarm::Suspect, told(&payment.invoice), detail).await?;
        return Ok(false);
    };
    app.audit(None, action, payment.invoice.clone(), detail.clone()).await?;
    let command = Command::Subscription(request(invoice));
    match app.doors.desks.command(payment.account, None, command).await? {
        Answer::Done => Ok(true),
        _ => {
            alarm(app, Alarm::NotBooked, payment.invoice.clone(), detail).await?;
            Ok(false)
        }
    }
}

/// Keeps the method that paid: it is charged for what comes next. Old news told again brings back none that its owner
/// had forgotten.
async fn keep_payer(app: &App, payment: &Payment, at: Timestamp) -> Result<(), Problem> {
    let Some(payer) = payment.payer.clone() else { return Ok(()) };
    Ok(app.doors.till.keep_payer(payment.account, payer, at).await?)
}

/// Money went back. Where the books promised that much of the invoice, all is well.
async fn refunded(app: &App, event: &str, payment: &Payment, total: Money) -> Result<(), Problem> {
    let detail = format!("{event}: ${total} of {} was given back", payment.reference);
    let view = app.doors.desks.query(Query::Account(payment.account)).await?;
    let promised = match view {
        View::Account(view) => view.subscription.map_or(Money::ZERO, |of| {
            let paid = of.paid().iter().find(|paid| paid.invoice.to_string() == payment.invoice);
            paid.map_or(Money::ZERO, |paid| paid.net_back.saturating_add(paid.tax_back))
        }),
        _ => Money::ZERO,
    };
    match total <= promised {
        true => app.audit(None, "payment_refunded", payment.invoice.clone(), detail).await,
        false => alarm(app, Alarm::RefundNotBooked, payment.invoice.clone(), detail).await,
    }
}

/// Nothing is booked: a person has to look.
async fn alarm(app: &App, kind: Alarm, subject: String, detail: String) -> Result<(), Problem> {
    let action = kind.name();
    metrics::counter!("nija_payment_alarms_total", "kind" => action).increment(1);
    tracing::error!(action, subject, detail, "payments: a person has to look");
    app.audit(None, action, subject, detail).await
}
