//! What the cashier remembers beside the books: payment methods on file, checkouts that are open, charges under way.
//! None of it is money: lose it all, and every invoice can still be paid by its owner.

use super::Doing;
use super::control::ControlError;
use super::payments::Payer;
use crate::billing::invoice::InvoiceNo;
use crate::words::id::AccountId;
use crate::words::money::Money;
use crate::words::time::Timestamp;

/// A checkout that a payer was sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCheckout {
    /// The provider's name for it.
    pub reference: String,
    /// What is paid there.
    pub invoice: InvoiceNo,
    /// Whose invoice that is.
    pub account: AccountId,
    /// It closes by itself then; `None` is never.
    pub expires_at: Option<Timestamp>,
}

/// The newest try to charge an account's method on file. An account has one open invoice at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Whose method.
    pub account: AccountId,
    /// For which invoice.
    pub invoice: InvoiceNo,
    /// The how manieth for it, from 1.
    pub number: u8,
    /// Reminders that had been sent by then: the next one is a reason to try again.
    pub reminders: u8,
    /// How much was asked for: asking again must ask for the same.
    pub amount: Money,
    /// Did the provider say what came of it, and was that booked?
    pub answered: bool,
}

/// The cashier's memory.
pub trait Till: Send + Sync {
    /// Keeps an account's payment method as of a time. What is known or forgotten since stays: news of it may come
    /// late, and again.
    fn keep_payer(
        &self,
        account: AccountId,
        payer: Payer,
        at: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>>;
    /// The payment method on file.
    fn payer(&self, account: AccountId) -> Doing<'_, Result<Option<Payer>, ControlError>>;
    /// Forgets the payment method as of now, where there is one.
    fn forget_payer(
        &self,
        account: AccountId,
        at: Timestamp,
    ) -> Doing<'_, Result<(), ControlError>>;
    /// Remembers a checkout; the same one twice is one.
    fn remember_checkout(&self, checkout: OpenCheckout) -> Doing<'_, Result<(), ControlError>>;
    /// Forgets a checkout, where it is known.
    fn forget_checkout<'a>(&'a self, reference: &'a str) -> Doing<'a, Result<(), ControlError>>;
    /// Checkouts in the order of their references, `limit` of those behind `after`; an empty text begins.
    fn checkouts<'a>(
        &'a self,
        after: &'a str,
        limit: u32,
    ) -> Doing<'a, Result<Vec<OpenCheckout>, ControlError>>;
    /// Writes an attempt in place of the account's one before.
    fn write_attempt(&self, attempt: Attempt) -> Doing<'_, Result<(), ControlError>>;
    /// The newest attempt of an account.
    fn attempt(&self, account: AccountId) -> Doing<'_, Result<Option<Attempt>, ControlError>>;
}
