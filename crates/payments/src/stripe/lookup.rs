//! Reads payments back: what a dispute or a lost answer was about.

use super::client::{Client, Fault};
use super::objects::{Intent, List, is_id};
use nija_core::ports::payments::{Charge, Payment, PaymentError};

/// The most that Stripe lists at once.
const LIST_MAX: &str = "100";

/// One payment, if it is there and ours.
pub(super) async fn payment(
    client: &Client,
    reference: &str,
) -> Result<Option<Payment>, PaymentError> {
    if !is_id(reference) {
        return Ok(None);
    }
    match client.get::<Intent>(&["payment_intents", reference], &[]).await {
        Ok(intent) => Ok(intent.payment().ok()),
        Err(Fault::Refused(refusal)) if refusal.is_missing() => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// The payments of an invoice, newest first.
pub(super) async fn of_charge(
    client: &Client,
    charge: &Charge,
) -> Result<Vec<Payment>, PaymentError> {
    let intents = intents(client, charge).await?;
    Ok(intents.iter().filter_map(|intent| intent.payment().ok()).collect())
}

/// The same as Stripe has them. A customer that is gone there has none.
pub(super) async fn intents(client: &Client, charge: &Charge) -> Result<Vec<Intent>, PaymentError> {
    let Some(payer) = &charge.payer else {
        return Ok(Vec::new());
    };
    let query = [("customer", payer.customer.as_str()), ("limit", LIST_MAX)];
    let listed = match client.get::<List<Intent>>(&["payment_intents"], &query).await {
        Ok(list) => list.data,
        Err(Fault::Refused(refusal)) if refusal.is_missing() => Vec::new(),
        Err(fault) => return Err(fault.into()),
    };
    let ours = |intent: &Intent| {
        let payment = intent.payment().ok();
        payment.is_some_and(|it| it.invoice == charge.invoice && it.account == charge.account)
    };
    Ok(listed.into_iter().filter(ours).collect())
}
