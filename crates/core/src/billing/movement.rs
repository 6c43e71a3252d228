//! What a step of a subscription does to the house's books, in amounts that always balance:
//! cash received less refunds is what was earned, deferred, taken as tax or is owed to the client.

use crate::words::money::Money;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Amounts in whole cents, each the change of one balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Movement {
    /// Cash that came in.
    #[n(0)]
    pub received: Money,
    /// Cash that was paid back.
    #[n(1)]
    pub refunded: Money,
    /// Revenue of service months that began and are paid.
    #[n(2)]
    pub earned: Money,
    /// Paid for service months that have not begun (liability).
    #[n(3)]
    pub deferred: Money,
    /// Tax taken for the tax office (liability).
    #[n(4)]
    pub tax: Money,
    /// Owed to the client: it pays for the next invoices (liability).
    #[n(5)]
    pub credit: Money,
}

impl Movement {
    /// Do both sides agree?
    #[must_use]
    pub fn balances(&self) -> bool {
        let sum = |parts: &[Money]| parts.iter().map(|m| i128::from(m.raw())).sum::<i128>();
        sum(&[self.received, self.refunded.negated()])
            == sum(&[self.earned, self.deferred, self.tax, self.credit])
    }
    /// Both together; `None` beyond the range.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            received: self.received.checked_add(other.received)?,
            refunded: self.refunded.checked_add(other.refunded)?,
            earned: self.earned.checked_add(other.earned)?,
            deferred: self.deferred.checked_add(other.deferred)?,
            tax: self.tax.checked_add(other.tax)?,
            credit: self.credit.checked_add(other.credit)?,
        })
    }
}
