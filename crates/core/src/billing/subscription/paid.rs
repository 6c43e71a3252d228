//! An invoice that was paid, as a subscription remembers it: what of it is earned, and what was given back.

use super::step::Part;
use crate::billing::invoice::InvoiceNo;
use crate::words::fixed::Round;
use crate::words::money::Money;
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// Amounts in whole cents. Earned is the net amount less what is deferred and what was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Paid {
    /// Which invoice.
    #[n(0)]
    pub invoice: InvoiceNo,
    /// Its amount before tax.
    #[n(1)]
    pub net: Money,
    /// Its tax.
    #[n(2)]
    pub tax: Money,
    /// Of the net amount, what is for months that have not begun.
    #[n(3)]
    pub deferred: Money,
    /// Of the net amount, what was given back.
    #[n(4)]
    pub net_back: Money,
    /// Of the tax, what was given back.
    #[n(5)]
    pub tax_back: Money,
    /// End of the term that it paid for.
    #[n(6)]
    pub until: Timestamp,
}

impl Paid {
    /// What can still be given back before tax.
    #[must_use]
    pub const fn net_left(&self) -> Money {
        self.net.saturating_sub(self.net_back)
    }
    /// What can still be given back of its tax.
    #[must_use]
    pub const fn tax_left(&self) -> Money {
        self.tax.saturating_sub(self.tax_back)
    }
    /// What can still be given back.
    #[must_use]
    pub const fn left(&self) -> Money {
        self.net_left().saturating_add(self.tax_left())
    }
    /// What it has earned.
    #[must_use]
    pub const fn earned(&self) -> Money {
        self.net_left().saturating_sub(self.deferred)
    }

    /// What the next of `months` earns that have not begun; the last one takes all.
    pub(super) fn month(&self, months: u8) -> Part {
        let share = self.deferred.share(1, i64::from(months.max(1)), Round::Down);
        let amount = share.unwrap_or_default().to_cents(Round::Down);
        Part { invoice: self.invoice, amount: if months <= 1 { self.deferred } else { amount } }
    }
    /// The tax that goes back with so much of the net amount: in proportion, and all with the last of it.
    pub(super) fn tax_of(&self, net: Money) -> Money {
        if net == self.net_left() {
            return self.tax_left();
        }
        let share = self.tax.share(net.raw(), self.net.raw(), Round::HalfEven);
        share.unwrap_or_default().to_cents(Round::HalfEven).min(self.tax_left())
    }
    /// How much before tax goes back with so much in all: the opposite way, for a refund of a round amount.
    pub(super) fn net_of(&self, all: Money) -> Option<Money> {
        let gross = self.net.checked_add(self.tax)?;
        let tax = self.tax.share(all.raw(), gross.raw(), Round::HalfEven)?;
        let tax = tax.to_cents(Round::HalfEven).min(self.tax_left());
        // Where little of one is left, the other gives the rest; so all that is left takes all of both.
        Some(all.checked_sub(tax)?.min(self.net_left()))
    }

    pub(super) fn earn(&mut self, amount: Money) -> Option<()> {
        self.deferred = self.deferred.checked_sub(amount).filter(|left| !left.is_negative())?;
        Some(())
    }
    pub(super) fn give_back(&mut self, net: Money, tax: Money, from_deferred: Money) -> Option<()> {
        self.earn(from_deferred)?;
        self.net_back = self.net_back.checked_add(net)?;
        self.tax_back = self.tax_back.checked_add(tax)?;
        Some(())
    }
}
