//! A statement: the sections of one owner over a period, held to the identity
//! opening equity + flows + realized + change of unrealized + income - fees = closing equity, to the last digit.

use super::section::{Charge, Flow, FlowKind, Section, Sums};
use super::{Customer, DocumentError, Issuer, Period, equal};
use crate::words::id::AccountId;
use crate::words::money::Money;
use crate::words::tier::Tier;
use crate::words::time::Timestamp;
use std::collections::BTreeSet;

/// Most sections: the account and its sleeves.
pub const SECTIONS_MAX: usize = 256;

/// What a statement is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who sends it.
    pub issuer: Issuer,
    /// Whose money it is.
    pub customer: Customer,
    /// The account.
    pub account: AccountId,
    /// The plan at the end of the period.
    pub tier: Tier,
    /// Which time it is about.
    pub period: Period,
    /// The account, then its sleeves; or one of them alone. Where there are several, transfers between them
    /// have to cancel.
    pub sections: Vec<Section>,
    /// What was paid outside the account: subscriptions. Fees on profit that were invoiced stand in the steps
    /// of the high-water mark and not here.
    pub outside: Vec<Charge>,
    /// A sentence at its end.
    pub note: Option<String>,
}

/// One day of all sections together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The instant at which it was marked.
    pub at: Timestamp,
    /// Money that came less money that went since the day before.
    pub flow: Money,
    /// Equity at its end.
    pub equity: Money,
}

/// A statement whose figures add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    facts: Facts,
    sums: Vec<Sums>,
    total: Sums,
    days: Vec<Day>,
}

impl Statement {
    /// Puts the lists in order of time and holds every figure to its parts.
    ///
    /// # Errors
    /// The first figure that is not what its parts give, with the difference; a line outside the period; a
    /// list that is too long.
    pub fn new(mut facts: Facts) -> Result<Self, DocumentError> {
        let (count, limit) = (facts.sections.len(), SECTIONS_MAX);
        if count > limit {
            return Err(DocumentError::TooMany { what: "sections", count, limit });
        }
        facts.outside.sort_by_key(|charge| charge.at);
        if let Some(charge) = facts.outside.iter().find(|charge| !facts.period.holds(charge.at)) {
            return Err(DocumentError::Outside { what: "a charge", at: charge.at });
        }
        let period = facts.period;
        let settled = facts.sections.iter_mut().map(|section| section.settle(period));
        let sums = settled.collect::<Result<Vec<Sums>, DocumentError>>()?;
        let total = sums.iter().try_fold(Sums::default(), |all, sums| all.with(sums))?;
        if sums.len() > 1 {
            let what = || "transfers between the sections".to_owned();
            equal(what, total.transfers, Money::ZERO)?;
        }
        let days = days(&facts)?;
        Ok(Self { facts, sums, total, days })
    }

    /// What it is made of, lists in order of time.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The sections with what they add up to.
    pub fn sections(&self) -> impl ExactSizeIterator<Item = (&Section, &Sums)> {
        self.facts.sections.iter().zip(&self.sums)
    }

    /// What all sections add up to.
    #[must_use]
    pub const fn total(&self) -> &Sums {
        &self.total
    }

    /// All sections together, day by day. The last day's equity is the closing equity.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// Flows from and to outside of all that the statement is about, in order of time.
    #[must_use]
    pub fn flows(&self) -> Vec<&Flow> {
        external(&self.facts)
    }
}

/// With several sections a transfer stays within; with one it comes from outside or goes there.
fn external(facts: &Facts) -> Vec<&Flow> {
    let whole = facts.sections.len() > 1;
    let flows = facts.sections.iter().flat_map(|section| &section.flows);
    let mut flows: Vec<&Flow> =
        flows.filter(|flow| !whole || flow.kind != FlowKind::Transfer).collect();
    flows.sort_by_key(|flow| flow.at);
    flows
}

/// Sums of equity at every instant at which any section was marked, with the flows since the last one.
fn days(facts: &Facts) -> Result<Vec<Day>, DocumentError> {
    let points = facts.sections.iter().flat_map(|section| &section.points);
    let instants: BTreeSet<Timestamp> = points.map(|point| point.at).collect();
    let mut days: Vec<Day> =
        instants.into_iter().map(|at| Day { at, flow: Money::ZERO, equity: Money::ZERO }).collect();
    let out_of_range = || DocumentError::OutOfRange;
    for section in &facts.sections {
        let mut points = section.points.iter().peekable();
        let mut equity = section.opening.equity()?;
        for day in &mut days {
            while let Some(point) = points.next_if(|point| point.at <= day.at) {
                equity = point.equity;
            }
            day.equity = day.equity.checked_add(equity).ok_or_else(out_of_range)?;
        }
    }
    let Some(last) = days.len().checked_sub(1) else {
        return Ok(days);
    };
    for flow in external(facts) {
        let index = days.partition_point(|day| day.at < flow.at).min(last);
        let day = &mut days[index];
        day.flow = day.flow.checked_add(flow.amount).ok_or_else(out_of_range)?;
    }
    Ok(days)
}

#[cfg(test)]
mod tests;
