//! Steps in the making: each is applied to a copy at once, so that the next one sees what it did.

use super::request::Refused;
use super::step::{Demand, Step};
use super::term::Term;
use super::{Context, Subscription};
use crate::billing::invoice::{
    CreditNote, Invoice, InvoiceNo, Item, Line, NoteNo, NoteReason, Period,
};
use crate::billing::plans::Plan;
use crate::words::fixed::Round;
use crate::words::money::Money;
use crate::words::time::Timestamp;

/// Steps that follow one another, and the subscription as each left it.
pub(super) struct Draft<'a> {
    pub state: Subscription,
    pub steps: Vec<Step>,
    pub context: Context<'a>,
}

impl<'a> Draft<'a> {
    pub(super) fn of(subscription: &Subscription, context: &Context<'a>) -> Self {
        Self { state: subscription.clone(), steps: Vec::new(), context: *context }
    }

    /// Lets a step happen here.
    pub(super) fn push(&mut self, step: Step) -> Result<(), Refused> {
        self.state.apply(&step).ok_or(Refused::Range)?;
        self.context.invoices = step.issued().map_or(self.context.invoices, |no| no.count);
        self.context.notes = step.noted().map_or(self.context.notes, |no| no.count);
        self.steps.push(step);
        Ok(())
    }

    /// Issues the invoice over a whole term of a plan.
    pub(super) fn subscribe(
        &mut self,
        plan: Plan,
        period: Option<Period>,
        demand: Demand,
    ) -> Result<(), Refused> {
        let amount = self.context.plans.price(self.context.tiers, plan);
        self.demand(plan, Line { item: Item::Subscription { plan }, period, amount }, demand)
    }

    /// Issues an invoice over one line.
    pub(super) fn demand(&mut self, plan: Plan, line: Line, demand: Demand) -> Result<(), Refused> {
        let Context { now, plans, tiers, partition, invoices, .. } = self.context;
        let count = invoices.checked_add(1).ok_or(Refused::Range)?;
        let number = InvoiceNo { partition, count };
        let invoice = Invoice::of(number, now, line, self.state.credit, plans);
        self.push(Step::Invoiced { invoice, demand, month: plans.month(tiers, plan) })
    }

    /// Issues a credit note.
    pub(super) fn credit(
        &mut self,
        note: (InvoiceNo, Money, Money),
        reason: NoteReason,
        from_deferred: Money,
        paid_out: bool,
    ) -> Result<(), Refused> {
        let Context { now, partition, notes, .. } = self.context;
        let count = notes.checked_add(1).ok_or(Refused::Range)?;
        let number = NoteNo { partition, count };
        let (invoice, net, tax) = note;
        let note = CreditNote { number, invoice, issued: now, reason, net, tax };
        let from_earned = net.checked_sub(from_deferred).ok_or(Refused::Range)?;
        self.push(Step::Credited { note, from_deferred, from_earned, paid_out })
    }

    /// The open invoice takes what the client has with the house.
    pub(super) fn settle(&mut self) -> Result<(), Refused> {
        let now = self.context.now;
        let open = self.state.open.ok_or(Refused::Range)?;
        let whole = |term: Term| {
            let (begun, months) = (i64::from(term.begun(now).max(1)), i64::from(term.months()));
            (term, open.net.share(begun, months, Round::Down))
        };
        let (term, earned) = match open.demand {
            Demand::Start { plan } => whole(Term::starting(now, plan.cycle.months())),
            Demand::Renewal { term, .. } => whole(term),
            Demand::Upgrade { .. } => {
                let term = self.state.term.ok_or(Refused::Range)?;
                let rest = term.rest(now);
                let after = i64::from(rest.months).saturating_mul(rest.month);
                (term, open.net.share(rest.left, rest.left.saturating_add(after), Round::Down))
            }
        };
        let earned = earned.ok_or(Refused::Range)?.to_cents(Round::Down);
        let deferred = open.net.checked_sub(earned).ok_or(Refused::Range)?;
        let (invoice, tax) = (open.invoice, open.tax);
        self.push(Step::Settled { invoice, term, earned, deferred, tax, at: now })
    }

    /// Service is over; what is still deferred is earned.
    pub(super) fn end(&mut self, at: Timestamp) -> Result<(), Refused> {
        self.push(Step::Ended { parts: self.state.parts(1), at })
    }
}
