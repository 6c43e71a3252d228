//! Invoices and credit notes: what was sold, what it costs, what is left to pay.
//! The numbering is the caller's: a number is printed as it is handed in.

use super::{Customer, DocumentError, Issuer, Period, equal, sum};
use crate::words::money::{Money, Pct, Qty};
use crate::words::time::Timestamp;

/// Longest list of lines.
pub const LINES_MAX: usize = 1_000;

/// What kind of document it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// A demand for money.
    Invoice,
    /// The whole or a part of an invoice given back. All amounts are positive and mean: to the customer.
    CreditNote {
        /// Number of the invoice that it corrects.
        corrects: String,
    },
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceState {
    /// Sent, and not paid yet.
    Open,
    /// Not paid in time.
    PastDue,
    /// Paid; of a credit note: paid out or credited.
    Paid,
    /// Taken back before it was paid: nothing is owed.
    Void,
    /// Paid, and given back by a credit note.
    Refunded,
}

/// One thing that was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    /// What.
    pub description: String,
    /// For which time, where it is about one.
    pub period: Option<Period>,
    /// How much of it, where that is a number.
    pub quantity: Option<Qty>,
    /// What all of it costs. Below zero where something is given back, such as the unused days of a plan.
    pub amount: Money,
}

/// A tax on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tax {
    /// Its name: VAT, sales tax.
    pub name: String,
    /// Its rate.
    pub percent: Pct,
    /// What it comes to, rounded by the law that asks for it.
    pub amount: Money,
}

/// An invoice or a credit note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceDocument {
    /// Which of the two.
    pub kind: InvoiceKind,
    /// Its number, for ever.
    pub number: String,
    /// Its date.
    pub issued: Timestamp,
    /// To be paid by then.
    pub due: Option<Timestamp>,
    /// When it was paid.
    pub paid: Option<Timestamp>,
    /// Who sends it.
    pub issuer: Issuer,
    /// Who gets it.
    pub customer: Customer,
    /// What was sold.
    pub lines: Vec<InvoiceLine>,
    /// Sum of the lines.
    pub subtotal: Money,
    /// What the customer's credit paid, zero or more; taken off before the tax.
    pub credit_used: Money,
    /// The tax, where there is one.
    pub tax: Option<Tax>,
    /// `subtotal - credit_used + tax`.
    pub total: Money,
    /// What is left to pay, between zero and the total.
    pub amount_due: Money,
    /// How it stands.
    pub state: InvoiceState,
    /// A sentence at its end.
    pub note: Option<String>,
}

impl InvoiceDocument {
    /// Holds its figures to one another.
    ///
    /// # Errors
    /// The first figure that is not what its parts give, or a list that is too long.
    pub fn check(&self) -> Result<(), DocumentError> {
        let count = self.lines.len();
        if count > LINES_MAX {
            return Err(DocumentError::TooMany { what: "an invoice", count, limit: LINES_MAX });
        }
        let what = |figure: &'static str| move || format!("{figure} of {}", self.number);
        let lines = sum(self.lines.iter().map(|line| line.amount))?;
        equal(what("the subtotal"), self.subtotal, lines)?;
        let tax = self.tax.as_ref().map_or(Money::ZERO, |tax| tax.amount);
        let total = sum([self.subtotal, self.credit_used.negated(), tax])?;
        equal(what("the total"), self.total, total)?;
        equal(what("the credit used"), self.credit_used, self.credit_used.or_zero())?;
        let most = match self.state {
            InvoiceState::Open | InvoiceState::PastDue => self.total.or_zero(),
            InvoiceState::Paid | InvoiceState::Void | InvoiceState::Refunded => Money::ZERO,
        };
        let due = self.amount_due.or_zero().min(most);
        equal(what("the amount due"), self.amount_due, due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice() -> InvoiceDocument {
        let line = |dollars| InvoiceLine {
            description: "Plan".into(),
            period: None,
            quantity: None,
            amount: Money::whole(dollars),
        };
        InvoiceDocument {
            kind: InvoiceKind::Invoice,
            number: "N-1".into(),
            issued: Timestamp::EPOCH,
            due: None,
            paid: None,
            issuer: Issuer::default(),
            customer: Customer::default(),
            lines: vec![line(99), line(-9)],
            subtotal: Money::whole(90),
            credit_used: Money::whole(40),
            tax: Some(Tax {
                name: "VAT".into(),
                percent: Pct::whole(20),
                amount: Money::whole(10),
            }),
            total: Money::whole(60),
            amount_due: Money::whole(60),
            state: InvoiceState::Open,
            note: None,
        }
    }

    #[test]
    fn an_invoice_that_adds_up_passes() {
        assert_eq!(invoice().check(), Ok(()));
        let partly = InvoiceDocument { amount_due: Money::whole(20), ..invoice() };
        assert_eq!(partly.check(), Ok(()));
    }

    #[test]
    fn each_wrong_figure_is_named_with_its_difference() {
        let wrong = [
            ("subtotal", InvoiceDocument { subtotal: Money::whole(91), ..invoice() }),
            ("total", InvoiceDocument { total: Money::whole(61), ..invoice() }),
            ("total", InvoiceDocument { tax: None, ..invoice() }),
            ("amount due", InvoiceDocument { amount_due: Money::whole(61), ..invoice() }),
            ("amount due", InvoiceDocument { amount_due: Money::whole(-1), ..invoice() }),
            ("amount due", InvoiceDocument { state: InvoiceState::Paid, ..invoice() }),
        ];
        for (figure, invoice) in wrong {
            let told = invoice.check().unwrap_err().to_string();
            assert!(told.contains(&format!("the {figure} of N-1")), "{told}");
        }
        let told = InvoiceDocument { total: Money::whole(61), ..invoice() }.check().unwrap_err();
        assert!(told.to_string().contains("61 is stated, its parts give 60, a difference of 1;"));
    }

    #[test]
    fn a_list_has_an_end() {
        let many = vec![invoice().lines[0].clone(); LINES_MAX + 1];
        let told = InvoiceDocument { lines: many, ..invoice() }.check();
        assert!(matches!(told, Err(DocumentError::TooMany { .. })));
    }
}
