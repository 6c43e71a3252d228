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
use nija_core::billing::subscription::request::Request;
use nija_core::desk::answer::Answer;
use nija_core::desk::input::Command;
use nija_core::ports::payments::{News, Payment, Standing, Told, WEBHOOK_BYTES_MAX, WebhookError};

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

async fn heard(app: &App, Told { event, news, .. }: Told) -> Result<(), Problem> {
    match news {
        News::Paid(payment) if payment.standing == Standing::Paid => {
            let (amount, reference) = (payment.amount, payment.reference.clone());
            let pay = |invoice| Request::Pay { invoice, amount, reference };
            book(app, (&event, "payment_received"), &payment, pay).await
        }
        News::Failed { payment, why } => {
            let reason = clipped(&why);
            let fail = |invoice| Request::Fail { invoice, reason };
            book(app, (&event, "payment_failed"), &payment, fail).await
        }
        News::Paid(_) | News::Ignored(_) => Ok(()),
        News::Refunded { payment, total } => {
            let detail = format!("{event}: ${total} of {} was given back", payment.reference);
            alarm(app, "payment_refunded", payment.invoice, detail).await
        }
        News::RefundFailed { reference, amount, why, .. } => {
            let detail = format!("{event}: ${amount} did not reach the payer: {}", clipped(&why));
            alarm(app, "refund_failed", reference, detail).await
        }
        News::Disputed { reference, amount, stage, why, .. } => {
            let detail = format!("{event}: {stage:?}, ${amount}: {}", clipped(&why));
            alarm(app, "payment_disputed", reference, detail).await
        }
        News::Suspect(why) => alarm(app, "payment_suspect", event, clipped(&why)).await,
    }
}

/// Brings a payment to the desk of its account. One of an account that is not ours belongs to another installation.
async fn book(
    app: &App,
    (event, action): (&str, &str),
    payment: &Payment,
    request: impl FnOnce(InvoiceNo) -> Request,
) -> Result<(), Problem> {
    let detail = format!("{event}: ${} by {}", payment.amount, payment.reference);
    let Ok(invoice) = payment.invoice.parse() else {
        return alarm(app, "payment_suspect", clipped(&payment.invoice), detail).await;
    };
    app.audit(None, action, payment.invoice.clone(), detail.clone()).await?;
    let command = Command::Subscription(request(invoice));
    match app.doors.desks.command(payment.account, None, command).await? {
        Answer::Done => Ok(()),
        _ => alarm(app, "payment_not_booked", payment.invoice.clone(), detail).await,
    }
}

/// Nothing is booked: a person has to look.
async fn alarm(app: &App, action: &str, subject: String, detail: String) -> Result<(), Problem> {
    tracing::error!(action, subject, detail, "payments: a person has to look");
    app.audit(None, action, subject, detail).await
}

/// At most 200 bytes, as the desk takes reasons.
fn clipped(text: &str) -> String {
    let end = (0..=text.len().min(200)).rev().find(|&at| text.is_char_boundary(at));
    let text = &text[..end.unwrap_or(0)];
    if text.is_empty() { "no reason was told".to_owned() } else { text.to_owned() }
}
