//! Stripe's page for one invoice: opened once, found again while it is open, closed when it must not be paid.

use super::client::{Client, Fault};
use super::form::Form;
use super::objects::{CURRENCY, Expandable, Session, is_id};
use super::settings::safe;
use super::{MINIMUM, Stripe};
use crate::bounds;
use nija_core::ports::payments::{Charge, Checkout, PaymentError, Standing, Withdrawn};
use nija_core::words::time::{Span, Timestamp};

const SESSIONS: [&str; 2] = ["checkout", "sessions"];
/// Pages of one invoice within a day: one expires after a day, so more than two were withdrawn.
const PAGES_MAX: usize = 8;

/// Opens the page, or finds the one that is open.
pub(super) async fn open(stripe: &Stripe, charge: &Charge) -> Result<Checkout, PaymentError> {
    let cents = bounds::charge(charge, MINIMUM)?;
    match page(&stripe.client, &form(stripe, charge, cents, true), charge).await {
        Err(Fault::Refused(refusal))
            if refusal.is_about("customer") || refusal.is_about("customer_email") =>
        {
            // The customer was deleted there, or the address is none for Stripe: both are a convenience.
            Ok(page(&stripe.client, &form(stripe, charge, cents, false), charge).await?)
        }
        answer => Ok(answer?),
    }
}

fn form(stripe: &Stripe, charge: &Charge, cents: i64, known: bool) -> Form {
    let item = "line_items[0][price_data]";
    let form = Form::default()
        .with("mode", "payment")
        .with("client_reference_id", &*charge.invoice)
        .with("line_items[0][quantity]", "1")
        .with(&format!("{item}[currency]"), CURRENCY)
        .with(&format!("{item}[unit_amount]"), cents.to_string())
        .with(&format!("{item}[product_data][name]"), charge.description.trim())
        // Otherwise Stripe may offer the payer another currency, and tell of an amount in it.
        .with("adaptive_pricing[enabled]", "false")
        .with("payment_intent_data[description]", &*charge.invoice)
        .with("payment_intent_data[setup_future_usage]", "off_session")
        .with_origin("payment_intent_data[metadata]", charge)
        .with_origin("metadata", charge)
        .with("success_url", &*stripe.success_url)
        .with("cancel_url", &*stripe.cancel_url);
    if let Some(payer) = charge.payer.as_ref().filter(|_| known) {
        return form.with("customer", &*payer.customer);
    }
    let form = form.with("customer_creation", "always");
    match charge.email.as_ref().filter(|_| known) {
        Some(email) => form.with("customer_email", &**email),
        None => form,
    }
}

/// Follows the pages that were opened for this invoice until one is open.
async fn page(client: &Client, form: &Form, charge: &Charge) -> Result<Checkout, Fault> {
    let mut before = String::new();
    for number in 1..=PAGES_MAX {
        let key = format!("nija-checkout-{}-{}", charge.invoice, form.digest(&before));
        let answer = match client.post::<Session>(&SESSIONS, form, Some(&key)).await {
            Ok(answer) => answer,
            // What went wrong then may be mended by now, and no page of it was ever shown.
            Err(fault) if fault.is_repeated() && number < PAGES_MAX => {
                before = format!("failed {number}");
                continue;
            }
            Err(fault) => return Err(fault),
        };
        let session = match answer.replayed {
            // An answer of earlier: what has become of that page?
            true => look(client, &answer.object.id).await?,
            false => answer.object,
        };
        match state(&session) {
            State::Open => return checkout(session),
            State::Used => {
                let why = "the checkout of this invoice is done; wait for its payment".to_owned();
                return Err(Fault::Failed(PaymentError::Rejected(why)));
            }
            State::Over => before = session.id,
        }
    }
    let why = "every checkout of this invoice ran out; ask again tomorrow".to_owned();
    Err(Fault::Failed(PaymentError::Rejected(why)))
}

async fn look(client: &Client, id: &str) -> Result<Session, Fault> {
    let [checkout, sessions] = SESSIONS;
    client.get(&[checkout, sessions, id], &[("expand[]", "payment_intent")]).await
}

enum State {
    Open,
    /// Paid, or being paid.
    Used,
    /// Expired, or its payment failed for good.
    Over,
}

fn state(session: &Session) -> State {
    match (session.status.as_deref(), &session.payment_intent) {
        (Some("open"), _) => State::Open,
        (Some("expired"), _) => State::Over,
        _ if session.payment_status == "paid" => State::Used,
        (_, Some(Expandable::Whole(intent))) if intent.standing() == Standing::Unpaid => {
            State::Over
        }
        _ => State::Used,
    }
}

fn checkout(session: Session) -> Result<Checkout, Fault> {
    let url = session.url.filter(|url| safe(url).is_some());
    // It was made, but cannot be used.
    let Some(url) = url.filter(|_| is_id(&session.id)) else {
        return Err(Fault::Failed(PaymentError::Unknown));
    };
    let expires_at = session.expires_at.and_then(|seconds| seconds.checked_mul(Span::seconds(1).0));
    Ok(Checkout {
        url: Some(url),
        instructions: "Pay on Stripe's page; it brings you back here.".to_owned(),
        reference: session.id,
        expires_at: expires_at.map(Timestamp),
    })
}

/// Closes the page. Closing twice is harmless, so no key is needed.
pub(super) async fn withdraw(client: &Client, id: &str) -> Result<Withdrawn, PaymentError> {
    if !is_id(id) {
        return Err(PaymentError::Rejected("not a checkout of Stripe's".to_owned()));
    }
    let [checkout, sessions] = SESSIONS;
    let path = [checkout, sessions, id, "expire"];
    let refusal = match client.post::<Session>(&path, &Form::default(), None).await {
        Ok(_) => return Ok(Withdrawn::Closed),
        Err(Fault::Refused(refusal)) => refusal,
        Err(fault) => return Err(fault.into()),
    };
    match look(client, id).await?.status.as_deref() {
        Some("expired") => Ok(Withdrawn::Closed),
        Some("complete") => Ok(Withdrawn::Finished),
        _ => Err(PaymentError::Rejected(refusal.reason())),
    }
}
