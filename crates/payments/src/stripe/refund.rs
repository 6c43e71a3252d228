//! Gives money back, once for each key for ever: what was given under a key is looked for first, because
//! Stripe's own keys end after a day.

use super::client::Client;
use super::form::Form;
use super::objects::{List, Return, is_id};
use crate::bounds;
use nija_core::ports::payments::{PaymentError, Refund, Refunded};

const REFUNDS: &str = "refunds";
/// The metadata that carries our key.
const KEY: &str = "metadata[nija_refund]";

/// Gives back, or finds what giving back led to.
pub(super) async fn refund(client: &Client, refund: &Refund) -> Result<Refunded, PaymentError> {
    let cents = bounds::refund(refund)?;
    if !is_id(&refund.reference) {
        return Err(PaymentError::Rejected("not a payment of Stripe's".to_owned()));
    }
    let query = [("payment_intent", refund.reference.as_str()), ("limit", "100")];
    let earlier: List<Return> = client.get(&[REFUNDS], &query).await?;
    let same = |it: &Return| {
        let key = it.metadata.as_ref().and_then(|metadata| metadata.refund.as_deref());
        key == Some(refund.key.as_str())
    };
    if let Some(found) = earlier.data.into_iter().find(same) {
        return outcome(found);
    }
    let form = Form::default()
        .with("payment_intent", &*refund.reference)
        .with("amount", cents.to_string())
        .with(KEY, &*refund.key);
    let key = format!("nija-refund-{}-{}", refund.reference, refund.key);
    let answer = client.post(&[REFUNDS], &form, Some(&key)).await?;
    outcome(answer.object)
}

fn outcome(refund: Return) -> Result<Refunded, PaymentError> {
    let reference = refund.id;
    match refund.status.as_deref() {
        Some("succeeded") => Ok(Refunded::Done { reference }),
        Some("failed" | "canceled") => {
            let why = refund.failure_reason.as_deref().unwrap_or("no reason given");
            Err(PaymentError::Rejected(format!("the refund failed: {}", super::objects::line(why))))
        }
        _ => Ok(Refunded::Pending { reference }),
    }
}
