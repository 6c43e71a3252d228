//! One user's subscription: what is served, what is owed, what was paid. `due` and `decide` say what happens
//! as [`step::Step`]s, `apply` lets it have happened; only the steps are journalled, so a replay decides nothing.
//! A subscription that lapsed says so and no more: exits are never its matter.

mod draft;
mod due;
pub mod paid;
pub mod payout;
mod proration;
pub mod request;
pub mod step;
pub mod term;

use super::invoice::InvoiceNo;
use super::plans::{Cycle, Plan};
use crate::words::id::PartitionId;
use crate::words::money::Money;
use crate::words::tier::{Tier, TierTable};
use crate::words::time::Timestamp;
use minicbor::{Decode, Encode};
use paid::Paid;
use payout::Payout;
use serde::Serialize;
use step::{Demand, Part, Step};
use term::Term;

/// Paid invoices and references of payments that are remembered; older ones are past being refunded or repeated.
const KEPT: usize = 16;
/// Payouts that may wait at once.
const PAYOUTS_MAX: usize = 16;

/// How a subscription stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Phase {
    /// There never was one.
    #[default]
    #[n(0)]
    Never,
    /// Served for free until a day.
    #[n(1)]
    Trial,
    /// The first invoice waits; nothing is served yet.
    #[n(2)]
    Waiting,
    /// Served and paid.
    #[n(3)]
    Active,
    /// Served while the invoice of the term waits.
    #[n(4)]
    PastDue,
    /// Not paid in time; nothing is served.
    #[n(5)]
    Lapsed,
    /// Ended as asked; nothing is served.
    #[n(6)]
    Ended,
}

/// The invoice that waits. There is never more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Open {
    /// Which.
    #[n(0)]
    pub invoice: InvoiceNo,
    /// What it leads to.
    #[n(1)]
    pub demand: Demand,
    /// Before tax.
    #[n(2)]
    pub net: Money,
    /// Tax on it.
    #[n(3)]
    pub tax: Money,
    /// When it was to be paid.
    #[n(4)]
    pub due: Timestamp,
    /// How often its owner was reminded.
    #[n(5)]
    pub reminders: u8,
    /// How often a payment failed.
    #[n(6)]
    pub failures: u8,
    /// What a month of its plan is worth.
    #[n(7)]
    pub month: Money,
}

/// One user's subscription.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
pub struct Subscription {
    #[n(0)]
    phase: Phase,
    /// What is or was served, or will be once the first invoice is paid.
    #[n(1)]
    plan: Plan,
    /// The plan of the next term; `None` ends service with this one.
    #[n(2)]
    renews: Option<Plan>,
    #[n(3)]
    trial_until: Option<Timestamp>,
    /// The last term that was paid or asked for.
    #[n(4)]
    term: Option<Term>,
    /// How many of its months are dealt with.
    #[n(5)]
    begun: u8,
    /// What a month of the plan is worth before tax, as it was bought; zero while nothing is paid.
    #[n(6)]
    month: Money,
    #[n(7)]
    credit: Money,
    #[n(8)]
    open: Option<Open>,
    #[n(9)]
    paid: Vec<Paid>,
    #[n(10)]
    references: Vec<String>,
    #[n(11)]
    #[cbor(default)]
    payouts: Vec<Payout>,
    /// How many payouts there have been.
    #[n(12)]
    #[cbor(default)]
    promised: u16,
}

/// What deciding needs to know besides the subscription.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The time.
    pub now: Timestamp,
    /// The numbers of billing.
    pub plans: &'a super::plans::Plans,
    /// The prices.
    pub tiers: &'a TierTable,
    /// Whose series of invoices and notes.
    pub partition: PartitionId,
    /// Invoices that the partition has issued.
    pub invoices: u32,
    /// Credit notes that the partition has issued.
    pub notes: u32,
}

impl Default for Subscription {
    fn default() -> Self {
        Self::new()
    }
}

impl Subscription {
    /// That of a user who never had one: PAPER.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            phase: Phase::Never,
            plan: Plan { tier: Tier::Paper, cycle: Cycle::Monthly },
            renews: None,
            trial_until: None,
            term: None,
            begun: 0,
            month: Money::ZERO,
            credit: Money::ZERO,
            open: None,
            paid: Vec::new(),
            references: Vec::new(),
            payouts: Vec::new(),
            promised: 0,
        }
    }
    /// How it stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }
    /// What is or was served, or will be once the first invoice is paid.
    #[must_use]
    pub const fn plan(&self) -> Plan {
        self.plan
    }
    /// The tier that is served now; `None` where none is.
    #[must_use]
    pub const fn serves(&self) -> Option<Tier> {
        match self.phase {
            Phase::Trial | Phase::Active | Phase::PastDue => Some(self.plan.tier),
            Phase::Never | Phase::Waiting | Phase::Lapsed | Phase::Ended => None,
        }
    }
    /// The plan of the next term; `None` when service ends with this one.
    #[must_use]
    pub const fn renews(&self) -> Option<Plan> {
        self.renews
    }
    /// When the trial or the term that is served ends.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Trial => self.trial_until,
            Phase::Active | Phase::PastDue => self.term.map(|term| term.until()),
            Phase::Never | Phase::Waiting | Phase::Lapsed | Phase::Ended => None,
        }
    }
    /// Was the one free trial used?
    #[must_use]
    pub const fn trialed(&self) -> bool {
        self.trial_until.is_some()
    }
    /// What a month of service is worth before tax: this subscription's part of the monthly recurring revenue.
    /// Zero in a trial, while nothing was paid yet, and when nothing is served.
    #[must_use]
    pub const fn month(&self) -> Money {
        match self.serves() {
            Some(_) => self.month,
            None => Money::ZERO,
        }
    }
    /// Owed to the client; it pays for the next invoices.
    #[must_use]
    pub const fn credit(&self) -> Money {
        self.credit
    }
    /// The invoice that waits.
    #[must_use]
    pub const fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }
    /// What the open invoice still lacks; `None` without one.
    #[must_use]
    pub fn to_pay(&self) -> Option<Money> {
        self.open.map(|open| open.total().saturating_sub(self.credit).or_zero())
    }
    /// The last invoices that were paid, oldest first.
    #[must_use]
    pub fn paid(&self) -> &[Paid] {
        &self.paid
    }
    /// Cash that waits to be paid back, oldest first.
    #[must_use]
    pub fn payouts(&self) -> &[Payout] {
        &self.payouts
    }
    /// Does it wait for money to come, or to go back?
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.open.is_some() || !self.payouts.is_empty()
    }
    /// Was a payment of this name counted? Of the last ones only.
    #[must_use]
    pub fn knows(&self, reference: &str) -> bool {
        self.references.iter().any(|known| known == reference)
    }
    /// Names of the last payments that were counted, oldest first.
    #[must_use]
    pub fn references(&self) -> &[String] {
        &self.references
    }
    /// Is this invoice the one that waits, or among the last ones that were paid?
    #[must_use]
    pub fn has(&self, invoice: InvoiceNo) -> bool {
        let waits = self.open.is_some_and(|open| open.invoice == invoice);
        waits || self.paid.iter().any(|paid| paid.invoice == invoice)
    }
    /// Paid for months that have not begun.
    #[must_use]
    pub fn deferred(&self) -> Money {
        self.paid.iter().map(|paid| paid.deferred).fold(Money::ZERO, Money::saturating_add)
    }

    /// Lets a step have happened. `None`, and the state is of no use, where the step does not fit: a bug or
    /// a forged journal.
    #[must_use]
    pub fn apply(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::TrialBegan { plan, until, .. } => {
                self.serve(Phase::Trial, *plan, Some(*plan));
                self.trial_until = Some(*until);
                self.month = Money::ZERO;
            }
            Step::Invoiced { invoice, demand, month } => {
                let (net, tax) = (invoice.subtotal, invoice.tax);
                let (invoice, due) = (invoice.number, invoice.due);
                let (demand, month) = (*demand, *month);
                let open =
                    Open { invoice, demand, net, tax, due, reminders: 0, failures: 0, month };
                self.demand(open);
            }
            Step::Received { amount, reference, .. } => {
                self.credit = self.credit.checked_add(*amount)?;
                if self.references.len() >= KEPT {
                    self.references.remove(0);
                }
                self.references.push(reference.clone());
            }
            Step::Settled { .. } => self.settle(step)?,
            Step::Earned { month, parts, .. } => {
                self.earn(parts)?;
                self.begun = month.checked_add(1)?;
            }
            Step::Reminded { invoice, count, .. } => self.waiting(*invoice)?.reminders = *count,
            Step::Failed { invoice, .. } => {
                let open = self.waiting(*invoice)?;
                open.failures = open.failures.saturating_add(1);
            }
            Step::Lapsed { invoice, .. } => {
                self.waiting(*invoice)?;
                self.open = None;
                self.serve(Phase::Lapsed, self.plan, None);
            }
            Step::Canceled { .. } => self.renews = None,
            Step::Reactivated { plan, .. } | Step::Renews { plan, .. } => self.renews = Some(*plan),
            Step::Ended { parts, .. } => {
                self.earn(parts)?;
                self.serve(Phase::Ended, self.plan, None);
            }
            Step::Changed { plan, renews, month, .. } => {
                self.serve(self.phase, *plan, Some(*renews));
                self.month = *month;
            }
            Step::Credited { note, from_deferred, paid_out, .. } => {
                self.paid_mut(note.invoice)?.give_back(note.net, note.tax, *from_deferred)?;
                if *paid_out {
                    self.promise(Some(note.invoice), note.total(), note.issued)?;
                } else {
                    self.credit = self.credit.checked_add(note.total())?;
                }
            }
            Step::Voided { invoice, .. } => {
                self.waiting(*invoice)?;
                self.open = None;
            }
            Step::PaidOut { amount, at, .. } => {
                self.spend(*amount)?;
                self.promise(None, *amount, *at)?;
            }
            Step::PaidBack { payout, .. } => {
                let at = self.payouts.iter().position(|waits| waits.number == *payout)?;
                self.payouts.remove(at);
            }
        }
        Some(())
    }

    const fn serve(&mut self, phase: Phase, plan: Plan, renews: Option<Plan>) {
        self.phase = phase;
        self.plan = plan;
        self.renews = renews;
    }

    fn demand(&mut self, open: Open) {
        match open.demand {
            Demand::Start { plan } => self.serve(Phase::Waiting, plan, Some(plan)),
            Demand::Renewal { plan, term } => {
                self.serve(Phase::PastDue, plan, Some(plan));
                self.term = Some(term);
                self.begun = 0;
            }
            Demand::Upgrade { .. } => {}
        }
        self.open = Some(open);
    }

    fn settle(&mut self, step: &Step) -> Option<()> {
        let Step::Settled { invoice, term, earned, deferred, tax, at } = step else {
            return None;
        };
        let Open { demand, month, .. } = *self.waiting(*invoice)?;
        let net = earned.checked_add(*deferred)?;
        self.spend(net.checked_add(*tax)?)?;
        match demand {
            Demand::Start { plan } | Demand::Renewal { plan, .. } => {
                self.serve(Phase::Active, plan, self.renews);
            }
            Demand::Upgrade { plan, renews } => self.serve(Phase::Active, plan, Some(renews)),
        }
        self.open = None;
        self.month = month;
        self.term = Some(*term);
        self.begun = term.begun(*at);
        if self.paid.len() >= KEPT {
            let past = self.paid.iter().position(|paid| paid.deferred.is_zero())?;
            self.paid.remove(past);
        }
        self.paid.push(Paid {
            invoice: *invoice,
            net,
            tax: *tax,
            deferred: *deferred,
            net_back: Money::ZERO,
            tax_back: Money::ZERO,
            until: term.until(),
        });
        Some(())
    }

    fn earn(&mut self, parts: &[Part]) -> Option<()> {
        parts.iter().try_for_each(|part| self.paid_mut(part.invoice)?.earn(part.amount))
    }

    fn promise(&mut self, of: Option<InvoiceNo>, amount: Money, at: Timestamp) -> Option<()> {
        self.promised = self.promised.checked_add(1)?;
        self.payouts.push(Payout { number: self.promised, invoice: of, amount, at });
        Some(())
    }

    /// Takes of what is owed to the client; never more than that.
    fn spend(&mut self, amount: Money) -> Option<()> {
        self.credit = self.credit.checked_sub(amount).filter(|left| !left.is_negative())?;
        Some(())
    }

    fn waiting(&mut self, invoice: InvoiceNo) -> Option<&mut Open> {
        self.open.as_mut().filter(|open| open.invoice == invoice)
    }

    fn paid_mut(&mut self, invoice: InvoiceNo) -> Option<&mut Paid> {
        self.paid.iter_mut().find(|paid| paid.invoice == invoice)
    }
}

impl Open {
    /// Net and tax.
    #[must_use]
    pub const fn total(&self) -> Money {
        self.net.saturating_add(self.tax)
    }
}
