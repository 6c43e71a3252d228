//! The cashier: charges methods on file for open invoices, closes checkouts that nobody needs any more, and gives
//! promised cash back where the provider can. Every round begins with what desks and till say, and asks the provider
//! under names that stay the same; killed at any point, the next round goes on and nothing happens twice.

mod collecting;
mod returning;

use nija_core::billing::invoice::InvoiceNo;
use nija_core::billing::subscription::request::Request;
use nija_core::desk::answer::{Answer, BillView, Decline, Query, View};
use nija_core::desk::input::Command;
use nija_core::ports::control::ControlError;
use nija_core::ports::payments::{PaymentError, Payments, Withdrawn};
use nija_core::ports::till::{OpenCheckout, Till};
use nija_core::ports::{Clock, DeskError, Desks};
use nija_core::words::id::{AccountId, PartitionId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Pause between two rounds.
const LOOK: Duration = Duration::from_secs(5);
/// Checkouts that are read at once.
const PAGE: u32 = 500;

/// Why a round ended early. The next one goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// The desks.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The till.
    #[error(transparent)]
    Till(#[from] ControlError),
    /// The provider.
    #[error(transparent)]
    Provider(#[from] PaymentError),
    /// A desk answered what it never should.
    #[error("a desk did not book it: {0:?}")]
    Unbooked(Answer),
}

impl Interrupted {
    /// Passes on what will hit everybody else in this round, too.
    fn lasting(self) -> Result<(), Self> {
        match self {
            Self::Provider(PaymentError::Unknown | PaymentError::Rejected(_))
            | Self::Unbooked(_) => {
                tracing::warn!(why = %self, "a payment waits for the next round");
                Ok(())
            }
            Self::Provider(_) | Self::Desk(_) | Self::Till(_) => Err(self),
        }
    }
}

/// What the cashier speaks to.
#[derive(Clone)]
pub struct Counter {
    /// The books.
    pub desks: Arc<dyn Desks>,
    /// Its memory.
    pub till: Arc<dyn Till>,
    /// The provider.
    pub payments: Arc<dyn Payments>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// In whose name invoices are issued.
    pub issuer: String,
}

/// Open checkouts by their invoice.
type Checkouts = BTreeMap<InvoiceNo, Vec<OpenCheckout>>;

/// Sees to open invoices and promised cash.
pub struct Cashier {
    counter: Counter,
    /// Payouts that the provider cannot make: an admin does. Asked again after a restart.
    by_hand: BTreeSet<(AccountId, u16)>,
}

impl Cashier {
    /// At this counter.
    #[must_use]
    pub const fn new(counter: Counter) -> Self {
        Self { counter, by_hand: BTreeSet::new() }
    }

    /// Round after round, until the desks are gone.
    pub async fn run(mut self) {
        loop {
            match self.round().await {
                Ok(()) => {}
                Err(Interrupted::Desk(DeskError::Gone)) => return,
                Err(why) => tracing::warn!(%why, "the cashier's round ended early"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Looks once at everything that waits.
    ///
    /// # Errors
    /// [`Interrupted`]: what was done is done, the rest waits for the next round.
    pub async fn round(&mut self) -> Result<(), Interrupted> {
        // Checkouts first: an invoice that is not open afterwards was ended, and not merely unknown yet.
        let mut checkouts = self.checkouts().await?;
        let (mut open, mut waiting) = (0, BTreeSet::new());
        for partition in (0..=u16::MAX).map(PartitionId) {
            let bills = match self.counter.desks.query(Query::Bills(partition)).await? {
                View::Bills(bills) => bills,
                View::Declined(Decline::UnknownPartition) => break,
                _ => continue,
            };
            for bill in bills {
                let of_bill = bill.subscription.open().map(|of| of.invoice);
                let pages = of_bill.and_then(|no| checkouts.remove(&no)).unwrap_or_default();
                open += usize::from(of_bill.is_some());
                self.attend(&bill, &pages).await?;
                waiting
                    .extend(bill.subscription.payouts().iter().map(|p| (bill.account, p.number)));
            }
        }
        self.by_hand.retain(|payout| waiting.contains(payout));
        metrics::gauge!("nija_invoices_open").set(open as f64);
        metrics::gauge!("nija_payouts_by_hand").set(self.by_hand.len() as f64);
        for checkout in checkouts.into_values().flatten() {
            self.withdraw(&checkout).await.map(drop).or_else(Interrupted::lasting)?;
        }
        Ok(())
    }

    /// What an account's subscription waits for. One that cannot be helped now keeps no other waiting.
    async fn attend(&mut self, bill: &BillView, pages: &[OpenCheckout]) -> Result<(), Interrupted> {
        self.collect(bill, pages).await.or_else(Interrupted::lasting)?;
        self.give_back(bill).await.or_else(Interrupted::lasting)
    }

    async fn checkouts(&self) -> Result<Checkouts, Interrupted> {
        let mut all = Checkouts::new();
        let mut after = String::new();
        loop {
            let page = self.counter.till.checkouts(&after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after.clone_from(&last.reference);
            for checkout in page {
                all.entry(checkout.invoice).or_default().push(checkout);
            }
        }
    }

    /// Closes a checkout. What was paid there in time is told by the provider's webhook.
    async fn withdraw(&self, checkout: &OpenCheckout) -> Result<Withdrawn, Interrupted> {
        let Counter { till, payments, clock, .. } = &self.counter;
        let expired = checkout.expires_at.is_some_and(|at| at <= clock.now());
        let withdrawn = match payments.withdraw(&checkout.reference).await {
            Ok(withdrawn) => withdrawn,
            Err(PaymentError::Rejected(_)) if expired => Withdrawn::Closed,
            Err(PaymentError::Rejected(why)) => {
                tracing::warn!(why, checkout = checkout.reference, "a checkout stays open");
                Withdrawn::Closed
            }
            Err(why) => return Err(why.into()),
        };
        till.forget_checkout(&checkout.reference).await?;
        Ok(withdrawn)
    }

    /// Has a desk book something about a subscription.
    async fn book(&self, bill: &BillView, request: Request) -> Result<(), Interrupted> {
        let command = Command::Subscription(request);
        match self.counter.desks.command(bill.account, None, command).await? {
            Answer::Done => Ok(()),
            answer => Err(Interrupted::Unbooked(answer)),
        }
    }
}

#[cfg(test)]
mod tests;
