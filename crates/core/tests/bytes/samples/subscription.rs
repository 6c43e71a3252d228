//! Samples of the steps of a subscription.

use super::{AT, NO, money};
use nija_core::billing::invoice::{
    CreditNote, Invoice, InvoiceNo, InvoiceState, Item, Line, NoteNo, NoteReason, Period,
};
use nija_core::billing::plans::{Cycle, Plan};
use nija_core::billing::subscription::step::{Demand, Part, Step};
use nija_core::billing::subscription::term::Term;
use nija_core::desk::event::Event;
use nija_core::ledger::entry::Entry;
use nija_core::words::id::PartitionId;
use nija_core::words::tier::Tier;

const INVOICE: InvoiceNo = InvoiceNo { partition: PartitionId(3), count: 17 };

const fn plan(tier: Tier, cycle: Cycle) -> Plan {
    Plan { tier, cycle }
}

fn plans() -> Vec<Plan> {
    let cycles = every!(Cycle: Cycle::Monthly => Cycle::Monthly, Cycle::Annual => Cycle::Annual,);
    cycles.into_iter().map(|cycle| plan(Tier::Investor, cycle)).collect()
}

fn invoices() -> Vec<Invoice> {
    let monthly = plan(Tier::Investor, Cycle::Monthly);
    let items = every!(Item:
        Item::Subscription { .. } => Item::Subscription { plan: monthly },
        Item::Upgrade { .. } => Item::Upgrade { from: monthly, to: plan(Tier::Income, Cycle::Monthly) },
    );
    let states = every!(InvoiceState:
        InvoiceState::Open => InvoiceState::Open,
        InvoiceState::Paid => InvoiceState::Paid,
        InvoiceState::Void => InvoiceState::Void,
    );
    let period = Some(Period { from: AT, until: AT.plus(nija_core::words::time::Span::DAY) });
    let of = |item, state| Invoice {
        number: INVOICE,
        issued: AT,
        due: AT,
        lines: vec![Line { item, period, amount: money("99") }],
        subtotal: money("99"),
        tax_name: "VAT".to_owned(),
        tax_pct: nija_core::words::money::Pct::whole(20),
        tax: money("19.8"),
        total: money("118.8"),
        credit_used: money("10"),
        state,
    };
    let mut invoices: Vec<Invoice> =
        items.into_iter().map(|item| of(item, InvoiceState::Open)).collect();
    let item = Item::Subscription { plan: monthly };
    invoices.extend(states.into_iter().map(|state| of(item, state)));
    invoices
}

fn notes() -> Vec<CreditNote> {
    let reasons = every!(NoteReason:
        NoteReason::Downgrade { .. } => NoteReason::Downgrade {
            from: plan(Tier::Income, Cycle::Monthly),
            to: plan(Tier::Investor, Cycle::Monthly),
        },
        NoteReason::Refund { .. } => NoteReason::Refund { why: "asked for".to_owned() },
    );
    let note = |reason| CreditNote {
        number: NoteNo { partition: PartitionId(3), count: 2 },
        invoice: INVOICE,
        issued: AT,
        reason,
        net: money("50"),
        tax: money("10"),
    };
    reasons.into_iter().map(note).collect()
}

fn demands() -> Vec<Demand> {
    let plan = plan(Tier::Investor, Cycle::Annual);
    every!(Demand:
        Demand::Start { .. } => Demand::Start { plan },
        Demand::Renewal { .. } => Demand::Renewal { plan, term: Term::starting(AT, 12) },
        Demand::Upgrade { .. } => Demand::Upgrade { plan, renews: plan },
    )
}

fn steps() -> Vec<Step> {
    let (invoice, at, amount) = (INVOICE, AT, money("99"));
    let plan = plan(Tier::Investor, Cycle::Monthly);
    let parts = vec![Part { invoice, amount }];
    let note = notes().swap_remove(0);
    let asked = invoices().swap_remove(0);
    let mut steps = every!(Step:
        Step::TrialBegan { .. } => Step::TrialBegan { plan, until: at, at },
        Step::Invoiced { .. } => Step::Invoiced { invoice: asked, demand: demands()[0], month: amount },
        Step::Received { .. } => {
            Step::Received { invoice, amount, reference: "pi_1".to_owned(), stray: true, at }
        },
        Step::Settled { .. } => Step::Settled {
            invoice,
            term: Term::starting(at, 1),
            earned: amount,
            deferred: money("1"),
            tax: money("2"),
            at,
        },
        Step::Earned { .. } => Step::Earned { month: 3, parts: parts.clone(), at },
        Step::Reminded { .. } => Step::Reminded { invoice, count: 2, at },
        Step::Failed { .. } => Step::Failed { invoice, reason: "card_declined".to_owned(), at },
        Step::Lapsed { .. } => Step::Lapsed { invoice, at },
        Step::Canceled { .. } => Step::Canceled { until: at, at },
        Step::Reactivated { .. } => Step::Reactivated { plan, at },
        Step::Ended { .. } => Step::Ended { parts, at },
        Step::Changed { .. } => Step::Changed { plan, renews: plan, month: amount, at },
        Step::Renews { .. } => Step::Renews { plan, at },
        Step::Credited { .. } => {
            Step::Credited { note, from_deferred: amount, from_earned: amount, paid_out: true }
        },
        Step::Voided { .. } => Step::Voided { invoice, at },
        Step::PaidOut { .. } => Step::PaidOut { amount, why: "asked for".to_owned(), at },
        Step::PaidBack { .. } => Step::PaidBack { payout: 7, reference: "re_1".to_owned(), at },
    );
    steps.extend(plans().into_iter().map(|plan| Step::TrialBegan { plan, until: at, at }));
    steps.extend(
        invoices()
            .into_iter()
            .zip(demands().into_iter().cycle())
            .map(|(invoice, demand)| Step::Invoiced { invoice, demand, month: amount }),
    );
    let (from_deferred, from_earned) = (money("20"), money("30"));
    steps.extend(notes().into_iter().map(|note| Step::Credited {
        note,
        from_deferred,
        from_earned,
        paid_out: false,
    }));
    steps
}

/// All of them.
pub(super) fn events() -> Vec<Event> {
    let booked = |step: &Step| Entry::subscribed(&step.movement()).ok();
    let event = |step: Step| {
        let entry = booked(&step).or_else(|| Entry::new([]).ok())?;
        Some(Event::Subscribed { account: NO, step: Box::new(step), entry })
    };
    steps().into_iter().filter_map(event).collect()
}
