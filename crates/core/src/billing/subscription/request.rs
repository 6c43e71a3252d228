//! What is asked of a subscription by its owner, by the payment service and by the house, and what happens then.

use super::draft::Draft;
use super::step::{Demand, Step};
use super::{Context, Open, Phase, Subscription};
use crate::billing::invoice::{InvoiceNo, NoteReason};
use crate::billing::plans::Plan;
use crate::words::fixed::Round;
use crate::words::money::Money;
use crate::words::tier::Tier;

/// The longest text that comes with a request, in bytes.
const TEXT_MAX: usize = 200;
/// The largest payment that is believed, dollars.
const PAYMENT_MAX: Money = Money::whole(100_000_000);

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Begin: with the free trial where it was not used yet, else as soon as the first invoice is paid.
    Subscribe(Plan),
    /// Another tier for the rest of the term (a higher one once its difference is paid, a lower one at once),
    /// another cycle from the next term on.
    Change(Plan),
    /// No further term.
    Cancel,
    /// Take a cancellation back, or begin again with the last plan.
    Reactivate,
    /// Money came in.
    Pay {
        /// For which invoice.
        invoice: InvoiceNo,
        /// How much, whole cents.
        amount: Money,
        /// The payment's own name: the same one twice is one payment.
        reference: String,
    },
    /// A payment was tried and failed.
    Fail {
        /// Of which invoice.
        invoice: InvoiceNo,
        /// Why.
        reason: String,
    },
    /// Promise money of a paid invoice back in cash.
    Refund {
        /// Of which.
        invoice: InvoiceNo,
        /// How much, tax included, whole cents.
        amount: Money,
        /// Why.
        why: String,
        /// End service now?
        ends: bool,
    },
    /// Withdraw the open invoice. Where it is a term's, service is over.
    Void(InvoiceNo),
    /// Promise to pay out in cash what is owed to the client.
    PayOut {
        /// How much, whole cents.
        amount: Money,
        /// Why.
        why: String,
    },
    /// Cash that was promised went back.
    PaidBack {
        /// Number of the payout.
        payout: u16,
        /// By which payment.
        reference: String,
    },
}

impl Request {
    /// A payment that failed for a reason in somebody else's words, of whatever length.
    #[must_use]
    pub fn failed(invoice: InvoiceNo, why: &str) -> Self {
        Self::Fail { invoice, reason: told(why) }
    }
}

/// Somebody else's words, as long as reasons and references may be.
#[must_use]
pub fn told(text: &str) -> String {
    let end = (0..=text.len().min(TEXT_MAX)).rev().find(|&at| text.is_char_boundary(at));
    match &text[..end.unwrap_or(0)] {
        "" => "no reason was told".to_owned(),
        text => text.to_owned(),
    }
}

/// Why a request changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// PAPER has no price.
    #[error("PAPER is free and needs no subscription; cancel the one that runs to return to it")]
    Free,
    /// One runs.
    #[error("a subscription runs already; change it instead")]
    Running,
    /// None runs.
    #[error("no subscription runs; subscribe first")]
    NotRunning,
    /// It is that plan already.
    #[error("this is the plan already")]
    SamePlan,
    /// It was canceled.
    #[error("the subscription was canceled; reactivate it first")]
    Canceled,
    /// It was not canceled.
    #[error("the subscription was not canceled; there is nothing to reactivate")]
    NotCanceled,
    /// An invoice waits.
    #[error("invoice {0} is open; pay it first, or have it withdrawn")]
    InvoiceOpen(InvoiceNo),
    /// It does not wait.
    #[error("invoice {0} is not open")]
    NotOpen(InvoiceNo),
    /// It is none of the last paid invoices of this subscription.
    #[error("invoice {0} is not among the last paid ones of this subscription")]
    NotPaid(InvoiceNo),
    /// More than there is to give back.
    #[error("at most ${left} can be given back")]
    TooMuch {
        /// What can be.
        left: Money,
    },
    /// Much is on its way back already.
    #[error("{} payouts wait; see to them first", super::PAYOUTS_MAX)]
    PayoutsWait,
    /// There never was such a payout.
    #[error("there is no payout {0}")]
    NoPayout(u16),
    /// Not an amount.
    #[error("an amount must be whole cents above zero and at most $100000000")]
    Amount,
    /// Not a text.
    #[error("reasons and references must be 1 to 200 bytes long")]
    Text,
    /// The term has seen many changes.
    #[error("too many changes in one term; wait for the next one")]
    TooManyChanges,
    /// A sum would be beyond what can be held.
    #[error("an amount is out of range; someone of the house must look at this subscription")]
    Range,
}

impl Subscription {
    /// What happens when `request` comes in: first what time brought, then what was asked, then what that leads
    /// to. To be applied one after the other. A payment that came before, and a failure that comes late, are
    /// nothing more than what time brought.
    ///
    /// # Errors
    /// [`Refused`], and nothing happened.
    pub fn decide(&self, request: &Request, context: &Context<'_>) -> Result<Vec<Step>, Refused> {
        let mut draft = Draft::of(self, context);
        draft.catch_up()?;
        draft.ask(request)?;
        draft.catch_up()?;
        Ok(draft.steps)
    }
}

impl Draft<'_> {
    fn ask(&mut self, request: &Request) -> Result<(), Refused> {
        match request {
            Request::Subscribe(plan) => self.begin(*plan),
            Request::Change(plan) => self.change(*plan),
            Request::Cancel => self.cancel(),
            Request::Reactivate => self.reactivate(),
            Request::Pay { invoice, amount, reference } => self.pay(*invoice, *amount, reference),
            Request::Fail { invoice, reason } => self.fail(*invoice, reason),
            Request::Refund { .. } => self.refund(request),
            Request::Void(invoice) => self.void(*invoice),
            Request::PayOut { amount, why } => self.pay_out(*amount, why),
            Request::PaidBack { payout, reference } => self.pay_back(*payout, reference),
        }
    }

    fn begin(&mut self, plan: Plan) -> Result<(), Refused> {
        if plan.tier == Tier::Paper {
            return Err(Refused::Free);
        }
        let at = self.context.now;
        match (self.state.phase, self.state.open) {
            (Phase::Trial | Phase::Active | Phase::PastDue, _) => return Err(Refused::Running),
            (Phase::Waiting, _) if self.state.plan == plan => return Err(Refused::SamePlan),
            (Phase::Waiting, Some(open)) => {
                self.push(Step::Lapsed { invoice: open.invoice, at })?;
            }
            _ => {}
        }
        let trial = self.context.plans.trial();
        if trial.0 > 0 && !self.state.trialed() {
            return self.push(Step::TrialBegan { plan, until: at.plus(trial), at });
        }
        self.subscribe(plan, None, Demand::Start { plan })
    }

    fn cancel(&mut self) -> Result<(), Refused> {
        let at = self.context.now;
        if let Some(open) = self.state.open {
            self.push(Step::Voided { invoice: open.invoice, at })?;
        }
        match (self.state.phase, self.state.until()) {
            (Phase::Trial | Phase::Active, Some(until)) if self.state.renews.is_some() => {
                self.push(Step::Canceled { until, at })
            }
            (Phase::Trial | Phase::Active, _) => Err(Refused::Canceled),
            // What runs is not paid, so there is nothing to run on for.
            (Phase::PastDue | Phase::Waiting, _) => self.end(at),
            _ => Err(Refused::NotRunning),
        }
    }

    fn reactivate(&mut self) -> Result<(), Refused> {
        let (at, plan) = (self.context.now, self.state.plan);
        match self.state.phase {
            Phase::Trial | Phase::Active if self.state.renews.is_none() => {
                self.push(Step::Reactivated { plan, at })
            }
            Phase::Lapsed | Phase::Ended => self.begin(plan),
            Phase::Never => Err(Refused::NotRunning),
            _ => Err(Refused::NotCanceled),
        }
    }

    fn pay(&mut self, invoice: InvoiceNo, amount: Money, reference: &str) -> Result<(), Refused> {
        let (reference, amount) = (text(reference)?, cents(amount)?);
        if self.state.references.contains(&reference) {
            return Ok(());
        }
        // Money that came in is never turned away: what nothing waits for is owed to the client.
        let stray = self.state.open.is_none_or(|open| open.invoice != invoice);
        self.push(Step::Received { invoice, amount, reference, stray, at: self.context.now })
    }

    fn fail(&mut self, invoice: InvoiceNo, reason: &str) -> Result<(), Refused> {
        let reason = text(reason)?;
        match self.open(invoice) {
            Ok(_) => self.push(Step::Failed { invoice, reason, at: self.context.now }),
            Err(_) => Ok(()),
        }
    }

    fn refund(&mut self, request: &Request) -> Result<(), Refused> {
        let Request::Refund { invoice, amount, why, ends } = request else {
            return Ok(());
        };
        let (amount, why) = (cents(*amount)?, text(why)?);
        self.promises()?;
        let paid = self.state.paid.iter().find(|paid| paid.invoice == *invoice).copied();
        let paid = paid.ok_or(Refused::NotPaid(*invoice))?;
        let left = paid.left();
        if amount > left {
            return Err(Refused::TooMuch { left });
        }
        let net = paid.net_of(amount).ok_or(Refused::Range)?;
        let tax = amount.checked_sub(net).ok_or(Refused::Range)?;
        // What was not earned yet goes back first.
        let from_deferred = net.min(paid.deferred);
        let reason = NoteReason::Refund { why };
        self.credit((*invoice, net, tax), reason, from_deferred, true)?;
        if *ends && self.state.serves().is_some() {
            if let Some(open) = self.state.open {
                self.push(Step::Voided { invoice: open.invoice, at: self.context.now })?;
            }
            self.end(self.context.now)?;
        }
        Ok(())
    }

    fn void(&mut self, invoice: InvoiceNo) -> Result<(), Refused> {
        let (open, at) = (self.open(invoice)?, self.context.now);
        self.push(match open.demand {
            Demand::Upgrade { .. } => Step::Voided { invoice, at },
            Demand::Start { .. } | Demand::Renewal { .. } => Step::Lapsed { invoice, at },
        })
    }

    fn pay_out(&mut self, amount: Money, why: &str) -> Result<(), Refused> {
        let (amount, why) = (cents(amount)?, text(why)?);
        if let Some(open) = self.state.open {
            return Err(Refused::InvoiceOpen(open.invoice));
        }
        if amount > self.state.credit {
            return Err(Refused::TooMuch { left: self.state.credit });
        }
        self.promises()?;
        self.push(Step::PaidOut { amount, why, at: self.context.now })
    }

    /// May more cash be promised?
    fn promises(&self) -> Result<(), Refused> {
        let more = self.state.payouts.len() < super::PAYOUTS_MAX;
        more.then_some(()).ok_or(Refused::PayoutsWait)
    }

    fn pay_back(&mut self, payout: u16, reference: &str) -> Result<(), Refused> {
        let (reference, at) = (text(reference)?, self.context.now);
        match self.state.payouts.iter().any(|waits| waits.number == payout) {
            true => self.push(Step::PaidBack { payout, reference, at }),
            // Told before.
            false if (1..=self.state.promised).contains(&payout) => Ok(()),
            false => Err(Refused::NoPayout(payout)),
        }
    }

    fn open(&self, invoice: InvoiceNo) -> Result<Open, Refused> {
        let open = self.state.open.filter(|open| open.invoice == invoice);
        open.ok_or(Refused::NotOpen(invoice))
    }
}

fn cents(amount: Money) -> Result<Money, Refused> {
    let whole = amount.to_cents(Round::Down) == amount;
    let sensible = whole && amount.is_positive() && amount <= PAYMENT_MAX;
    sensible.then_some(amount).ok_or(Refused::Amount)
}

fn text(text: &str) -> Result<String, Refused> {
    let sensible = (1..=TEXT_MAX).contains(&text.len());
    sensible.then(|| text.to_owned()).ok_or(Refused::Text)
}
