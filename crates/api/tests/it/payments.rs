//! A payment provider in words: a webhook's body is `paid INVOICE ACCOUNT AMOUNT REFERENCE`, signed as `good`.

use nija_core::ports::Doing;
use nija_core::ports::payments::{
    Charge, Checkout, Collected, News, Payment, PaymentError, Payments, Refund, Refunded, Standing,
    Told, WebhookError, Withdrawn,
};
use nija_core::words::money::Money;
use nija_core::words::time::Timestamp;

pub(crate) struct FakePayments;

fn ready<T: Send + 'static>(answer: T) -> Doing<'static, T> {
    Box::pin(std::future::ready(answer))
}

impl Payments for FakePayments {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn collects(&self) -> bool {
        false
    }
    fn minimum(&self) -> Money {
        Money::CENT
    }
    fn checkout<'a>(&'a self, charge: &'a Charge) -> Doing<'a, Result<Checkout, PaymentError>> {
        ready(Ok(Checkout {
            url: Some(format!("https://pay.example/{}", charge.invoice)),
            instructions: format!("pay ${}", charge.amount),
            reference: charge.invoice.clone(),
            expires_at: None,
        }))
    }
    fn withdraw<'a>(&'a self, _: &'a str) -> Doing<'a, Result<Withdrawn, PaymentError>> {
        ready(Ok(Withdrawn::Closed))
    }
    fn collect<'a>(&'a self, _: &'a Charge, _: u8) -> Doing<'a, Result<Collected, PaymentError>> {
        ready(Ok(Collected::NeedsPayer))
    }
    fn refund<'a>(&'a self, _: &'a Refund) -> Doing<'a, Result<Refunded, PaymentError>> {
        ready(Ok(Refunded::ByHand))
    }
    fn payment<'a>(&'a self, _: &'a str) -> Doing<'a, Result<Option<Payment>, PaymentError>> {
        ready(Ok(None))
    }
    fn of_charge<'a>(&'a self, _: &'a Charge) -> Doing<'a, Result<Vec<Payment>, PaymentError>> {
        ready(Ok(Vec::new()))
    }
    fn webhook(
        &self,
        headers: &[(&str, &[u8])],
        body: &[u8],
        now: Timestamp,
    ) -> Result<Told, WebhookError> {
        match headers.iter().find(|(name, _)| *name == "test-signature") {
            None => return Err(WebhookError::Unsigned),
            Some((_, b"good")) => {}
            Some(_) => return Err(WebhookError::Forged),
        }
        let text = std::str::from_utf8(body).map_err(|_| WebhookError::Malformed)?;
        let words: Vec<&str> = text.split(' ').collect();
        let [kind, invoice, account, amount, reference] = words[..] else {
            return Err(WebhookError::Malformed);
        };
        let payment = Payment {
            invoice: invoice.to_owned(),
            account: account.parse().map_err(|_| WebhookError::Malformed)?,
            amount: amount.parse().map_err(|_| WebhookError::Malformed)?,
            reference: reference.to_owned(),
            payer: None,
            standing: if kind == "paid" { Standing::Paid } else { Standing::Unpaid },
        };
        let news = match kind {
            "paid" => News::Paid(payment),
            _ => News::Failed { payment, why: "declined".to_owned() },
        };
        Ok(Told { event: reference.to_owned(), at: now, news })
    }
}
