//! Promised cash goes back by the payment it came with, where the provider knows that and it was large enough; the
//! rest is for an admin.

use super::{Cashier, Counter, Interrupted};
use nija_core::billing::subscription::payout::Payout;
use nija_core::billing::subscription::request::Request;
use nija_core::desk::answer::BillView;
use nija_core::ports::payments::{PaymentError, Refund, Refunded, Standing};

impl Cashier {
    /// Gives back what is promised to an account.
    pub(super) async fn give_back(&mut self, bill: &BillView) -> Result<(), Interrupted> {
        for payout in bill.subscription.payouts() {
            let name = (bill.account, payout.number);
            if self.by_hand.contains(&name) {
                continue;
            }
            let subject = format!("{}-{}", bill.account, payout.number);
            match self.refund(bill, payout, &subject).await? {
                Some(reference) => {
                    let payout = payout.number;
                    self.book(bill, Request::PaidBack { payout, reference }).await?;
                }
                None => {
                    let amount = payout.amount;
                    tracing::warn!(payout = subject, %amount, "an admin has to pay this back");
                    self.by_hand.insert(name);
                }
            }
        }
        Ok(())
    }

    /// By which refund the provider gave it back; `None` where it cannot.
    async fn refund(
        &self,
        bill: &BillView,
        payout: &Payout,
        key: &str,
    ) -> Result<Option<String>, Interrupted> {
        let Some(reference) = self.paid_with(bill, payout).await? else { return Ok(None) };
        let refund = Refund { reference, amount: payout.amount, key: format!("P-{key}") };
        match self.counter.payments.refund(&refund).await {
            Ok(Refunded::Done { reference } | Refunded::Pending { reference }) => {
                Ok(Some(reference))
            }
            Ok(Refunded::ByHand) => Ok(None),
            Err(PaymentError::Rejected(why)) => {
                tracing::error!(payout = key, why, "the provider does not pay this back");
                Ok(None)
            }
            Err(why) => Err(why.into()),
        }
    }

    /// The newest payment of the payout's invoice that was large enough.
    async fn paid_with(
        &self,
        bill: &BillView,
        payout: &Payout,
    ) -> Result<Option<String>, Interrupted> {
        let Counter { payments, .. } = &self.counter;
        let Some(invoice) = payout.invoice.filter(|_| payments.collects()) else {
            return Ok(None);
        };
        let invoice = invoice.to_string();
        for reference in bill.subscription.references().iter().rev() {
            let Some(payment) = payments.payment(reference).await? else { continue };
            let fits = payment.invoice == invoice && payment.account == bill.account;
            if fits && payment.standing == Standing::Paid && payment.amount >= payout.amount {
                return Ok(Some(payment.reference));
            }
        }
        Ok(None)
    }
}
