//! The payment door: how an invoice becomes money, at a provider or by hand.
//!
//! Promises: what may be repeated is told by the error; what a webhook tells is signed, and belongs to the
//! account that we named ourselves. Absent on purpose: memory. A provider tells the same thing twice, late and
//! in any order; whoever books it keeps one payment for each invoice and reference.

use super::Doing;
use crate::billing::subscription::Subscription;
use crate::words::id::{AccountId, UserId};
use crate::words::money::Money;
use crate::words::time::Timestamp;

/// The largest body of a webhook that is looked at, in bytes.
pub const WEBHOOK_BYTES_MAX: usize = 64 * 1024;

/// Why a provider did not do what it was asked, and whether to ask again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// It said no, or could not be asked at all. Final: asking the same again is useless.
    #[error("the payment was refused: {0}")]
    Rejected(String),
    /// Nobody knows whether it happened. Ask again with the very same arguments: that finds out, and never does
    /// it twice.
    #[error("the payment provider did not answer; ask again with the same arguments")]
    Unknown,
    /// It certainly did not happen; asking again is safe.
    #[error("the payment provider could not be reached; ask again")]
    Unreachable,
    /// It certainly did not happen; ask again later.
    #[error("the payment provider asks to slow down; ask again in a minute")]
    Throttled,
}

/// Why a webhook tells nothing. None of them changes anything; the sender hears a 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// This implementation has no webhooks.
    #[error("this payment door takes no webhooks; confirm payments as an admin")]
    NotOffered,
    /// More bytes than [`WEBHOOK_BYTES_MAX`].
    #[error("a webhook has at most {WEBHOOK_BYTES_MAX} bytes")]
    TooLarge,
    /// No signature, several of them in place of one, or one that cannot be read.
    #[error("no readable signature; only the payment provider may call this")]
    Unsigned,
    /// Signed with another secret, or altered.
    #[error("the signature does not fit; check the webhook secret against the provider's")]
    Forged,
    /// Signed too long ago or too far ahead. The provider signs anew when it tries again.
    #[error("signed too long ago or ahead of our time; check this machine's clock")]
    Stale,
    /// Signed, and yet not what the provider's documents say.
    #[error("signed, but not an event that we can read; check the webhook's API version")]
    Malformed,
}

/// A payment method on file at the provider: names that mean nothing elsewhere, no card data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The provider's customer.
    pub customer: String,
    /// The provider's payment method of that customer.
    pub method: String,
}

/// An invoice to be paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The invoice's stable number: 1 to 40 letters, digits and hyphens, never used for another invoice.
    pub invoice: String,
    /// Who pays.
    pub user: UserId,
    /// For which account.
    pub account: AccountId,
    /// How much: whole cents above zero.
    pub amount: Money,
    /// What for, as the payer reads it.
    pub description: String,
    /// What the provider's page fills in for the payer.
    pub email: Option<String>,
    /// The payment method on file, where there is one.
    pub payer: Option<Payer>,
}

impl Charge {
    /// What a subscription's open invoice still lacks, for an issuer's name; `None` where nothing is open.
    #[must_use]
    pub fn of(user: UserId, account: AccountId, of: &Subscription, issuer: &str) -> Option<Self> {
        let open = of.open()?;
        Some(Self {
            invoice: open.invoice.to_string(),
            user,
            account,
            amount: of.to_pay()?,
            description: format!("{issuer} {}", open.invoice),
            email: None,
            payer: None,
        })
    }
}

/// How a payer can pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// A page of the provider to send the payer to, where there is one.
    pub url: Option<String>,
    /// What to do, in words for the payer.
    pub instructions: String,
    /// The provider's name for this checkout; takes it back with [`Payments::withdraw`].
    pub reference: String,
    /// The page is closed from then on.
    pub expires_at: Option<Timestamp>,
}

/// What taking a checkout back led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It is closed: nobody can pay there any more.
    Closed,
    /// Too late: the payer has finished it. The payment is told by webhook.
    Finished,
}

/// What charging the method on file led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collected {
    /// Paid.
    Paid {
        /// The provider's name for the payment.
        reference: String,
    },
    /// Under way; a webhook tells the end.
    Pending {
        /// The provider's name for the payment.
        reference: String,
    },
    /// Declined. A later attempt has a number of its own.
    Declined {
        /// Why, in words for the payer.
        why: String,
    },
    /// Only the payer can go on, by a checkout: no method on file, or the bank asks for them.
    NeedsPayer,
}

/// Money to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The payment it was taken with.
    pub reference: String,
    /// How much: whole cents above zero.
    pub amount: Money,
    /// Names this refund for ever, so that it happens once: 1 to 60 letters, digits and hyphens.
    pub key: String,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The provider has given it back.
    Done {
        /// The provider's name for the refund.
        reference: String,
    },
    /// Accepted; should it fail, a webhook tells.
    Pending {
        /// The provider's name for the refund.
        reference: String,
    },
    /// Nothing happened: an admin pays it back and records that.
    ByHand,
}

/// A payment as its provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The invoice that we named when we asked for it.
    pub invoice: String,
    /// The account that we named when we asked for it. Known to the provider only from us, which does not make it
    /// one of ours: another installation may share the provider's account.
    pub account: AccountId,
    /// How much, in whole cents. Whether that pays the invoice is for the reader to judge.
    pub amount: Money,
    /// The provider's name for the payment.
    pub reference: String,
    /// The method that may be charged again, where it is known.
    pub payer: Option<Payer>,
    /// How it stands.
    pub standing: Standing,
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The money was taken. What was given back since is told by [`News::Refunded`].
    Paid,
    /// Under way.
    Pending,
    /// Nothing was taken.
    Unpaid,
}

/// What a webhook tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The provider's name for the event: equal when the same is told again.
    pub event: String,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
    /// What happened.
    pub news: News,
}

/// What happened at the provider. Each can come twice, late, and before what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Money was taken. Several events tell of one payment: book it once for each invoice and reference.
    /// Only some of them name the payer; keeping the payer is right even when the payment is booked already.
    Paid(Payment),
    /// A try to pay failed; the payer may have tried again since, so what is paid stays paid.
    Failed {
        /// Which payment.
        payment: Payment,
        /// Why, in the provider's words.
        why: String,
    },
    /// Money was given back, by us or at the provider.
    Refunded {
        /// Of which payment.
        payment: Payment,
        /// Of that payment in all so far, this time included: the largest total told is the newest.
        total: Money,
    },
    /// A refund did not reach the payer; the money is ours again.
    RefundFailed {
        /// The payment. What it paid for is told by [`Payments::payment`].
        reference: String,
        /// The provider's name for the refund.
        refund: String,
        /// How much.
        amount: Money,
        /// Why, in the provider's words.
        why: String,
    },
    /// The payer's bank asks for the money back.
    Disputed {
        /// The payment. What it paid for is told by [`Payments::payment`].
        reference: String,
        /// The provider's name for the dispute.
        dispute: String,
        /// How much.
        amount: Money,
        /// How far it is.
        stage: Stage,
        /// Why, in the provider's words.
        why: String,
    },
    /// Ours, and not as we made it: nothing is booked, a person has to look. Says what is wrong.
    Suspect(String),
    /// Not for us, or nothing that matters. Says which.
    Ignored(String),
}

/// How far a dispute is. Only two of these move money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It began.
    Opened,
    /// The amount was taken from us.
    Taken,
    /// The amount was given back to us.
    Returned,
    /// It ended in our favor, or came to nothing.
    Won,
    /// It ended against us.
    Lost,
}

/// A way to be paid.
pub trait Payments: Send + Sync {
    /// Which, in one lower-case word.
    fn name(&self) -> &'static str;
    /// Can it charge a method on file without the payer?
    fn collects(&self) -> bool;
    /// The smallest amount it takes; what is less waits for the next invoice.
    fn minimum(&self) -> Money;
    /// Opens a way to pay an invoice. The same charge asked again gives the same checkout while that is open.
    fn checkout<'a>(&'a self, charge: &'a Charge) -> Doing<'a, Result<Checkout, PaymentError>>;
    /// Closes a checkout, so that an invoice that is paid or void otherwise cannot be paid there too.
    fn withdraw<'a>(&'a self, checkout: &'a str) -> Doing<'a, Result<Withdrawn, PaymentError>>;
    /// Charges the method on file. Invoice and attempt make it one charge, however often it is asked: after
    /// [`PaymentError::Unknown`] ask with the same number, and raise it only after an answer.
    fn collect<'a>(
        &'a self,
        charge: &'a Charge,
        attempt: u8,
    ) -> Doing<'a, Result<Collected, PaymentError>>;
    /// Gives money back, once for each key.
    fn refund<'a>(&'a self, refund: &'a Refund) -> Doing<'a, Result<Refunded, PaymentError>>;
    /// Reads one payment back, by its reference. `None` when there is none, or none that we asked for.
    fn payment<'a>(
        &'a self,
        reference: &'a str,
    ) -> Doing<'a, Result<Option<Payment>, PaymentError>>;
    /// Every payment for this invoice among the newest hundred of the charge's payer, newest first.
    fn of_charge<'a>(&'a self, charge: &'a Charge)
    -> Doing<'a, Result<Vec<Payment>, PaymentError>>;
    /// Reads a webhook: its headers, its body as received, and our time.
    ///
    /// # Errors
    /// See [`WebhookError`]; the sender hears a refusal and nothing changes.
    fn webhook(
        &self,
        headers: &[(&str, &[u8])],
        body: &[u8],
        now: Timestamp,
    ) -> Result<Told, WebhookError>;
}
