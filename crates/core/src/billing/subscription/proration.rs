//! A change of tier within a term, by time: the difference of what a month is worth, for the time left of
//! the month that runs and for each month after it.

use super::draft::Draft;
use super::paid::Paid;
use super::request::Refused;
use super::step::{Demand, Step};
use super::{KEPT, Phase};
use crate::billing::invoice::{Item, Line, NoteReason, Period};
use crate::billing::plans::Plan;
use crate::words::fixed::Round;
use crate::words::money::Money;
use crate::words::tier::Tier;

impl Draft<'_> {
    pub(super) fn change(&mut self, wanted: Plan) -> Result<(), Refused> {
        if wanted.tier == Tier::Paper {
            return Err(Refused::Free);
        }
        let (phase, renews) = (self.state.phase, self.state.renews);
        match (phase, self.state.open) {
            (Phase::PastDue, Some(open)) => return Err(Refused::InvoiceOpen(open.invoice)),
            (Phase::Trial | Phase::Active, _) => {}
            _ => return Err(Refused::NotRunning),
        }
        let renews = renews.ok_or(Refused::Canceled)?;
        let (served, at) = (self.state.plan, self.context.now);
        let same = wanted.tier == served.tier && wanted == renews;
        match self.state.open {
            // An upgrade that was asked for and not paid makes room.
            Some(open) => self.push(Step::Voided { invoice: open.invoice, at })?,
            None if same => return Err(Refused::SamePlan),
            None => {}
        }
        if same {
            return Ok(());
        }
        if phase == Phase::Trial {
            let month = Money::ZERO;
            return self.push(Step::Changed { plan: wanted, renews: wanted, month, at });
        }
        if wanted.tier == served.tier {
            return self.push(Step::Renews { plan: wanted, at });
        }
        // The cycle of the term that runs stays as it was paid.
        self.change_tier(Plan { tier: wanted.tier, ..served }, wanted)
    }

    fn change_tier(&mut self, plan: Plan, renews: Plan) -> Result<(), Refused> {
        let at = self.context.now;
        let month = self.context.plans.month(self.context.tiers, plan);
        let more = month.checked_sub(self.state.month).ok_or(Refused::Range)?;
        let rest = self.state.term.map(|term| term.rest(at)).ok_or(Refused::Range)?;
        let worth = rest.worth(more.abs()).ok_or(Refused::Range)?;
        if more.is_positive() {
            let charge = worth[0].checked_add(worth[1]).ok_or(Refused::Range)?;
            let charge = charge.to_cents(Round::Down);
            if charge.is_positive() {
                return self.ask_difference(plan, renews, charge);
            }
        } else {
            self.give_difference(plan, worth)?;
        }
        self.push(Step::Changed { plan, renews, month, at })
    }

    fn ask_difference(&mut self, plan: Plan, renews: Plan, amount: Money) -> Result<(), Refused> {
        let full = self.state.paid.iter().filter(|paid| paid.deferred.is_positive()).count();
        if full >= KEPT {
            return Err(Refused::TooManyChanges);
        }
        let from = self.state.plan;
        let until = self.state.until().ok_or(Refused::Range)?;
        let period = Some(Period { from: self.context.now, until });
        let line = Line { item: Item::Upgrade { from, to: plan }, period, amount };
        self.demand(plan, line, Demand::Upgrade { plan, renews })
    }

    /// What the rest of the term is worth less becomes credit: of the newest invoices first, out of what the
    /// months after this one deferred and what this one earned. Never more than was paid for this term.
    fn give_difference(&mut self, to: Plan, worth: [Money; 2]) -> Result<(), Refused> {
        let [mut running, mut later] = worth.map(|part| part.to_cents(Round::Up));
        let from = self.state.plan;
        let until = self.state.until().ok_or(Refused::Range)?;
        let all: Vec<Paid> = self.state.paid.iter().rev().copied().collect();
        for paid in all.into_iter().filter(|paid| paid.until == until) {
            let from_deferred = later.min(paid.deferred);
            let from_earned = running.min(paid.earned()).or_zero();
            later = later.saturating_sub(from_deferred);
            running = running.saturating_sub(from_earned);
            let net = from_deferred.checked_add(from_earned).ok_or(Refused::Range)?;
            if net.is_positive() {
                let note = (paid.invoice, net, paid.tax_of(net));
                self.credit(note, NoteReason::Downgrade { from, to }, from_deferred, false)?;
            }
        }
        Ok(())
    }
}
