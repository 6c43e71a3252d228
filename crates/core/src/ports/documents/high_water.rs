//! The high-water mark of a fee account over a period, step by step, so that anyone can recompute each fee.
//! Held here: marks follow from one another, and no fee is above what its rate gives on profit above the mark.

use super::section::FeeKind;
use super::{DocumentError, Period, equal, sum};
use crate::words::fixed::Round;
use crate::words::money::{Money, Pct};
use crate::words::time::Timestamp;

/// The mark of one account or sleeve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HighWater {
    /// The mark when the period began.
    pub opening: Money,
    /// What moved it, in order.
    pub steps: Vec<Step>,
    /// What the fees would be if they fell due at the end of the period. Shown, not booked.
    pub accrued: Money,
}

/// Why the mark moved, or why a fee fell due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Money came in: mark and equity rise by it.
    Deposit,
    /// Money went out: the mark shrinks with the share of equity that left, and the fee on the profit in that
    /// share falls due, out of what was paid.
    Withdrawal,
    /// The fee on profit above the mark fell due, and the mark rose.
    Crystallization,
    /// A fee was given back and the mark restored. Its fees are below zero.
    Refund,
    /// Copying began again within the time in which earlier losses still count.
    Resumption,
    /// A flow on a day with other flows. They are taken together, so that its fee is that of the day's net flow
    /// less what the others had paid: below zero where it undoes one of them.
    Netted,
}

/// One step of the mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Equity before it.
    pub equity: Money,
    /// Money that came in (above zero) or left equity, fee included (below zero); zero otherwise.
    pub flow: Money,
    /// The mark before it.
    pub mark: Money,
    /// The profit that the fees are on: above the mark, and of a withdrawal only the share that left.
    pub gain: Money,
    /// The fees on it.
    pub fees: Vec<StepFee>,
    /// The mark after it.
    pub mark_after: Money,
}

/// A fee of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepFee {
    /// Whose.
    pub kind: FeeKind,
    /// Its rate.
    pub rate: Pct,
    /// What it came to, rounded for the customer.
    pub amount: Money,
    /// How it was paid.
    pub settled: Settled,
}

/// How a fee was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Out of the account.
    FromAccount,
    /// Outside, by an invoice: equity stays as it is.
    ByInvoice,
}

impl Step {
    /// All fees of the step.
    #[must_use]
    pub fn fee(&self) -> Money {
        self.fees.iter().fold(Money::ZERO, |all, fee| all.saturating_add(fee.amount))
    }

    /// Equity after it. The fee of a withdrawal is within what left.
    #[must_use]
    pub fn equity_after(&self) -> Money {
        let moved = self.equity.saturating_add(self.flow);
        match self.cause {
            Cause::Crystallization | Cause::Refund => {
                let taken = self.fees.iter().filter(|fee| fee.settled == Settled::FromAccount);
                taken.fold(moved, |equity, fee| equity.saturating_sub(fee.amount))
            }
            // What a deposit gives back goes into the account; what a withdrawal pays is within what left.
            Cause::Netted if self.flow.is_positive() => moved.saturating_sub(self.fee()),
            Cause::Deposit | Cause::Withdrawal | Cause::Resumption | Cause::Netted => moved,
        }
    }

    /// A deposit raises the mark by itself. No profit above the mark, no fee; and no fee above its rate.
    ///
    /// # Errors
    /// The first figure that is not what the others give.
    pub fn check(&self) -> Result<(), DocumentError> {
        if self.cause == Cause::Deposit {
            let raised = sum([self.mark, self.flow])?;
            equal(|| format!("the mark after {}", self.at), self.mark_after, raised)?;
        }
        let above = self.equity.checked_sub(self.mark).ok_or(DocumentError::OutOfRange)?.or_zero();
        let gain = self.gain.or_zero().min(above);
        equal(|| format!("the profit of {} above the mark", self.at), self.gain, gain)?;
        for fee in &self.fees {
            let most = self.gain.percent(fee.rate, Round::Down).ok_or(DocumentError::OutOfRange)?;
            let told = || format!("the {} of {}", fee.kind.title(), self.at);
            equal(told, fee.amount, fee.amount.or_zero().min(most))?;
        }
        Ok(())
    }
}

impl HighWater {
    /// The mark when the period ended.
    #[must_use]
    pub fn closing(&self) -> Money {
        self.steps.last().map_or(self.opening, |step| step.mark_after)
    }

    /// Holds the steps to one another and the fees to their rates.
    pub(super) fn check(&self, period: Period) -> Result<(), DocumentError> {
        let mut mark = self.opening;
        let mut last = period.from;
        for step in &self.steps {
            if !period.holds(step.at) || step.at < last {
                let what = "a step of the high-water mark";
                return Err(DocumentError::Outside { what, at: step.at });
            }
            equal(|| format!("the mark before {}", step.at), step.mark, mark)?;
            if !matches!(step.cause, Cause::Refund | Cause::Netted) {
                step.check()?;
            }
            (mark, last) = (step.mark_after, step.at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Period = Period { from: Timestamp(0), to: Timestamp(100) };

    fn crystallized(fee_cents: i64) -> HighWater {
        let fee = StepFee {
            kind: FeeKind::Performance,
            rate: Pct::whole(10),
            amount: Money::from_raw(Money::CENT.raw() * fee_cents),
            settled: Settled::FromAccount,
        };
        let step = Step {
            at: Timestamp(50),
            cause: Cause::Crystallization,
            equity: Money::whole(1_200),
            flow: Money::ZERO,
            mark: Money::whole(1_000),
            gain: Money::whole(200),
            fees: vec![fee],
            mark_after: Money::whole(1_180),
        };
        HighWater { opening: Money::whole(1_000), steps: vec![step], accrued: Money::ZERO }
    }

    #[test]
    fn a_fee_is_never_above_its_rate_nor_below_nothing() {
        assert_eq!(crystallized(2_000).check(PERIOD), Ok(()));
        assert_eq!(crystallized(1_999).check(PERIOD), Ok(()));
        assert_eq!(crystallized(2_000).steps[0].equity_after(), Money::whole(1_180));
        for cents in [2_001, -1] {
            let told = crystallized(cents).check(PERIOD).unwrap_err().to_string();
            assert!(told.starts_with("the performance fee of 1970-01-01T00:00:00.000050Z"));
        }
    }

    #[test]
    fn there_is_no_profit_below_the_mark() {
        let mut below = crystallized(0);
        below.opening = Money::whole(1_100);
        below.steps[0].mark = Money::whole(1_100);
        assert!(below.check(PERIOD).unwrap_err().to_string().contains("200 is stated"));
        below.steps[0].gain = Money::whole(100);
        assert_eq!(below.check(PERIOD), Ok(()));
    }

    #[test]
    fn marks_follow_from_one_another() {
        let mut jumped = crystallized(2_000);
        jumped.opening = Money::whole(999);
        assert!(jumped.check(PERIOD).unwrap_err().to_string().starts_with("the mark before"));
        let mut deposit = crystallized(0);
        deposit.steps[0] = Step {
            cause: Cause::Deposit,
            flow: Money::whole(5),
            gain: Money::ZERO,
            fees: Vec::new(),
            mark_after: Money::whole(1_004),
            ..deposit.steps[0].clone()
        };
        assert!(deposit.check(PERIOD).unwrap_err().to_string().starts_with("the mark after"));
        let mut late = crystallized(0);
        late.steps[0].at = Timestamp(101);
        assert!(matches!(late.check(PERIOD), Err(DocumentError::Outside { .. })));
    }

    #[test]
    fn an_invoiced_fee_leaves_equity_alone() {
        let mut invoiced = crystallized(2_000);
        invoiced.steps[0].fees[0].settled = Settled::ByInvoice;
        assert_eq!(invoiced.steps[0].equity_after(), Money::whole(1_200));
    }
}
