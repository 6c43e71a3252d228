//! Charging the method on file: once when an invoice is issued, and once more after each reminder. The attempt is
//! written down before the provider is asked, and its number raised only once the provider has answered.

use super::{Cashier, Counter, Interrupted};
use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::subscription::Open;
use nija_core::billing::subscription::request::Request;
use nija_core::desk::answer::BillView;
use nija_core::ports::payments::{Charge, Collected, PaymentError, Withdrawn};
use nija_core::ports::till::{Attempt, OpenCheckout};
use nija_core::words::id::AccountId;
use nija_core::words::money::Money;

impl Cashier {
    /// Charges the payer of an open invoice, if that is due.
    pub(super) async fn collect(
        &self,
        bill: &BillView,
        pages: &[OpenCheckout],
    ) -> Result<(), Interrupted> {
        let Counter { till, payments, issuer, .. } = &self.counter;
        let (of, account) = (&bill.subscription, bill.account);
        let charge = Charge::of(bill.user, account, of, issuer);
        let (Some(open), Some(mut charge)) = (of.open().copied(), charge) else { return Ok(()) };
        if !payments.collects() {
            return Ok(());
        }
        let last = till.attempt(account).await?;
        let Some(mut attempt) = next(account, &open, charge.amount, last) else { return Ok(()) };
        charge.payer = till.payer(account).await?;
        if charge.payer.is_none() || attempt.amount < payments.minimum() {
            return Ok(());
        }
        // Nobody is to pay twice: neither there while this charges, nor here what was just paid there.
        for page in pages {
            if self.withdraw(page).await? == Withdrawn::Finished {
                return Ok(());
            }
        }
        charge.amount = attempt.amount;
        till.write_attempt(attempt.clone()).await?;
        let collected = match payments.collect(&charge, attempt.number).await {
            Ok(collected) => collected,
            Err(PaymentError::Rejected(why)) => Collected::Declined { why },
            Err(why) => return Err(why.into()),
        };
        self.collected(bill, (open.invoice, charge.amount), collected).await?;
        attempt.answered = true;
        Ok(till.write_attempt(attempt).await?)
    }

    async fn collected(
        &self,
        bill: &BillView,
        (invoice, amount): (InvoiceNo, Money),
        collected: Collected,
    ) -> Result<(), Interrupted> {
        let count = |outcome| {
            metrics::counter!("nija_collections_total", "outcome" => outcome).increment(1);
        };
        match collected {
            Collected::Paid { reference } => {
                count("paid");
                self.book(bill, Request::Pay { invoice, amount, reference }).await
            }
            // A webhook tells the end.
            Collected::Pending { reference } => {
                count("pending");
                tracing::info!(%invoice, reference, "a payment is under way");
                Ok(())
            }
            Collected::Declined { why } => {
                count("declined");
                self.book(bill, Request::failed(invoice, &why)).await
            }
            Collected::NeedsPayer => {
                count("needs_payer");
                self.book(bill, Request::failed(invoice, "the bank asks for the payer")).await
            }
        }
    }
}

/// The attempt that is due; `None` when all are made.
fn next(account: AccountId, open: &Open, amount: Money, last: Option<Attempt>) -> Option<Attempt> {
    let (invoice, reminders) = (open.invoice, open.reminders);
    let new = |number| Attempt { account, invoice, number, reminders, amount, answered: false };
    match last.filter(|last| last.invoice == open.invoice) {
        None => Some(new(1)),
        Some(last) if !last.answered => Some(last),
        Some(last) if last.reminders < open.reminders => Some(new(last.number.checked_add(1)?)),
        Some(_) => None,
    }
}
