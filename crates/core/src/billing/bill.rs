//! Invoices with what came of them, read back from a subscription's steps: whatever a step says is taken as it stands.

use super::invoice::{CreditNote, Invoice};
use super::subscription::step::Step;
use crate::words::money::Money;
use crate::words::time::Timestamp;

/// An invoice and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// The invoice, in its present state.
    pub invoice: Invoice,
    /// When it was paid or withdrawn.
    pub ended: Option<Timestamp>,
    /// What was taken back of it, oldest first.
    pub notes: Vec<CreditNote>,
}

impl Bill {
    /// The invoices of these steps, both oldest first. What is said of an invoice that was issued before the first
    /// step is passed over.
    #[must_use]
    pub fn all(steps: impl IntoIterator<Item = Step>) -> Vec<Self> {
        let mut bills: Vec<Self> = Vec::new();
        for step in steps {
            let (number, at) = match &step {
                Step::Invoiced { invoice, .. } => {
                    let invoice = invoice.clone();
                    bills.push(Self { invoice, ended: None, notes: Vec::new() });
                    continue;
                }
                Step::Credited { note, .. } => {
                    let of = |bill: &&mut Self| bill.invoice.number == note.invoice;
                    if let Some(bill) = bills.iter_mut().rev().find(of) {
                        bill.notes.push(note.clone());
                    }
                    continue;
                }
                Step::Settled { invoice, at, .. }
                | Step::Voided { invoice, at }
                | Step::Lapsed { invoice, at } => (*invoice, *at),
                _ => continue,
            };
            if let Some(bill) = bills.iter_mut().rev().find(|bill| bill.invoice.number == number) {
                step.mark(&mut bill.invoice);
                bill.ended = Some(at);
            }
        }
        bills
    }

    /// What was taken back of it in all.
    #[must_use]
    pub fn returned(&self) -> Money {
        self.notes.iter().fold(Money::ZERO, |all, note| all.saturating_add(note.total()))
    }
}
