//! The built-in way to be paid: the payer transfers the amount and quotes the invoice, an admin confirms it.
//! Needs no provider and no network, so it asks nobody, collects nothing and takes no webhooks.

use crate::bounds;
use nija_core::ports::Doing;
use nija_core::ports::payments::{
    Charge, Checkout, Collected, Payment, PaymentError, Payments, Refund, Refunded, Told,
    WebhookError, Withdrawn,
};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

/// Payment by transfer.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Where to: bank, account number, holder, in the operator's words.
    payee: String,
}

impl Transfer {
    /// Payment to this payee: bank, account number and holder in words for the payer, or whatever else the
    /// operator wants to be paid by.
    #[must_use]
    pub fn new(payee: String) -> Self {
        Self { payee }
    }

    fn instruct(&self, charge: &Charge) -> String {
        let amount = format!("{:.2}", charge.amount);
        let payee = self.payee.trim();
        let begin = format!("Transfer {amount} USD and quote {}.", charge.invoice);
        match payee {
            "" => format!("{begin} The operator tells you where to."),
            payee => format!("{begin} Pay to: {payee}"),
        }
    }
}

fn ready<T: Send + 'static>(answer: T) -> Doing<'static, T> {
    Box::pin(std::future::ready(answer))
}

impl Payments for Transfer {
    fn name(&self) -> &'static str {
        "transfer"
    }

    fn collects(&self) -> bool {
        false
    }

    fn minimum(&self) -> Money {
        Money::CENT
    }

    fn checkout<'a>(&'a self, charge: &'a Charge) -> Doing<'a, Result<Checkout, PaymentError>> {
        ready(bounds::charge(charge, self.minimum()).map(|_| Checkout {
            url: None,
            instructions: self.instruct(charge),
            reference: charge.invoice.clone(),
            expires_at: None,
        }))
    }

    /// There is no page to close: a transfer that comes all the same is seen by the admin.
    fn withdraw<'a>(&'a self, _: &'a str) -> Doing<'a, Result<Withdrawn, PaymentError>> {
        ready(Ok(Withdrawn::Closed))
    }

    fn collect<'a>(
        &'a self,
        charge: &'a Charge,
        _: u8,
    ) -> Doing<'a, Result<Collected, PaymentError>> {
        ready(bounds::charge(charge, self.minimum()).map(|_| Collected::NeedsPayer))
    }

    fn refund<'a>(&'a self, refund: &'a Refund) -> Doing<'a, Result<Refunded, PaymentError>> {
        ready(bounds::refund(refund).map(|_| Refunded::ByHand))
    }

    fn payment<'a>(&'a self, _: &'a str) -> Doing<'a, Result<Option<Payment>, PaymentError>> {
        ready(Ok(None))
    }

    fn of_charge<'a>(&'a self, _: &'a Charge) -> Doing<'a, Result<Vec<Payment>, PaymentError>> {
        ready(Ok(Vec::new()))
    }

    fn webhook(&self, _: &[(&str, &[u8])], _: &[u8], _: Timestamp) -> Result<Told, WebhookError> {
        Err(WebhookError::NotOffered)
    }
}
