//! Charges the method on file while the payer is away: one payment for each invoice and attempt.
//!
//! Stripe's keys end after a day and repeat even a failure of its own. So what is there already is looked for
//! first; that way the same attempt asked again finds its end, whenever that is.

use super::MINIMUM;
use super::client::{Client, Fault};
use super::form::Form;
use super::lookup;
use super::objects::{CURRENCY, Intent, Refusal};
use crate::bounds;
use nija_core::ports::payments::{Charge, Collected, Payer, PaymentError};

/// The metadata that tells attempts apart.
const ATTEMPT: &str = "metadata[nija_attempt]";

/// Charges the payer, or finds what charging led to.
pub(super) async fn collect(
    client: &Client,
    charge: &Charge,
    attempt: u8,
) -> Result<Collected, PaymentError> {
    let cents = bounds::charge(charge, MINIMUM)?;
    let Some(payer) = &charge.payer else {
        return Ok(Collected::NeedsPayer);
    };
    let number = attempt.to_string();
    let mut earlier = lookup::intents(client, charge).await?.into_iter();
    let same = |intent: &Intent| {
        let written = intent.metadata.as_ref().and_then(|metadata| metadata.attempt.as_deref());
        written == Some(number.as_str())
    };
    if let Some(intent) = earlier.find(same) {
        return Ok(outcome(intent));
    }
    let form = form(charge, payer, cents).with(ATTEMPT, number);
    let key = format!("nija-collect-{}-{}-{attempt}", charge.account, charge.invoice);
    match client.post::<Intent>(&["payment_intents"], &form, Some(&key)).await {
        Ok(answer) => Ok(outcome(answer.object)),
        Err(Fault::Refused(refusal)) => refused(&refusal),
        Err(fault) => Err(fault.into()),
    }
}

fn form(charge: &Charge, payer: &Payer, cents: i64) -> Form {
    Form::default()
        .with("amount", cents.to_string())
        .with("currency", CURRENCY)
        .with("customer", &*payer.customer)
        .with("payment_method", &*payer.method)
        .with("confirm", "true")
        .with("off_session", "true")
        // Nobody is there to be sent to another page and back.
        .with("automatic_payment_methods[enabled]", "true")
        .with("automatic_payment_methods[allow_redirects]", "never")
        .with("description", format!("{} {}", charge.invoice, charge.description.trim()))
        .with_origin("metadata", charge)
}

fn outcome(intent: Intent) -> Collected {
    let reference = intent.id;
    match (intent.status.as_str(), &intent.last_payment_error) {
        ("succeeded", _) => Collected::Paid { reference },
        ("canceled", None) => Collected::Declined { why: "canceled".to_owned() },
        ("canceled" | "requires_payment_method", Some(error)) if !error.asks_for_payer() => {
            Collected::Declined { why: error.reason() }
        }
        (
            "requires_payment_method" | "requires_action" | "requires_confirmation" | "canceled",
            _,
        ) => Collected::NeedsPayer,
        _ => Collected::Pending { reference },
    }
}

fn refused(refusal: &Refusal) -> Result<Collected, PaymentError> {
    let names = ["customer", "payment_method"].iter().any(|param| refusal.is_about(param));
    if (refusal.is_missing() && names) || refusal.asks_for_payer() {
        Ok(Collected::NeedsPayer)
    } else if refusal.is_decline() {
        Ok(Collected::Declined { why: refusal.reason() })
    } else {
        Err(PaymentError::Rejected(refusal.reason()))
    }
}
