//! What happened to a subscription, numbered for ever: a number, once used, keeps its meaning and its fields.
//! A step carries all it changes, so that a replay decides nothing.

use super::term::Term;
use crate::billing::invoice::{CreditNote, Invoice, InvoiceNo, InvoiceState, NoteNo};
use crate::billing::movement::Movement;
use crate::billing::plans::Plan;
use crate::words::money::Money;
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};
use serde::Serialize;

/// What an invoice leads to when it is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Demand {
    /// Service begins.
    #[n(0)]
    Start {
        /// With this plan.
        #[n(0)]
        plan: Plan,
    },
    /// Service goes on; it does so for the days of grace already.
    #[n(1)]
    Renewal {
        /// With this plan.
        #[n(0)]
        plan: Plan,
        /// For this term.
        #[n(1)]
        term: Term,
    },
    /// The rest of the term is served on a higher tier.
    #[n(2)]
    Upgrade {
        /// As this plan.
        #[n(0)]
        plan: Plan,
        /// With what it renews.
        #[n(1)]
        renews: Plan,
    },
}

/// A part of what was deferred for an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Part {
    /// Which invoice.
    #[n(0)]
    pub invoice: InvoiceNo,
    /// How much of it, whole cents.
    #[n(1)]
    pub amount: Money,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum Step {
    /// Service began for free.
    #[n(0)]
    TrialBegan {
        /// With this plan, which also renews.
        #[n(0)]
        plan: Plan,
        /// Until then.
        #[n(1)]
        until: Timestamp,
        /// When.
        #[n(2)]
        at: Timestamp,
    },
    /// An invoice was issued.
    #[n(1)]
    Invoiced {
        /// The invoice.
        #[n(0)]
        invoice: Invoice,
        /// What it leads to.
        #[n(1)]
        demand: Demand,
        /// What a month of its plan is worth before tax.
        #[n(2)]
        month: Money,
    },
    /// Money came in and is owed to the client until an invoice takes it.
    #[n(2)]
    Received {
        /// For which invoice, as the payer said.
        #[n(0)]
        invoice: InvoiceNo,
        /// How much.
        #[n(1)]
        amount: Money,
        /// The payment's own name; each counts once.
        #[n(2)]
        reference: String,
        /// Nothing waited for it: paid twice, too late, or for what was withdrawn. The house should look.
        #[n(3)]
        stray: bool,
        /// When.
        #[n(4)]
        at: Timestamp,
    },
    /// The open invoice was paid out of what is owed to the client; what it leads to happened.
    #[n(3)]
    Settled {
        /// Which invoice.
        #[n(0)]
        invoice: InvoiceNo,
        /// The term it pays for, or for the rest of.
        #[n(1)]
        term: Term,
        /// For months that have begun.
        #[n(2)]
        earned: Money,
        /// For months that have not.
        #[n(3)]
        deferred: Money,
        /// Its tax.
        #[n(4)]
        tax: Money,
        /// When.
        #[n(5)]
        at: Timestamp,
    },
    /// A month of a paid term began.
    #[n(4)]
    Earned {
        /// Its number in the term, from 0.
        #[n(0)]
        month: u8,
        /// What it earned.
        #[n(1)]
        parts: Vec<Part>,
        /// When.
        #[n(2)]
        at: Timestamp,
    },
    /// The owner is reminded of the open invoice.
    #[n(5)]
    Reminded {
        /// Which invoice.
        #[n(0)]
        invoice: InvoiceNo,
        /// The how manieth reminder, from 1.
        #[n(1)]
        count: u8,
        /// When.
        #[n(2)]
        at: Timestamp,
    },
    /// A payment was tried and failed.
    #[n(6)]
    Failed {
        /// Of which invoice.
        #[n(0)]
        invoice: InvoiceNo,
        /// Why, as the payment service said.
        #[n(1)]
        reason: String,
        /// When.
        #[n(2)]
        at: Timestamp,
    },
    /// The invoice was not paid in time, or withdrawn by the house: it is void and its service over.
    #[n(7)]
    Lapsed {
        /// Which invoice.
        #[n(0)]
        invoice: InvoiceNo,
        /// When.
        #[n(1)]
        at: Timestamp,
    },
    /// The owner does not want the next term.
    #[n(8)]
    Canceled {
        /// When service ends.
        #[n(0)]
        until: Timestamp,
        /// When.
        #[n(1)]
        at: Timestamp,
    },
    /// The owner wants it again, before service ended.
    #[n(9)]
    Reactivated {
        /// With what it renews.
        #[n(0)]
        plan: Plan,
        /// When.
        #[n(1)]
        at: Timestamp,
    },
    /// Service ended as it was asked for. What was paid and not given back is earned.
    #[n(10)]
    Ended {
        /// What was still deferred.
        #[n(0)]
        parts: Vec<Part>,
        /// When.
        #[n(1)]
        at: Timestamp,
    },
    /// The rest of the term is served on another tier.
    #[n(11)]
    Changed {
        /// As this plan.
        #[n(0)]
        plan: Plan,
        /// With what it renews.
        #[n(1)]
        renews: Plan,
        /// What a month of it is worth before tax.
        #[n(2)]
        month: Money,
        /// When.
        #[n(3)]
        at: Timestamp,
    },
    /// The next term is paid in another way.
    #[n(12)]
    Renews {
        /// With what it renews.
        #[n(0)]
        plan: Plan,
        /// When.
        #[n(1)]
        at: Timestamp,
    },
    /// Something was taken back from an invoice that was paid.
    #[n(13)]
    Credited {
        /// The note about it.
        #[n(0)]
        note: CreditNote,
        /// Of its net amount, what had not been earned.
        #[n(1)]
        from_deferred: Money,
        /// And what had been.
        #[n(2)]
        from_earned: Money,
        /// To be paid back in cash? Else it is owed to the client.
        #[n(3)]
        paid_out: bool,
    },
    /// An open invoice was withdrawn.
    #[n(14)]
    Voided {
        /// Which invoice.
        #[n(0)]
        invoice: InvoiceNo,
        /// When.
        #[n(1)]
        at: Timestamp,
    },
    /// What was owed to the client is to be paid back in cash.
    #[n(15)]
    PaidOut {
        /// How much.
        #[n(0)]
        amount: Money,
        /// Why, in words.
        #[n(1)]
        why: String,
        /// When.
        #[n(2)]
        at: Timestamp,
    },
    /// Cash that was promised reached the client: the books had it when it was promised.
    #[n(16)]
    PaidBack {
        /// Number of the payout.
        #[n(0)]
        payout: u16,
        /// By which payment, as its service or an admin calls it.
        #[n(1)]
        reference: String,
        /// When.
        #[n(2)]
        at: Timestamp,
    },
}

impl Step {
    /// What it does to the house's books.
    #[must_use]
    pub fn movement(&self) -> Movement {
        let none = Movement::default();
        match self {
            Self::Received { amount, .. } => {
                Movement { received: *amount, credit: *amount, ..none }
            }
            Self::Settled { earned, deferred, tax, .. } => {
                let (earned, deferred, tax) = (*earned, *deferred, *tax);
                let credit = sum([earned, deferred, tax].into_iter()).negated();
                Movement { earned, deferred, tax, credit, ..none }
            }
            Self::Earned { parts, .. } | Self::Ended { parts, .. } => {
                let earned = sum(parts.iter().map(|part| part.amount));
                Movement { earned, deferred: earned.negated(), ..none }
            }
            Self::Credited { note, from_deferred, from_earned, paid_out } => {
                let back = note.total();
                let (refunded, credit) =
                    if *paid_out { (back, Money::ZERO) } else { (Money::ZERO, back) };
                Movement {
                    refunded,
                    credit,
                    earned: from_earned.negated(),
                    deferred: from_deferred.negated(),
                    tax: note.tax.negated(),
                    ..none
                }
            }
            Self::PaidOut { amount, .. } => {
                Movement { refunded: *amount, credit: amount.negated(), ..none }
            }
            _ => none,
        }
    }

    /// Lets an invoice stand as it does after this step; steps about others leave it alone.
    pub fn mark(&self, invoice: &mut Invoice) {
        match self {
            Self::Settled { invoice: number, term, .. } if *number == invoice.number => {
                invoice.state = InvoiceState::Paid;
                for line in &mut invoice.lines {
                    line.period = line.period.or(Some(term.period()));
                }
            }
            Self::Lapsed { invoice: number, .. } | Self::Voided { invoice: number, .. }
                if *number == invoice.number =>
            {
                invoice.state = InvoiceState::Void;
            }
            _ => {}
        }
    }

    /// Number of the invoice that it issued.
    #[must_use]
    pub const fn issued(&self) -> Option<InvoiceNo> {
        match self {
            Self::Invoiced { invoice, .. } => Some(invoice.number),
            _ => None,
        }
    }
    /// Number of the credit note that it issued.
    #[must_use]
    pub const fn noted(&self) -> Option<NoteNo> {
        match self {
            Self::Credited { note, .. } => Some(note.number),
            _ => None,
        }
    }
}

/// Sum of parts of one invoice or term: in range as the whole is.
fn sum(parts: impl Iterator<Item = Money>) -> Money {
    parts.fold(Money::ZERO, Money::saturating_add)
}
