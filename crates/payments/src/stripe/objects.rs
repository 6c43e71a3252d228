//! What we read of Stripe's objects: a few fields each, the same in answers and in webhooks, and how an object
//! is led back to the invoice and account that we wrote into it.

use super::form::{ACCOUNT, INVOICE};
use crate::bounds;
use nija_core::ports::payments::{Payer, Payment, Standing};
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;
use serde::Deserialize;

/// Longest text of Stripe's that is passed on, in characters.
const REASON_CHARS_MAX: usize = 200;
/// Longest id, in bytes; Stripe's documents name this limit.
const ID_BYTES_MAX: usize = 255;
/// The one currency.
pub(super) const CURRENCY: &str = "usd";

/// An error's envelope.
#[derive(Deserialize)]
pub(super) struct Complaint {
    pub(super) error: Refusal,
}

/// Why Stripe, or a bank behind it, said no.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    pub(super) message: Option<String>,
    param: Option<String>,
    /// Is it the answer to an earlier request with the same key?
    #[serde(skip)]
    pub(super) replayed: bool,
}

impl Refusal {
    /// Why, in one printable line.
    pub(super) fn reason(&self) -> String {
        let code = || self.decline_code.as_deref().or(self.code.as_deref());
        line(self.message.as_deref().or_else(code).unwrap_or("no reason given"))
    }

    /// Did the bank or the card say no?
    pub(super) fn is_decline(&self) -> bool {
        self.kind.as_deref() == Some("card_error")
    }

    /// Does the bank want to see the payer?
    pub(super) fn asks_for_payer(&self) -> bool {
        let wanted = Some("authentication_required");
        self.code.as_deref() == wanted || self.decline_code.as_deref() == wanted
    }

    /// Does an object that we named not exist?
    pub(super) fn is_missing(&self) -> bool {
        self.code.as_deref() == Some("resource_missing")
    }

    /// Is it about this parameter?
    pub(super) fn is_about(&self, param: &str) -> bool {
        self.param.as_deref() == Some(param)
    }
}

/// Text of Stripe's as one printable line of bounded length.
pub(super) fn line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(REASON_CHARS_MAX).collect()
}

/// Whether this could be the name of an object.
pub(super) fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What we wrote into an object when we asked for it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(rename = "nija_invoice")]
    invoice: Option<String>,
    #[serde(rename = "nija_account")]
    account: Option<String>,
    #[serde(rename = "nija_attempt")]
    pub(super) attempt: Option<String>,
    #[serde(rename = "nija_refund")]
    pub(super) refund: Option<String>,
}

/// Why an object is no payment of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// Nothing of ours is written into it.
    Foreign,
    /// Ours, and not as we make them.
    Odd(String),
}

/// The parts of a payment, as each kind of object has them.
pub(super) struct Parts<'a> {
    pub(super) metadata: Option<&'a Metadata>,
    pub(super) currency: Option<&'a str>,
    pub(super) cents: Option<i64>,
    pub(super) reference: Option<&'a str>,
    pub(super) standing: Standing,
}

impl Parts<'_> {
    /// Leads back to our invoice and account, with the amount as it is told.
    pub(super) fn payment(self) -> Result<Payment, Stray> {
        let (invoice, account) = match self.metadata {
            Some(Metadata { invoice: Some(invoice), account: Some(account), .. }) => {
                (invoice, account)
            }
            Some(Metadata { invoice: None, account: None, .. }) | None => {
                return Err(Stray::Foreign);
            }
            Some(_) => return odd(format!("{INVOICE} without {ACCOUNT}, or the reverse")),
        };
        if !bounds::is_invoice(invoice) {
            return odd(format!("{INVOICE} is no invoice number of ours"));
        }
        let Ok(account) = account.parse::<AccountId>() else {
            return odd(format!("{ACCOUNT} is no account"));
        };
        let currency = self.currency.unwrap_or("no currency");
        if currency != CURRENCY {
            return odd(format!("invoice {invoice} in {}, not in {CURRENCY}", line(currency)));
        }
        let Some(amount) = self.cents.and_then(bounds::dollars) else {
            return odd(format!("invoice {invoice} without an amount"));
        };
        let Some(reference) = self.reference.filter(|reference| is_id(reference)) else {
            return odd(format!("invoice {invoice} without a payment"));
        };
        Ok(Payment {
            invoice: invoice.clone(),
            account,
            amount,
            reference: reference.to_owned(),
            payer: None,
            standing: self.standing,
        })
    }
}

fn odd<T>(what: String) -> Result<T, Stray> {
    Err(Stray::Odd(what))
}

/// A list of objects, newest first.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// A page of Stripe's where an invoice is paid.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    /// `open`, `complete` or `expired`.
    pub(super) status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub(super) payment_status: String,
    pub(super) url: Option<String>,
    /// In seconds since 1970.
    pub(super) expires_at: Option<i64>,
    pub(super) amount_total: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) payment_intent: Option<Expandable>,
    pub(super) metadata: Option<Metadata>,
}

/// An object, or only its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable {
    Name(String),
    Whole(Box<Intent>),
}

impl Session {
    pub(super) fn payment(&self, standing: Standing) -> Result<Payment, Stray> {
        let reference = self.payment_intent.as_ref().map(|intent| match intent {
            Expandable::Name(id) => id.as_str(),
            Expandable::Whole(intent) => intent.id.as_str(),
        });
        Parts {
            metadata: self.metadata.as_ref(),
            currency: self.currency.as_deref(),
            cents: self.amount_total,
            reference,
            standing,
        }
        .payment()
    }
}

/// One payment, from the first try to the last.
#[derive(Debug, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    /// `succeeded`, `processing`, `canceled`, `requires_...`.
    pub(super) status: String,
    amount: i64,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    customer: Option<String>,
    payment_method: Option<String>,
    pub(super) metadata: Option<Metadata>,
    pub(super) last_payment_error: Option<Refusal>,
}

impl Intent {
    pub(super) fn standing(&self) -> Standing {
        match self.status.as_str() {
            "succeeded" => Standing::Paid,
            "canceled"
            | "requires_payment_method"
            | "requires_confirmation"
            | "requires_action" => Standing::Unpaid,
            _ => Standing::Pending,
        }
    }

    pub(super) fn payment(&self) -> Result<Payment, Stray> {
        let standing = self.standing();
        let cents = match standing {
            Standing::Paid => self.amount_received,
            Standing::Pending | Standing::Unpaid => self.amount,
        };
        let payment = Parts {
            metadata: self.metadata.as_ref(),
            currency: Some(&self.currency),
            cents: Some(cents),
            reference: Some(&self.id),
            standing,
        }
        .payment()?;
        Ok(Payment { payer: self.payer(), ..payment })
    }

    fn payer(&self) -> Option<Payer> {
        let customer = self.customer.clone().filter(|id| is_id(id))?;
        let method = self.payment_method.clone().filter(|id| is_id(id))?;
        Some(Payer { customer, method })
    }
}

/// Money that moved for a payment. Carries a copy of the payment's metadata.
#[derive(Debug, Deserialize)]
pub(super) struct Movement {
    amount: i64,
    amount_refunded: i64,
    currency: String,
    payment_intent: Option<String>,
    metadata: Option<Metadata>,
}

impl Movement {
    /// The payment, and what was given back of it in all.
    pub(super) fn refunded(&self) -> Result<(Payment, Money), Stray> {
        let payment = Parts {
            metadata: self.metadata.as_ref(),
            currency: Some(&self.currency),
            cents: Some(self.amount),
            reference: self.payment_intent.as_deref(),
            standing: Standing::Paid,
        }
        .payment()?;
        match bounds::dollars(self.amount_refunded) {
            Some(total) => Ok((payment, total)),
            None => odd(format!("invoice {} refunded below zero", payment.invoice)),
        }
    }
}

/// Money on its way back, asked for by us or at Stripe's screens.
#[derive(Debug, Deserialize)]
pub(super) struct Return {
    pub(super) id: String,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub(super) status: Option<String>,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) payment_intent: Option<String>,
    pub(super) failure_reason: Option<String>,
    pub(super) metadata: Option<Metadata>,
}

/// A payer's bank that asks for money back. Its metadata is never ours.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) payment_intent: Option<String>,
    pub(super) reason: Option<String>,
}
